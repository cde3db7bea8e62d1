#include "harness/scenario/quantity_text.hpp"

#include <fmt/format.h>

#include <array>
#include <numeric>
#include <span>
#include <vector>

#include "harness/scenario/suggest.hpp"

namespace noloss::harness {
namespace {

struct Suffix {
  std::string_view text;
  std::int64_t factor;
};

/// Smallest first; the writer takes the last that divides.
constexpr std::array<Suffix, 6> kDurations{{{"ns", 1},
                                            {"us", 1'000},
                                            {"ms", 1'000'000},
                                            {"s", 1'000'000'000},
                                            {"m", 60'000'000'000},
                                            {"h", 3'600'000'000'000}}};
constexpr std::array<Suffix, 7> kSizes{{{"B", 1},
                                        {"KB", 1'000},
                                        {"KiB", 1'024},
                                        {"MB", 1'000'000},
                                        {"MiB", 1'048'576},
                                        {"GB", 1'000'000'000},
                                        {"GiB", 1'073'741'824}}};
constexpr std::array<Suffix, 7> kBandwidths{{{"B/s", 1},
                                             {"KB/s", 1'000},
                                             {"KiB/s", 1'024},
                                             {"MB/s", 1'000'000},
                                             {"MiB/s", 1'048'576},
                                             {"GB/s", 1'000'000'000},
                                             {"GiB/s", 1'073'741'824}}};
constexpr std::array<Suffix, 1> kRates{{{"/s", 1}}};
constexpr std::array<Suffix, 1> kShares{{{"%", 10'000}}};
constexpr std::array<Suffix, 1> kNone{{{"", 1}}};

struct UnitRow {
  std::string_view noun;
  std::span<const Suffix> suffixes;
  std::string_view first_example;   ///< appended to a bare number
  std::string_view second_example;  ///< empty: there is only one
  std::string_view too_fine;
};

const UnitRow& row(Unit unit) {
  static constexpr std::array<UnitRow, 6> kRows{{
      {"whole number", kNone, "", "", "is not whole"},
      {"duration", kDurations, "s", "ms", "is not a whole number of nanoseconds"},
      {"size", kSizes, "B", "KiB", "is not a whole number of bytes"},
      {"rate", kRates, "/s", "", "is not a whole number per second"},
      {"bandwidth", kBandwidths, "MB/s", "KiB/s", "is not a whole number of bytes per second"},
      {"share", kShares, "%", "", "has more than 4 decimals"},
  }};
  return kRows[static_cast<std::size_t>(unit)];
}

struct Scalar {
  std::int64_t value = 0;
  std::string error;
};

Scalar fail(std::string error) { return {0, std::move(error)}; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The digits around the point, and what follows them.
struct Split {
  bool negative = false;
  std::string_view whole;
  std::string_view decimals;
  bool point = false;
  std::string_view suffix;
};

Split split(std::string_view text) {
  Split parts;
  if (text.starts_with('-')) {
    parts.negative = true;
    text.remove_prefix(1);
  }
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  parts.whole = text.substr(0, end);
  text.remove_prefix(end);
  if (text.starts_with('.')) {
    parts.point = true;
    end = 1;
    while (end < text.size() && is_digit(text[end])) ++end;
    parts.decimals = text.substr(1, end - 1);
    text.remove_prefix(end);
  }
  parts.suffix = text;
  return parts;
}

std::string examples(const UnitRow& unit, std::string_view number) {
  if (unit.second_example.empty()) return fmt::format("write '{}{}'", number, unit.first_example);
  return fmt::format("write for example '{0}{1}' or '{0}{2}'", number, unit.first_example, unit.second_example);
}

/// whole.decimals times factor, exactly; nullopt with `too_fine` or without, for too large.
struct Scaled {
  std::optional<std::int64_t> value;
  bool too_fine = false;
};

Scaled scale(std::string_view whole, std::string_view decimals, std::int64_t factor) {
  std::int64_t value = 0;
  for (const char c : whole) {
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, c - '0', &value)) return {};
  }
  if (__builtin_mul_overflow(value, factor, &value)) return {};
  while (decimals.ends_with('0')) decimals.remove_suffix(1);
  if (decimals.size() > 18) return {std::nullopt, true};
  std::int64_t fraction = 0;
  std::int64_t power = 1;
  for (const char c : decimals) {
    fraction = fraction * 10 + (c - '0');
    power *= 10;
  }
  const std::int64_t common = std::gcd(power, factor);
  if (fraction % (power / common) != 0) return {std::nullopt, true};
  if (__builtin_add_overflow(value, fraction / (power / common) * (factor / common), &value)) return {};
  return {value, false};
}

/// Why digits that are there are no number of ours; empty if they are.
std::string digits_problem(std::string_view text, const Split& parts, const UnitRow& unit) {
  if (parts.whole.empty()) {
    if (unit.noun == "whole number") return fmt::format("'{}' is not a whole number", text);
    return fmt::format("'{}' is not a {}; {}", text, unit.noun, examples(unit, "10"));
  }
  if (parts.point && parts.decimals.empty())
    return fmt::format("{} '{}' has no digit after the point", unit.noun, text);
  if (parts.whole.size() > 1 && parts.whole.front() == '0') {
    return fmt::format("{} '{}' begins with 0; write it without", unit.noun, text);
  }
  return {};
}

std::string suffix_problem(std::string_view text, const Split& parts, const UnitRow& unit) {
  const std::string_view number = text.substr(0, text.size() - parts.suffix.size());
  if (parts.suffix.empty()) {
    return fmt::format("{} '{}' has no unit; {}", unit.noun, text, examples(unit, number));
  }
  if (unit.noun == "whole number") return fmt::format("'{}' is not a whole number", text);
  if (parts.suffix.find_first_of(" \t") != std::string_view::npos) {
    return fmt::format("{} '{}' has a space in it; {}", unit.noun, text, examples(unit, number));
  }
  std::vector<std::string_view> known;
  for (const Suffix& suffix : unit.suffixes) known.push_back(suffix.text);
  if (known.size() == 1) return fmt::format("'{}' is not a {}; {}", text, unit.noun, examples(unit, number));
  return fmt::format("{} '{}' has the unknown unit '{}'{}", unit.noun, text, parts.suffix,
                     did_you_mean(parts.suffix, known, "known units"));
}

Scalar parse_scalar(std::string_view text, const UnitRow& unit) {
  const Split parts = split(text);
  if (std::string problem = digits_problem(text, parts, unit); !problem.empty()) return fail(std::move(problem));
  const Suffix* found = nullptr;
  for (const Suffix& suffix : unit.suffixes) {
    if (suffix.text == parts.suffix) found = &suffix;
  }
  if (found == nullptr) return fail(suffix_problem(text, parts, unit));
  const Scaled scaled = scale(parts.whole, parts.decimals, found->factor);
  if (scaled.too_fine) return fail(fmt::format("{} '{}' {}", unit.noun, text, unit.too_fine));
  if (!scaled.value) return fail(fmt::format("{} '{}' is too large", unit.noun, text));
  return {parts.negative ? -*scaled.value : *scaled.value, {}};
}

}  // namespace

std::string_view noun(Unit unit) { return row(unit).noun; }

QuantityResult parse_quantity(std::string_view text, Unit unit, Ranges ranges) {
  const UnitRow& rules = row(unit);
  constexpr std::size_t kLongest = 80;
  if (text.size() > kLongest) return {std::nullopt, fmt::format("'{}' is not a {}", shortened(text), rules.noun)};
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    Scalar single = parse_scalar(text, rules);
    if (!single.error.empty()) return {std::nullopt, std::move(single.error)};
    return {sim::Quantity{single.value}, {}};
  }
  if (ranges == Ranges::refused) {
    return {std::nullopt, fmt::format("'{}' is a range; only one value can stand here", text)};
  }
  const std::string_view from = text.substr(0, dots);
  const std::string_view to = text.substr(dots + 2);
  Scalar low = parse_scalar(from, rules);
  if (!low.error.empty()) return {std::nullopt, fmt::format("in the range '{}': {}", text, low.error)};
  if (to.empty() && ranges == Ranges::open) return {sim::Quantity{low.value, INT64_MAX}, {}};
  if (to.empty()) return {std::nullopt, fmt::format("the range '{}' has no end", text)};
  Scalar high = parse_scalar(to, rules);
  if (!high.error.empty()) return {std::nullopt, fmt::format("in the range '{}': {}", text, high.error)};
  if (low.value > high.value) {
    return {std::nullopt, fmt::format("the range '{0}' begins above its end; write '{2}..{1}'", text, from, to)};
  }
  return {sim::Quantity{low.value, high.value}, {}};
}

namespace {

std::string write_one(std::int64_t value, const UnitRow& unit) {
  if (unit.noun == "share") {
    const std::int64_t whole = value / 10'000;
    const std::int64_t rest = value % 10'000;
    if (rest == 0) return fmt::format("{}%", whole);
    std::string decimals = fmt::format("{:04}", rest < 0 ? -rest : rest);
    while (decimals.ends_with('0')) decimals.pop_back();
    return fmt::format("{}{}.{}%", value < 0 && whole == 0 ? "-" : "", whole, decimals);
  }
  const Suffix* best = &unit.suffixes.front();
  for (const Suffix& suffix : unit.suffixes) {
    if (value != 0 && value % suffix.factor == 0 && value / suffix.factor != 0) best = &suffix;
  }
  if (value == 0 && unit.noun == "duration") return "0s";
  return fmt::format("{}{}", value / best->factor, best->text);
}

}  // namespace

std::string write_quantity(sim::Quantity quantity, Unit unit) {
  const UnitRow& rules = row(unit);
  if (quantity.fixed()) return write_one(quantity.low, rules);
  if (quantity.high == INT64_MAX) return fmt::format("{}..", write_one(quantity.low, rules));
  return fmt::format("{}..{}", write_one(quantity.low, rules), write_one(quantity.high, rules));
}

}  // namespace noloss::harness
