// Faults of machines, processes and the application: that each fires, and that it matters.
#include "tests/sim/fault_world.hpp"

namespace noloss::sim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// ---------------------------------------------------------------- kill

TEST_F(InjectorTest, KillEndsTheProcessAndStartsItAgain) {
  use({fault(Action::kill, at_time(5ms), "broker-1")});
  run_until(30ms);
  EXPECT_THAT(course({"fault", "killed", "healed"}),
              ElementsAre("broker-1 fault 5000us", "broker-1 killed 5000us", "broker-1 healed 15000us"));
  EXPECT_TRUE(runs("broker-1"));
  EXPECT_EQ(report().fired, 1U);
  EXPECT_EQ(report().fired_at, kStart + 5ms);
  EXPECT_EQ(report().healed_at, kStart + 15ms);
  EXPECT_THAT(report().nodes, ElementsAre(node("broker-1")));
  EXPECT_EQ(report().what, "broker-1 killed");
}

TEST_F(InjectorTest, KillMatters) {
  use({fault(Action::kill, at_time(5ms), "broker-1")});
  run_until(14ms);
  EXPECT_FALSE(runs("broker-1"));
  EXPECT_GE(doings["producer-1"].resets, 1);
  EXPECT_TRUE(report().effective);
  const std::int64_t appended = doings["broker-1"].appended;
  run_until(16ms);
  EXPECT_EQ(doings["broker-1"].found, appended) << "the page cache survives";
}

TEST_F(InjectorTest, KillWithoutRestartLastsUntilTheDisturbPhaseEnds) {
  Fault kill = fault(Action::kill, at_time(5ms), "broker-1");
  kill.restart = false;
  use({kill});
  run_until(500ms);
  EXPECT_FALSE(runs("broker-1"));
  injector->heal_all();
  EXPECT_TRUE(runs("broker-1"));
  EXPECT_EQ(report().healed_at, kStart + 500ms);
}

TEST_F(InjectorTest, AFaultOnADeadProcessFiresWithoutEffect) {
  use({fault(Action::kill, at_time(5ms), "broker-1", 20ms), fault(Action::kill, at_time(6ms), "broker-1", 2ms)});
  run_until(20ms);
  EXPECT_FALSE(runs("broker-1")) << "what had no effect has nothing to heal";
  EXPECT_EQ(report(1).fired, 1U);
  EXPECT_FALSE(report(1).effective);
  EXPECT_EQ(report(1).healed_at, kNever);
  EXPECT_EQ(report(1).what, "no effect: broker-1 did not run");
}

// ---------------------------------------------------------------- power_loss

TEST_F(InjectorTest, PowerLossTakesWhatWasNotSynced) {
  Fault loss = fault(Action::power_loss, at_moment("broker-1", "append", 3), "broker-1");
  loss.unsynced = Unsynced::lose_all;
  use({loss});
  run_until(50ms);
  EXPECT_EQ(report().fired, 1U);
  EXPECT_TRUE(report().effective);
  EXPECT_EQ(report().what, "broker-1 lost power: 1000 unsynced bytes gone");
  EXPECT_EQ(doings["broker-1"].found, 2000);
  EXPECT_THAT(course({"power_lost", "booted"}), testing::SizeIs(2));
  EXPECT_TRUE(runs("broker-1"));
}

TEST_F(InjectorTest, PowerLossAfterASyncTakesNoBytes) {
  Fault loss = fault(Action::power_loss, at_moment("broker-1", "sync.done", 3), "broker-1");
  loss.unsynced = Unsynced::lose_all;
  use({loss});
  run_until(50ms);
  EXPECT_EQ(report().what, "broker-1 lost power: nothing unsynced");
  EXPECT_TRUE(report().effective) << "a process is gone";
  EXPECT_EQ(doings["broker-1"].found, 3000);
}

