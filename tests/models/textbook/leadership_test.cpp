// Leases, registration, elections: who leads, and who must not.
#include "tests/models/textbook/textbook_world.hpp"

namespace noloss::models::textbook {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class LeadershipTest : public TextbookTest {
 protected:
  LeadershipTest() { no_consumer(); }

  [[nodiscard]] std::vector<std::string> elected() {
    std::vector<std::string> nodes;
    for (const Seen& each : seen("anybody", "elected")) nodes.push_back(each.node);
    return nodes;
  }
  /// When broker-1 sent the last heartbeat that was answered.
  [[nodiscard]] Nanoseconds last_answered_heartbeat() {
    return when("broker-1", "sent:heartbeat", count("broker-1", "received:heartbeat_response"));
  }
};

const std::vector<std::vector<std::string>> kLeaderFromCoordinator{{"broker-1"}, {"coordinator"}};

// ---------------------------------------------------------------- the lease

TEST_F(LeadershipTest, HeartbeatsGoEach500Milliseconds) {
  run_until(10s);
  const std::vector<Seen> beats = seen("broker-1", "sent:heartbeat");
  ASSERT_GE(beats.size(), 19U);
  for (std::size_t i = 1; i < beats.size(); ++i) EXPECT_EQ(beats[i].at - beats[i - 1].at, ns(500ms));
}

TEST_F(LeadershipTest, ALeaderUsesTwoOfTheThreeSecondsAndThenStopsOnItsOwn) {
  brokers(2, 2, 2);
  disturb(cut(at_time(1200ms), kLeaderFromCoordinator));
  run_until(1200ms);
  const Nanoseconds end = last_answered_heartbeat() + ns(2s);
  run_until(end - 1);
  EXPECT_THAT(leaders(), ElementsAre("broker-1"));
  run_until(end);
  EXPECT_THAT(leaders(), IsEmpty());
}

TEST_F(LeadershipTest, ALeaseCountsFromTheSendingOfTheHeartbeatThatWasAnswered) {
  brokers(2, 2, 2);
  disturb(delay(at_time(0s), "broker-1", "coordinator", 300ms));
  disturb(cut(at_time(3500ms), kLeaderFromCoordinator));
  run_until(3500ms);
  const Nanoseconds sending = last_answered_heartbeat();
  const Nanoseconds answer = seen("broker-1", "received:heartbeat_response").back().at;
  ASSERT_GE(answer - sending, ns(300ms));
  run_until(sending + ns(2s) - 1);
  EXPECT_THAT(leaders(), ElementsAre("broker-1"));
  run_until(sending + ns(2s));
  EXPECT_THAT(leaders(), IsEmpty()) << "the answer came later, but nobody knows when it was sent";
}

TEST_F(LeadershipTest, ALeaderWithoutLeaseTakesNothingMoreIntoItsLog) {
  brokers(2, 2, 2);
  producer().send = SendMode::async;
  messages(1000, 200);
  disturb(cut(at_time(1200ms), kLeaderFromCoordinator));
  run_until(20s);
  const Nanoseconds end = last_answered_heartbeat() + ns(2s);
  EXPECT_GT(count("broker-1", "append", ns(1200ms), end), 100U) << "as long as the lease lasts, it leads";
  EXPECT_GT(count("broker-1", "received:produce_request", end), 0U);
  EXPECT_EQ(count("broker-1", "append", end), 0U);
}

TEST_F(LeadershipTest, ALeaderThatWasPausedBeyondItsLeaseDoesNotGoOnWhereItWas) {
  brokers(2, 2, 1);
  producer().send = SendMode::async;
  messages(2000, 200);
  disturb(fault(Action::pause, at_moment("broker-1", "append", 101), "broker-1", 8s));
  run_until(8s);
  ASSERT_EQ(count("broker-1", "resumed"), 0U);
  run_until(12s);
  const Nanoseconds resumed = when("broker-1", "resumed");
  for (const Seen& copy : seen("broker-1", "append")) {
    if (copy.at < resumed) continue;
    EXPECT_GT(count("broker-1", "received:fetch_response", resumed, copy.at + 1) +
                  count("broker-1", "elected", resumed, copy.at + 1),
              0U)
        << "what it appends, another leader gave it, or it was elected anew";
  }
}

// ---------------------------------------------------------------- two never lead at once

struct Trouble {
  std::string name;
  sim::FaultPlan faults;
};
void PrintTo(const Trouble& trouble, std::ostream* out) { *out << trouble.name; }
class TwoLeaders : public LeadershipTest, public testing::WithParamInterface<Trouble> {};

TEST_P(TwoLeaders, NeverAtOnce) {
  brokers(3, 3, 2);
  messages(1000, 50);
  producer().send = SendMode::async;
  for (const Fault& each : GetParam().faults) disturb(each);
  for (Duration now{0}; now < 30s; now += 1ms) {
    run_until(now);
    ASSERT_LE(leaders().size(), 1U) << "at " << now.count() << " ns: " << testing::PrintToString(leaders());
  }
  std::map<std::uint64_t, std::string> by_epoch;
  for (const Seen& each : seen("anybody", "elected")) {
    EXPECT_EQ(by_epoch.emplace(each.second, each.node).first->second, each.node) << "epoch " << each.second;
  }
  EXPECT_FALSE(by_epoch.empty()) << "a trouble that changes no leader shows nothing";
}

INSTANTIATE_TEST_SUITE_P(
    Troubles, TwoLeaders,
    testing::Values(
        Trouble{"cut_from_the_coordinator", {cut(at_time(1200ms), kLeaderFromCoordinator, 10s)}},
        Trouble{"cut_from_everybody",
                {cut(at_time(1200ms), {{"broker-1", "producer-1"}, {"broker-2", "broker-3", "coordinator"}}, 10s)}},
        Trouble{"paused", {fault(Action::pause, at_time(1200ms), "broker-1", 10s)}},
        Trouble{"paused_between_lease_and_failover", {fault(Action::pause, at_time(1200ms), "broker-1", 3300ms)}},
        Trouble{"killed", {fault(Action::kill, at_time(1200ms), "broker-1", 100ms)}},
        Trouble{
            "slow_heartbeats",
            {delay(at_time(1200ms), "broker-1", "coordinator", 1900ms), cut(at_time(8s), kLeaderFromCoordinator, 10s)}},
        Trouble{
            "slow_answers",
            {delay(at_time(1200ms), "coordinator", "broker-1", 2500ms), cut(at_time(8s), kLeaderFromCoordinator, 10s)}},
        Trouble{"coordinator_killed_meanwhile",
                {cut(at_time(1200ms), kLeaderFromCoordinator, 15s),
                 fault(Action::kill, at_time(3s), "coordinator", 100ms)}}),
    testing::PrintToStringParamName());

// ---------------------------------------------------------------- a broker that starts again

TEST_F(LeadershipTest, ABrokerThatStartsAgainRegistersAndIsElectedBeforeItLeads) {
  brokers(1, 1, 1);
  messages(1000, 100);
  disturb(fault(Action::kill, at_time(1s), "broker-1", 200ms));
  run_until(5s);
  const Nanoseconds started = when("broker-1", "started", 2);
  const Nanoseconds leads = when("broker-1", "elected");
  EXPECT_EQ(seen("broker-1", "elected").at(0).second, 2U) << "in another epoch";
  EXPECT_GT(count("broker-1", "sent:heartbeat", started, leads), 0U);
  EXPECT_EQ(count("broker-1", "append", started, leads), 0U) << "it took nothing while it did not lead";
  EXPECT_GT(count("broker-1", "append", leads), 0U);
}

TEST_F(LeadershipTest, AnElectionTakesPlaceAtOnceWhenAllReplicasHaveRegistered) {
  brokers(3, 3, 2);
  disturb(fault(Action::kill, at_time(1s), "broker-1", 200ms));
  run_until(10s);
  EXPECT_THAT(elected(), SizeIs(1));
  EXPECT_LT(when("anybody", "elected"), ns(1300ms)) << "its lease died with it: nothing has to be waited for";
}

TEST_F(LeadershipTest, WithAReplicaAwayAnElectionWaitsForFailover) {
  brokers(3, 3, 2);
  disturb(kill_for_good(at_time(500ms), "broker-3"));
  disturb(fault(Action::kill, at_time(1s), "broker-1", 200ms));
  run_until(10s);
  const Nanoseconds heard = seen("broker-1", "sent:heartbeat").at(1).at + ns(kPacket);
  ASSERT_LT(heard, ns(1s));
  EXPECT_GE(when("anybody", "elected"), heard + ns(3s));
  EXPECT_LT(when("anybody", "elected"), heard + ns(4s));
}

class Failover : public LeadershipTest, public testing::WithParamInterface<int> {};

TEST_P(Failover, HasToPassAsAWhole) {
  brokers(2, 2, 2);
  broker_option("failover", std::to_string(GetParam()) + "s");
  disturb(cut(at_time(1200ms), {{"broker-1"}, {"broker-2", "coordinator"}}));
  run_until(1200ms);
  const Nanoseconds heard = last_answered_heartbeat() + ns(kPacket);
  run_until(20s);
  EXPECT_THAT(elected(), ElementsAre("broker-2"));
  EXPECT_GE(when("broker-2", "elected"), heard + GetParam() * ns(1s));
  EXPECT_LT(when("broker-2", "elected"), heard + GetParam() * ns(1s) + ns(1s));
}

INSTANTIATE_TEST_SUITE_P(Seconds, Failover, testing::Values(1, 3, 10));

// ---------------------------------------------------------------- how many have to answer

struct Quorum {
  std::uint32_t replicas, acks, alive;
  bool enough;
};
void PrintTo(const Quorum& quorum, std::ostream* out) {
  *out << 'R' << quorum.replicas << 'n' << quorum.acks << "answers" << quorum.alive;
}
class Answers : public LeadershipTest, public testing::WithParamInterface<Quorum> {};

TEST_P(Answers, AreCountedAfterFailover) {
  const Quorum& quorum = GetParam();
  brokers(quorum.replicas, quorum.replicas, quorum.acks);
  for (std::uint32_t broker = 1; broker <= quorum.replicas - quorum.alive; ++broker) {
    disturb(kill_for_good(at_time(1s), "broker-" + std::to_string(broker)));
  }
  run_until(60s);
  EXPECT_THAT(elected(), SizeIs(quorum.enough ? 1 : 0));
  heal();
  run_until(70s);
  EXPECT_THAT(leaders(), SizeIs(1)) << "they are all back";
}

// R - n + 1 of R; with n = 1 any one.
INSTANTIATE_TEST_SUITE_P(Quorums, Answers,
                         testing::Values(Quorum{3, 1, 1, true}, Quorum{3, 1, 2, true}, Quorum{2, 1, 1, true},
                                         Quorum{3, 2, 1, false}, Quorum{3, 2, 2, true}, Quorum{3, 3, 1, true},
                                         Quorum{2, 2, 1, true}, Quorum{5, 2, 3, false}, Quorum{5, 2, 4, true},
                                         Quorum{5, 3, 2, false}, Quorum{5, 3, 3, true}),
                         testing::PrintToStringParamName());

// ---------------------------------------------------------------- who wins

class LongestLog : public LeadershipTest, public testing::WithParamInterface<std::pair<std::string, std::string>> {};

TEST_P(LongestLog, WinsWithinAnEpoch) {
  const auto& [behind, ahead] = GetParam();
  brokers(3, 3, 2);
  disturb(cut(at_time(20ms), {{"broker-1"}, {behind}}));
  disturb(kill_for_good(at_time(2s), "broker-1"));
  run_until(10s);
  EXPECT_GT(count(ahead, "append", 0, ns(2s)), count(behind, "append", 0, ns(2s)));
  EXPECT_THAT(elected(), ElementsAre(ahead));
}

INSTANTIATE_TEST_SUITE_P(Behind, LongestLog,
                         testing::Values(std::pair{"broker-2", "broker-3"}, std::pair{"broker-3", "broker-2"}),
                         [](const auto& each) { return each.param.first == "broker-2" ? "broker2" : "broker3"; });

/// broker-1 goes on alone with its producer, and what it appends is stored once; the others elect broker-2.
class AlonePartition : public LeadershipTest {
 protected:
  AlonePartition() {
    brokers(3, 3, 2);
    producer().send = SendMode::async;
    producer().on_error = OnError::give_up;
    producer_option("max.in.flight", "1000");
    producer_option("retries", "0");
    messages(300, 100);
    disturb(cut(at_time(1s), {{"broker-1", "producer-1"}, {"broker-2", "broker-3", "coordinator"}}, 5s));
  }
};

TEST_F(AlonePartition, AHigherLastEpochWinsOverALongerLog) {
  disturb(kill_for_good(at_time(5900ms), "broker-2"));
  run_until(5900ms);
  ASSERT_THAT(elected(), ElementsAre("broker-2"));
  ASSERT_GT(count("broker-1", "append"), count("broker-3", "append") + 100);
  run_until(15s);
  EXPECT_THAT(elected(), ElementsAre("broker-2", "broker-3"));
}

TEST_F(AlonePartition, AFollowerTruncatesToWhatItSharesWithTheNewLeader) {
  run_until(5900ms);
  const std::size_t shared = count("broker-2", "append", 0, ns(1200ms));
  ASSERT_GT(count("broker-1", "append"), shared + 100);
  run_until(10s);
  ASSERT_THAT(seen("broker-1", "truncated"), SizeIs(1));
  EXPECT_EQ(seen("broker-1", "truncated").at(0).first, 1 + shared) << "the log began with one epoch record";
  heal();
  run_until(20s);
  const PartitionState end = state();
  for (const ReplicaState& replica : end.replicas) {
    ASSERT_EQ(replica.log.size(), end.replicas.at(0).log.size());
    for (std::size_t i = 0; i < replica.log.size(); ++i) {
      EXPECT_EQ(replica.log[i].record, end.replicas.at(0).log[i].record);
    }
  }
}

TEST_F(LeadershipTest, FromItsAnswerOnAReplicaTakesNothingOfAnOlderEpoch) {
  brokers(2, 2, 2);
  broker_option("failover", "1s");
  producer().on_error = OnError::give_up;
  producer_option("retries", "0");
  messages(1, 1, 2s);
  // What the leader sends the follower last comes after the follower was asked.
  Fault late = delay(at_moment("broker-1", "append", 1), "broker-1", "broker-2", 2500ms);
  late.message = "fetch_response";
  disturb(late);
  disturb(kill_for_good(at_moment("broker-1", "append", 1, 10ms), "broker-1"));
  run_until(20s);
  ASSERT_THAT(seen("broker-2", "sent:replica_report"), SizeIs(1));
  ASSERT_LT(when("broker-2", "sent:replica_report"), when("broker-1", "append") + ns(2500ms));
  ASSERT_THAT(sent(), SizeIs(1));
  for (const Seen& copy : seen("broker-2", "append")) {
    EXPECT_EQ(MessageRef{static_cast<std::uint32_t>(copy.first)}, kNoMessage) << "only its own epoch record";
  }
}

TEST_F(LeadershipTest, EachElectionAsksAnewForTheLogs) {
  brokers(3, 3, 2);
  messages(2000, 200);
  disturb(fault(Action::kill, at_time(1s), "broker-1", 4500ms));
  // In the second epoch broker-1 is the one that follows, although broker-3 knew as much at the first election.
  disturb(cut(at_moment("broker-1", "started", 2, 200ms), {{"broker-2"}, {"broker-3"}}));
  disturb(kill_for_good(at_time(8s), "broker-2"));
  run_until(15s);
  EXPECT_THAT(elected(), ElementsAre("broker-2", "broker-1"));
  EXPECT_GE(count("broker-3", "sent:replica_report", ns(8s)), 1U);
  EXPECT_GE(count("broker-1", "sent:replica_report", ns(8s)), 1U);
}

TEST_F(LeadershipTest, ACoordinatorThatStartsAgainRemembersWhoLeadsAndInWhichEpoch) {
  brokers(3, 3, 2);
  disturb(kill_for_good(at_time(1s), "broker-1"));
  disturb(fault(Action::kill, at_time(8s), "coordinator", 500ms));
  disturb(fault(Action::kill, at_time(20s), "broker-2", 5s));
  run_until(19s);
  EXPECT_THAT(leaders(), ElementsAre("broker-2"));
  run_until(40s);
  EXPECT_GE(elected().size(), 2U);
  std::uint64_t epoch = 1;
  for (const Seen& each : seen("anybody", "elected")) {
    EXPECT_GT(each.second, epoch) << "no epoch is given out twice";
    epoch = each.second;
  }
}

// ---------------------------------------------------------------- a new leader proves itself first

class NewLeader : public TextbookTest {
 protected:
  NewLeader() {
    brokers(3, 3, 2);
    consumer().processing_time = Quantity{50ms};
    messages(50);
    WorkloadPart later;
    later.at = Quantity{3600ms};
    later.messages = Quantity{10};
    producer().workload.push_back(later);
    disturb(kill_for_good(at_time(1s), "broker-1"));
  }
};

TEST_F(NewLeader, AppendsAnEpochRecordFirst) {
  run_until(10s);
  const Nanoseconds leads = when("broker-2", "elected");
  const std::vector<Seen> appends = seen("broker-2", "append");
  const auto first = std::find_if(appends.begin(), appends.end(), [&](const Seen& each) { return each.at >= leads; });
  ASSERT_NE(first, appends.end());
  EXPECT_EQ(first->at, leads);
  EXPECT_EQ(MessageRef{static_cast<std::uint32_t>(first->first)}, kNoMessage) << "no message, but the epoch";
}

TEST_F(NewLeader, AcknowledgesAndShowsNothingBeforeItsEpochRecordIsStoredOftenEnough) {
  disturb(cut(at_moment("broker-2", "elected", 1), {{"broker-2"}, {"broker-3"}}, 2s));
  run_until(10s);
  const Nanoseconds leads = when("broker-2", "elected");
  const Nanoseconds alone_until = leads + ns(2s);
  ASSERT_LT(count("consumer-1", "processed", 0, leads), 40U) << "there must be something that it could show";
  EXPECT_GT(count("broker-2", "received:subscribe", leads, alone_until), 0U);
  EXPECT_GT(count("broker-2", "received:produce_request", leads, alone_until), 0U);
  EXPECT_EQ(count("consumer-1", "received", leads, alone_until), 0U);
  EXPECT_EQ(count("producer-1", "acked", leads, alone_until), 0U);
  EXPECT_GT(count("consumer-1", "received", alone_until), 0U);
  EXPECT_GT(count("producer-1", "acked", alone_until), 0U);
}

}  // namespace
}  // namespace noloss::models::textbook
