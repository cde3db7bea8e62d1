// When faults fire and end: moments, roles that nobody holds, repetition, order, the end of the disturb phase.
#include "tests/sim/fault_world.hpp"

namespace noloss::sim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Fault every(Fault fault, std::uint64_t distance, std::int64_t count = kUnlimited) {
  fault.every = distance;
  fault.count = Quantity{count};
  return fault;
}

// ---------------------------------------------------------------- moments

TEST_F(InjectorTest, AMomentIsTheNthOfItsNode) {
  use({fault(Action::pause, at_moment("consumer-1", "processed", 7), "broker-2")});
  run_until(50ms);
  EXPECT_THAT(course({"fault"}), ElementsAre("broker-2 fault 6000us"));
}

TEST_F(InjectorTest, AMomentWithoutNumberIsTheFirst) {
  use({fault(Action::pause, at_moment("consumer-1", "processed", 0), "broker-2")});
  run_until(50ms);
  EXPECT_THAT(course({"fault"}), ElementsAre("broker-2 fault 0us"));
}

TEST_F(InjectorTest, ADelayPassesAfterTheMoment) {
  use({fault(Action::pause, at_moment("consumer-1", "processed", 7, 1500us), "broker-2")});
  run_until(7ms);
  EXPECT_THAT(course({"fault"}), IsEmpty());
  EXPECT_TRUE(injector->pending());
  run_until(50ms);
  EXPECT_THAT(course({"fault"}), ElementsAre("broker-2 fault 7500us"));
}

TEST_F(InjectorTest, TheProcessWhoseMomentItIsCanBeKilledInIt) {
  use({fault(Action::kill, at_moment("broker-1", "append", 3), "broker-1")});
  run_until(50ms);
  EXPECT_TRUE(report().effective);
  EXPECT_EQ(count("broker-1", "sync.start") + 1, count("broker-1", "append")) << "it got no further";
}

TEST_F(InjectorTest, MomentsOfAnyOfAKindAreCountedTogether) {
  use({fault(Action::kill, at_moment("any broker", "append", 5), "coordinator")});
  run_until(50ms);
  EXPECT_EQ(report().fired, 1U);
  EXPECT_LT(report().fired_at, kStart + 4ms) << "three brokers append every 2.5 ms";
}

TEST_F(InjectorTest, MomentsOfARoleAreCountedAtWhoHoldsItThen) {
  lead("broker-1");
  at(6ms, [&] { lead("broker-2"); });
  use({fault(Action::kill, at_moment("leader", "append", 5), "leader")});
  run_until(50ms);
  EXPECT_EQ(report().fired, 1U);
  EXPECT_THAT(report().nodes, ElementsAre(node("broker-2")));
  EXPECT_EQ(injector->concrete().front().at.moment->node, "broker-2");
}

TEST_F(InjectorTest, AnEventThatTheSystemDoesNotHaveNeverComes) {
  use({fault(Action::kill, at_moment("broker-1", "levitated", 1), "broker-1")});
  run_until(20ms);
  EXPECT_EQ(report().fired, 0U);
  EXPECT_FALSE(injector->pending());
}

TEST_F(InjectorTest, WhatAFaultDoesIsAMomentForOthers) {
  use({fault(Action::kill, at_moment("broker-1", "killed", 1), "broker-2"),
       fault(Action::kill, at_moment("broker-2", "killed", 1, 1ms), "broker-3"),
       fault(Action::kill, at_time(5ms), "broker-1"),
       fault(Action::kill, at_moment("broker-1", "healed", 1), "coordinator")});
  run_until(50ms);
  EXPECT_THAT(course({"killed"}), ElementsAre("broker-1 killed 5000us", "broker-2 killed 5000us",
                                              "broker-3 killed 6000us", "coordinator killed 15000us"));
}

TEST_F(InjectorTest, PowerThatGoesAsItComesBackIsGone) {
  use({fault(Action::power_loss, at_time(5ms), "broker-1"),
       fault(Action::power_loss, at_moment("broker-1", "booted", 1), "broker-1", 20ms)});
  run_until(20ms);
  EXPECT_FALSE(runs("broker-1"));
  run_until(40ms);
  EXPECT_TRUE(runs("broker-1"));
}

// ---------------------------------------------------------------- order at one moment

