// The sequence check from end to end: numbers put in by the producers, checked by the consumers, in a system that
// loses.
#include <set>

#include "tests/models/textbook/textbook_world.hpp"

namespace noloss::models::textbook {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// An async broker loses its power, and with it the messages of the time since its last sync; the consumer has not
/// come so far.
class NumberingTest : public TextbookTest {
 protected:
  NumberingTest() {
    broker_option("flush", "async");
    consumer().processing_time = Quantity{20ms};
    consumer().sequence_check.enabled = true;
    messages(100, 1000, 450ms);
    disturb(power_loss(at_time(560ms), "broker-1"));
  }

  void send_more(std::int64_t number) {
    WorkloadPart more;
    more.at = Quantity{3s};
    more.messages = Quantity{number};
    producer().workload.push_back(more);
  }
  /// Acknowledged and never processed, as numbers of the first producer and partition.
  [[nodiscard]] std::set<std::uint64_t> lost() {
    std::set<std::uint64_t> numbers;
    for (const MessageRecord& each : sent()) {
      if (each.outcome == Outcome::acked && !each.processed()) numbers.insert(each.id.sequence);
    }
    return numbers;
  }
  [[nodiscard]] std::set<std::uint64_t> alarms() {
    std::set<std::uint64_t> numbers;
    for (const Alarm& each : history().alarms()) numbers.insert(each.number);
    return numbers;
  }
};

TEST_F(NumberingTest, LossInTheMiddleIsDetectedAndTheExactNumbersAreNamed) {
  consumer().sequence_check.grace = 5;
  send_more(20);
  EXPECT_TRUE((run_until(5s), finish()));
  ASSERT_GT(lost().size(), 10U);
  EXPECT_EQ(alarms(), lost());
  const Alarm& alarm = history().alarms().at(0);
  EXPECT_EQ(alarm.producer, 0U);
  EXPECT_EQ(alarm.incarnation, 1U);
  EXPECT_EQ(alarm.partition, 0U);
}

TEST_F(NumberingTest, AGapIsReportedAfterAHundredMessagesWhereNothingElseIsSaid) {
  send_more(99);
  EXPECT_TRUE((run_until(5s), finish()));
  ASSERT_GT(lost().size(), 10U);
  EXPECT_THAT(alarms(), IsEmpty()) << "it is still in its grace";
}

TEST_F(NumberingTest, TheHundredthLaterMessageReportsTheGap) {
  send_more(100);
  EXPECT_TRUE((run_until(5s), finish()));
  EXPECT_EQ(alarms(), lost());
}

TEST_F(NumberingTest, TheConsumersStateLiesInItsStoreAndOutlivesItsCrash) {
  consumer().sequence_check.grace = 5;
  send_more(20);
  disturb(fault(Action::kill, at_moment("consumer-1", "processed", 30), "consumer-1", 100ms));
  EXPECT_TRUE((run_until(5s), finish()));
  ASSERT_EQ(count("consumer-1", "started"), 2U);
  ASSERT_GT(lost().size(), 10U);
  EXPECT_EQ(alarms(), lost());
}

TEST_F(NumberingTest, LossOfTheLastMessagesIsNotDetected) {
  consumer().sequence_check.grace = 1;
  EXPECT_TRUE((run_until(5s), finish()));
  ASSERT_GT(lost().size(), 10U);
  EXPECT_THAT(alarms(), IsEmpty());
}

TEST_F(NumberingTest, AHeartbeatDetectsTheLossOfTheLastMessages) {
  consumer().sequence_check.heartbeat = Quantity{1s};
  EXPECT_TRUE((run_until(5s), finish()));
  ASSERT_GT(lost().size(), 10U);
  EXPECT_EQ(alarms(), lost());
}

TEST_F(NumberingTest, WithoutIdentityAnotherProducersNumbersCoverALoss) {
  consumer().sequence_check.identity = false;
  consumer().sequence_check.grace = 5;
  send_more(20);
  ProducersSetup other = producer();  // after the power loss it sends the numbers that were lost, and more
  other.workload = {WorkloadPart{.at = Quantity{2s}, .messages = Quantity{120}}};
  setup.producers.push_back(other);
  EXPECT_TRUE((run_until(5s), finish()));
  std::size_t never_processed = 0;
  for (const MessageRecord& each : sent()) never_processed += !each.processed() ? 1 : 0;
  ASSERT_GT(never_processed, 10U);
  EXPECT_THAT(alarms(), IsEmpty());
}

TEST_F(NumberingTest, WithIdentityTheOtherProducerCoversNothing) {
  consumer().sequence_check.grace = 5;
  send_more(20);
  ProducersSetup other = producer();
  other.workload = {WorkloadPart{.at = Quantity{2s}, .messages = Quantity{120}}};
  setup.producers.push_back(other);
  EXPECT_TRUE((run_until(5s), finish()));
  ASSERT_GT(lost().size(), 10U);
  EXPECT_EQ(alarms(), lost());
}

// ---------------------------------------------------------------- numbers, without any fault

class Counting : public TextbookTest {
 protected:
  Counting() {
    setup.entities.at(0).partitions = 2;
    consumer().count = 2;
    consumer().sequence_check.enabled = true;
    consumer().sequence_check.grace = 5;
    messages(100);
  }
};

TEST_F(Counting, IsForEachPartitionAndRaisesNoFalseAlarm) {
  EXPECT_TRUE((run_until(1s), finish()));
  for (const MessageRecord& each : sent()) EXPECT_EQ(each.check_number, each.id.sequence);
  EXPECT_THAT(history().alarms(), IsEmpty());
}

TEST_F(Counting, OverAllPartitionsRaisesFalseAlarmsWhenTwoConsumersRead) {
  consumer().sequence_check.per_partition = false;
  EXPECT_TRUE((run_until(1s), finish()));
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(sent()[i].check_number, i + 1);
  EXPECT_GT(history().alarms().size(), 50U) << "each consumer misses what the other one got";
  EXPECT_FALSE(history().alarms().at(0).partition.has_value());
}

TEST_F(Counting, ARedeliveryIsNoFalseAlarm) {
  consumer().processing_time = Quantity{5ms};
  for (std::uint64_t number : {20U, 60U, 90U}) {
    disturb(drop(at_moment("consumer-1", "sent:acknowledge", number), "consumer-1", "broker-1"));
  }
  EXPECT_TRUE((run_until(5s), finish()));
  std::size_t twice = 0;
  for (const MessageRecord& each : sent()) twice += each.effects > 1 ? 1 : 0;
  EXPECT_GT(twice, 0U);
  EXPECT_THAT(history().alarms(), IsEmpty());
}

TEST_F(Counting, ReorderingByRetriesIsNoFalseAlarmWithinTheGrace) {
  producer().send = SendMode::async;
  consumer().sequence_check.grace = 100;
  for (std::uint64_t number : {10U, 30U, 50U}) {
    disturb(drop(at_moment("producer-1", "sent:produce_request", number), "producer-1", "broker-1"));
  }
  EXPECT_TRUE((run_until(5s), finish()));
  EXPECT_THAT(history().alarms(), IsEmpty());
}

TEST_F(Counting, StartsAnewWithEachIncarnationOfAProducer) {
  disturb(fault(Action::kill, at_moment("producer-1", "acked", 40), "producer-1", 100ms));
  EXPECT_TRUE((run_until(5s), finish()));
  ASSERT_EQ(sent().back().id.incarnation, 2U);
  EXPECT_THAT(history().alarms(), IsEmpty());
}

}  // namespace
}  // namespace noloss::models::textbook
