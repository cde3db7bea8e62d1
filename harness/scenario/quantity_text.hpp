// Quantities as a scenario writes them: "4ms", "1.5KiB", "200/s", "0.1%", "200ms..2s". Integers only, exact:
// what does not come out as a whole number of the base unit is refused, never rounded.
//
// Base units: nanoseconds, bytes, per second, bytes per second, millionths.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/quantity.hpp"

namespace noloss::harness {

enum class Unit : std::uint8_t { none, duration, size, rate, bandwidth, share };

enum class Ranges : std::uint8_t {
  refused,
  allowed,  ///< "a..b"
  open,     ///< "a..b" and "a.."
};

struct QuantityResult {
  std::optional<sim::Quantity> value;
  std::string error;  ///< a sentence for the user, where there is no value
};

/// A minus sign is understood; bounds are the caller's business.
[[nodiscard]] QuantityResult parse_quantity(std::string_view text, Unit unit, Ranges ranges);

/// Text that parse_quantity reads back to the same quantity, in the largest unit that is exact.
[[nodiscard]] std::string write_quantity(sim::Quantity quantity, Unit unit);

/// "duration", "size", "whole number", ...
[[nodiscard]] std::string_view noun(Unit unit);

}  // namespace noloss::harness
