// Whole clusters, looked at more closely than a scenario can.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/kafka/protocol.hpp"
#include "tests/models/kafka/kafka_fixture.hpp"

namespace noloss::models::kafka {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(KafkaCluster, DeliversEverythingOnce) {
  for (const std::string_view release : known_releases()) {
    KafkaRun run{std::string{release}};
    run.replicas(3);
    run.messages(50, 500);
    run.run(30s);
    EXPECT_TRUE(run.cluster().settled()) << release;
    EXPECT_EQ(run.acked(), 50) << release;
    EXPECT_EQ(run.processed(), 50) << release;
    EXPECT_EQ(run.duplicates(), 0) << release;
  }
}

TEST(KafkaCluster, TheSameSeedGivesTheSameRun) {
  std::uint64_t digests[2];
  for (std::uint64_t& digest : digests) {
    KafkaRun run;
    run.replicas(3);
    run.fault_at(sim::kStart + 20ms, sim::Action::kill, "leader", 12s);
    run.run(60s, 7);
    digest = run.simulation().trace().digest();
  }
  EXPECT_EQ(digests[0], digests[1]);
}

TEST(KafkaCluster, AKilledLeaderIsReplacedAfterItsSession) {
  KafkaRun run;
  run.replicas(3);
  run.fault_at(sim::kStart + 20ms, sim::Action::kill, "broker-1", 60s);
  run.run(8s);
  EXPECT_THAT(run.cluster().holders("leader"), IsEmpty());
  KafkaRun longer;
  longer.replicas(3);
  longer.fault_at(sim::kStart + 20ms, sim::Action::kill, "broker-1", 60s);
  longer.run(12s);
  EXPECT_THAT(longer.cluster().holders("leader"), ElementsAre(sim::NodeId{1}));
  EXPECT_TRUE(longer.reached("broker fenced"));
}

TEST(KafkaCluster, AnOrderlyStopMovesLeadershipAtOnce) {
  KafkaRun run;
  run.replicas(3);
  run.messages(200, 500);
  run.fault_at(sim::kStart + 100ms, sim::Action::stop, "broker-1", 60s);
  run.run(3s);
  EXPECT_THAT(run.cluster().holders("leader"), ElementsAre(sim::NodeId{1}));
  EXPECT_FALSE(run.reached("broker fenced"));
  EXPECT_EQ(run.lost(), 0);
}

// Row 24: the follower has all there is, so it does not lag, however long it is silent.
TEST(KafkaCluster, AnIdlePartitionDoesNotShrinkByLag) {
  const auto shrunk = [](std::int64_t late_messages) {
    KafkaRun run;
    run.replicas(2);
    run.set(OptionScope::consumer, "enable.auto.commit", "false");  // nor is the offsets topic written to
    run.messages(20, 500);
    if (late_messages > 0) {
      WorkloadPart& part = run.setup().producers.front().workload.emplace_back();
      part.at = sim::Quantity{5s};
      part.messages = sim::Quantity{late_messages};
    }
    sim::Fault& cut = run.fault(sim::Action::partition, "");
    cut.at.time = sim::kStart + 3s;
    cut.shape = sim::PartitionShape::sides;
    cut.sides = {{"broker-1"}, {"broker-2"}};
    cut.duration = sim::Quantity{100s};
    run.comes_later("consumer-1");
    run.run(80s);
    return run.simulation().count(sim::NodeId{0}, events().isr_shrunk);
  };
  EXPECT_EQ(shrunk(0), 0U);
  EXPECT_EQ(shrunk(1), 1U);
}

TEST(KafkaCluster, ALateConsumerStartsWhereItsPolicySays) {
  for (const bool earliest : {false, true}) {
    KafkaRun run;
    run.set(OptionScope::consumer, "auto.offset.reset", earliest ? "earliest" : "latest");
    run.comes_later("consumer-1");
    run.run(60s);
    EXPECT_EQ(run.processed(), earliest ? 50 : 0);
    EXPECT_TRUE(run.reached("position reset by policy"));
  }
}

TEST(KafkaCluster, AddedPartitionsAreReadFromWhereThePolicySays) {
  for (const bool earliest : {false, true}) {
    KafkaRun run;
    run.set(OptionScope::producer, "metadata.max.age.ms", "1000ms");
    run.set(OptionScope::consumer, "metadata.max.age.ms", "8000ms");
    run.set(OptionScope::consumer, "auto.offset.reset", earliest ? "earliest" : "latest");
    run.messages(200, 20);
    run.add_partitions(2s, 1);
    run.run(60s);
    EXPECT_TRUE(run.reached("added partitions discovered"));
    EXPECT_EQ(run.lost() == 0, earliest);
    EXPECT_EQ(run.duplicates(), 0);
  }
}

TEST(KafkaCluster, ProcessesThatAssignCommitOnlyToAGroupWithoutMembers) {
  for (const bool members : {false, true}) {
    KafkaRun run;
    run.set(OptionScope::consumer, "enable.auto.commit", "false");
    ConsumersSetup other = run.setup().consumers.front();
    run.set(OptionScope::consumer, "assignment", "assign");
    if (!members) other = run.setup().consumers.front();
    other.processing_time = sim::Quantity{20ms};
    run.setup().consumers.push_back(other);
    run.run(60s);
    EXPECT_EQ(run.reached("commit of no member refused"), members);
    EXPECT_EQ(run.reached("committed position went back"), !members);
  }
}

}  // namespace
}  // namespace noloss::models::kafka
