// Moments, times and connections as text.
#include "harness/scenario/moment.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace noloss::harness {
namespace {

using std::chrono::milliseconds;

TEST(Moment, AllParts) {
  const MomentText parsed = parse_moment("broker-1 append #40 + 10ms");
  ASSERT_TRUE(parsed.value) << parsed.error.message;
  EXPECT_EQ(*parsed.value, (sim::MomentRef{"broker-1", "append", 40, milliseconds{10}}));
  EXPECT_EQ(parsed.event.offset, 9U);
  EXPECT_EQ(parsed.event.length, 6U);
}

TEST(Moment, NodeOfTwoWordsAndNoNumber) {
  const MomentText parsed = parse_moment("any broker sent:produce_response");
  ASSERT_TRUE(parsed.value);
  EXPECT_EQ(*parsed.value, (sim::MomentRef{"any broker", "sent:produce_response", 0, {}}));
}

TEST(Moment, SpacesDoNotMatter) {
  EXPECT_EQ(parse_moment("  any   broker  append  #1  +10ms ").value,
            parse_moment("any broker append #1 + 10ms").value);
}

TEST(Moment, RefusedWithTheCulprit) {
  const std::pair<std::string_view, Part> cases[] = {
      {"broker-1 append #0", {16, 2}},
      {"broker-1 append #x", {16, 2}},
      {"broker-1 append #01", {16, 3}},
      {"broker-1 append 40", {16, 2}},
      {"broker-1 #4 append", {9, 2}},
      {"append #4", {0, 9}},
      {"broker-1 append #4 + 1", {21, 1}},
      {"broker-1 append #4 + 1s 2s", {19, 7}},
      {"", {0, 0}},
      {"broker-1 append #4 +", {19, 1}},
      {"broker-1 append #99999999999999999999", {16, 21}},
  };
  for (const auto& [text, part] : cases) {
    const MomentText parsed = parse_moment(text);
    EXPECT_FALSE(parsed.value) << text;
    EXPECT_FALSE(parsed.error.message.empty()) << text;
    EXPECT_EQ(parsed.error.part.offset, part.offset) << text << ": " << parsed.error.message;
    EXPECT_EQ(parsed.error.part.length, part.length) << text << ": " << parsed.error.message;
  }
}

TEST(When, TimeOrMoment) {
  EXPECT_EQ(parse_when("1.5s").value->time, sim::kStart + milliseconds{1500});
  EXPECT_TRUE(parse_when("leader append #1").value->moment);
  EXPECT_FALSE(parse_when("-1s").value);
  EXPECT_FALSE(parse_when("1s..2s").value);
}

TEST(Link, BothEnds) {
  const LinkText parsed = parse_link("any producer -> leader(1)");
  EXPECT_EQ(parsed.from, "any producer");
  EXPECT_EQ(parsed.to, "leader(1)");
  EXPECT_EQ(parsed.to_part.offset, 16U);
  EXPECT_EQ(parse_link("a->b").to, "b");
  EXPECT_FALSE(parse_link("a -> ").error.message.empty());
  EXPECT_FALSE(parse_link("a").error.message.empty());
}

RC_GTEST_PROP(Moment, WrittenIsReadBackEqual, ()) {
  const sim::MomentRef moment{*rc::gen::element<std::string>("broker-1", "any broker", "leader(3)"),
                              *rc::gen::element<std::string>("append", "sync.done", "sent:fetch_request"),
                              *rc::gen::arbitrary<std::uint64_t>(),
                              sim::Duration{*rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000)}};
  const std::string text = write_moment(moment);
  RC_LOG() << text;
  RC_ASSERT(parse_moment(text).value == moment);
}

}  // namespace
}  // namespace noloss::harness
