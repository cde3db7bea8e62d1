// The nearest word, and the sentences made of it.
#include "harness/scenario/suggest.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

namespace noloss::harness {
namespace {

constexpr std::array<std::string_view, 4> kKeys{"count", "zones", "disk", "config"};

TEST(Suggest, SwapOfNeighboursIsOneMistake) {
  EXPECT_EQ(edit_distance("cuont", "count"), 1U);
  EXPECT_EQ(edit_distance("kafak", "kafka"), 1U);
  EXPECT_EQ(edit_distance("count", "count"), 0U);
  EXPECT_EQ(edit_distance("", "count"), 5U);
  EXPECT_EQ(edit_distance("COUNT", "count"), 0U);
}

TEST(Suggest, NearestIsMeant) {
  EXPECT_EQ(nearest("cuont", kKeys), "count");
  EXPECT_EQ(nearest("zone", kKeys), "zones");
  EXPECT_EQ(nearest("dsk", kKeys), "disk");
}

TEST(Suggest, NothingIsMeantByAWordFarAway) {
  EXPECT_EQ(nearest("partitions", kKeys), "");
  EXPECT_EQ(nearest("", kKeys), "");
  EXPECT_EQ(nearest(std::string(100'000, 'c'), kKeys), "");
}

TEST(Suggest, BeginningCountsWhenItIsUnique) {
  constexpr std::array<std::string_view, 3> kWords{"after_processing", "before_processing", "automatic"};
  EXPECT_EQ(nearest("after", kWords), "after_processing");
  constexpr std::array<std::string_view, 2> kTwo{"broker.one", "broker.two"};
  EXPECT_EQ(nearest("broker", kTwo), "");
}

TEST(Suggest, LongerFormOfAWord) {
  constexpr std::array<std::string_view, 3> kWords{"sync", "async", "oneway"};
  EXPECT_EQ(nearest("asynchronous", kWords), "async");
}

TEST(Suggest, Sentences) {
  EXPECT_EQ(did_you_mean("cuont", kKeys, "known keys"), "; did you mean 'count'?");
  EXPECT_EQ(did_you_mean("xyz", kKeys, "known keys"), "; known keys: count, zones, disk, config");
  EXPECT_EQ(did_you_mean("xyz", {}, "known keys"), "");
  EXPECT_EQ(choice_hint("dsk", kKeys), "; did you mean 'disk'? (count, zones, disk, config)");
}

TEST(Suggest, ShortenedKeepsCharactersWhole) {
  EXPECT_EQ(shortened("short"), "short");
  std::string text(59, 'a');
  text += "ü and more";
  EXPECT_EQ(shortened(text), std::string(59, 'a') + "...");
}

RC_GTEST_PROP(Suggest, DistanceIsSymmetricAndBounded, (const std::string& a, const std::string& b)) {
  RC_ASSERT(edit_distance(a, b) == edit_distance(b, a));
  RC_ASSERT(edit_distance(a, b) <= std::max(a.size(), b.size()));
  RC_ASSERT(edit_distance(a, a) == 0U);
}

}  // namespace
}  // namespace noloss::harness
