#include "models/kafka/options.hpp"

#include <algorithm>
#include <cstddef>

#include "models/kafka/protocol.hpp"

namespace noloss::models::kafka {
namespace {

OptionRow basic(OptionScope scope, std::string_view name, OptionType type, std::string_view default_value,
                const OptionText& text) {
  OptionRow row;
  row.scope = scope;
  row.name = name;
  row.type = type;
  row.default_value = default_value;
  row.meaning = text.meaning;
  row.source = text.source;
  row.safer = text.safer;
  return row;
}

constexpr Release kDynamicBrokers{{1, 1, 0}};

std::vector<OptionRow> rows_of(const Release& release) {
  std::vector<OptionRow> rows;
  for (const auto& table : {broker_options(), topic_options(), producer_options(), consumer_options()}) {
    for (const OptionHistory& option : table) {
      if (release < option.first || release >= option.end) continue;
      OptionRow& row = rows.emplace_back(option.row);
      for (const NewDefault& changed : option.defaults) {
        if (release >= changed.from) row.default_value = changed.value;
      }
      // A topic's options were always changed through the controller; brokers read theirs once (KIP-226).
      if (row.scope == OptionScope::broker && release < kDynamicBrokers) row.dynamic = false;
    }
  }
  return rows;
}

}  // namespace

OptionRow duration_option(OptionScope scope, std::string_view name, std::string_view default_value,
                          const OptionText& text, std::int64_t min, std::int64_t bare) {
  OptionRow row = basic(scope, name, OptionType::duration, default_value, text);
  row.min = min;
  row.bare = bare;
  return row;
}

OptionRow size_option(OptionScope scope, std::string_view name, std::string_view default_value, const OptionText& text,
                      std::int64_t min) {
  OptionRow row = basic(scope, name, OptionType::size, default_value, text);
  row.min = min;
  row.bare = 1;
  return row;
}

OptionRow integer_option(OptionScope scope, std::string_view name, std::string_view default_value,
                         const OptionText& text, std::int64_t min, std::int64_t max) {
  OptionRow row = basic(scope, name, OptionType::integer, default_value, text);
  row.min = min;
  row.max = max;
  return row;
}

OptionRow flag_option(OptionScope scope, std::string_view name, std::string_view default_value,
                      const OptionText& text) {
  return basic(scope, name, OptionType::flag, default_value, text);
}

OptionRow text_option(OptionScope scope, std::string_view name, std::string_view default_value,
                      const OptionText& text) {
  return basic(scope, name, OptionType::text, default_value, text);
}

Acks acks_of(const OptionValues& producer) {
  const std::string& acks = producer.at("acks").text;
  return acks == "0" ? Acks::none : acks == "1" ? Acks::leader : Acks::all;
}

std::string transactional_id(const OptionValues& producer) {
  const auto id = producer.all().find("transactional.id");
  return id == producer.all().end() || id->second.text == kNoTransactions ? std::string{} : id->second.text;
}

OptionRow dynamic(OptionRow row) {
  row.dynamic = true;
  return row;
}

OptionRow choice_option(OptionScope scope, std::string_view name, std::string_view default_value,
                        std::span<const std::string_view> choices, const OptionText& text) {
  OptionRow row = basic(scope, name, OptionType::choice, default_value, text);
  row.choices = choices;
  return row;
}

std::span<const OptionRow> options(std::string_view release) {
  static const std::vector<std::vector<OptionRow>> kAll = [] {  // constant once made; shared by all threads
    std::vector<std::vector<OptionRow>> all;
    for (const std::string_view known : known_releases()) all.push_back(rows_of(parse_release(known)));
    return all;
  }();
  const auto known = known_releases();
  const auto found = std::find(known.begin(), known.end(), release);
  return found == known.end() ? kAll.back() : kAll[static_cast<std::size_t>(found - known.begin())];
}

}  // namespace noloss::models::kafka
