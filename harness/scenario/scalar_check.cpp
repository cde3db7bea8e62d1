#include "harness/scenario/scalar_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "harness/scenario/option_text.hpp"
#include "harness/scenario/suggest.hpp"

namespace noloss::harness {
namespace {

constexpr std::size_t kLongestName = 100;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

std::string name_problem(std::string_view text, std::string_view path) {
  if (text.empty()) return fmt::format("'{}' is empty", path);
  if (text.size() > kLongestName) return fmt::format("'{}' is longer than {} characters", path, kLongestName);
  if (!std::all_of(text.begin(), text.end(), is_name_character)) {
    return fmt::format("'{}' is '{}'; a name has only letters, digits, '-', '_' and '.'", path, shortened(text));
  }
  if (text.front() == '-' || text.front() == '.') {
    return fmt::format("'{}' is '{}'; a name begins with a letter or a digit", path, text);
  }
  return {};
}

std::string choice_problem(std::string_view text, const Field& field, std::string_view path) {
  if (std::find(field.choices.begin(), field.choices.end(), text) != field.choices.end()) return {};
  return fmt::format("'{}' cannot be '{}'{}", path, shortened(text),
                     choice_hint(text, field.choices, field.opens != Section::none ? ", or a mapping" : ""));
}

std::string quantity_problem(std::string_view text, const Field& field, std::string_view path) {
  const Unit unit = unit_of(field.type);
  QuantityResult parsed = parse_quantity(text, unit, field.ranges);
  if (!parsed.value) {
    return unit == Unit::none ? fmt::format("'{}': {}", path, parsed.error) : std::move(parsed.error);
  }
  return bounds_problem(path, text, *parsed.value, field.min, field.max, unit);
}

std::string seeds_problem(std::string_view text, const Field& field, std::string_view path) {
  if (text.find("..") == std::string_view::npos && parse_quantity(text, Unit::none, Ranges::refused).value) {
    return fmt::format("'{0}' is a range of seeds; write '1..{1}', or '{1}..{1}' for one seed", path, text);
  }
  QuantityResult parsed = parse_quantity(text, Unit::none, Ranges::allowed);
  if (!parsed.value) return fmt::format("'{}' must be a range such as '1..1000': {}", path, parsed.error);
  if (parsed.value->high > field.max) {
    return fmt::format("'{}' goes beyond {}: larger seeds are not kept exactly by tools that read the results", path,
                       field.max);
  }
  return bounds_problem(path, text, *parsed.value, field.min, field.max, Unit::none);
}

std::string draw_problem(std::string_view text, std::string_view path) {
  std::uint64_t value = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc{} && stop == text.data() + text.size()) return {};
  return fmt::format("'{}' must be a whole number below 2^64, not '{}'", path, shortened(text));
}

std::string times_problem(std::string_view text, const Field& field, std::string_view path) {
  if (text == "always") return {};
  QuantityResult parsed = parse_quantity(text, Unit::none, Ranges::refused);
  if (!parsed.value) return fmt::format("'{}' must be a whole number or always, not '{}'", path, shortened(text));
  return bounds_problem(path, text, *parsed.value, field.min, field.max, Unit::none);
}

TextError whole(std::string message, std::string_view text) { return {std::move(message), {0, text.size()}}; }

TextError check_when(std::string_view text, const Field& field, std::string_view path) {
  WhenText parsed = parse_when(text);
  if (!parsed.value) return std::move(parsed.error);
  if (!parsed.value->time) return {};
  const sim::Quantity time{parsed.value->time->time_since_epoch()};
  return whole(bounds_problem(path, text, time, field.min, field.max, Unit::duration), text);
}

}  // namespace

std::int64_t times_of(std::string_view text) {
  if (text == "always") return -1;
  return parse_quantity(text, Unit::none, Ranges::refused).value.value_or(sim::Quantity{1}).value();
}

TextError check_scalar(std::string_view text, const Field& field, std::string_view path) {
  switch (field.type) {
    case FieldType::name:
    case FieldType::node: return whole(name_problem(text, path), text);
    case FieldType::choice: return whole(choice_problem(text, field, path), text);
    case FieldType::flag:
      if (text == "true" || text == "false") return {};
      return whole(fmt::format("'{}' must be {}, not '{}'", path, expected(field), shortened(text)), text);
    case FieldType::seeds: return whole(seeds_problem(text, field, path), text);
    case FieldType::draw: return whole(draw_problem(text, path), text);
    case FieldType::times: return whole(times_problem(text, field, path), text);
    case FieldType::when: return check_when(text, field, path);
    case FieldType::moment: return parse_moment(text).error;
    case FieldType::link: return parse_link(text).error;
    case FieldType::target_or_link: return is_link(text) ? parse_link(text).error : TextError{};
    default: break;
  }
  if (is_quantity(field.type)) return whole(quantity_problem(text, field, path), text);
  if (text.empty()) return whole(fmt::format("'{}' is empty", path), text);
  return {};
}

std::string expected(const Field& field) {
  const std::string mapping = field.opens == Section::none ? "" : " or a mapping";
  switch (field.type) {
    case FieldType::mapping: return field.shape == Shape::one_or_list ? "a mapping or a list" : "a mapping";
    case FieldType::choice: return fmt::format("one of {}{}", listed(field.choices), mapping);
    case FieldType::flag: return mapping.empty() ? "true or false" : "true, false or a mapping";
    case FieldType::integer:
    case FieldType::bound:
    case FieldType::draw:
    case FieldType::times: return "a whole number";
    case FieldType::duration: return "a duration such as '10s'";
    case FieldType::size: return "a size such as '1KiB'";
    case FieldType::rate: return "a rate such as '200/s'";
    case FieldType::bandwidth: return "a bandwidth such as '10MB/s'";
    case FieldType::share: return "a share such as '0.1%'";
    case FieldType::seeds: return "a range of seeds such as '1..1000'";
    case FieldType::when: return "a time or a moment";
    case FieldType::moment: return "a moment such as 'broker-1 append #40'";
    case FieldType::link: return "a connection 'A -> B'";
    case FieldType::node:
    case FieldType::target:
    case FieldType::target_or_link: return "the name of a node or a role";
    default: return "one value";
  }
}

}  // namespace noloss::harness