TEST_F(InjectorTest, PowerLossResetsNobody) {
  use({fault(Action::power_loss, at_time(10ms), "broker-1", 300ms)});
  run_until(200ms);
  EXPECT_EQ(doings["producer-1"].resets, 0) << "peers get no RST";
}

TEST_F(InjectorTest, PowerLossHitsAllOfAZoneOrKindAtOneMoment) {
  use({fault(Action::power_loss, at_time(5ms), "all brokers"), fault(Action::power_loss, at_time(50ms), "zone-a")});
  run_until(100ms);
  EXPECT_THAT(course({"power_lost"}),
              ElementsAre("broker-1 power_lost 5000us", "broker-2 power_lost 5000us", "broker-3 power_lost 5000us",
                          "broker-1 power_lost 50000us", "broker-3 power_lost 50000us"));
  EXPECT_THAT(report(0).nodes, ElementsAre(node("broker-1"), node("broker-2"), node("broker-3")));
}

TEST_F(InjectorTest, MachinesOfOneFaultLoseOtherPages) {
  // Each of them has the same files; what survives must differ, or correlated loss would be overstated.
  FaultWorld other;
  std::vector<std::int64_t> found;
  for (std::uint64_t draw = 1; draw <= 20; ++draw) {
    FaultWorld world;
    Fault loss = fault(Action::power_loss, at_moment("broker-3", "append", 3), "all brokers");
    loss.unsynced = Unsynced::any_subset;
    loss.draw = draw;
    world.use({loss});
    world.run_until(50ms);
    if (world.doings["broker-1"].found != world.doings["broker-2"].found) found.push_back(0);
  }
  EXPECT_THAT(found, testing::Not(IsEmpty()));
}

TEST_F(InjectorTest, AKillThatEndsDoesNotPowerUpAMachine) {
  use({fault(Action::kill, at_time(5ms), "broker-1", 10ms), fault(Action::power_loss, at_time(6ms), "broker-1", 50ms)});
  run_until(50ms);
  EXPECT_FALSE(runs("broker-1"));
  run_until(57ms);
  EXPECT_TRUE(runs("broker-1"));
}

// ---------------------------------------------------------------- wipe, destroy

TEST_F(InjectorTest, WipeComesBackWithAnEmptyDisk) {
  Fault wipe = fault(Action::wipe, at_time(20ms), "broker-1");
  wipe.new_identity = true;
  use({wipe});
  const std::uint32_t identity = machine("broker-1").disk().identity();
  run_until(20ms);
  EXPECT_EQ(machine("broker-1").disk().find("log"), nullptr);
  run_until(31ms);
  EXPECT_TRUE(runs("broker-1"));
  EXPECT_EQ(doings["broker-1"].found, 0);
  EXPECT_NE(machine("broker-1").disk().identity(), identity);
  EXPECT_TRUE(report().effective);
  EXPECT_THAT(report().what, testing::StartsWith("broker-1 lost its disk: "));
  const std::int64_t size = machine("broker-1").disk().find("log")->size();
  injector->heal_all();
  EXPECT_EQ(machine("broker-1").disk().find("log")->size(), size) << "lost is lost";
}

TEST_F(InjectorTest, DestroyIsForGood) {
  use({fault(Action::destroy, at_time(20ms), "broker-2")});
  run_until(100ms);
  injector->heal_all();
  run_until(5s);
  EXPECT_FALSE(runs("broker-2"));
  EXPECT_TRUE(machine("broker-2").destroyed());
  EXPECT_TRUE(report().effective);
  EXPECT_EQ(report().healed_at, kNever);
  EXPECT_THAT(report().what, testing::StartsWith("broker-2 destroyed"));
}

TEST_F(InjectorTest, AReliableMachineKeepsItsDisk) {
  use({fault(Action::wipe, at_time(5ms), "coordinator"), fault(Action::destroy, at_time(6ms), "coordinator"),
       fault(Action::corrupt, at_time(7ms), "coordinator")});
  run_until(20ms);
  EXPECT_TRUE(runs("coordinator"));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_FALSE(report(i).effective);
    EXPECT_EQ(report(i).what, "no effect: coordinator cannot lose its disk");
  }
}

