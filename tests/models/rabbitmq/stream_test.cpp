// A stream in a cluster of three: what is confirmed when, who writes after whom, what is cut off, what is read again.
#include "tests/models/rabbitmq/stream_world.hpp"

namespace noloss::models::rabbitmq {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

TEST_F(StreamTest, ConfirmsAndDeliversEverything) {
  messages(100, 1000);
  run_until(1s);
  EXPECT_TRUE(finish(20s));
  EXPECT_EQ(acked(), 100);
  EXPECT_EQ(lost(), 0);
  EXPECT_EQ(duplicates(), 0);
  EXPECT_THAT(leaders(), ElementsAre("broker-1"));
  for (const std::uint32_t member : {1U, 2U, 3U}) {
    EXPECT_THAT(replica(member).log, SizeIs(100));
    EXPECT_EQ(replica(member).commit, 100);
  }
}

TEST_F(StreamTest, SyncsNothingBeforeItConfirms) {
  messages(20, 1000);
  fault(500ms, Action::power_loss, "all brokers", 1s);
  starts_at("consumer-1", 30s);
  run_until(400ms);
  EXPECT_EQ(acked(), 20);
  EXPECT_TRUE(finish(60s));
  EXPECT_EQ(lost(), 20);
}

TEST_F(StreamTest, KeepsInThePageCacheWhatAKillTakes) {
  messages(20, 1000);
  for (const char* const broker : {"broker-1", "broker-2", "broker-3"}) fault(500ms, Action::kill, broker, 1s);
  starts_at("consumer-1", 30s);
  EXPECT_TRUE((run_until(31s), finish(60s)));
  EXPECT_EQ(acked(), 20);
  EXPECT_EQ(lost(), 0);
}

TEST_F(StreamTest, RecoveryKeepsWhatIsBeforeTheFirstTornChunk) {
  messages(40, 1000);
  setup_.producers.front().workload.front().size = sim::Quantity{3000};
  setup_.consumers.front().connect = {"broker-2"};
  fault(500ms, Action::power_loss, "broker-3", 1s).unsynced = sim::Unsynced::prefix;
  run_until(1500ms);
  for (Duration time = 1500ms; happened("broker-3", "recovered") == 0; time += 100us) run_until(time);
  ASSERT_TRUE(reached("torn record found in recovery"));
  const std::vector<LogPosition> whole = replica(1).log;
  const std::vector<LogPosition> kept = replica(3).log;
  ASSERT_THAT(whole, SizeIs(40));
  ASSERT_LT(kept.size(), whole.size());
  EXPECT_GT(kept.size(), 0U);
  for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i].record, whole[i].record);
  run_until(20s);
  EXPECT_THAT(replica(3).log, SizeIs(40)) << "it gets the rest again";
}

TEST_F(StreamTest, ConfirmsWithAMajorityAndWaitsWithoutOne) {
  messages(20, 1000);
  cut(15ms, {{"broker-1", "producer-1"}, {"broker-2", "broker-3"}}, 3s);
  run_until(2s);
  EXPECT_EQ(acked(), 0) << "only the writer has it";
  run_until(5s);
  EXPECT_EQ(acked(), 20);
}

TEST_F(StreamTest, AMinorityOfReplicasHoldsNothingUp) {
  messages(20, 1000);
  cut(15ms, {{"broker-3"}, {"broker-1", "broker-2", "producer-1"}}, 3s);
  run_until(1s);
  EXPECT_EQ(acked(), 20);
  EXPECT_THAT(replica(3).log, SizeIs(0));
  run_until(5s);
  EXPECT_THAT(replica(3).log, SizeIs(20));
}

TEST_F(StreamTest, AnotherMemberWritesWhenTheWriterIsKilled) {
  messages(200, 100);
  fault(1s, Action::kill, "broker-1", 15s);
  run_until(10s);
  ASSERT_THAT(leaders(), SizeIs(1));
  EXPECT_NE(leaders().front(), "broker-1");
  EXPECT_TRUE(reached("stream writer elected"));
  EXPECT_TRUE(finish(120s));
  EXPECT_EQ(acked(), 200);
  EXPECT_EQ(lost(), 0);
  run_until(60s);
  EXPECT_THAT(replica(1).log, SizeIs(replica(2).log.size())) << "it follows again";
}

TEST_F(StreamTest, TheMemberWithTheLatestChunkIsElected) {
  set(OptionScope::producer, "delivery_mode", "2");
  messages(20, 1000);
  setup_.producers.front().connect = {"broker-1"};
  cut(15ms, {{"broker-3"}, {"broker-1", "broker-2", "producer-1"}}, 500ms);
  fault(500ms, Action::kill, "broker-1", 30s);
  run_until(20s);
  EXPECT_THAT(leaders(), ElementsAre("broker-2"));
  EXPECT_THAT(replica(3).log, SizeIs(20)) << "it has caught up";
}

