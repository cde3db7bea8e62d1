// The partition's log on a broker's disk: when a copy counts, failed syncs, what recovery does.
#include "tests/models/textbook/textbook_world.hpp"

namespace noloss::models::textbook {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class StorageTest : public TextbookTest {
 protected:
  StorageTest() { no_consumer(); }

  void async_burst(std::int64_t number) {
    producer().send = SendMode::async;
    producer_option("max.in.flight", "1000");
    messages(number, 1'000'000, 100ms);
  }
  /// Messages in the leader's log, in its order.
  [[nodiscard]] std::vector<MessageRef> log() {
    std::vector<MessageRef> found;
    const PartitionState now = state();
    for (const LogPosition& position : now.replicas.at(0).log) {
      if (position.message != kNoMessage) found.push_back(position.message);
    }
    return found;
  }
  [[nodiscard]] std::size_t durable() {
    return static_cast<std::size_t>(
        std::count_if(sent().begin(), sent().end(), [](const auto& each) { return each.durable_copies() > 0; }));
  }
};

// ---------------------------------------------------------------- flush

TEST_F(StorageTest, WithFlushSyncTheAcknowledgementComesAfterTheSync) {
  messages(20, 100);
  run_until(2s);
  ASSERT_EQ(count("broker-1", "sent:produce_response"), 20U);
  for (std::size_t i = 1; i <= 20; ++i) {
    EXPECT_EQ(when("broker-1", "sent:produce_response", i), when("broker-1", "sync.done", i));
    EXPECT_GE(when("broker-1", "sync.done", i) - when("broker-1", "append", i), ns(kSync));
  }
}

TEST_F(StorageTest, WithFlushAsyncTheAcknowledgementComesAtOnce) {
  broker_option("flush", "async");
  messages(20, 100);
  run_until(450ms);
  ASSERT_EQ(count("broker-1", "sent:produce_response"), 20U);
  for (std::size_t i = 1; i <= 20; ++i) {
    EXPECT_EQ(when("broker-1", "sent:produce_response", i), when("broker-1", "append", i));
  }
  EXPECT_EQ(durable(), 0U);
}

TEST_F(StorageTest, OneSyncIsForAllThatWaits) {
  async_burst(200);
  run_until(1s);
  EXPECT_EQ(with_outcome(Outcome::acked), 200U);
  EXPECT_EQ(count("broker-1", "sync.start"), 2U) << "the first message's, and one for all that came meanwhile";
  const Nanoseconds second = when("broker-1", "sync.done", 2);
  EXPECT_GT(count("broker-1", "sent:produce_response", second, second + 1), 150U);
}

class FlushInterval : public StorageTest, public testing::WithParamInterface<std::pair<std::string, Duration>> {};

TEST_P(FlushInterval, LiesBetweenTwoSyncsOfAnAsyncBroker) {
  const auto& [text, interval] = GetParam();
  broker_option("flush", "async");
  broker_option("flush.interval", text);
  messages(2000, 200);
  run_until(10s);
  const std::vector<Seen> syncs = seen("broker-1", "sync.start");
  ASSERT_GE(syncs.size(), 4U);
  EXPECT_EQ(syncs.at(0).at, ns(interval));
  for (std::size_t i = 1; i < syncs.size(); ++i) {
    EXPECT_EQ(syncs[i].at - syncs[i - 1].at, ns(interval));
  }
}

INSTANTIATE_TEST_SUITE_P(Lengths, FlushInterval,
                         testing::Values(std::pair<std::string, Duration>{"500ms", 500ms},
                                         std::pair<std::string, Duration>{"50ms", 50ms},
                                         std::pair<std::string, Duration>{"2s", 2s}),
                         [](const auto& each) { return "every_" + each.param.first; });

TEST_F(StorageTest, AnAsyncBrokerSyncsEach500MillisecondsWhereNothingElseIsSaid) {
  broker_option("flush", "async");
  messages(400, 200);
  run_until(600ms);
  EXPECT_THAT(seen("broker-1", "sync.start"), SizeIs(1));
  EXPECT_EQ(when("broker-1", "sync.start"), ns(500ms));
}

TEST_F(StorageTest, APowerLossTakesWhatAnAsyncBrokerAcknowledgedSinceItsLastSync) {
  broker_option("flush", "async");
  messages(200, 200);
  disturb(power_loss(at_time(800ms), "broker-1"));
  run_until(800ms + 1ns);
  const std::size_t synced = durable();
  EXPECT_GT(synced, 90U);
  EXPECT_GT(with_outcome(Outcome::acked), synced + 50);
  run_until(1810ms);
  EXPECT_EQ(count("broker-1", "recovered"), 1U);
  EXPECT_THAT(log(), SizeIs(synced));
}

// ---------------------------------------------------------------- a failed sync

TEST_F(StorageTest, OnAnFsyncErrorAStoppingBrokerEndsAtOnceAndAcknowledgesNothing) {
  producer_option("retries", "0");
  producer().on_error = OnError::give_up;
  messages(50, 100, 100ms);
  disturb(fault(Action::fsync_error, at_time(205ms), "broker-1"));
  run_until(1s);
  const Nanoseconds failed = when("broker-1", "sync.failed");
  EXPECT_EQ(when("broker-1", "killed"), failed);
  EXPECT_FALSE(runs("broker-1"));
  EXPECT_EQ(count("broker-1", "sent:produce_response", failed), 0U);
  EXPECT_GT(count("broker-1", "append", failed - ns(kSync) - ns(1ms), failed), 0U) << "something waited for that sync";
  EXPECT_TRUE(marked("fsync failed"));
}

TEST_F(StorageTest, OnAnFsyncErrorARetryingBrokerSyncsAgainAndBelievesIt) {
  broker_option("on.fsync.error", "retry");
  messages(50, 100, 100ms);
  disturb(fault(Action::fsync_error, at_time(205ms), "broker-1"));
  run_until(2s);
  const Nanoseconds failed = when("broker-1", "sync.failed");
  EXPECT_EQ(count("broker-1", "killed"), 0U);
  EXPECT_EQ(count("broker-1", "sync.start", failed, failed + 1), 1U);
  EXPECT_EQ(with_outcome(Outcome::acked), 50U);
  std::size_t never_durable = 0;
  for (const MessageRecord& each : sent()) never_durable += each.durable_copies() == 0 ? 1 : 0;
  EXPECT_EQ(never_durable, 1U) << "the second sync said that it was on disk, and it was not";
}

// ---------------------------------------------------------------- recovery

TEST_F(StorageTest, RecoveryTruncatesAtTheFirstRecordWhoseChecksumFails) {
  messages(100);
  Fault corrupt = fault(Action::corrupt, at_time(1s), "broker-1");
  corrupt.draw = 3;
  disturb(corrupt);
  disturb(fault(Action::kill, at_time(1s), "broker-1", 200ms));
  std::vector<MessageRef> before;
  std::size_t intact = 0;
  std::size_t intact_at_all = 0;
  at(1100ms, [&] {  // what a reader of the disk finds
    bool in_a_row = true;
    sim::File& file = *machine("broker-1").disk().find("log-0");
    std::int64_t place = 64;  // behind the first epoch record
    for (std::size_t i = 0; i < 100; ++i, place += 1024 + kHeaderBytes) {
      const bool fits = file.check(place, 1024 + kHeaderBytes) == sim::RecordState::intact;
      in_a_row = in_a_row && fits;
      intact += in_a_row ? 1 : 0;
      intact_at_all += fits ? 1 : 0;
    }
  });
  run_until(999ms);
  before = log();
  ASSERT_THAT(before, SizeIs(100));
  run_until(1500ms);
  EXPECT_TRUE(marked("torn record found in recovery"));
  ASSERT_LT(intact, 100U);
  ASSERT_GT(intact_at_all, intact) << "the damage must lie before good records, else nothing is shown";
  before.resize(intact);
  EXPECT_EQ(log(), before) << "good records behind the damaged one are gone too";
}

TEST_F(StorageTest, RecoveryWritesAndSyncsAgainWhatIsPastTheCheckpointBeforeItServes) {
  broker_option("flush", "async");
  broker_option("flush.interval", "1h");
  messages(100);
  disturb(fault(Action::kill, at_time(1s), "broker-1", 200ms));
  run_until(1199ms);
  EXPECT_EQ(durable(), 0U);
  run_until(1500ms);
  EXPECT_EQ(durable(), 100U);
  const Nanoseconds started = when("broker-1", "started", 2);
  const Nanoseconds serves = when("broker-1", "recovered");
  EXPECT_GE(count("broker-1", "sync.done", started, serves + 1), 1U);
  EXPECT_EQ(count("broker-1", "sent:heartbeat", started, serves), 0U) << "it does not even register before";
}

TEST_F(StorageTest, RecoveryMendsPagesThatAFailedSyncLeftCleanAndNotOnDisk) {
  // The kernel takes the pages of a failed sync for written; only who writes them again gets them onto the disk.
  async_burst(40);
  producer().on_error = OnError::give_up;
  producer_option("retries", "0");
  disturb(fault(Action::fsync_error, at_moment("broker-1", "sync.done", 1), "broker-1"));
  disturb(power_loss(at_time(3s), "broker-1"));
  run_until(1s);
  ASSERT_EQ(count("broker-1", "sync.failed"), 1U);
  ASSERT_EQ(durable(), 1U) << "the messages of the second sync were not written";
  run_until(2500ms);
  EXPECT_EQ(count("broker-1", "recovered"), 1U);
  EXPECT_EQ(durable(), 40U);
  run_until(6s);
  EXPECT_THAT(log(), SizeIs(40)) << "a hole in the middle would have cut off what was behind it";
}

TEST_F(StorageTest, AfterAnOrderlyStopNothingHasToBeWrittenAgain) {
  broker_option("flush", "async");
  broker_option("flush.interval", "1h");
  messages(100);
  disturb(fault(Action::stop, at_time(1s), "broker-1", 1s));
  run_until(1900ms);
  EXPECT_EQ(durable(), 100U) << "it syncs when it stops";
  run_until(5s);
  EXPECT_THAT(log(), SizeIs(100));
}

TEST_F(StorageTest, AKillLeavesThePageCacheAndLosesNothing) {
  broker_option("flush", "async");
  broker_option("flush.interval", "1h");
  messages(100, 200);
  disturb(fault(Action::kill, at_time(300ms), "broker-1", 200ms));
  run_until(299ms);
  const std::size_t acknowledged = with_outcome(Outcome::acked);
  ASSERT_GT(acknowledged, 50U);
  run_until(550ms);
  EXPECT_EQ(count("broker-1", "recovered"), 1U);
  EXPECT_GE(log().size(), acknowledged);
}

}  // namespace
}  // namespace noloss::models::textbook