// ---------------------------------------------------------------- pause

TEST_F(InjectorTest, PauseHoldsTheProcessAndLetsItGoOnWhereItWas) {
  use({fault(Action::pause, at_time(5ms), "broker-1", 15ms)});
  run_until(19ms);
  const std::int64_t appended = doings["broker-1"].appended;
  EXPECT_TRUE(machine("broker-1").process().paused());
  run_until(40ms);
  EXPECT_GT(doings["broker-1"].appended, appended);
  EXPECT_THAT(course({"paused", "resumed"}), ElementsAre("broker-1 paused 5000us", "broker-1 resumed 20000us"));
  EXPECT_EQ(doings["producer-1"].resets, 0) << "sockets stay open";
  EXPECT_TRUE(report().effective);
  EXPECT_EQ(report().what, "broker-1 paused");
}

TEST_F(InjectorTest, APauseInWhichNothingWasToBeDoneHasNoEffect) {
  use({fault(Action::pause, at_time(5300us), "consumer-1", 100us)});
  run_until(20ms);
  EXPECT_EQ(report().fired, 1U);
  EXPECT_FALSE(report().effective);
}

TEST_F(InjectorTest, PausesOverlap) {
  use({fault(Action::pause, at_time(5ms), "broker-1", 10ms), fault(Action::pause, at_time(10ms), "broker-1", 20ms)});
  run_until(29ms);
  EXPECT_TRUE(machine("broker-1").process().paused());
  run_until(31ms);
  EXPECT_FALSE(machine("broker-1").process().paused());
}

TEST_F(InjectorTest, APauseEndsWithTheLifeThatItHit) {
  use({fault(Action::pause, at_time(5ms), "broker-1", 30ms), fault(Action::kill, at_time(10ms), "broker-1", 5ms),
       fault(Action::pause, at_time(20ms), "broker-1", 30ms)});
  run_until(40ms);
  EXPECT_TRUE(machine("broker-1").process().paused()) << "the end of the first is nothing to the second life";
  EXPECT_TRUE(report(0).effective);
}

// ---------------------------------------------------------------- stop

TEST_F(InjectorTest, StopLetsTheProcessFinish) {
  use({fault(Action::stop, at_time(5ms), "broker-1", 20ms)});
  run_until(24ms);
  EXPECT_FALSE(runs("broker-1"));
  EXPECT_EQ(doings["broker-1"].stops, 1);
  EXPECT_EQ(count("broker-1", "killed"), 0U);
  EXPECT_EQ(count("broker-1", "stopped"), 1U);
  EXPECT_TRUE(report().effective);
  EXPECT_EQ(report().what, "broker-1 stopped in order");
  run_until(26ms);
  EXPECT_TRUE(runs("broker-1"));
}

TEST_F(InjectorTest, AProcessThatIsStillStoppingStartsWhenItIsDown) {
  use({fault(Action::stop, at_time(5ms), "broker-1", 1ms)});  // its stop takes 3 ms
  run_until(7ms);
  EXPECT_TRUE(machine("broker-1").stopping());
  run_until(9ms);
  EXPECT_TRUE(runs("broker-1"));
  EXPECT_FALSE(machine("broker-1").stopping());
  EXPECT_EQ(count("broker-1", "started"), 2U);
}

TEST_F(InjectorTest, WhoIsKilledWhileStoppingIsStartedByTheKill) {
  use({fault(Action::stop, at_time(5ms), "broker-1", 1ms), fault(Action::kill, at_time(7ms), "broker-1", 20ms)});
  run_until(26ms);
  EXPECT_FALSE(runs("broker-1"));
  run_until(28ms);
  EXPECT_TRUE(runs("broker-1"));
}

// ---------------------------------------------------------------- clock_skew