TEST_F(StreamTest, WhatOnlyAnOldWriterHasIsCutOff) {
  // broker-1 goes on alone, unconfirmed, until it is reached again; meanwhile the others have another writer.
  set(OptionScope::broker, "net_ticktime", "8s");
  messages(200, 100);
  setup_.producers.front().connect = {"broker-1"};
  cut(1s, {{"broker-1", "producer-1"}, {"broker-2", "broker-3", "consumer-1"}}, 30s);
  run_until(25s);
  const std::size_t alone = replica(1).log.size();
  EXPECT_GT(alone, replica(2).log.size());
  EXPECT_TRUE(finish(150s));
  EXPECT_TRUE(reached("stream truncated"));
  EXPECT_EQ(acked(), 200);
  EXPECT_EQ(lost(), 0);
  EXPECT_EQ(replica(1).log.size(), replica(2).log.size());
}

TEST_F(StreamTest, AMemberThatForgotCanOutvoteOneThatIsSlow) {
  messages(20, 1000);
  setup_.producers.front().connect = {"broker-1"};
  starts_at("consumer-1", 40s);
  cut(15ms, {{"broker-3"}, {"broker-1", "broker-2", "producer-1"}}, 485ms);
  fault(500ms, Action::power_loss, "broker-1", 500ms);
  fault(500ms, Action::pause, "broker-2", 20s);
  run_until(450ms);
  EXPECT_EQ(acked(), 20);
  run_until(41s);
  EXPECT_TRUE(finish(100s));
  EXPECT_EQ(lost(), 20);
}

TEST_F(StreamTest, APublisherWithoutANameIsStoredTwice) {
  set(OptionScope::producer, "client", "stream");
  messages(1, 1);
  first_confirm_is_lost("broker-1");
  run_until(1s);
  EXPECT_TRUE(finish(60s));
  EXPECT_EQ(acked(), 1);
  EXPECT_EQ(duplicates(), 1);
}

TEST_F(StreamTest, APublisherWithANameIsStoredOnce) {
  set(OptionScope::producer, "client", "stream");
  set(OptionScope::producer, "name", "orders");
  messages(1, 1);
  first_confirm_is_lost("broker-1");
  run_until(1s);
  EXPECT_TRUE(finish(60s));
  EXPECT_EQ(acked(), 1);
  EXPECT_EQ(duplicates(), 0);
  EXPECT_TRUE(reached("known publish confirmed and not stored"));
  EXPECT_EQ(happened("producer-1", "sent:publish"), 2U);
}

TEST_F(StreamTest, ANewWriterKnowsWhatItsPublishersHaveSent) {
  set(OptionScope::producer, "client", "stream");
  set(OptionScope::producer, "name", "orders");
  setup_.producers.front().connect = {"broker-2"};
  setup_.consumers.front().connect = {"broker-3"};
  messages(20, 1000);
  first_confirm_is_lost("broker-2");
  fault(500ms, Action::kill, "broker-1", 2s);
  run_until(1s);
  EXPECT_TRUE(finish(120s));
  EXPECT_EQ(acked(), 20);
  EXPECT_EQ(duplicates(), 0);
}

TEST_F(StreamTest, AChannelSendsAgainToANewWriterWhichKnowsIt) {
  // The writer's node dies with confirms on the way; nothing is stored twice.
  messages(300, 1000);
  setup_.producers.front().connect = {"broker-2"};
  setup_.consumers.front().connect = {"broker-3"};
  fault(150ms, Action::kill, "broker-1", 20s);
  run_until(1s);
  EXPECT_TRUE(finish(120s));
  EXPECT_EQ(acked(), 300);
  EXPECT_EQ(lost(), 0);
  EXPECT_EQ(duplicates(), 0);
}

TEST_F(StreamTest, AcknowledgingTakesNothingAway) {
  messages(30, 1000);
  fault(5s, Action::kill, "consumer-1", 1s);
  run_until(6s);
  EXPECT_TRUE(finish(60s));
  EXPECT_EQ(duplicates(), 30) << "it begins anew";
}

TEST_F(StreamTest, AStoredOffsetIsWhereTheNextProcessBegins) {
  set(OptionScope::consumer, "client", "stream");
  set(OptionScope::consumer, "name", "reader");
  set(OptionScope::consumer, "tracking", "manual");
  messages(30, 1000);
  fault(5s, Action::kill, "consumer-1", 1s);
  run_until(6s);
  EXPECT_TRUE(finish(60s));
  EXPECT_EQ(lost(), 0);
  EXPECT_EQ(duplicates(), 0);
}

TEST_F(StreamTest, NextMissesWhatCameWhileNobodyRead) {
  set(OptionScope::consumer, "x-stream-offset", "next");
  messages(30, 1000);
  starts_at("consumer-1", 5s);
  run_until(6s);
  EXPECT_TRUE(finish(60s));
  EXPECT_EQ(lost(), 30);
}

}  // namespace
}  // namespace noloss::models::rabbitmq
