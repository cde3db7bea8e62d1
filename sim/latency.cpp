#include "sim/latency.hpp"

#include <algorithm>
#include <cassert>

namespace noloss::sim {
namespace {

__extension__ using Wide = __int128;

constexpr std::array<std::uint64_t, 16> kSixteenthPowers{
    // round(2^(i/16) * 2^32)
    4294967296, 4485121744, 4683695048, 4891059943, 5107605667, 5333738689, 5569883475, 5816483285,
    6074001000, 6342919999, 6623745059, 6917003306, 7223245206, 7543045592, 7877004752, 8225749546};
constexpr std::uint64_t kNaturalLog2 = 2977044472;  // round(ln 2 * 2^32)

/// log2(value) * 2^32, rounded down: the integer part by counting, then one bit for each squaring.
std::int64_t log2_fixed(std::uint64_t value) {
  assert(value > 0);
  const int whole = 63 - std::countl_zero(value);
  std::uint64_t mantissa = value << (63 - whole);  // 1 <= mantissa / 2^63 < 2
  std::int64_t fraction = 0;
  for (int bit = 0; bit < 32; ++bit) {
    __extension__ using UnsignedWide = unsigned __int128;
    const UnsignedWide square = static_cast<UnsignedWide>(mantissa) * mantissa;  // of 2^126
    const bool above = (square >> 127U) != 0;
    mantissa = static_cast<std::uint64_t>(square >> (above ? 64U : 63U));
    fraction = (fraction << 1U) | static_cast<std::int64_t>(above);
  }
  return (static_cast<std::int64_t>(whole) << 32U) | fraction;
}

/// 2^(fraction / 2^32) * 2^32 for 0 <= fraction < 2^32: a table of sixteenths, then four terms of the exponential
/// series. The relative error is below 2^-28.
std::uint64_t exp2_fixed(std::uint64_t fraction) {
  const std::uint64_t a = ((fraction & 0x0fffffff) * kNaturalLog2) >> 32U;  // at most 0.0433 * 2^32
  const std::uint64_t squared = (a * a) >> 32U;
  const std::uint64_t cubed = (squared * a) >> 32U;
  const std::uint64_t series = (std::uint64_t{1} << 32U) + a + squared / 2 + cubed / 6 + ((cubed * a) >> 32U) / 24;
  return (kSixteenthPowers[fraction >> 28U] * (series >> 2U)) >> 30U;
}

/// median * 2^(exponent / 2^32), at most kLongest.
std::int64_t scaled(std::int64_t median, std::int64_t exponent) {
  const std::int64_t whole = std::clamp<std::int64_t>(exponent >> 32U, -64, 44);
  const std::uint64_t factor = exp2_fixed(static_cast<std::uint64_t>(exponent) & 0xffffffff);
  const Wide product = static_cast<Wide>(median) * static_cast<Wide>(factor);
  const Wide value = whole <= 32 ? product >> (32 - whole) : product << (whole - 32);
  return static_cast<std::int64_t>(std::min<Wide>(value, LatencyModel::kLongest));
}

}  // namespace

// Made by: round(2^24 * normal_quantile(1 - p) / normal_quantile(0.99)) for the tail probabilities p that
// latency.hpp names. The test of this file recomputes the probabilities from the table.
const std::array<std::int32_t, LatencyModel::kPoints> LatencyModel::kQuantiles{
    0,        1134497,  2297972,  3524970,  4864303,  5599419,  6397947,  7283873,  8296120,  8869527,  9505265,
    10224906, 11063810, 11546196, 12086586, 12704860, 13433698, 13856447, 14332984, 14881804, 15533369, 15913436,
    16343633, 16841294, 17435015, 17782711, 18177423, 18635500, 19183944, 19506061, 19872539, 20298873, 20810697,
    21111979, 21455332, 21855515, 22336966, 22620869, 22944854, 23323031, 23778785, 24047920, 24355389, 24714727,
    25148388, 25404779, 25697955, 26040940, 26455352, 26700606, 26981262, 27309883, 27707335, 27942751, 28212324,
    28528202, 28910570, 29137215, 29396892, 29701369, 30070208, 30288973, 30539744, 30833942, 31190563};

LatencyModel::LatencyModel(const LatencySetup& setup)
    : median_(std::min(setup.p50.count(), kLongest)), high_(std::min(setup.p99.count(), kLongest)) {
  assert(median_ >= 0);
  assert(high_ >= median_);
  assert(median_ > 0 || high_ == 0);
  for (auto& side : delays_) side.fill(-1);
}

std::int64_t LatencyModel::find_delay(bool slow, std::size_t point) const {
  if (spread_ < 0) {
    spread_ = median_ == high_
                  ? 0
                  : log2_fixed(static_cast<std::uint64_t>(high_)) - log2_fixed(static_cast<std::uint64_t>(median_));
  }
  const auto exponent = static_cast<std::int64_t>((static_cast<Wide>(spread_) * kQuantiles[point]) >> 24U);
  return delays_[slow ? 1 : 0][point] = scaled(median_, slow ? exponent : -exponent);
}

}  // namespace noloss::sim
