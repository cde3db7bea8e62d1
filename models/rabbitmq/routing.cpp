#include "models/rabbitmq/routing.hpp"

#include <algorithm>

namespace noloss::models::rabbitmq {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  if (text.empty()) return parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// An alternate exchange may be named before its queue declares it, or never be declared at all.
const ExchangeInfo* find_exchange(const std::vector<ExchangeInfo>& exchanges, std::string_view name) {
  const auto known =
      std::find_if(exchanges.begin(), exchanges.end(), [name](const ExchangeInfo& each) { return each.name == name; });
  return known == exchanges.end() || name.empty() ? nullptr : &*known;
}

}  // namespace

bool topic_matches(std::string_view pattern, std::string_view key) {
  const auto wanted = split(pattern, '.');
  const auto words = split(key, '.');
  // fits[n]: what was looked at of the pattern fits the first n words.
  std::vector<bool> fits(words.size() + 1, false);
  fits[0] = true;
  for (const std::string_view word : wanted) {
    std::vector<bool> next(fits.size(), false);
    for (std::size_t n = 0; n < fits.size(); ++n) {
      if (word == "#") {
        next[n] = fits[n] || (n > 0 && next[n - 1]);
      } else {
        next[n] = n > 0 && fits[n - 1] && (word == "*" || word == words[n - 1]);
      }
    }
    fits = std::move(next);
  }
  return fits.back();
}

bool headers_match(const Headers& binding, const Headers& message) {
  const auto match = binding.find("x-match");
  const std::string_view how = match == binding.end() ? std::string_view{"all"} : std::string_view{match->second};
  const bool any = how.substr(0, 3) == "any";
  const bool with_x = how.size() > 3;
  for (const auto& [name, value] : binding) {
    if (name == "x-match" || (!with_x && name.substr(0, 2) == "x-")) continue;
    const auto given = message.find(name);
    const bool fits = given != message.end() && (value.empty() || value == given->second);
    if (fits == any) return any;
  }
  return !any;
}

std::vector<std::string> parse_words(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view word : split(text, ' ')) {
    if (!word.empty()) words.emplace_back(word);
  }
  return words;
}

Headers parse_headers(std::string_view text) {
  Headers headers;
  for (const std::string& word : parse_words(text)) {
    const std::size_t equals = word.find('=');
    headers[word.substr(0, equals)] = equals == std::string::npos ? "" : word.substr(equals + 1);
  }
  return headers;
}

Routes::Routes(std::vector<std::string> queue_names)
    : keys_(std::move(queue_names)), headers_(1), queues_(keys_.size()) {}

KeyId Routes::key(std::string_view name) const {
  return static_cast<KeyId>(std::find(keys_.begin(), keys_.end(), name) - keys_.begin());
}

HeadersId Routes::headers(const Headers& headers) const {
  return static_cast<HeadersId>(std::find(headers_.begin(), headers_.end(), headers) - headers_.begin());
}

void Routes::add_key(std::string_view name) {
  if (key(name) == keys_.size()) keys_.emplace_back(name);
}

void Routes::add_headers(const Headers& headers) {
  if (this->headers(headers) == headers_.size()) headers_.push_back(headers);
}

std::vector<QueueId> Routes::bound(const ExchangeInfo& exchange, KeyId key, HeadersId headers) const {
  if (exchange.name.empty()) return key < queues_ ? std::vector<QueueId>{key} : std::vector<QueueId>{};
  std::vector<QueueId> queues;
  for (const Binding& binding : exchange.bindings) {
    const bool fits = exchange.type == ExchangeType::fanout   ? true
                      : exchange.type == ExchangeType::direct ? binding.key == keys_[key]
                      : exchange.type == ExchangeType::topic  ? topic_matches(binding.key, keys_[key])
                                                              : headers_match(binding.headers, headers_[headers]);
    // Two bindings of a queue that both fit still make one copy.
    if (fits && std::find(queues.begin(), queues.end(), binding.queue) == queues.end()) queues.push_back(binding.queue);
  }
  return queues;
}

void Routes::find_all(const std::vector<ExchangeInfo>& exchanges) {
  exchanges_ = exchanges.size();
  routes_.clear();
  for (const ExchangeInfo& first : exchanges) {
    for (KeyId key = 0; key < keys_.size(); ++key) {
      for (HeadersId headers = 0; headers < headers_.size(); ++headers) {
        std::vector<std::vector<QueueId>>& stages = routes_.emplace_back();
        const ExchangeInfo* exchange = &first;
        // A cycle of alternate exchanges ends where everything was seen.
        for (std::size_t seen = 0; exchange != nullptr && seen < exchanges.size(); ++seen) {
          std::vector<QueueId> queues = bound(*exchange, key, headers);
          if (!queues.empty()) stages.push_back(std::move(queues));
          exchange = find_exchange(exchanges, exchange->alternate);
        }
      }
    }
  }
}

const std::vector<std::vector<QueueId>>& Routes::of(const Route& route) const {
  static const std::vector<std::vector<QueueId>> kNowhere;
  if (route.exchange >= exchanges_ || route.key >= keys_.size()) return kNowhere;
  return routes_[(route.exchange * keys_.size() + route.key) * headers_.size() + route.headers];
}

}  // namespace noloss::models::rabbitmq
