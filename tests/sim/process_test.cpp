// Lives of a process: start, kill, pause, orderly stop, and a crash of its own making.
#include "tests/sim/machine_fixture.hpp"

namespace noloss::sim {
namespace {

class ProcessTest : public MachineTest {
 public:
  /// The machine of most tests: runs `body`.
  Machine& broker(Body body, Body stop = {}) { return add("broker-1", std::move(body), std::move(stop)); }
};

void sleep_for_ever(Process& process) { process.sleep(24h); }

// --- start and kill ---

TEST_F(ProcessTest, MemoryGoesWhenTheLastFiberHasUnwound) {
  Machine& machine = broker([this](Process& process) {
    process.spawn([this, &process] {
      const Frame frame(*this, "helper");
      sleep_for_ever(process);
    });
    const Frame frame(*this, "main");
    sleep_for_ever(process);
  });
  at(1ms, [&] { machine.kill(); });
  run();
  EXPECT_THAT(log, ElementsAre("1 ~main", "1 ~helper", "1 memory of life 1 gone"));
  EXPECT_FALSE(machine.process().running());
  EXPECT_EQ(machine.process().program(), nullptr);
}

TEST_F(ProcessTest, AProcessWhoseFibersAllEndedStillRuns) {
  Machine& machine = broker([this](Process&) { note("done"); });
  at(1ms, [&] { EXPECT_TRUE(machine.process().running()); });
  at(2ms, [&] { machine.kill(); });
  run();
  EXPECT_THAT(log, ElementsAre("0 done", "2 memory of life 1 gone"));
}

TEST_F(ProcessTest, EachLifeHasANewProgram) {
  Machine& machine = broker([this](Process& process) {
    note("life " + std::to_string(process.incarnation()));
    sleep_for_ever(process);
  });
  at(1ms, [&] { machine.kill(); });
  at(2ms, [&] { machine.start(); });
  run();
  EXPECT_THAT(log, ElementsAre("0 life 1", "1 memory of life 1 gone", "2 life 2"));
}

TEST_F(ProcessTest, AStartAtTheInstantOfTheKillWaitsForTheUnwinding) {
  Machine& machine = broker([this](Process& process) {
    const Frame frame(*this, "life " + std::to_string(process.incarnation()));
    sleep_for_ever(process);
  });
  at(1ms, [&] {
    machine.kill();
    EXPECT_TRUE(machine.start());
    EXPECT_FALSE(machine.start());
    EXPECT_FALSE(machine.process().running());
  });
  run();
  EXPECT_THAT(log, ElementsAre("1 ~life 1", "1 memory of life 1 gone"));
  EXPECT_TRUE(machine.process().running());
  EXPECT_THAT(history(), ElementsAre("0 broker-1 started", "1 broker-1 killed", "1 broker-1 started"));
}

TEST_F(ProcessTest, AKillAlsoUndoesAStartThatIsToCome) {
  Machine& machine = broker(sleep_for_ever);
  at(1ms, [&] {
    machine.kill();
    machine.start();
    EXPECT_TRUE(machine.kill());
  });
  run();
  EXPECT_FALSE(machine.process().running());
  EXPECT_EQ(machine.process().incarnation(), 1U);
}

TEST_F(ProcessTest, AFiberThatEndedIsForgotten) {
  Machine& machine = broker([this](Process& process) {
    for (int i = 0; i < 3; ++i) {
      process.spawn([this, &process] {
        process.sleep(1ms);
        note("helper");
      });
      process.sleep(2ms);
    }
    sleep_for_ever(process);
  });
  at(10ms, [&] { machine.kill(); });
  run();
  EXPECT_THAT(log, ElementsAre("1 helper", "3 helper", "5 helper", "10 memory of life 1 gone"));
  EXPECT_EQ(pool.size(), 2U);
}

// --- moments kill ---

TEST_F(ProcessTest, AMomentThatEndsTheProcessUnwindsItThere) {
  class Killer final : public MomentListener {
   public:
    explicit Killer(Simulation& simulation) : simulation_(simulation) {}
    void happened(NodeId node, EventId, std::uint64_t) override { simulation_.machine(node).kill(); }

   private:
    Simulation& simulation_;
  };
  static constexpr EventId append = id(WorldEvent::sync_start);
  broker([this](Process& process) {
    for (int i = 1;; ++i) {
      note("append " + std::to_string(i));
      simulation.moment(process.node(), append);
      process.sleep(1ms);
    }
  });
  Killer killer(simulation);
  simulation.listen_moments(&killer);
  simulation.watch(NodeId{0}, append, 3);
  run();
  EXPECT_THAT(log, ElementsAre("0 append 1", "1 append 2", "2 append 3", "2 memory of life 1 gone"));
  EXPECT_EQ(simulation.count(NodeId{0}, append), 3U);
}

TEST_F(ProcessTest, AProgramsDestructorMayEmitMoments) {
  class Last : public Program {
   public:
    Last(MachineTest& test, Process& process) : test_(test), process_(process) {}
    ~Last() override {
      process_.simulation().moment(process_.node(), id(WorldEvent::fault));
      test_.note("last words");
    }
    void run() override { sleep_for_ever(process_); }

   private:
    MachineTest& test_;
    Process& process_;
  };
  Machine& machine =
      simulation.add_machine({}, [this](Process& process) { return std::make_unique<Last>(*this, process); });
  at(1ms, [&] { machine.kill(); });
  run();
  EXPECT_THAT(log, ElementsAre("1 last words"));
}

// --- pause ---

TEST_F(ProcessTest, WhatComesUpDuringAPauseHappensAtItsEnd) {
  Machine& machine = broker([this](Process& process) {
    for (const Duration delay : {7ms, 6ms, 20ms}) {
      process.spawn([this, &process, delay] {
        process.sleep(delay);
        note("slept " + std::to_string(delay / 1ms));
      });
    }
  });
  at(5ms, [&] { machine.pause(); });
  at(10ms, [&] {
    EXPECT_TRUE(machine.process().pause_mattered());
    machine.resume();
  });
  run();
  EXPECT_THAT(log, ElementsAre("10 slept 6", "10 slept 7", "20 slept 20"));
}

TEST_F(ProcessTest, APauseInWhichNothingWasDueDidNotMatter) {
  Machine& machine = broker(sleep_for_ever);
  at(5ms, [&] { machine.pause(); });
  at(10ms, [&] {
    EXPECT_FALSE(machine.process().pause_mattered());
    machine.resume();
  });
  run();
}

TEST_F(ProcessTest, PausesThatOverlapEndWithTheLast) {
  Machine& machine = broker([this](Process& process) {
    process.sleep(7ms);
    note("woke");
  });
  at(5ms, [&] { machine.pause(); });
  at(6ms, [&] { machine.pause(); });
  at(8ms, [&] { machine.resume(); });
  at(9ms, [&] { EXPECT_TRUE(machine.process().paused()); });
  at(10ms, [&] { machine.resume(); });
  run();
  EXPECT_THAT(log, ElementsAre("10 woke"));
}

TEST_F(ProcessTest, AFiberThatIsWokenTwiceDuringAPauseRunsOnce) {
  WaitQueue queue(simulation.scheduler());
  Machine& machine = broker([this, &queue](Process& process) {
    const bool notified = queue.wait_until(kStart + 6ms);
    note(notified ? "notified" : "timed out");
    process.sleep(1ms);
    note("slept");
  });
  at(5ms, [&] { machine.pause(); });
  at(7ms, [&] { queue.notify_all(); });
  at(10ms, [&] { machine.resume(); });
  run();
  EXPECT_THAT(log, ElementsAre("10 notified", "11 slept"));
}

TEST_F(ProcessTest, APausedProcessCanBeKilled) {
  Machine& machine = broker([this](Process& process) {
    const Frame frame(*this, "frame");
    process.sleep(7ms);
    note("woke");
  });
  at(5ms, [&] { machine.pause(); });
  at(8ms, [&] { machine.kill(); });
  at(9ms, [&] { EXPECT_FALSE(machine.resume()); });
  run();
  EXPECT_THAT(log, ElementsAre("8 ~frame", "8 memory of life 1 gone"));
}

TEST_F(ProcessTest, TheNextLifeIsNotPaused) {
  Machine& machine = broker([this](Process& process) {
    process.sleep(1ms);
    note("life " + std::to_string(process.incarnation()));
    sleep_for_ever(process);
  });
  at(5ms, [&] {
    machine.pause();
    machine.kill();
    machine.start();
  });
  run();
  EXPECT_THAT(log, ElementsAre("1 life 1", "5 memory of life 1 gone", "6 life 2"));
}

TEST_F(ProcessTest, AFiberBornDuringAPauseWaitsForItsEnd) {
  Machine& machine = broker(sleep_for_ever);
  at(5ms, [&] {
    machine.pause();
    machine.process().spawn([this] { note("born"); });
  });
  at(10ms, [&] { machine.resume(); });
  run();
  EXPECT_THAT(log, ElementsAre("10 born"));
}

// --- orderly stop ---

TEST_F(ProcessTest, AnOrderlyStopLetsTheProgramFinish) {
  Machine& machine = broker(
      [this](Process& process) {
        const Frame frame(*this, "main");
        sleep_for_ever(process);
      },
      [this](Process& process) {
        note("stopping");
        process.sleep(3ms);
        note("stopped");
      });
  at(1ms, [&] {
    EXPECT_TRUE(machine.stop());
    EXPECT_FALSE(machine.stop());
  });
  run();
  EXPECT_THAT(log, ElementsAre("1 stopping", "4 stopped", "4 ~main", "4 memory of life 1 gone"));
  EXPECT_THAT(history(), ElementsAre("0 broker-1 started", "4 broker-1 stopped"));
}

TEST_F(ProcessTest, AKillOvertakesAnOrderlyStop) {
  Machine& machine = broker(sleep_for_ever, [this](Process& process) {
    process.sleep(3ms);
    note("stopped");
  });
  at(1ms, [&] { machine.stop(); });
  at(2ms, [&] { machine.kill(); });
  run();
  EXPECT_THAT(log, ElementsAre("2 memory of life 1 gone"));
  EXPECT_TRUE(machine.start());
}

TEST_F(ProcessTest, WhoAskedForTheStopIsToldOfItsEnd) {
  Machine& machine = broker(sleep_for_ever, [](Process& process) { process.sleep(3ms); });
  at(1ms, [&] { machine.process().stop_orderly([this] { note("told"); }); });
  run();
  EXPECT_THAT(log, ElementsAre("4 memory of life 1 gone", "4 told"));
}

// --- crash ---

TEST_F(ProcessTest, ACrashedProcessIsStartedAgainAfterASecond) {
  broker([this](Process& process) {
    const Frame frame(*this, "life " + std::to_string(process.incarnation()));
    process.sleep(5ms);
    if (process.incarnation() == 1) process.crash();
    sleep_for_ever(process);
  });
  run();
  EXPECT_THAT(log, ElementsAre("5 ~life 1", "5 memory of life 1 gone"));
  EXPECT_THAT(history(), ElementsAre("0 broker-1 started", "5 broker-1 killed", "1005 broker-1 started"));
}

TEST_F(ProcessTest, OneFibersCrashEndsTheOthers) {
  broker([this](Process& process) {
    process.spawn([&process] {
      process.sleep(1ms);
      if (process.incarnation() == 1) process.crash();
    });
    const Frame frame(*this, "main");
    sleep_for_ever(process);
  });
  simulation.start_all();
  run_until(500ms);
  EXPECT_THAT(log, ElementsAre("1 ~main", "1 memory of life 1 gone"));
}

TEST_F(ProcessTest, TheSupervisorLeavesALaterLifeAlone) {
  Machine& machine = broker([](Process& process) {
    process.sleep(5ms);
    if (process.incarnation() == 1) process.crash();
    sleep_for_ever(process);
  });
  at(100ms, [&] { machine.start(); });
  at(200ms, [&] { machine.kill(); });
  run();
  EXPECT_FALSE(machine.process().running());
  EXPECT_EQ(machine.process().incarnation(), 2U);
}

TEST_F(ProcessTest, AProcessThatCrashesWhileItIsStoppedStaysDown) {
  Machine& machine = broker(sleep_for_ever, [](Process& process) { process.crash(); });
  at(1ms, [&] { machine.stop(); });
  run();
  EXPECT_FALSE(machine.process().running());
}

TEST_F(ProcessTest, AMachineWithoutPowerRestartsNothing) {
  Machine& machine = broker([](Process& process) {
    process.sleep(5ms);
    process.crash();
  });
  at(6ms, [&] { machine.lose_power({}); });
  run();
  EXPECT_EQ(machine.process().incarnation(), 1U);
}

}  // namespace
}  // namespace noloss::sim