TEST_F(InjectorTest, FaultsAtOneMomentActInTheOrderOfThePlan) {
  const When when = at_moment("consumer-1", "processed", 5);
  use({fault(Action::kill, when, "broker-2"), fault(Action::kill, when, "broker-1"),
       fault(Action::kill, when, "broker-3")});
  run_until(10ms);
  EXPECT_THAT(course({"killed"}),
              ElementsAre("broker-2 killed 4000us", "broker-1 killed 4000us", "broker-3 killed 4000us"));
}

TEST_F(InjectorTest, AlsoWhenTheyNameTheMomentInOtherWays) {
  lead("broker-1");
  use({fault(Action::kill, at_moment("leader", "append", 2), "broker-3"),
       fault(Action::kill, at_moment("broker-1", "append", 2), "broker-2"),
       fault(Action::kill, at_moment("leader", "append", 2), "coordinator")});
  run_until(10ms);
  EXPECT_EQ(report(0).fired_at, report(2).fired_at);
  const std::vector<std::string> killed = course({"killed"});
  ASSERT_THAT(killed, SizeIs(3));
  EXPECT_THAT(killed[0], testing::StartsWith("broker-3"));
  EXPECT_THAT(killed[1], testing::StartsWith("broker-2"));
  EXPECT_THAT(killed[2], testing::StartsWith("coordinator"));
}

TEST_F(InjectorTest, AKillAtALeavingMessageLetsItLeave) {
  const When when = at_moment("broker-1", "sent:response", 3);
  use({fault(Action::kill, when, "broker-1")});
  run_until(8ms);
  EXPECT_EQ(doings["producer-1"].answers, 3);
}

TEST_F(InjectorTest, ADropBesideAKillTakesTheMessage) {
  const When when = at_moment("broker-1", "sent:response", 3);
  use({fault(Action::kill, when, "broker-1"), fault(Action::drop, when, "")});
  run_until(8ms);
  EXPECT_EQ(doings["producer-1"].answers, 2);
}

// ---------------------------------------------------------------- roles

TEST_F(InjectorTest, WithoutALeaderAFaultWaitsForTheNextOne) {
  use({fault(Action::kill, at_time(5ms), "leader")});
  run_until(10ms);
  EXPECT_EQ(report().fired, 0U);
  EXPECT_TRUE(injector->pending());
  at(20ms, [&] { lead("broker-3"); });
  run_until(30ms - 1ns);
  EXPECT_THAT(course({"killed"}), ElementsAre("broker-3 killed 20000us"));
  EXPECT_FALSE(injector->pending());
  EXPECT_EQ(injector->concrete().front().target, "broker-3");
}

TEST_F(InjectorTest, ALeaderThatIsGoneAtOnceIsNotHit) {
  use({fault(Action::kill, at_time(5ms), "leader")});
  at(20ms, [&] {
    lead("broker-3");
    nobody_leads();
  });
  run_until(30ms);
  EXPECT_EQ(report().fired, 0U);
  lead("broker-2");
  run_until(40ms);
  EXPECT_THAT(course({"killed"}), ElementsAre("broker-2 killed 30000us"));
}

TEST_F(InjectorTest, AConnectionWaitsForBothEnds) {
  use({link_fault(Action::drop, at_time(5ms), "any producer", "leader")});
  at(20ms, [&] { lead("broker-1"); });
  run_until(15ms);
  EXPECT_EQ(report().fired, 0U);
  run_until(40ms);
  EXPECT_EQ(report().fired, 1U);
  EXPECT_TRUE(report().effective);
}

TEST_F(InjectorTest, AtAMessageTheEndsAreThoseOfTheMessage) {
  lead("broker-1");
  Fault drop = link_fault(Action::drop, at_moment("leader", "sent:response", 4), "any producer", "leader");
  use({drop});
  run_until(40ms);
  EXPECT_EQ(doings["producer-1"].answers, doings["broker-1"].requests - 1) << "whatever `side` says";
  EXPECT_EQ(injector->concrete().front().target, "producer-1");
  EXPECT_EQ(injector->concrete().front().peer, "broker-1");
}

TEST(Injector, AnyOfAKindIsDrawn) {
  std::map<std::string, int> hit;
  for (std::uint64_t draw = 1; draw <= 60; ++draw) {
    FaultWorld world;
    Fault kill = fault(Action::kill, at_time(5ms), "any broker");
    kill.draw = draw;
    world.use({kill});
    world.run_until(6ms);
    ++hit[world.injector->concrete().front().target];
  }
  EXPECT_THAT(hit, SizeIs(3));
  for (const auto& [name, times] : hit) EXPECT_GE(times, 10) << name;
}

