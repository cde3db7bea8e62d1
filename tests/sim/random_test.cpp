// Random streams: the same numbers on every compiler, without bias, within their bounds.
#include "sim/random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <limits>
#include <set>

namespace noloss::sim {
namespace {

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

TEST(RandomTest, StreamIsSplitmix64) {
  RandomStream random(1234567);  // the values of the generator's reference implementation
  EXPECT_EQ(random.next(), 6457827717110365317ULL);
  EXPECT_EQ(random.next(), 3203168211198807973ULL);
  EXPECT_EQ(random.next(), 9817491932198370423ULL);
  EXPECT_EQ(random.next(), 4593380528125082431ULL);
  EXPECT_EQ(random.next(), 16408922859458223821ULL);
}

TEST(RandomTest, DerivedSeedsAreTheSameOnEveryCompiler) {
  EXPECT_EQ(derive_seed(1, "network"), 16618537748986124181ULL);
  EXPECT_EQ(derive_seed(1, "disk"), 3584181560652873571ULL);
  EXPECT_EQ(derive_seed(1, std::uint64_t{7}), 451468218852868522ULL);
}

TEST(RandomTest, DrawsAreTheSameOnEveryCompiler) {
  RandomStream random(42);
  EXPECT_EQ(random.below(6), 4ULL);
  EXPECT_EQ(random.between(-1000, 1000), -681);
  EXPECT_EQ(random.below(std::uint64_t{1} << 63U), 2569641874231381929ULL);
}

TEST(RandomTest, DerivedSeedsDiffer) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    seeds.insert(derive_seed(seed, "network"));
    seeds.insert(derive_seed(seed, "disk"));
    for (std::uint64_t number = 0; number < 100; ++number) seeds.insert(derive_seed(seed, number));
  }
  EXPECT_EQ(seeds.size(), 100U * 102U);
}

TEST(RandomTest, BelowGivesEachValueAsOften) {
  // The chi-squared statistic of 10 degrees of freedom is above 35.6 in one of 10,000 streams; the seed is fixed.
  constexpr std::uint64_t kValues = 11;
  constexpr std::int64_t kEach = 10'000;
  RandomStream random(1);
  std::array<std::int64_t, kValues> counts{};
  for (std::uint64_t i = 0; i < kValues * kEach; ++i) ++counts[random.below(kValues)];
  std::int64_t squares = 0;
  for (const std::int64_t count : counts) squares += (count - kEach) * (count - kEach);
  EXPECT_LT(squares, 356 * kEach / 10);
}

TEST(RandomTest, BelowOneIsZero) {
  RandomStream random(1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.below(1), 0U);
}

TEST(RandomTest, BelowALargeBoundHasNoBias) {
  // With a plain remainder, the lower third of the range would come twice as often as the rest.
  constexpr std::uint64_t kBound = 3ULL << 62U;
  RandomStream random(1);
  int lower = 0;
  for (int i = 0; i < 30'000; ++i) lower += random.below(kBound) < kBound / 3 ? 1 : 0;
  EXPECT_NEAR(lower, 10'000, 400);
}

TEST(RandomTest, BetweenReachesBothEnds) {
  RandomStream random(1);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.between(-2, 2));
  EXPECT_THAT(seen, testing::ElementsAre(-2, -1, 0, 1, 2));
}

TEST(RandomTest, BetweenOneValueIsThatValue) {
  RandomStream random(1);
  EXPECT_EQ(random.between(7, 7), 7);
  EXPECT_EQ(random.between(kLowest, kLowest), kLowest);
  EXPECT_EQ(random.between(kHighest, kHighest), kHighest);
}

TEST(RandomTest, BetweenTheWholeRangeIsTheBareStream) {
  RandomStream random(1);
  RandomStream bare(1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(static_cast<std::uint64_t>(random.between(kLowest, kHighest)) - static_cast<std::uint64_t>(kLowest),
              bare.next());
  }
}

RC_GTEST_PROP(RandomPropertyTest, DrawsStayWithinTheirBounds, (std::uint64_t seed, std::int64_t a, std::int64_t b)) {
  RandomStream random(seed);
  const auto [low, high] = std::minmax(a, b);
  const std::int64_t drawn = random.between(low, high);
  RC_ASSERT(low <= drawn && drawn <= high);
  const std::uint64_t bound = static_cast<std::uint64_t>(a) | 1U;
  RC_ASSERT(random.below(bound) < bound);
}

TEST(RandomTest, AFixedQuantityTakesNothingFromTheStream) {
  RandomStream random(1);
  RandomStream same(1);
  EXPECT_EQ(random.draw(Quantity{5}), 5);
  EXPECT_EQ(random.next(), same.next());
}

TEST(RandomTest, ADrawnQuantityIsWithinItsRange) {
  RandomStream random(1);
  for (int i = 0; i < 100; ++i)
    EXPECT_THAT(random.draw(Quantity(3, 5)), testing::AllOf(testing::Ge(3), testing::Le(5)));
}

TEST(RandomTest, ChanceIsInMillionths) {
  RandomStream random(1);
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_FALSE(random.chance(0));
    EXPECT_TRUE(random.chance(kWhole));
    hits += random.chance(kWhole / 10) ? 1 : 0;
  }
  EXPECT_NEAR(hits, 10'000, 500);
}

}  // namespace
}  // namespace noloss::sim
