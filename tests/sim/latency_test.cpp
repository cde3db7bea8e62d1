// The delay model: quantiles, the formula behind the table, and the draws that must never change.
#include "sim/latency.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace noloss::sim {
namespace {

using namespace std::chrono_literals;

constexpr int kDraws = 100'000;

std::vector<Duration> sorted_draws(const LatencySetup& setup) {
  const LatencyModel model{setup};
  RandomStream random{7};
  std::vector<Duration> draws;
  for (int i = 0; i < kDraws; ++i) draws.push_back(model.draw(random));
  std::sort(draws.begin(), draws.end());
  return draws;
}

double ratio(Duration a, Duration b) { return static_cast<double>(a.count()) / static_cast<double>(b.count()); }

class LatencyQuantiles : public testing::TestWithParam<LatencySetup> {};

TEST_P(LatencyQuantiles, OfManyDrawsAreThoseOfTheSetup) {
  const std::vector<Duration> draws = sorted_draws(GetParam());
  EXPECT_NEAR(ratio(draws[kDraws / 2], GetParam().p50), 1, 0.03);
  EXPECT_NEAR(ratio(draws[kDraws / 100 * 99], GetParam().p99), 1, 0.03);
}

TEST_P(LatencyQuantiles, FollowTheLogNormalFormulaWithinOnePercent) {
  const LatencyModel model{GetParam()};
  const double spread = std::log(ratio(GetParam().p99, GetParam().p50)) / 2.3263478740408408;
  for (const double z : {-3.0, -2.0, -1.0, -0.5, 0.0, 0.3, 1.0, 1.7, 2.3263478740408408, 3.0, 3.7}) {
    const double place = 0.5 * std::erfc(-z / std::sqrt(2.0));
    const Duration delay = model.at(static_cast<std::uint64_t>(place * 18446744073709551616.0));
    const double expected = static_cast<double>(GetParam().p50.count()) * std::exp(spread * z);
    EXPECT_NEAR(static_cast<double>(delay.count()) / expected, 1, 0.01) << "z = " << z;
  }
}

INSTANTIATE_TEST_SUITE_P(Setups, LatencyQuantiles,
                         testing::Values(LatencySetup{}, LatencySetup{.p50 = 30ms, .p99 = 45ms},
                                         LatencySetup{.p50 = 1ms, .p99 = 10ms}, LatencySetup{.p50 = 50us, .p99 = 2ms}));

TEST(Latency, TheTableHoldsNormalQuantiles) {
  for (std::size_t i = 0; i < LatencyModel::kPoints; ++i) {
    const std::size_t octave = i / 4;
    const double tail = std::ldexp(1 + static_cast<double>(4 - i % 4) / 4, -static_cast<int>(octave) - 2);
    const double z = static_cast<double>(LatencyModel::kQuantiles[i]) / (1 << 24) * 2.3263478740408408;
    EXPECT_NEAR(0.5 * std::erfc(z / std::sqrt(2.0)) / tail, 1, 1e-6) << "entry " << i;
  }
}

TEST(Latency, EqualQuantilesGiveAConstant) {
  const LatencyModel model{{.p50 = 777us, .p99 = 777us}};
  RandomStream random{1};
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(model.draw(random), 777us);
}

TEST(Latency, NeverFallsWithItsPlace) {
  rc::check([](std::uint64_t a, std::uint64_t b) {
    const std::int64_t median = *rc::gen::inRange<std::int64_t>(1, 1'000'000'000'000);
    const std::int64_t more = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000);
    const LatencyModel model{{.p50 = Duration{median}, .p99 = Duration{median + more}}};
    RC_ASSERT(model.at(std::min(a, b)) <= model.at(std::max(a, b)));
    RC_ASSERT(model.at(0) >= Duration{0});
  });
}

TEST(Latency, StaysOnTheBordersOfTheTableWithinItsNeighbours) {
  const LatencyModel model{LatencySetup{}};
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t border = std::uint64_t{1} << bit;
    for (const std::uint64_t place : {border, ~border + 1}) {
      EXPECT_LE(model.at(place - 1), model.at(place)) << "bit " << bit;
      EXPECT_LT(model.at(place) - model.at(place - 1), 100ns) << "bit " << bit;
    }
  }
}

TEST(Latency, IsTheSameForEver) {  // a change here changes every run
  const LatencyModel model{LatencySetup{}};
  RandomStream random{42};
  std::vector<std::int64_t> draws;
  for (int i = 0; i < 4; ++i) draws.push_back(model.draw(random).count());
  EXPECT_EQ(draws, (std::vector<std::int64_t>{255067, 66636, 93013, 108287}));
}

TEST(Latency, TheLongestIsCut) {
  EXPECT_LT((LatencyModel{LatencySetup{}}.at(UINT64_MAX)), 6ms);
  EXPECT_EQ((LatencyModel{{.p50 = 1ns, .p99 = 1h}}.at(UINT64_MAX)), Duration{LatencyModel::kLongest});
}

}  // namespace
}  // namespace noloss::sim
