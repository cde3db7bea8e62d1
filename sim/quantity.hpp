// A whole number, or a closed range from which each seed draws one. Units are the field's: nanoseconds,
// bytes, per second, or millionths (for shares). After a draw, low == high.
#pragma once

#include <cstdint>

#include "sim/time.hpp"

namespace noloss::sim {

struct Quantity {
  std::int64_t low = 0;
  std::int64_t high = 0;

  constexpr Quantity() = default;
  constexpr explicit Quantity(std::int64_t value) : low(value), high(value) {}
  constexpr Quantity(std::int64_t from, std::int64_t to) : low(from), high(to) {}
  constexpr explicit Quantity(Duration value) : Quantity(value.count()) {}

  [[nodiscard]] constexpr bool fixed() const { return low == high; }
  /// The drawn value; meaningful only once fixed().
  [[nodiscard]] constexpr std::int64_t value() const { return low; }
  [[nodiscard]] constexpr Duration duration() const { return Duration{low}; }

  friend constexpr bool operator==(const Quantity&, const Quantity&) = default;
};

/// Shares are counted in millionths: 0.1% is 1000.
inline constexpr std::int64_t kWhole = 1'000'000;

}  // namespace noloss::sim
