// What an administrator does to a running cluster: options, topics that come and go, records that are deleted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "models/kafka/release.hpp"
#include "sim/machine.hpp"
#include "tests/models/kafka/kafka_fixture.hpp"

namespace noloss::models::kafka {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::IsEmpty;

/// Files of the first topic's partition 0, by broker number.
std::vector<std::string> files_of(KafkaRun& run, std::uint32_t broker) {
  std::vector<std::string> names;
  for (const std::string& name : run.simulation().machine(sim::NodeId{broker}).disk().list()) {
    if (name.starts_with("topic-1-0")) names.push_back(name);
  }
  return names;
}

std::int64_t by_policy(const KafkaRun& run, std::string_view policy) {
  const auto& messages = run.history().messages();
  return std::count_if(messages.begin(), messages.end(),
                       [policy](const MessageRecord& record) { return record.policy == policy; });
}

KafkaRun& of_three(KafkaRun& run) {
  run.replicas(3);
  run.set(OptionScope::entity, "min.insync.replicas", "2");
  run.messages(100, 20);
  return run;
}

TEST(KafkaOperations, WhichOptionsARunningClusterChanges) {
  const auto dynamic = [](std::string_view release, OptionScope scope, std::string_view name) {
    for (const OptionRow& row : options(release)) {
      if (row.scope == scope && row.name == name) return row.dynamic;
    }
    return false;
  };
  EXPECT_TRUE(dynamic("0.8.2", OptionScope::entity, "min.insync.replicas"));
  EXPECT_FALSE(dynamic("1.0", OptionScope::broker, "min.insync.replicas"));
  EXPECT_TRUE(dynamic("1.1", OptionScope::broker, "min.insync.replicas"));
  EXPECT_FALSE(dynamic("4.1", OptionScope::broker, "replica.lag.time.max.ms"));
  EXPECT_FALSE(dynamic("4.1", OptionScope::broker, "log.flush.scheduler.interval.ms"));
  EXPECT_FALSE(dynamic("4.1", OptionScope::producer, "acks"));
}

TEST(KafkaOperations, ASetThatTheControllerDiedOverIsRepeated) {
  KafkaRun run{"3.6"};  // where more than there are replicas is asked for in vain
  of_three(run).set(OptionScope::entity, "min.insync.replicas", "4");
  run.fault_at(sim::kStart + 1s, sim::Action::kill, "controller-1", 3s);
  const OptionChange lower = run.change(OptionScope::entity, "min.insync.replicas", "2");
  run.act(2s, [lower](Cluster& cluster) {
    cluster.set({&lower, 1});
    EXPECT_FALSE(cluster.settled());
  });
  run.run(60s);
  EXPECT_TRUE(run.reached("configuration changed"));
  EXPECT_EQ(run.acked(), 100);
  EXPECT_EQ(run.lost(), 0);
}

TEST(KafkaOperations, DeletedRecordsStayDeletedOnceTheStartIsCheckpointed) {
  for (const bool orderly : {true, false}) {
    KafkaRun run;
    of_three(run).comes_later("consumer-1");
    run.set(OptionScope::consumer, "auto.offset.reset", "earliest");
    run.act(10s, [](Cluster& cluster) { cluster.purge("topic-1"); });
    for (const char* broker : {"broker-1", "broker-2", "broker-3"}) {
      run.fault_at(sim::kStart + 12s, orderly ? sim::Action::stop : sim::Action::kill, broker, 1s);
    }
    run.run(90s);
    EXPECT_EQ(by_policy(run, "delete records"), 100);
    EXPECT_EQ(run.processed(), orderly ? 0 : 100) << "a kill before the checkpoint brings them back";
  }
}

TEST(KafkaOperations, FollowersTakeTheStartOfTheirLeader) {
  KafkaRun run;
  of_three(run).comes_later("consumer-1");
  run.act(10s, [](Cluster& cluster) { cluster.purge("topic-1"); });
  run.run(15s);
  const FinalState state = run.cluster().final_state();
  for (const ReplicaState& replica : state.partitions.front().replicas) {
    ASSERT_EQ(replica.log.size(), 100U);
    for (const LogPosition& position : replica.log) EXPECT_EQ(position.message, kNoMessage);
  }
}

TEST(KafkaOperations, ADeletedTopicIsGoneFromEveryDisk) {
  KafkaRun run;
  of_three(run).act(10s, [](Cluster& cluster) { cluster.remove("topic-1"); });
  run.run(20s);
  for (std::uint32_t broker = 0; broker < 3; ++broker) EXPECT_THAT(files_of(run, broker), IsEmpty());
  EXPECT_TRUE(run.cluster().settled());
  EXPECT_TRUE(run.cluster().final_state().partitions.empty());
  EXPECT_EQ(by_policy(run, "topic deleted"), 100);
}

TEST(KafkaOperations, ABrokerThatWasDownMeanwhileDropsTheOldLog) {
  KafkaRun run;
  of_three(run).messages(400, 20);
  run.fault_at(sim::kStart + 4s, sim::Action::kill, "broker-3", 12s);
  run.act(6s, [](Cluster& cluster) { cluster.remove("topic-1"); });
  run.act(8s, [](Cluster& cluster) { cluster.create("topic-1"); });
  run.run(90s);
  EXPECT_TRUE(run.reached("topic created"));
  EXPECT_TRUE(run.cluster().settled());
  for (std::uint32_t broker = 0; broker < 3; ++broker) {
    EXPECT_THAT(files_of(run, broker), Each(testing::StartsWith("topic-1-0@2/"))) << broker;
  }
  const PartitionState partition = run.cluster().final_state().partitions.front();
  for (const ReplicaState& replica : partition.replicas) {
    EXPECT_EQ(replica.log.size(), partition.replicas.front().log.size());
  }
}

TEST(KafkaOperations, AGroupGoesOnWhereItWasOnlyIfItsOffsetsOutlivedTheTopic) {
  KafkaRun run;
  of_three(run).act(8s, [](Cluster& cluster) { cluster.remove("topic-1"); });
  run.messages(400, 20);
  run.set(OptionScope::consumer, "auto.offset.reset", "earliest");
  run.set(OptionScope::consumer, "metadata.max.age.ms", "500ms");
  run.set(OptionScope::producer, "metadata.max.age.ms", "500ms");
  run.act(14s, [](Cluster& cluster) { cluster.create("topic-1"); });
  run.run(90s);
  EXPECT_TRUE(run.reached("deleted partitions discovered"));
  EXPECT_TRUE(run.reached("added partitions discovered"));
  EXPECT_TRUE(run.reached("position reset by policy")) << "its offsets went with the topic";
  EXPECT_TRUE(run.cluster().settled());
}

TEST(KafkaOperations, WhatIsThereOrNotThereIsRefused) {
  KafkaRun run;
  of_three(run).act(1s, [](Cluster& cluster) { cluster.create("topic-1"); });
  run.run(20s);
  EXPECT_TRUE(run.reached("operation refused"));
  EXPECT_EQ(run.acked(), 100);
  EXPECT_EQ(run.lost(), 0);
}

TEST(KafkaOperations, ATopicThatComesLater) {
  KafkaRun run;
  of_three(run).setup().entities.front().exists = false;
  run.set(OptionScope::consumer, "auto.offset.reset", "earliest");
  run.set(OptionScope::consumer, "metadata.max.age.ms", "500ms");
  run.act(5s, [](Cluster& cluster) { cluster.create("topic-1"); });
  run.run(60s);
  EXPECT_EQ(run.acked(), 100);
  EXPECT_EQ(run.processed(), 100);
}

/// KAFKA-12257: clients to 2.8.1 take the lower epoch of the new topic for old metadata.
TEST(KafkaOperations, OldClientsMayNotNoticeATopicMadeAnew) {
  for (const bool by_id : {false, true}) {
    KafkaRun run{by_id ? "2.8" : "2.8.1"};
    of_three(run).messages(400, 20);
    run.setup().producers.front().on_error = OnError::give_up;
    run.fault_at(sim::kStart + 2s, sim::Action::kill, "broker-1", 30s);  // the partition's epoch rises
    run.act(25s, [](Cluster& cluster) { cluster.remove("topic-1"); });
    run.act(26s, [](Cluster& cluster) { cluster.create("topic-1"); });
    run.messages(1000, 20);
    run.run(300s);
    std::int64_t after = 0;
    for (const MessageRecord& record : run.history().messages()) {
      if (record.outcome == Outcome::acked && record.policy.empty()) ++after;
    }
    EXPECT_EQ(after > 100, by_id);
  }
}

}  // namespace
}  // namespace noloss::models::kafka
