#include "cli/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "harness/scenario/quantity_text.hpp"
#include "harness/scenario/suggest.hpp"

namespace noloss::cli {
namespace {

template <typename T, typename... Arguments>
Value<T> wrong(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  return {std::nullopt, fmt::format(text, std::forward<Arguments>(arguments)...)};
}

template <typename T>
Value<T> right(T value) {
  return {std::move(value), {}};
}

}  // namespace

Value<std::uint64_t> parse_number(std::string_view text, std::uint64_t low, std::uint64_t high) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || number < low || number > high) {
    return wrong<std::uint64_t>("'{}' is no whole number from {} to {}", text, low, high);
  }
  return right(number);
}

Value<harness::SeedRange> parse_seeds(std::string_view text) {
  const std::size_t dots = text.find("..");
  const Value<std::uint64_t> first = parse_number(text.substr(0, dots), 0, kLargestSeed);
  const Value<std::uint64_t> last =
      dots == std::string_view::npos ? first : parse_number(text.substr(dots + 2), 0, kLargestSeed);
  if (!first.value || !last.value) {
    return wrong<harness::SeedRange>("'{}' is no range of seeds A..B: {}", text,
                                     first.value ? last.error : first.error);
  }
  if (*first.value > *last.value) {
    return wrong<harness::SeedRange>("'{}' is an empty range: {} is above {}", text, *first.value, *last.value);
  }
  return right(harness::SeedRange{*first.value, *last.value});
}

Value<std::vector<harness::ParameterFilter>> parse_only(std::string_view text) {
  std::vector<harness::ParameterFilter> filters;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string_view part = text.substr(at, comma - at);
    at = comma + 1;
    if (part.find('=') == std::string_view::npos && !filters.empty()) {  // a comma within a value
      filters.back().value += fmt::format(",{}", part);
      continue;
    }
    const std::optional<harness::ParameterFilter> filter = harness::parse_filter(part);
    if (!filter) return wrong<std::vector<harness::ParameterFilter>>("'{}' is no K=V", part);
    filters.push_back(*filter);
  }
  return right(std::move(filters));
}

Value<std::pair<std::string, std::string>> parse_set(std::string_view text) {
  using Set = std::pair<std::string, std::string>;
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return wrong<Set>("'{}' is no PATH=VALUE", text);
  return right(Set{text.substr(0, equals), text.substr(equals + 1)});
}

Value<harness::Shard> parse_shard(std::string_view text) {
  const std::optional<harness::Shard> shard = harness::parse_shard(text);
  if (!shard) return wrong<harness::Shard>("'{}' is no shard I/N with I from 1 to N, such as 3/8", text);
  return right(*shard);
}

Value<std::chrono::milliseconds> parse_time_budget(std::string_view text) {
  using std::chrono::milliseconds;
  const harness::QuantityResult read = harness::parse_quantity(text, harness::Unit::duration, harness::Ranges::refused);
  if (!read.value) return wrong<milliseconds>("{}", read.error);
  const auto budget = std::chrono::duration_cast<milliseconds>(read.value->duration());
  if (budget.count() < 1) return wrong<milliseconds>("'{}' leaves no time for a run", text);
  return right(budget);
}

Value<double> parse_confidence(std::string_view text) {
  double share = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), share);
  if (error != std::errc{} || end != text.data() + text.size() || !(share > 0 && share < 1)) {
    return wrong<double>("'{}' is no probability between 0 and 1, such as 1e-4", text);
  }
  return right(share);
}

Value<std::vector<sim::Action>> parse_kinds(std::string_view text) {
  std::vector<sim::Action> kinds;
  std::string_view rest = text;
  while (true) {
    const std::size_t end = rest.find_first_of("+,");
    const std::string_view word = rest.substr(0, end);
    const std::optional<sim::Action> kind = sim::action_named(word);
    if (!kind) {
      std::vector<std::string_view> known;
      for (std::size_t action = 0; action < sim::kActions; ++action) {
        known.push_back(sim::name(static_cast<sim::Action>(action)));
      }
      return wrong<std::vector<sim::Action>>("there is no fault '{}'{}", word,
                                             harness::did_you_mean(word, known, "there are"));
    }
    if (std::find(kinds.begin(), kinds.end(), *kind) == kinds.end()) kinds.push_back(*kind);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  std::sort(kinds.begin(), kinds.end());
  return right(std::move(kinds));
}

Value<harness::Guarantee> parse_guarantee(std::string_view text) {
  if (const auto found = harness::guarantee_named(text)) return right(*found);
  std::vector<std::string_view> known;
  for (const harness::Guarantee guarantee : harness::kAllGuarantees) known.push_back(name(guarantee));
  return wrong<harness::Guarantee>("there is no guarantee '{}'{}", text,
                                   harness::did_you_mean(text, known, "there are"));
}

}  // namespace noloss::cli
