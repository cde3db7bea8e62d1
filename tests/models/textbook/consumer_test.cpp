// The consumer: what is in its hand, when it acknowledges, where it goes on.
#include <set>

#include "tests/models/textbook/textbook_world.hpp"

namespace noloss::models::textbook {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ConsumerTest : public TextbookTest {
 protected:
  /// Messages by number from 0, in the order in which the application got them.
  [[nodiscard]] std::vector<std::uint64_t> received(Nanoseconds from = 0) {
    std::vector<std::uint64_t> numbers;
    for (const Seen& each : seen("consumer-1", "received")) {
      if (each.at >= from) numbers.push_back(each.first);
    }
    return numbers;
  }
  [[nodiscard]] std::vector<Nanoseconds> times_of(std::string_view node, std::string_view event,
                                                  std::uint64_t message) {
    std::vector<Nanoseconds> times;
    for (const Seen& each : seen(node, event)) {
      if (each.first == message) times.push_back(each.at);
    }
    return times;
  }
  [[nodiscard]] std::size_t processed() {
    return static_cast<std::size_t>(
        std::count_if(sent().begin(), sent().end(), [](const auto& each) { return each.processed(); }));
  }
};

// ---------------------------------------------------------------- prefetch

class Prefetch : public ConsumerTest, public testing::WithParamInterface<std::size_t> {};

TEST_P(Prefetch, IsHowManyMessagesAreInHand) {
  consumer_option("prefetch", std::to_string(GetParam()));
  consumer().processing_time = Quantity{100ms};
  producer().send = SendMode::async;
  messages(100, 10'000);
  run_until(95ms);
  EXPECT_EQ(count("broker-1", "sent:deliver"), GetParam());
  run_until(395ms);
  const std::size_t acknowledged = count("broker-1", "received:acknowledge");
  EXPECT_EQ(acknowledged, 3U);
  EXPECT_EQ(count("broker-1", "sent:deliver"), GetParam() + acknowledged) << "each acknowledgement makes room for one";
}

INSTANTIATE_TEST_SUITE_P(Sizes, Prefetch, testing::Values(1, 2, 10, 50));

TEST_F(ConsumerTest, TenMessagesAreInHandWhereNothingElseIsSaid) {
  consumer().processing_time = Quantity{1s};
  messages(100, 10'000);
  run_until(400ms);
  EXPECT_EQ(count("broker-1", "sent:deliver"), 10U);
}

TEST_F(ConsumerTest, OneConsumerReadsAPartitionAndAlwaysTheSame) {
  setup.entities.at(0).partitions = 4;
  consumer().count = 2;
  messages(40);
  EXPECT_TRUE((run_until(1s), finish()));
  std::set<std::pair<std::string, std::uint32_t>> readers;
  for (const HistoryEvent& event : history().events()) {
    if (event.kind != HistoryEventKind::delivered) continue;
    readers.emplace(simulation().machine(event.node).name(), sent().at(index(event.message)).id.partition);
  }
  EXPECT_THAT(readers, SizeIs(4));
}

// ---------------------------------------------------------------- when it acknowledges

TEST_F(ConsumerTest, AfterProcessingTheEffectComesBeforeTheAcknowledgement) {
  messages(20);
  EXPECT_TRUE((run_until(1s), finish()));
  for (std::uint64_t message = 0; message < 20; ++message) {
    ASSERT_THAT(times_of("consumer-1", "processed", message), SizeIs(1));
    EXPECT_LE(times_of("consumer-1", "processed", message).at(0),
              times_of("consumer-1", "sent:acknowledge", message).at(0));
  }
}

TEST_F(ConsumerTest, BeforeProcessingTheBrokersConfirmationIsWaitedFor) {
  consumer().acknowledge = Acknowledge::before_processing;
  consumer().processing_time = Quantity{0ns};
  messages(20);
  EXPECT_TRUE((run_until(1s), finish()));
  for (std::uint64_t message = 0; message < 20; ++message) {
    const Nanoseconds acknowledged = times_of("consumer-1", "sent:acknowledge", message).at(0);
    const Nanoseconds confirmed = times_of("consumer-1", "acknowledged", message).at(0);
    EXPECT_GE(confirmed - acknowledged, ns(kSync + 2 * kPacket)) << "the position is flushed like a message";
    EXPECT_GE(times_of("consumer-1", "processed", message).at(0), confirmed);
  }
}

TEST_F(ConsumerTest, AutomaticCountsAMessageAsDoneWhenItIsSent) {
  consumer().acknowledge = Acknowledge::automatic;
  consumer().processing_time = Quantity{20ms};
  messages(50);
  disturb(fault(Action::kill, at_moment("consumer-1", "processed", 3), "consumer-1", 100ms));
  run_until(5s);
  const Nanoseconds again = when("consumer-1", "started", 2);
  const std::size_t given = count("broker-1", "sent:deliver", 0, again);
  ASSERT_GT(given, 10U);
  EXPECT_EQ(count("consumer-1", "sent:acknowledge"), 0U);
  EXPECT_EQ(received(again).at(0), given) << "it goes on behind everything that was sent to it before";
  EXPECT_EQ(processed(), 50 - (given - 3));
}

TEST_F(ConsumerTest, AutomaticAppendsThePositionWhenItSends) {
  consumer().acknowledge = Acknowledge::automatic;
  consumer().processing_time = Quantity{1s};
  messages(5);
  run_until(400ms);
  ASSERT_EQ(count("broker-1", "sent:deliver"), 5U);
  EXPECT_EQ(state().group_position, state().readable_end - 1) << "the last record is the position itself";
}

TEST_F(ConsumerTest, AfterProcessingAKilledConsumerGetsAgainWhatItDidNotAcknowledge) {
  consumer().processing_time = Quantity{20ms};
  messages(50);
  disturb(fault(Action::kill, at_moment("consumer-1", "received", 4, 5ms), "consumer-1", 100ms));
  EXPECT_TRUE((run_until(1s), finish()));
  EXPECT_EQ(received(when("consumer-1", "started", 2)).at(0), 3U);
  EXPECT_EQ(processed(), 50U);
}

// ---------------------------------------------------------------- the position

class Position : public TextbookTest {
 protected:
  Position() {
    no_consumer();
    messages(5);  // at offsets 1 to 5, behind the epoch record
  }
  static constexpr sim::NodeId kLeader{0};
};

TEST_F(Position, IsTheFirstMessageNotAcknowledged) {
  std::vector<Offset> first;
  std::vector<Offset> second;
  probe([&](Probe& me) {
    me.sleep_until(1s);
    me.subscribe(kLeader, 10);
    first = me.deliveries(100ms);
    for (const Offset offset : {1, 2, 4, 5}) me.acknowledge(offset);
    (void)me.deliveries(100ms);
    me.disconnect();
    me.subscribe(kLeader, 10);
    second = me.deliveries(100ms);
  });
  run_until(5s);
  EXPECT_THAT(first, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(second, ElementsAre(3, 4, 5)) << "a later acknowledgement never covers an earlier message";
}

TEST_F(Position, MovesOverWhatWasAcknowledgedBeforeOnceTheGapIsClosed) {
  std::vector<Offset> second;
  probe([&](Probe& me) {
    me.sleep_until(1s);
    me.subscribe(kLeader, 10);
    (void)me.deliveries(100ms);
    for (const Offset offset : {4, 2, 3, 1}) me.acknowledge(offset);
    (void)me.deliveries(100ms);
    me.disconnect();
    me.subscribe(kLeader, 10);
    second = me.deliveries(100ms);
  });
  run_until(5s);
  EXPECT_THAT(second, ElementsAre(5));
}

TEST_F(Position, OutlivesTheBrokerAsTheMessagesDo) {
  std::vector<Offset> second;
  disturb(fault(Action::power_loss, at_time(2s), "broker-1"));
  probe([&](Probe& me) {
    me.sleep_until(1s);
    me.subscribe(kLeader, 10);
    (void)me.deliveries(100ms);
    for (const Offset offset : {1, 2, 3}) me.acknowledge(offset);
    me.sleep_until(5s);
    me.subscribe(kLeader, 10);
    second = me.deliveries(100ms);
  });
  run_until(10s);
  EXPECT_THAT(second, ElementsAre(4, 5));
}

TEST_F(Position, BeyondTheEndCountsAsTheEnd) {
  // Nothing that the system does puts one there; a damaged log might.
  at(1s, [this] {
    auto* record = new LogRecord;
    record->kind = RecordKind::position;
    record->epoch = 1;
    record->position = 1000;
    record->bytes = kHeaderBytes;
    record->number = 77;
    machine("broker-1").disk().find("log-0")->append(kHeaderBytes, LogRecordPtr{record});
    machine("broker-1").kill();
    machine("broker-1").start();
  });
  std::vector<Offset> before;
  std::vector<Offset> after;
  std::vector<Offset> again;
  WorkloadPart later;
  later.at = Quantity{6s};
  later.messages = Quantity{3};
  producer().workload.push_back(later);
  probe([&](Probe& me) {
    me.sleep_until(5s);
    me.subscribe(kLeader, 10);
    before = me.deliveries(500ms);
    after = me.deliveries(1s);
    me.disconnect();
    me.subscribe(kLeader, 10);
    again = me.deliveries(500ms);
  });
  run_until(10s);
  EXPECT_THAT(before, IsEmpty());
  EXPECT_THAT(after, SizeIs(3));
  EXPECT_EQ(again, after) << "nobody acknowledged them";
}

// ---------------------------------------------------------------- redelivery

TEST_F(Position, WhatIsNeitherAcknowledgedNorFailedIsDeliveredAgainAfterItsTime) {
  std::vector<Offset> early;
  std::vector<Offset> late;
  probe([&](Probe& me) {
    me.sleep_until(1s);
    me.subscribe(kLeader, 10, 7s);
    (void)me.deliveries(100ms);
    me.acknowledge(2);
    early = me.deliveries(6800ms);
    late = me.deliveries(500ms);
  });
  run_until(20s);
  EXPECT_THAT(early, IsEmpty());
  EXPECT_THAT(late, ElementsAre(1, 3, 4, 5));
}

TEST_F(ConsumerTest, AMessageIsDeliveredAgainAfter30SecondsWhereNothingElseIsSaid) {
  messages(5);
  Fault stall = fault(Action::handler_stall, at_moment("consumer-1", "received", 2), "consumer-1", 40s);
  disturb(stall);
  run_until(39s);
  const std::vector<Nanoseconds> deliveries = times_of("broker-1", "sent:deliver", 1);
  ASSERT_THAT(deliveries, SizeIs(2));
  EXPECT_EQ(deliveries[1] - deliveries[0], ns(30s));
  EXPECT_TRUE(marked("redelivered"));
}

TEST_F(ConsumerTest, AnAcknowledgedMessageIsNotDeliveredAgain) {
  messages(5);
  run_until(100s);
  for (const MessageRecord& each : sent()) EXPECT_EQ(each.deliveries, 1U);
  EXPECT_FALSE(marked("redelivered"));
}

// ---------------------------------------------------------------- a connection that breaks

TEST_F(ConsumerTest, AConsumerThatConnectsAnewDropsItsHandAndStartsFromTheStoredPosition) {
  consumer().processing_time = Quantity{20ms};
  messages(50);
  disturb(drop(at_moment("consumer-1", "sent:acknowledge", 5), "consumer-1", "broker-1"));
  EXPECT_TRUE((run_until(5s), finish()));
  const Nanoseconds broken = when("consumer-1", "sent:acknowledge", 5);
  const Nanoseconds anew = when("consumer-1", "sent:subscribe", 2);
  ASSERT_LT(broken, anew);
  EXPECT_LE(received(broken + ns(1ms)).size(), 50U - 4U) << "nothing of the hand is processed beside the new delivery";
  EXPECT_EQ(received(anew).at(0), 4U) << "the fifth message, whose acknowledgement was lost";
  EXPECT_EQ(sent()[4].effects, 2U);
  EXPECT_EQ(processed(), 50U);
}

TEST_F(ConsumerTest, AConsumerThatConnectsAnewDoesNotRepeatOldAcknowledgements) {
  consumer().processing_time = Quantity{20ms};
  messages(50);
  disturb(drop(at_moment("consumer-1", "sent:acknowledge", 5), "consumer-1", "broker-1"));
  EXPECT_TRUE((run_until(5s), finish()));
  const std::vector<Nanoseconds> acknowledgements = times_of("consumer-1", "sent:acknowledge", 4);
  const std::vector<Nanoseconds> effects = times_of("consumer-1", "processed", 4);
  ASSERT_THAT(effects, SizeIs(2));
  ASSERT_THAT(acknowledgements, SizeIs(2)) << "one for each time that it was processed";
  EXPECT_EQ(acknowledgements[1], effects[1]);
}

TEST_F(ConsumerTest, AConsumerAsksForTheLeaderWhenItStartsAndWhenItsConnectionBreaks) {
  messages(50);
  disturb(drop(at_moment("consumer-1", "sent:acknowledge", 5), "consumer-1", "broker-1"));
  run_until(5ms);
  EXPECT_EQ(count("consumer-1", "sent:lookup"), 1U);
  run_until(5s);
  EXPECT_EQ(count("consumer-1", "sent:lookup"), 2U);
}

// ---------------------------------------------------------------- processing

TEST_F(ConsumerTest, AFailedMessageIsTriedAgainAtOnceInItsPlace) {
  consumer().processing_time = Quantity{10ms};
  messages(20);
  Fault failing = fault(Action::handler_error, at_moment("consumer-1", "received", 5), "consumer-1");
  failing.times = 3;
  disturb(failing);
  EXPECT_TRUE((run_until(1s), finish()));
  std::vector<std::uint64_t> order;
  for (const Seen& each : seen("consumer-1", "processed")) order.push_back(each.first);
  EXPECT_THAT(order, SizeIs(20));
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  const Nanoseconds got = times_of("consumer-1", "received", 4).at(0);
  EXPECT_EQ(times_of("consumer-1", "processed", 4).at(0) - got, 4 * ns(10ms)) << "three failures and a success";
  EXPECT_EQ(sent()[4].deliveries, 1U);
  EXPECT_EQ(sent()[4].effects, 1U) << "it fails before the effect";
}

class Store : public ConsumerTest, public testing::WithParamInterface<StoreKind> {};

TEST_P(Store, KeepsTheEffectAndItsKeyInOneStep) {
  consumer().store = GetParam();
  messages(20);
  disturb(fault(Action::kill, at_moment("consumer-1", "processed", 5), "consumer-1", 100ms));
  EXPECT_TRUE((run_until(1s), finish()));
  EXPECT_EQ(sent()[4].deliveries, 2U);
  EXPECT_EQ(sent()[4].effects, GetParam() == StoreKind::idempotent ? 1U : 2U);
  EXPECT_EQ(processed(), 20U);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Store, testing::Values(StoreKind::plain, StoreKind::idempotent),
                         [](const auto& each) { return each.param == StoreKind::plain ? "plain" : "idempotent"; });

}  // namespace
}  // namespace noloss::models::textbook
