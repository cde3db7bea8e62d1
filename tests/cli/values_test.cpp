// Single values of the command line.
#include "cli/values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace noloss::cli {
namespace {

using testing::HasSubstr;

TEST(values, seeds_are_a_range_or_one) {
  EXPECT_EQ(parse_seeds("1..1000").value, (harness::SeedRange{1, 1000}));
  EXPECT_EQ(parse_seeds("7").value, (harness::SeedRange{7, 7}));
  EXPECT_EQ(parse_seeds("0..9007199254740991").value->last, kLargestSeed);
}

TEST(values, seeds_that_are_none_are_refused) {
  for (const char* text :
       {"", "..", "1..", "..2", "a..b", "1...2", "-1..2", " 1..2", "1..9007199254740992", "0x1..2"}) {
    EXPECT_FALSE(parse_seeds(text).value) << text;
  }
  EXPECT_THAT(parse_seeds("5..1").error, HasSubstr("5 is above 1"));
}

TEST(values, only_keeps_commas_within_a_value) {
  const auto filters = parse_only("assignment=[[1,3]],acks=all").value;
  ASSERT_TRUE(filters);
  ASSERT_EQ(filters->size(), 2U);
  EXPECT_EQ(filters->at(0).value, "[[1,3]]");
  EXPECT_EQ(filters->at(1).path, "acks");
  EXPECT_EQ(filters->at(1).value, "all");
}

TEST(values, only_and_set_need_a_name_and_an_equals_sign) {
  for (const char* text : {"", "acks", "=1", ","}) EXPECT_FALSE(parse_only(text).value) << text;
  for (const char* text : {"", "acks", "=1"}) EXPECT_FALSE(parse_set(text).value) << text;
  EXPECT_EQ(parse_set("a.b=c=d").value->second, "c=d");
  EXPECT_EQ(parse_set("a=").value->second, "");
}

TEST(values, a_time_budget_has_a_unit) {
  EXPECT_EQ(parse_time_budget("1500ms").value, std::chrono::milliseconds{1500});
  for (const char* text : {"60", "0s", "1us", "-5s", "5 parsecs", ""})
    EXPECT_FALSE(parse_time_budget(text).value) << text;
}

TEST(values, confidence_is_a_probability) {
  EXPECT_DOUBLE_EQ(*parse_confidence("1e-4").value, 1e-4);
  for (const char* text : {"0", "1", "-0.1", "nan", "inf", "x", "", "0.1x"})
    EXPECT_FALSE(parse_confidence(text).value) << text;
}

TEST(values, a_shard_is_one_of_its_number) {
  EXPECT_EQ(parse_shard("3/8").value, (harness::Shard{3, 8}));
  for (const char* text : {"0/8", "9/8", "3", "/", "3/", "a/b"}) EXPECT_FALSE(parse_shard(text).value) << text;
}

}  // namespace
}  // namespace noloss::cli
