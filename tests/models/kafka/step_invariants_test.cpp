// Each invariant can fire: a healthy partition, and one planted breach of each. And whole clusters under scrutiny.
#include "models/kafka/step_invariants.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "tests/models/kafka/kafka_fixture.hpp"

namespace noloss::models::kafka {
namespace {

using namespace std::chrono_literals;

constexpr sim::NodeId kLeader{0};
constexpr sim::NodeId kFollower{1};

/// Two replicas in sync with three records, all committed.
class StepInvariantsTest : public testing::Test {
 protected:
  StepInvariantsTest() {
    for (Offset offset = 0; offset < 3; ++offset) {
      leader_.push_back(record(offset, static_cast<std::uint64_t>(offset) + 1));
      follower_.push_back(leader_.back());
    }
    view_.decided.leader = kLeader;
    view_.decided.isr = {kLeader, kFollower};
    view_.replicas = {replica(kLeader, leader_), replica(kFollower, follower_)};
    view_.replicas[0].leads = true;
    view_.replicas[0].followers = {{kFollower, 3, 7, true}};
  }
  static LogRecord record(Offset offset, std::uint64_t number) {
    LogRecord made;
    made.offset = offset;
    made.number = number;
    made.producer = {.id = 5, .epoch = 0, .base_sequence = offset};
    return made;
  }
  static ReplicaView replica(sim::NodeId node, const std::deque<LogRecord>& log) {
    const auto end = static_cast<Offset>(log.size());
    ReplicaView view;
    view.node = node;
    view.life = 1;
    view.broker_epoch = 7;
    view.epoch = 0;
    view.end = view.high_watermark = end;
    view.at = [&log](Offset offset) -> const LogRecord& { return log[static_cast<std::size_t>(offset)]; };
    return view;
  }
  std::string_view check() { return invariants_.check(view_); }
  void shorten_the_follower() {
    follower_.pop_back();
    view_.replicas[1].end = 2;
  }

  std::deque<LogRecord> leader_;
  std::deque<LogRecord> follower_;
  PartitionView view_;
  StepInvariants invariants_{behaviours(parse_release("4.1")), 1h};
};

TEST_F(StepInvariantsTest, AHealthyPartitionHasNoBreach) {
  EXPECT_EQ(check(), "");
  EXPECT_EQ(invariants_.check_committed_offset(0, 3), "");
}

TEST_F(StepInvariantsTest, TwoLeadersOfOneEpoch) {
  view_.replicas[1].leads = true;
  EXPECT_EQ(check(), "two brokers lead a partition in one epoch");
  view_.replicas[1].epoch = 1;
  EXPECT_NE(check(), "two brokers lead a partition in one epoch");
}

TEST_F(StepInvariantsTest, AFollowerThatHasLessThanItsLeaderCounts) {
  shorten_the_follower();
  EXPECT_EQ(check(), "a follower has less than its leader counts");
}

TEST_F(StepInvariantsTest, WhatIsKnownOfAnotherLifeDoesNotCount) {
  shorten_the_follower();
  view_.replicas[1].broker_epoch = 8;
  EXPECT_NE(check(), "a follower has less than its leader counts");
}

TEST_F(StepInvariantsTest, AFollowerThatHasOtherRecordsThanItsLeaderCounts) {
  follower_[1].number = 99;
  EXPECT_EQ(check(), "a follower has other records than its leader counts");
}

TEST_F(StepInvariantsTest, AReplicaInTheIsrThatLacksACommittedRecord) {
  shorten_the_follower();
  view_.replicas[0].followers[0].end = 2;
  EXPECT_EQ(check(), "a replica that may lead lacks a committed record");
}

TEST_F(StepInvariantsTest, AReplicaInTheElrThatLacksACommittedRecord) {
  shorten_the_follower();
  view_.replicas[0].followers[0].end = kNoOffset;
  view_.decided.isr = {kLeader};
  EXPECT_EQ(check(), "");
  view_.decided.elr = {kFollower};
  EXPECT_EQ(check(), "a replica that may lead lacks a committed record");
}

TEST_F(StepInvariantsTest, AReplicaThatHasAnotherRecordInPlaceOfACommittedOne) {
  view_.replicas[0].followers[0].end = kNoOffset;
  follower_[2].number = 99;
  EXPECT_EQ(check(), "a replica that may lead has another record in place of a committed one");
}

TEST_F(StepInvariantsTest, NobodyPromisesAnythingOnceALogWasLost) {
  EXPECT_EQ(check(), "");
  shorten_the_follower();
  view_.replicas[1].life = 2;
  view_.replicas[0].followers[0].end = kNoOffset;
  EXPECT_EQ(check(), "");
}

TEST_F(StepInvariantsTest, ALeaderThatReckonsWithoutAnIsrMember) {
  view_.replicas[0].followers[0].in_maximal_isr = false;
  EXPECT_EQ(check(), "a leader reckons without an ISR member");
}

TEST_F(StepInvariantsTest, ASequenceThatFell) {
  leader_[2].producer.base_sequence = 1;
  EXPECT_EQ(check(), "a producer's sequence fell in the committed log");
  leader_[2].producer.epoch = 1;
  EXPECT_EQ(check(), "");
}

TEST_F(StepInvariantsTest, AnOffsetCommittedAboveEveryHighWatermark) {
  EXPECT_EQ(check(), "");
  EXPECT_EQ(invariants_.check_committed_offset(0, 4), "a group committed an offset above every high watermark");
}

// The fixture looks after every step and would end the program.
TEST(KafkaUnderScrutiny, NothingIsBreachedWhenProcessesDieAndLinksBreak) {
  for (const std::string_view release : {"2.1", "2.6", "2.8", "3.4", "3.6", "4.0", "4.1"}) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      KafkaRun run{std::string{release}};
      run.replicas(3);
      run.messages(300, 100);
      run.set(OptionScope::broker, "replica.lag.time.max.ms", "2000");
      run.fault_at(sim::kStart + seed * 300ms, sim::Action::kill, "leader", 4s);
      run.fault_at(sim::kStart + 12s, sim::Action::kill, "leader", 15s);
      sim::Fault& cut = run.fault(sim::Action::partition, "leader");
      cut.at.time = sim::kStart + 30s;
      cut.shape = sim::PartitionShape::isolate;
      cut.duration = sim::Quantity{20s};
      run.run(120s, seed);
      EXPECT_TRUE(run.reached("leader_elected")) << release;
    }
  }
}

}  // namespace
}  // namespace noloss::models::kafka
