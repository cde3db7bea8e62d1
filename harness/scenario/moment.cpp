#include "harness/scenario/moment.hpp"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "harness/scenario/quantity_text.hpp"
#include "harness/scenario/suggest.hpp"

namespace noloss::harness {
namespace {

constexpr std::string_view kForm =
    "a moment is 'NODE EVENT #N', with '+ DELAY' if wanted: 'broker-1 append #40 + 10ms'";
constexpr std::string_view kArrow = "->";

std::vector<Part> words_of(std::string_view text) {
  std::vector<Part> words;
  std::size_t begin = text.find_first_not_of(' ');
  while (begin != std::string_view::npos) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    words.push_back({begin, end - begin});
    begin = text.find_first_not_of(' ', end);
  }
  return words;
}

std::string_view cut(std::string_view text, Part part) { return text.substr(part.offset, part.length); }

Part joined(Part first, Part last) { return {first.offset, last.offset + last.length - first.offset}; }

/// Takes "+ 10ms" or "+10ms" off the end of the words.
TextError take_delay(std::string_view text, std::vector<Part>& words, sim::MomentRef& moment) {
  std::size_t plus = 0;
  while (plus < words.size() && !cut(text, words[plus]).starts_with('+')) ++plus;
  if (plus == words.size()) return {};
  const bool apart = words[plus].length == 1;
  const Part all = joined(words[plus], words.back());
  if (plus + (apart ? 2 : 1) != words.size()) {
    return {fmt::format("after '+' stands one delay, such as '+ 10ms', not '{}'", shortened(cut(text, all))), all};
  }
  const Part delay = apart ? words[plus + 1] : Part{words[plus].offset + 1, words[plus].length - 1};
  QuantityResult parsed = parse_quantity(cut(text, delay), Unit::duration, Ranges::refused);
  if (!parsed.value) return {std::move(parsed.error), delay};
  if (parsed.value->low < 0) return {"a delay cannot be negative: a moment is known only when it comes", delay};
  moment.delay = parsed.value->duration();
  words.resize(plus);
  return {};
}

/// Takes "#40" off the end of the words.
TextError take_number(std::string_view text, std::vector<Part>& words, sim::MomentRef& moment) {
  moment.number = 0;
  if (words.empty() || !cut(text, words.back()).starts_with('#')) return {};
  const Part word = words.back();
  const std::string_view digits = cut(text, word).substr(1);
  const char* end = digits.data() + digits.size();
  const auto [stop, code] = std::from_chars(digits.data(), end, moment.number);
  if (code != std::errc{} || stop != end || moment.number == 0 || digits.front() == '0') {
    return {fmt::format("'#{}' is not a number of a moment; the first is '#1'", shortened(digits)), word};
  }
  words.pop_back();
  return {};
}

bool is_number(std::string_view text) { return text.find_first_not_of("0123456789") == std::string_view::npos; }

MomentText fail(TextError error) {
  MomentText result;
  result.error = std::move(error);
  return result;
}

}  // namespace

MomentText parse_moment(std::string_view text) {
  std::vector<Part> words = words_of(text);
  sim::MomentRef moment;
  if (TextError error = take_delay(text, words, moment); !error.message.empty()) return fail(std::move(error));
  if (TextError error = take_number(text, words, moment); !error.message.empty()) return fail(std::move(error));
  for (const Part word : words) {
    if (cut(text, word).starts_with('#')) {
      return fail({fmt::format("'{}' must stand behind the event; {}", shortened(cut(text, word)), kForm), word});
    }
  }
  if (words.size() > 2 && is_number(cut(text, words.back()))) {
    const std::string_view number = cut(text, words.back());
    return fail({fmt::format("the number of a moment is written '#{0}', not '{0}'", shortened(number)), words.back()});
  }
  if (words.size() < 2) {
    return fail({fmt::format("'{}' is no time and no moment; {}", shortened(text), kForm), {0, text.size()}});
  }
  MomentText result;
  result.event = words.back();
  result.node = joined(words.front(), words[words.size() - 2]);
  moment.node = std::string{cut(text, words.front())};
  for (std::size_t i = 1; i + 1 < words.size(); ++i) moment.node += fmt::format(" {}", cut(text, words[i]));
  moment.event = std::string{cut(text, result.event)};
  result.value = std::move(moment);
  return result;
}

WhenText parse_when(std::string_view text) {
  WhenText result;
  const bool time = !text.empty() && ((text.front() >= '0' && text.front() <= '9') || text.front() == '-');
  if (!time) {
    MomentText moment = parse_moment(text);
    if (moment.value) result.value = sim::When{std::nullopt, std::move(moment.value)};
    result.node = moment.node;
    result.event = moment.event;
    result.error = std::move(moment.error);
    return result;
  }
  if (text.find("..") != std::string_view::npos) {
    result.error = {"'at' is one time; to have a time drawn, leave 'at' out", {0, text.size()}};
    return result;
  }
  QuantityResult parsed = parse_quantity(text, Unit::duration, Ranges::refused);
  if (!parsed.value) {
    result.error = {std::move(parsed.error), {0, text.size()}};
  } else if (parsed.value->low < 0) {
    result.error = {"a time counts from the start and cannot be negative", {0, text.size()}};
  } else {
    result.value = sim::When{sim::kStart + parsed.value->duration(), std::nullopt};
  }
  return result;
}

bool is_link(std::string_view text) { return text.find(kArrow) != std::string_view::npos; }

LinkText parse_link(std::string_view text) {
  LinkText result;
  const std::size_t arrow = text.find(kArrow);
  if (arrow == std::string_view::npos) {
    result.error = {
        fmt::format("'{}' is no connection; write 'A -> B', such as 'producer-1 -> leader'", shortened(text)),
        {0, text.size()}};
    return result;
  }
  const auto end_of = [&](std::size_t begin, std::size_t length, Part& part) {
    const std::vector<Part> words = words_of(text.substr(begin, length));
    if (words.empty()) return std::string{};
    part = {begin + words.front().offset, joined(words.front(), words.back()).length};
    return std::string{cut(text, part)};
  };
  result.from = end_of(0, arrow, result.from_part);
  result.to = end_of(arrow + kArrow.size(), text.size(), result.to_part);
  if (result.from.empty() || result.to.empty()) {
    result.error = {fmt::format("'{}' lacks a node; write 'A -> B', such as 'producer-1 -> leader'", shortened(text)),
                    {0, text.size()}};
  }
  return result;
}

std::string write_moment(const sim::MomentRef& moment) {
  std::string text = fmt::format("{} {}", moment.node, moment.event);
  if (moment.number > 0) text += fmt::format(" #{}", moment.number);
  if (moment.delay.count() > 0)
    text += fmt::format(" + {}", write_quantity(sim::Quantity{moment.delay}, Unit::duration));
  return text;
}

std::string write_when(const sim::When& when) {
  if (when.moment) return write_moment(*when.moment);
  return write_quantity(sim::Quantity{when.time->time_since_epoch()}, Unit::duration);
}

}  // namespace noloss::harness