TEST(Injector, AnyOfAKindIsOneThatExists) {
  for (std::uint64_t draw = 1; draw <= 30; ++draw) {
    FaultWorld world{{.late_broker = true}};
    Fault kill = fault(Action::kill, at_time(5ms), "any broker");
    kill.draw = draw;
    world.use({kill});
    world.run_until(6ms);
    EXPECT_NE(world.injector->concrete().front().target, "broker-3");
  }
}

TEST(Injector, AMachineThatDoesNotExistYetIsNotHit) {
  FaultWorld world{{.late_broker = true}};
  world.use({fault(Action::power_loss, at_time(5ms), "broker-3"), fault(Action::fsync_lie, at_time(5ms), "broker-3")});
  world.run_until(50ms);
  EXPECT_FALSE(world.runs("broker-3"));
  EXPECT_FALSE(world.report(0).effective);
  world.injector->heal_all();
  EXPECT_FALSE(world.runs("broker-3"));
}

// ---------------------------------------------------------------- every, count, until

TEST_F(InjectorTest, EveryNthMomentSetsItOffAgain) {
  use({every(fault(Action::pause, at_moment("consumer-1", "processed", 0), "broker-2", 1ms), 5)});
  run_until(20ms);
  EXPECT_THAT(course({"fault"}), ElementsAre("broker-2 fault 4000us", "broker-2 fault 9000us", "broker-2 fault 14000us",
                                             "broker-2 fault 19000us"));
  EXPECT_EQ(report().fired, 4U);
  EXPECT_EQ(report().fired_at, kStart + 4ms);
  EXPECT_FALSE(injector->pending());
}

TEST_F(InjectorTest, CountLimitsEvery) {
  use({every(fault(Action::pause, at_moment("consumer-1", "processed", 0), "broker-2", 1ms), 5, 2)});
  run_until(50ms);
  EXPECT_EQ(report().fired, 2U);
}

TEST_F(InjectorTest, EveryCountsAtTheHoldersOfARole) {
  lead("broker-1");
  at(10ms, [&] { lead("broker-2"); });
  use({every(fault(Action::pause, at_moment("leader", "append", 0), "leader", 1us), 2)});
  run_until(20ms);
  const FaultPlan plan = injector->concrete();
  ASSERT_GE(plan.size(), 3U);
  EXPECT_EQ(plan.front().target, "broker-1");
  EXPECT_EQ(plan.back().target, "broker-2");
}

TEST_F(InjectorTest, AFaultThatSetsItselfOffDoesNotHoldTime) {
  use({every(fault(Action::kill, at_moment("consumer-1", "started", 0), "consumer-1", 0ms), 1),
       every(fault(Action::pause, at_moment("any broker", "fault", 0), "all brokers", 0ms), 1),
       fault(Action::pause, at_time(5ms), "broker-1")});
  run_until(20ms);
  EXPECT_EQ(report(0).fired, 100U);
  EXPECT_EQ(report(1).fired, 100U);
}

TEST_F(InjectorTest, UntilEndsItAtAMoment) {
  Fault pause = fault(Action::pause, at_time(5ms), "broker-2");
  pause.until = MomentRef{"consumer-1", "processed", 31, Duration{0}};
  use({pause});
  run_until(60ms);
  EXPECT_EQ(report().healed_at, kStart + 30ms);
}

TEST_F(InjectorTest, UntilWithoutNumberIsTheNextOne) {
  Fault pause = fault(Action::pause, at_time(5500us), "broker-2");
  pause.until = MomentRef{"consumer-1", "processed", 0, Duration{250us}};
  use({pause});
  run_until(60ms);
  EXPECT_EQ(report().healed_at, kStart + 6250us);
  EXPECT_EQ(injector->concrete().front().until, (MomentRef{"consumer-1", "processed", 7, Duration{250us}}));
}

TEST_F(InjectorTest, AnEndThatNeverComesIsTheEndOfTheDisturbPhase) {
  Fault pause = fault(Action::pause, at_time(5ms), "broker-2");
  pause.until = MomentRef{"consumer-1", "processed", 3, Duration{0}};  // it has been
  use({pause});
  run_until(5s);
  EXPECT_TRUE(machine("broker-2").process().paused());
  injector->heal_all();
  EXPECT_FALSE(machine("broker-2").process().paused());
}

TEST_F(InjectorTest, EachRepetitionEndsAtItsOwnMoment) {
  Fault pause = every(fault(Action::pause, at_moment("consumer-1", "processed", 0), "broker-2"), 5);
  pause.until = MomentRef{"consumer-1", "processed", 0, Duration{0}};
  use({pause});
  run_until(12ms);
  EXPECT_THAT(course({"fault", "healed"}), ElementsAre("broker-2 fault 4000us", "broker-2 healed 5000us",
                                                       "broker-2 fault 9000us", "broker-2 healed 10000us"));
}

