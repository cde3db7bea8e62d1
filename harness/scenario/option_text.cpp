#include "harness/scenario/option_text.hpp"

#include <fmt/format.h>

#include "harness/scenario/suggest.hpp"

namespace noloss::harness {
namespace {

using models::OptionRow;
using models::OptionType;

OptionResult fail(std::string error) { return {std::nullopt, std::move(error)}; }

OptionResult number(std::int64_t value, std::string_view text) {
  return {models::OptionValue{sim::Quantity{value}, std::string{text}}, {}};
}

Unit unit_of(OptionType type) {
  switch (type) {
    case OptionType::duration: return Unit::duration;
    case OptionType::size: return Unit::size;
    case OptionType::share: return Unit::share;
    default: return Unit::none;
  }
}

OptionResult parse_choice(const OptionRow& row, std::string_view text) {
  for (std::size_t i = 0; i < row.choices.size(); ++i) {
    if (row.choices[i] == text) return number(static_cast<std::int64_t>(i), text);
  }
  return fail(fmt::format("'{}' cannot be '{}'{}", row.name, shortened(text), choice_hint(text, row.choices)));
}

OptionResult parse_flag(const OptionRow& row, std::string_view text) {
  if (text == "true") return number(1, text);
  if (text == "false") return number(0, text);
  return fail(fmt::format("'{}' must be true or false, not '{}'", row.name, shortened(text)));
}

/// A bare number where the option's name says what it counts: a multiple of the unit, as large as there are at most.
std::optional<sim::Quantity> parse_bare(const OptionRow& row, std::string_view text) {
  if (row.bare == 0) return std::nullopt;
  const QuantityResult number = parse_quantity(text, Unit::none, Ranges::allowed);
  if (!number.value) return std::nullopt;
  const auto scaled = [&row](std::int64_t value) {
    return __builtin_mul_overflow(value, row.bare, &value) ? INT64_MAX : value;
  };
  return sim::Quantity{scaled(number.value->low), scaled(number.value->high)};
}

}  // namespace

std::string bounds_problem(std::string_view what, std::string_view text, sim::Quantity value, std::int64_t min,
                           std::int64_t max, Unit unit) {
  if (value.low >= min && value.high <= max) return {};
  const std::string least = write_quantity(sim::Quantity{min}, unit);
  if (max == INT64_MAX) return fmt::format("'{}' cannot be {}; it must be at least {}", what, text, least);
  const std::string most = write_quantity(sim::Quantity{max}, unit);
  if (min == max) return fmt::format("'{}' cannot be {}; it must be {}", what, text, least);
  return fmt::format("'{}' cannot be {}; it must be from {} to {}", what, text, least, most);
}

OptionResult parse_option(const OptionRow& row, std::string_view text) {
  if (row.type == OptionType::choice) return parse_choice(row, text);
  if (row.type == OptionType::flag) return parse_flag(row, text);
  if (row.type == OptionType::text) return {models::OptionValue{{}, std::string{text}}, {}};
  const Unit unit = unit_of(row.type);
  QuantityResult quantity{parse_bare(row, text), {}};
  if (!quantity.value) quantity = parse_quantity(text, unit, Ranges::allowed);
  if (!quantity.value) {
    return fail(unit == Unit::none ? fmt::format("'{}': {}", row.name, quantity.error) : std::move(quantity.error));
  }
  std::string problem = bounds_problem(row.name, text, *quantity.value, row.min, row.max, unit);
  if (!problem.empty()) return fail(std::move(problem));
  return {models::OptionValue{*quantity.value, std::string{text}}, {}};
}

models::OptionValue default_of(const OptionRow& row) {
  return parse_option(row, row.default_value).value.value_or(models::OptionValue{{}, std::string{row.default_value}});
}

std::string_view owner(models::OptionScope scope, const models::System& system) {
  switch (scope) {
    case models::OptionScope::broker: return "broker";
    case models::OptionScope::entity: return system.entity().noun;
    case models::OptionScope::producer: return "producer";
    case models::OptionScope::consumer: return "consumer";
  }
  return "";
}

std::string_view owner_key(models::OptionScope scope, const models::System& system) {
  switch (scope) {
    case models::OptionScope::broker: return "brokers";
    case models::OptionScope::entity: return system.entity().noun;
    case models::OptionScope::producer: return "producers";
    case models::OptionScope::consumer: return "consumers";
  }
  return "";
}

std::string option_place(const models::System& system, const OptionRow& row) {
  const std::string_view owner = owner_key(row.scope, system);
  return row.group.empty() ? std::string{owner} : fmt::format("{}.{}", owner, row.group);
}

}  // namespace noloss::harness
