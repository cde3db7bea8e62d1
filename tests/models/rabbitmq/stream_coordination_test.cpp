// Who writes a stream: the coordinator's state machine, without Raft and without nodes.
#include "models/rabbitmq/stream_coordination.hpp"

#include <gmock/gmock.h>

namespace noloss::models::rabbitmq {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = CoordinatorCommand::Kind;
using State = StreamCoordination::State;
using What = CoordinatorEffect::What;

constexpr QueueId kStream = 0;
constexpr sim::NodeId kOne{0};
constexpr sim::NodeId kTwo{1};
constexpr sim::NodeId kThree{2};
constexpr ProcessNumber kNext = 100;

class CoordinationTest : public ::testing::Test {
 protected:
  CoordinationTest() { coordination_.add(kStream, {kOne, kTwo, kThree}); }

  void apply(CoordinatorCommand command) {
    command.stream = kStream;
    command.number = ++number_;
    StreamCoordination::Effects effects;
    coordination_.apply(command, effects);
    for (const CoordinatorEffect& effect : effects) asked_[effect.node] = effect;
    last_ = std::move(effects);
  }
  void down(sim::NodeId node, ProcessNumber process = kFirstProcess, bool unreachable = false) {
    CoordinatorCommand command;
    command.kind = Kind::down;
    command.node = node;
    command.process = process;
    command.unreachable = unreachable;
    apply(command);
  }
  void stopped(sim::NodeId node, const ChunkId& tail) { apply(answer(Kind::member_stopped, node, tail)); }
  void started(sim::NodeId node) { apply(answer(Kind::member_started, node, {})); }
  void failed(sim::NodeId node) {
    CoordinatorCommand command = answer(Kind::action_failed, node, {});
    command.action = asked_.at(node).what == What::stop ? MemberAction::stopping : MemberAction::starting;
    apply(command);
  }
  CoordinatorCommand answer(Kind kind, sim::NodeId node, const ChunkId& tail) {
    CoordinatorCommand command;
    command.kind = kind;
    command.node = node;
    command.epoch = asked_.at(node).epoch;
    command.action_id = asked_.at(node).action_id;
    command.process = kNext + sim::index(node);
    command.tail = tail;
    return command;
  }
  const StreamCoordination::Stream& stream() { return coordination_.streams().at(kStream); }
  const StreamCoordination::Member& member(sim::NodeId node) { return stream().members.at(node); }
  /// Node and kind of what was asked for by the last command.
  std::map<sim::NodeId, What> asked_now() {
    std::map<sim::NodeId, What> all;
    for (const CoordinatorEffect& effect : last_) all[effect.node] = effect.what;
    return all;
  }
  sim::NodeId elected() {
    for (const auto& [node, member] : stream().members) {
      if (member.writes) return node;
    }
    return sim::kNoNode;
  }

  StreamCoordination coordination_;
  std::uint64_t number_ = 0;
  std::map<sim::NodeId, CoordinatorEffect> asked_;  ///< the latest of each node
  StreamCoordination::Effects last_;
};

TEST_F(CoordinationTest, TheEndOfTheWriterStopsEveryMember) {
  down(kOne);
  EXPECT_THAT(last_, SizeIs(3));
  for (const auto& [node, what] : asked_now()) EXPECT_EQ(what, What::stop);
  EXPECT_EQ(coordination_.writer(kStream).node, sim::kNoNode);
}

TEST_F(CoordinationTest, AProcessThatIsNotTheWriterAnyMoreEndsNothing) {
  down(kOne, kNext);
  EXPECT_THAT(last_, IsEmpty());
  EXPECT_EQ(coordination_.writer(kStream).node, kOne);
}

TEST_F(CoordinationTest, AMajorityElectsTheLatestTail) {
  down(kOne);
  stopped(kThree, {1, 5});
  EXPECT_EQ(stream().epoch, 1U);
  stopped(kTwo, {1, 9});
  EXPECT_EQ(stream().epoch, 2U);
  EXPECT_EQ(elected(), kTwo);
  ASSERT_THAT(last_, SizeIs(1));
  EXPECT_EQ(last_.front().what, What::start_writer);
  EXPECT_EQ(last_.front().epoch, 2U);
}

TEST_F(CoordinationTest, TheFirstMajorityDecidesAlsoWithoutTheLatestOfAll) {
  down(kOne);
  stopped(kThree, {1, 5});
  stopped(kOne, {});  // it lost what it had
  EXPECT_EQ(elected(), kThree);
  stopped(kTwo, {1, 9});
  EXPECT_EQ(elected(), kThree) << "too late";
}

TEST_F(CoordinationTest, AHigherEpochCountsMoreThanALongerLog) {
  down(kOne);
  stopped(kOne, {1, 50});
  stopped(kTwo, {2, 7});
  EXPECT_EQ(elected(), kTwo);
}

TEST_F(CoordinationTest, ReplicasStartOnceTheWriterRuns) {
  down(kOne);
  stopped(kTwo, {1, 9});
  stopped(kThree, {1, 9});
  const sim::NodeId writer = elected();
  started(writer);
  ASSERT_THAT(last_, SizeIs(1));
  EXPECT_EQ(last_.front().what, What::start_replica);
  EXPECT_EQ(last_.front().writer, writer);
  EXPECT_EQ(last_.front().writer_process, kNext + sim::index(writer));
  EXPECT_EQ(coordination_.writer(kStream).node, writer);
}

TEST_F(CoordinationTest, AMemberThatStopsAfterTheElectionFollows) {
  down(kOne);
  stopped(kTwo, {1, 9});
  stopped(kThree, {1, 3});
  started(kTwo);
  stopped(kOne, {1, 12});
  EXPECT_EQ(elected(), kTwo);
  ASSERT_THAT(last_, SizeIs(1));
  EXPECT_EQ(last_.front().what, What::start_replica);
  EXPECT_EQ(last_.front().node, kOne);
}

TEST_F(CoordinationTest, AWriterThatDoesNotStartMakesWayForAnotherElection) {
  down(kOne);
  stopped(kTwo, {1, 9});
  stopped(kThree, {1, 3});
  failed(kTwo);
  EXPECT_EQ(asked_now().at(kTwo), What::stop);
  EXPECT_EQ(asked_now().at(kThree), What::stop);
  stopped(kTwo, {1, 9});
  stopped(kThree, {1, 3});
  EXPECT_EQ(stream().epoch, 3U);
}

TEST_F(CoordinationTest, AStopThatFailedIsAskedForAgain) {
  down(kOne);
  const std::uint64_t first = asked_.at(kOne).action_id;
  failed(kOne);
  EXPECT_EQ(asked_now().at(kOne), What::stop);
  EXPECT_NE(asked_.at(kOne).action_id, first);
}

TEST_F(CoordinationTest, AnAnswerToAnEarlierActionIsIgnored) {
  down(kOne);
  const CoordinatorCommand late = answer(Kind::member_stopped, kTwo, {1, 9});
  failed(kTwo);
  apply(late);
  EXPECT_EQ(member(kTwo).current, MemberAction::stopping);
}

TEST_F(CoordinationTest, AReplicaOutOfReachIsLeftAloneAndOneThatEndedIsStarted) {
  down(kThree, kFirstProcess, /*unreachable=*/true);
  EXPECT_EQ(member(kThree).state, State::disconnected);
  EXPECT_THAT(last_, IsEmpty());
  down(kThree);
  ASSERT_THAT(last_, SizeIs(1));
  EXPECT_EQ(last_.front().what, What::start_replica);
}

}  // namespace
}  // namespace noloss::models::rabbitmq