// ---------------------------------------------------------------- pending, place

TEST_F(InjectorTest, PendingTellsWhatIsStillToCome) {
  use({fault(Action::pause, at_time(5ms), "broker-2", 100ms),
       fault(Action::pause, at_moment("consumer-1", "processed", 10), "broker-2", 100ms)});
  EXPECT_TRUE(injector->pending());
  run_until(6ms);
  EXPECT_TRUE(injector->pending());
  run_until(11ms);
  EXPECT_FALSE(injector->pending()) << "what acts is not to come";
}

TEST_F(InjectorTest, AMomentOfANodeThatIsGoneForGoodIsNotToCome) {
  use({fault(Action::kill, at_moment("broker-2", "append", 1000), "broker-1"),
       fault(Action::destroy, at_time(5ms), "broker-2")});
  run_until(4ms);
  EXPECT_TRUE(injector->pending());
  run_until(6ms);
  EXPECT_FALSE(injector->pending());
}

TEST_F(InjectorTest, BodiesArePlacedAsFaultsAre) {
  std::vector<Duration> done;
  use({});
  const auto note_down = [&] { done.push_back(simulation.now() - kStart); };
  injector->place(at_time(5ms), note_down);
  injector->place(at_moment("consumer-1", "processed", 3), note_down);
  injector->place(at_moment("consumer-1", "processed", 3, 4ms), note_down);
  EXPECT_TRUE(injector->pending());
  run_until(5ms);
  EXPECT_TRUE(injector->pending());
  run_until(50ms);
  EXPECT_THAT(done, ElementsAre(2ms, 5ms, 6ms));
  EXPECT_FALSE(injector->pending());
}

TEST_F(InjectorTest, ARestartStartsWhatRanAndWhatDidNot) {
  use({fault(Action::kill, at_time(5ms), "broker-2", 1s)});
  run_until(6ms);
  injector->restart(node("broker-1"));
  injector->restart(node("broker-2"));
  run_until(20ms);
  EXPECT_EQ(count("broker-1", "stopped"), 1U);
  EXPECT_TRUE(runs("broker-1"));
  EXPECT_TRUE(runs("broker-2"));
}

// ---------------------------------------------------------------- heal_all

TEST_F(InjectorTest, HealAllEndsEverythingAndStartsTheDead) {
  Fault stays_dead = fault(Action::kill, at_time(5ms), "broker-1", 10s);
  stays_dead.restart = false;
  Fault cut = fault(Action::partition, at_time(5ms), "broker-2", 10s);
  Fault lies = fault(Action::fsync_lie, at_time(5ms), "broker-2", 10s);
  use({stays_dead, cut, lies, fault(Action::power_loss, at_time(5ms), "broker-3", 10s),
       fault(Action::pause, at_time(5ms), "coordinator", 10s), fault(Action::kill, at_time(1s), "broker-2")});
  run_until(50ms);
  injector->heal_all();
  EXPECT_FALSE(this->cut("broker-2", "broker-1"));
  EXPECT_TRUE(runs("broker-1") && runs("broker-2") && runs("broker-3"));
  EXPECT_FALSE(machine("coordinator").process().paused());
  EXPECT_FALSE(injector->pending());
  run_until(2s);
  EXPECT_EQ(report(5).fired, 0U) << "nothing fires any more";
  EXPECT_THAT(course({"killed"}), ElementsAre("broker-1 killed 5000us"));
}

TEST_F(InjectorTest, HealAllStartsWhatIsStillStopping) {
  use({fault(Action::stop, at_time(5ms), "broker-1", 10s)});
  run_until(6ms);
  injector->heal_all();
  EXPECT_TRUE(machine("broker-1").stopping());
  run_until(20ms);
  EXPECT_TRUE(runs("broker-1"));
  EXPECT_FALSE(machine("broker-1").stopping());
}

TEST_F(InjectorTest, HealAllStartsWhatEndedItselfAndNotWhatLeft) {
  use({});
  run_until(5ms);
  machine("broker-1").kill();
  machine("broker-2").stop(/*leave=*/true);
  run_until(20ms);
  injector->heal_all();
  run_until(3s);
  EXPECT_TRUE(runs("broker-1"));
  EXPECT_FALSE(runs("broker-2"));
}

}  // namespace
}  // namespace noloss::sim
