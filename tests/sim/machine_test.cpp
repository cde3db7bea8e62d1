// The power switch, the wall clock, and what the simulation counts.
#include "tests/sim/machine_fixture.hpp"

namespace noloss::sim {
namespace {

void sleep_for_ever(Process& process) { process.sleep(24h); }

TEST_F(MachineTest, StartAllPowersWhatExists) {
  Machine& first = add("broker-1", sleep_for_ever);
  MachineSetup later;
  later.name = "broker-2";
  later.exists = false;
  Machine& second = simulation.add_machine(later, [](Process&) { return std::unique_ptr<Program>(); });
  run();
  EXPECT_TRUE(first.process().running());
  EXPECT_FALSE(second.process().running());
  EXPECT_EQ(simulation.machine_named("broker-2"), &second);
  EXPECT_EQ(simulation.machine_named("broker-3"), nullptr);
}

TEST_F(MachineTest, PowerLossEndsTheLifeAndTheNextStartIsABoot) {
  Machine& machine = add("broker-1", sleep_for_ever);
  at(1ms, [&] {
    EXPECT_TRUE(machine.lose_power({}));
    EXPECT_FALSE(machine.lose_power({}));
    EXPECT_FALSE(machine.kill());
  });
  at(2ms, [&] { EXPECT_TRUE(machine.start()); });
  run();
  EXPECT_EQ(machine.boot(), 2U);
  EXPECT_THAT(history(),
              ElementsAre("0 broker-1 started", "1 broker-1 power_lost", "2 broker-1 booted", "2 broker-1 started"));
}

TEST_F(MachineTest, PowerLossAlsoUndoesAStartThatIsToCome) {
  Machine& machine = add("broker-1", sleep_for_ever);
  at(1ms, [&] {
    machine.kill();
    machine.start();
    machine.lose_power({});
  });
  run();
  EXPECT_FALSE(machine.process().running());
  EXPECT_FALSE(machine.powered());
}

TEST_F(MachineTest, ADestroyedMachineNeverStartsAgain) {
  Machine& machine = add("broker-1", sleep_for_ever);
  at(1ms, [&] {
    EXPECT_TRUE(machine.destroy({}));
    EXPECT_FALSE(machine.destroy({}));
  });
  at(2ms, [&] { EXPECT_FALSE(machine.start()); });
  run();
}

TEST_F(MachineTest, AMachineThatLeftNeverStartsAgain) {
  Machine& machine = add("broker-1", sleep_for_ever);
  at(1ms, [&] { EXPECT_TRUE(machine.stop(/*leave=*/true)); });
  at(2ms, [&] { EXPECT_FALSE(machine.start()); });
  run();
}

TEST_F(MachineTest, OnlyARunningProcessIsKilledPausedResumedOrStopped) {
  Machine& machine = add("broker-1", sleep_for_ever);
  at(1ms, [&] {
    EXPECT_FALSE(machine.resume());
    EXPECT_TRUE(machine.kill());
    EXPECT_FALSE(machine.kill());
    EXPECT_FALSE(machine.pause());
    EXPECT_FALSE(machine.stop());
  });
  run();
}

// --- the wall clock ---

TEST_F(MachineTest, TheWallClockIsRightAtFirst) {
  Machine& machine = add("broker-1", sleep_for_ever);
  run_until(5ms);
  EXPECT_EQ(machine.wall_clock(), kStart + 5ms);
}

TEST_F(MachineTest, ASteppedClockIsOffByThatMuch) {
  Machine& machine = add("broker-1", sleep_for_ever);
  run_until(5ms);
  machine.skew_clock(-2ms, kWhole);
  EXPECT_EQ(machine.wall_clock(), kStart + 3ms);
  run_until(10ms);
  EXPECT_EQ(machine.wall_clock(), kStart + 8ms);
  machine.skew_clock({}, kWhole);
  EXPECT_EQ(machine.wall_clock(), kStart + 10ms);
}

TEST_F(MachineTest, AFastClockGainsFromThenOn) {
  Machine& machine = add("broker-1", sleep_for_ever);
  run_until(10s);
  machine.skew_clock({}, kWhole + 1000);  // 0.1% fast
  EXPECT_EQ(machine.wall_clock(), kStart + 10s);
  run_until(20s);
  EXPECT_EQ(machine.wall_clock(), kStart + 20s + 10ms);
}

// --- moments ---

class Listener final : public MomentListener {
 public:
  void happened(NodeId node, EventId, std::uint64_t number) override {
    heard.push_back(std::to_string(index(node)) + "#" + std::to_string(number));
  }
  std::vector<std::string> heard;
};

class MomentTest : public MachineTest {
 public:
  MomentTest() {
    add("broker-1", sleep_for_ever);
    add("broker-2", sleep_for_ever);
    simulation.listen_moments(&listener);
  }
  void happen(NodeId node, int times) {
    for (int i = 0; i < times; ++i) simulation.moment(node, event);
  }

  static constexpr EventId event = id(WorldEvent::sync_start);
  Listener listener;
};

TEST_F(MomentTest, EachNodeCountsForItself) {
  happen(NodeId{0}, 3);
  happen(NodeId{1}, 1);
  EXPECT_EQ(simulation.count(NodeId{0}, event), 3U);
  EXPECT_EQ(simulation.count(NodeId{1}, event), 1U);
  EXPECT_EQ(simulation.trace().size(), 4U);
}

TEST_F(MomentTest, TheListenerHearsOfTheNumberThatItWatches) {
  simulation.watch(NodeId{0}, event, 2);
  happen(NodeId{1}, 3);
  happen(NodeId{0}, 3);
  EXPECT_THAT(listener.heard, ElementsAre("0#2"));
}

TEST_F(MomentTest, TheNextNumberWatchedIsTheLowest) {
  simulation.watch(NodeId{0}, event, 5);
  simulation.watch(NodeId{0}, event, 2);
  happen(NodeId{0}, 3);
  EXPECT_THAT(listener.heard, ElementsAre("0#2"));
}

TEST_F(MomentTest, FactsAreTracedButNotCounted) {
  simulation.trace_fact(NodeId{0}, event);
  EXPECT_EQ(simulation.trace().size(), 1U);
  EXPECT_EQ(simulation.count(NodeId{0}, event), 0U);
}

TEST_F(MachineTest, MarksAreKeptOnce) {
  simulation.mark("isr shrank");
  simulation.mark("leader changed");
  simulation.mark("isr shrank");
  EXPECT_THAT(simulation.marks(), ElementsAre("isr shrank", "leader changed"));
}

TEST_F(MachineTest, ABrokenInvariantTellsSeedAndTime) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  run_until(5ms);
  EXPECT_DEATH(simulation.broken("two leaders"), "broken invariant: two leaders .seed 1, virtual time 5000000 ns.");
}

TEST_F(MachineTest, TheSeedAloneDecidesWhatEachStreamDraws) {
  Simulation same(pool, events, {});
  EXPECT_EQ(same.random(Purpose::network).next(), simulation.random(Purpose::network).next());
  EXPECT_NE(same.random(Purpose::network).next(), simulation.random(Purpose::disk).next());
  SimulationSetup setup;
  setup.seed = 2;
  Simulation other(pool, events, setup);
  EXPECT_NE(other.random(Purpose::network).next(), same.random(Purpose::network).next());
}

}  // namespace
}  // namespace noloss::sim
