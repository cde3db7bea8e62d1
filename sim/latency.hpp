// One-way delays: a log-normal distribution given by its median and its 99th percentile, in integers only.
//
// With t(q) = z(q) / z(0.99), z being the normal quantile, the quantile q of the delay is p50 * (p99 / p50) ^ t(q). A
// committed table holds t at 65 tail probabilities 2^-(k+2) * (1 + j/4), that is, four to an octave from 1/2 down to
// 2^-17; the other half is its mirror image. A draw interpolates linearly between two of them, each turned into a delay
// when it is first needed: a short run needs few. Beyond 2^-17 the distribution is cut, so the longest `lan` delay is 5
// ms. Not modelled: load (queues in switches), correlation between packets, a floor that the wire's length sets.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "sim/random.hpp"
#include "sim/setup.hpp"
#include "sim/time.hpp"

namespace noloss::sim {

class LatencyModel {
 public:
  /// Precondition: 0 < p50 <= p99, or both are 0.
  explicit LatencyModel(const LatencySetup& setup);

  [[nodiscard]] Duration draw(RandomStream& random) const { return at(random.next()); }
  /// The quantile `place` / 2^64. Never falls as `place` rises.
  [[nodiscard]] Duration at(std::uint64_t place) const {
    const bool slow = (place >> 63U) != 0;
    const std::uint64_t tail = std::max((slow ? ~place : place) << 1U, kShortestTail);  // from the nearer end
    const auto octave = static_cast<unsigned>(std::countl_zero(tail));
    const std::uint64_t within = tail << octave << 1U;  // of 2^64 within the octave
    const auto quarter = static_cast<unsigned>(within >> 62U);
    const auto fraction = static_cast<std::int64_t>(within << 2U >> 44U);  // of 2^20 within the quarter
    const std::size_t inner = std::size_t{4} * octave + 3 - quarter;       // the point that is nearer to the median
    const std::int64_t outer = delay(slow, inner + 1);
    return Duration{outer + (delay(slow, inner) - outer) * fraction / (1 << 20)};
  }

  static constexpr std::size_t kOctaves = 16;
  static constexpr std::size_t kPoints = 4 * kOctaves + 1;
  /// Delays are cut at this, whatever the setup says: 2^42 ns, more than an hour.
  static constexpr std::int64_t kLongest = std::int64_t{1} << 42U;
  /// t at tail probability 2^-(k+2) * (1 + j/4), at index 4k + 4 - j, in units of 2^-24.
  static const std::array<std::int32_t, kPoints> kQuantiles;

 private:
  static constexpr std::uint64_t kShortestTail = std::uint64_t{1} << (64U - kOctaves);

  [[nodiscard]] std::int64_t delay(bool slow, std::size_t point) const {
    const std::int64_t known = delays_[slow ? 1 : 0][point];
    return known >= 0 ? known : find_delay(slow, point);
  }
  std::int64_t find_delay(bool slow, std::size_t point) const;

  std::int64_t median_;
  std::int64_t high_;                 ///< p99
  mutable std::int64_t spread_ = -1;  ///< log2(p99 / p50) * 2^32
  /// In ns from the median outward: below it and above it; negative, as above: not needed yet.
  mutable std::array<std::array<std::int64_t, kPoints>, 2> delays_;
};

}  // namespace noloss::sim
