// The values that an exhaustive search tries of a duration, and the pages that it lets survive.
#include "harness/search/variants.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace noloss::harness {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::SizeIs;

constexpr std::int64_t ms(std::int64_t value) { return sim::Duration{milliseconds{value}}.count(); }

std::vector<sim::Duration> timeouts(std::initializer_list<int> values) {
  std::vector<sim::Duration> all;
  for (const int value : values) all.emplace_back(milliseconds{value});
  return all;
}

TEST(ValuesTest, OneValueStaysOne) {
  EXPECT_THAT(values_between(sim::Quantity{ms(7)}, timeouts({5, 9})), ElementsAre(ms(7)));
}

TEST(ValuesTest, TheEndsLieOnBothSidesOfOneTimeout) {
  EXPECT_THAT(values_between({ms(100), ms(900)}, timeouts({500})), ElementsAre(ms(100), ms(900)));
}

TEST(ValuesTest, BetweenTwoTimeoutsLiesAValueOfItsOwn) {
  EXPECT_THAT(values_between({ms(100), ms(5000)}, timeouts({500, 2000, 3000})),
              ElementsAre(ms(100), ms(1250), ms(2500), ms(5000)));
}

TEST(ValuesTest, TimeoutsOutsideOfTheRangeDoNotMatter) {
  EXPECT_THAT(values_between({ms(100), ms(900)}, timeouts({50, 100, 900, 2000})), ElementsAre(ms(100), ms(900)));
}

TEST(VariantsTest, EveryRangeIsFixed) {
  sim::Fault slow;
  slow.action = sim::Action::disk_slow;
  slow.factor = {2, 100};
  slow.duration = {ms(100), ms(900)};
  const auto all = variants(slow, {});
  EXPECT_THAT(all, SizeIs(4));
  for (const sim::Fault& fault : all) EXPECT_TRUE(fault.factor.fixed() && fault.duration.fixed());
}

TEST(VariantsTest, AKillThatStaysDeadHasNoDuration) {
  sim::Fault kill;
  kill.restart = false;
  kill.duration = {ms(100), ms(900)};
  EXPECT_THAT(variants(kill, {}), SizeIs(1));
}

TEST(SubsetsTest, EverySubsetOfAFewPages) {
  EXPECT_THAT(subsets({"b log page 0", "b log page 1", "b log page 2"}, sim::Unsynced::any_subset), SizeIs(8));
  EXPECT_THAT(subsets({}, sim::Unsynced::any_subset), ElementsAre(std::vector<std::string>{}));
}

TEST(SubsetsTest, APrefixKeepsTheFirstPagesOfEachFile) {
  EXPECT_THAT(subsets({"b log page 0", "b log page 1"}, sim::Unsynced::prefix),
              ElementsAre(std::vector<std::string>{}, std::vector<std::string>{"b log page 0"},
                          std::vector<std::string>{"b log page 0", "b log page 1"}));
  EXPECT_THAT(subsets({"b log page 0", "c log page 0"}, sim::Unsynced::prefix), SizeIs(4));
}

TEST(SubsetsTest, TruncationsSurviveInOrder) {
  EXPECT_THAT(subsets({"b log truncation 0", "b log truncation 1"}, sim::Unsynced::any_subset), SizeIs(3));
}

TEST(SubsetsTest, OfManyPagesASampleThatHasTheExtremes) {
  std::vector<std::string> items;
  for (int page = 0; page < 20; ++page) items.push_back("b log page " + std::to_string(page));
  EXPECT_TRUE(sampled(items));
  const auto kept = subsets(items, sim::Unsynced::any_subset);
  EXPECT_LE(kept.size(), kSampledSubsets);
  EXPECT_THAT(kept, testing::Contains(std::vector<std::string>{}));
  EXPECT_THAT(kept, testing::Contains(items));
  EXPECT_EQ(kept, subsets(items, sim::Unsynced::any_subset)) << "the same sample each time";
}

}  // namespace
}  // namespace noloss::harness