TEST_F(InjectorTest, ClockSkewMovesTheWallClockAndNotTheTimers) {
  Fault skew = fault(Action::clock_skew, at_time(5ms), "broker-1", 20ms);
  skew.by = Quantity{Duration{3s}};
  use({skew});
  run_until(50ms);
  const auto& clock = doings["broker-1"].clock;
  EXPECT_GT(*std::max_element(clock.begin(), clock.end()), kStart + 3s);
  EXPECT_LT(clock.back(), kStart + 1s) << "healed";
  EXPECT_TRUE(report().effective);
  EXPECT_THAT(report().what, testing::StartsWith("clock of broker-1 3s ahead: read "));
}

TEST_F(InjectorTest, AClockThatNobodyReadsHasNoEffect) {
  Fault skew = fault(Action::clock_skew, at_time(5ms), "producer-1", 20ms);
  skew.clock_rate = Quantity{kWhole / 2};
  use({skew});
  run_until(50ms);
  EXPECT_EQ(report().fired, 1U);
  EXPECT_FALSE(report().effective);
}

TEST_F(InjectorTest, TheEndOfOneSkewLeavesAnotherThatActs) {
  Fault first = fault(Action::clock_skew, at_time(5ms), "broker-1", 10ms);
  first.by = Quantity{Duration{1s}};
  Fault second = fault(Action::clock_skew, at_time(6ms), "broker-1", 30ms);
  second.by = Quantity{Duration{-2s}};
  use({first, second});
  run_until(20ms);
  EXPECT_EQ(machine("broker-1").wall_clock(), kStart + 20ms - 2s);
}

// ---------------------------------------------------------------- handler_error, handler_stall

TEST_F(InjectorTest, HandlerErrorFailsTheMessageThatWasReceived) {
  Fault error = fault(Action::handler_error, at_moment("consumer-1", "received", 5), "consumer-1");
  error.times = 3;
  use({error});
  run_until(30ms);
  EXPECT_EQ(doings["consumer-1"].failed, 3);
  EXPECT_EQ(count("consumer-1", "processed"), count("consumer-1", "received") - 3);
  EXPECT_TRUE(report().effective);
  EXPECT_EQ(report().what, "processing at consumer-1 fails 3 times");
}

TEST_F(InjectorTest, APoisonousMessageStaysPoisonous) {
  Fault error = fault(Action::handler_error, at_time(5ms), "consumer-1");
  error.times = -1;
  use({error, fault(Action::kill, at_time(10ms), "consumer-1", 2ms)});
  run_until(30ms);
  const std::uint64_t processed = count("consumer-1", "processed");
  EXPECT_LE(processed, 6U);
  injector->heal_all();
  run_until(60ms);
  EXPECT_EQ(count("consumer-1", "processed"), processed);
  EXPECT_EQ(report().healed_at, kNever);
}

TEST_F(InjectorTest, HandlerStallHoldsTheProcessingOfOneMessage) {
  use({fault(Action::handler_stall, at_time(5ms), "consumer-1", 40ms)});
  run_until(100ms);
  EXPECT_GE(*std::max_element(doings["consumer-1"].gaps.begin(), doings["consumer-1"].gaps.end()), 40ms);
  EXPECT_TRUE(report().effective);
  EXPECT_EQ(report().what, "processing at consumer-1 hangs for 40ms");
}

TEST_F(InjectorTest, WhereNothingIsProcessedAHandlerFaultHasNoEffect) {
  use({fault(Action::handler_stall, at_time(5ms), "broker-1"), fault(Action::kill, at_time(6ms), "consumer-1"),
       fault(Action::handler_error, at_time(7ms), "consumer-1")});
  run_until(10ms);
  EXPECT_FALSE(report(0).effective);
  EXPECT_EQ(report(0).what, "no effect: nothing is processed at broker-1");
  EXPECT_FALSE(report(2).effective);
}

}  // namespace
}  // namespace noloss::sim
