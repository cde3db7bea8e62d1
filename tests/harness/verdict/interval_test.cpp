// Known values of Clopper-Pearson, and how probabilities are written.
#include "harness/verdict/interval.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace noloss::harness {
namespace {

TEST(ClopperPearson, NoHitIsOneSided) {
  EXPECT_EQ(clopper_pearson(0, 1000).low, 0.0);
  EXPECT_NEAR(clopper_pearson(0, 1000).high, 0.0029912, 1e-7);
  EXPECT_NEAR(clopper_pearson(0, 1).high, 0.95, 1e-12);
}

/// Two-sided 95 %; values from exact sums with 50 digits.
TEST(ClopperPearson, HitsAreTwoSided) {
  EXPECT_NEAR(clopper_pearson(38, 1000).low, 0.02702881598, 1e-10);
  EXPECT_NEAR(clopper_pearson(38, 1000).high, 0.05178710362, 1e-10);
  EXPECT_NEAR(clopper_pearson(1, 10).low, 0.002528579, 1e-9);
  EXPECT_NEAR(clopper_pearson(1, 10).high, 0.445016117, 1e-9);
}

TEST(ClopperPearson, AllHitsEndAtExactlyOne) {
  EXPECT_EQ(clopper_pearson(1000, 1000).high, 1.0);
  EXPECT_NEAR(clopper_pearson(10, 10).low, 0.691502892, 1e-9);
}

RC_GTEST_PROP(ClopperPearson, ContainsTheShareAndStaysWithinZeroAndOne, ()) {
  const auto runs = *rc::gen::inRange<std::int64_t>(1, 100'000);
  const auto hits = *rc::gen::inRange<std::int64_t>(0, runs + 1);
  const Interval interval = clopper_pearson(hits, runs);
  const double share = static_cast<double>(hits) / static_cast<double>(runs);
  RC_ASSERT(0 <= interval.low && interval.low <= share && share <= interval.high && interval.high <= 1);
}

TEST(RunsFor, IsTheFewestThatReachTheBound) {
  const std::pair<double, std::uint64_t> table[] = {{0.05, 59},     {1e-2, 299},     {1e-3, 2'995},
                                                    {1e-4, 29'956}, {1e-5, 299'572}, {1e-6, 2'995'731}};
  for (const auto& [p, runs] : table) {
    EXPECT_EQ(runs_for(p), runs) << p;
    EXPECT_LE(clopper_pearson(0, static_cast<std::int64_t>(runs)).high, p);
    EXPECT_GT(clopper_pearson(0, static_cast<std::int64_t>(runs) - 1).high, p);
  }
}

TEST(Probability, HasFourDigitsInTables) {
  EXPECT_EQ(probability(0), "0");
  EXPECT_EQ(probability(1), "1");
  EXPECT_EQ(probability(0.00299123), "0.002991");
  EXPECT_EQ(probability(0.0000998523), "9.985e-05");
}

TEST(Probability, HasTwoDigitsForPeople) {
  EXPECT_EQ(short_probability(0.038), "0.038");
  EXPECT_EQ(short_probability(0.1), "0.10");
  EXPECT_EQ(short_probability(0.0005), "5.0e-4");
  EXPECT_EQ(short_probability(0), "0");
  EXPECT_EQ(short_probability(1), "1");
}

TEST(Probability, BoundsAreRoundedUp) {
  EXPECT_EQ(short_bound(0.0029912), "0.0030");
  EXPECT_EQ(short_bound(0.0301), "0.031");
  EXPECT_EQ(short_bound(0.00009985), "1.0e-4");
  EXPECT_EQ(short_bound(0.038), "0.038");
  EXPECT_EQ(short_bound(0.9951), "1");
}

TEST(Grouped, PutsACommaBeforeEachThreeDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
}

}  // namespace
}  // namespace noloss::harness
