// The digest sees every field of every event and nothing else; keeping events changes nothing.
#include "sim/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace noloss::sim {
namespace {

using testing::ElementsAre;

constexpr TraceEvent kEvent{VirtualTime{Duration{1}}, NodeId{2}, EventId{3}, 4, 5};

TraceEvent numbered(std::uint64_t number) {
  TraceEvent event = kEvent;
  event.time += Duration{static_cast<std::int64_t>(number)};
  event.first = number;
  return event;
}

std::uint64_t digest_of(std::initializer_list<TraceEvent> events) {
  Trace trace;
  for (const TraceEvent& event : events) trace.add(event);
  return trace.digest();
}

TEST(TraceTest, AnEmptyTraceHasTheDigestZero) {
  Trace trace;
  EXPECT_EQ(trace.digest(), 0U);
  EXPECT_EQ(trace.size(), 0U);
}

TEST(TraceTest, DigestsAreTheSameOnEveryCompiler) {
  Trace trace;
  for (std::uint64_t i = 0; i < 1000; ++i) trace.add(numbered(i));
  EXPECT_EQ(trace.digest(), 9261580231881673719ULL);
  EXPECT_EQ(digest_of({kEvent}), 5264033876995496868ULL);
}

TEST(TraceTest, DigestSeesEveryField) {
  std::set<std::uint64_t> digests{digest_of({kEvent})};
  TraceEvent event = kEvent;
  event.time += Duration{1};
  digests.insert(digest_of({event}));
  event = kEvent;
  event.node = NodeId{3};
  digests.insert(digest_of({event}));
  event = kEvent;
  event.event = EventId{2};
  digests.insert(digest_of({event}));
  event = kEvent;
  ++event.first;
  digests.insert(digest_of({event}));
  event = kEvent;
  ++event.second;
  digests.insert(digest_of({event}));
  EXPECT_EQ(digests.size(), 6U);
}

TEST(TraceTest, DigestSeesTheOrder) {
  EXPECT_NE(digest_of({numbered(1), numbered(2)}), digest_of({numbered(2), numbered(1)}));
}

TEST(TraceTest, EveryEventChangesTheDigest) {
  Trace trace;
  std::set<std::uint64_t> digests{trace.digest()};
  for (std::uint64_t i = 0; i < 1000; ++i) {
    trace.add(kEvent);
    digests.insert(trace.digest());
  }
  EXPECT_EQ(digests.size(), 1001U);
  EXPECT_EQ(trace.size(), 1000U);
}

TEST(TraceTest, AskingForTheDigestDoesNotChangeIt) {
  Trace asked;
  Trace silent;
  for (std::uint64_t i = 0; i < 300; ++i) {
    asked.add(numbered(i));
    silent.add(numbered(i));
    static_cast<void>(asked.digest());
  }
  EXPECT_EQ(asked.digest(), silent.digest());
}

RC_GTEST_PROP(TracePropertyTest, KeepingAndReadingEventsDoesNotChangeTheDigest, ()) {
  Trace kept;
  Trace plain;
  kept.keep_events(true);
  std::vector<TraceEvent> expected;
  const int count = *rc::gen::inRange(0, 700);
  for (int i = 0; i < count; ++i) {
    const TraceEvent event = numbered(*rc::gen::inRange<std::uint64_t>(0, 1000));
    kept.add(event);
    plain.add(event);
    expected.push_back(event);
    if (event.first % 50 == 0) RC_ASSERT(kept.events() == expected);
  }
  RC_ASSERT(kept.events() == expected);
  RC_ASSERT(kept.digest() == plain.digest());
  RC_ASSERT(plain.events().empty());
}

TEST(TraceTest, EventsAreKeptFromThenOn) {
  Trace trace;
  trace.add(numbered(1));
  trace.keep_events(true);
  trace.add(numbered(2));
  trace.keep_events(false);
  trace.add(numbered(3));
  EXPECT_THAT(trace.events(), ElementsAre(numbered(2)));
}

TEST(EventTableTest, StartsWithTheEventsOfTheWorld) {
  const EventTable table;
  EXPECT_EQ(table.size(), static_cast<std::size_t>(WorldEvent::count));
  EXPECT_EQ(table.name(id(WorldEvent::sync_done)), "sync.done");
  EXPECT_EQ(table.id("power_lost"), id(WorldEvent::power_lost));
}

TEST(EventTableTest, ANameHasOneId) {
  EventTable table;
  const EventId append = table.add("append");
  EXPECT_EQ(table.add("append"), append);
  EXPECT_NE(table.add("commit"), append);
  EXPECT_EQ(table.find("append"), append);
  EXPECT_EQ(table.name(append), "append");
}

TEST(EventTableTest, AnUnknownNameHasNone) { EXPECT_EQ(EventTable().find("appendd"), std::nullopt); }

}  // namespace
}  // namespace noloss::sim
