// Who runs when: sleeping, waiting, waking; where time stops; how a run ends. Kills: kill_test.cpp.
#include <algorithm>
#include <functional>

#include "tests/sim/scheduler_fixture.hpp"

namespace noloss::sim {
namespace {

// --- time ---

TEST_F(SchedulerTest, AFiberStartsAtThePresentBehindWhatIsDue) {
  spawn([&] {
    spawn([&] { note("child"); });
    note("parent");
  });
  spawn([&] { note("second"); });
  run();
  EXPECT_THAT(log, ElementsAre("0 parent", "0 second", "0 child"));
}

TEST_F(SchedulerTest, SleepersWakeInOrderOfTime) {
  for (const int delay : {3, 1, 2}) {
    spawn([&, delay] {
      sleep(delay * 1ms);
      note("woke");
    });
  }
  run();
  EXPECT_THAT(log, ElementsAre("1 woke", "2 woke", "3 woke"));
}

TEST_F(SchedulerTest, SleepersOfOneTimeWakeInOrderOfFallingAsleep) {
  for (const char* name : {"a", "b", "c"}) {
    spawn([&, name] {
      sleep(1ms);
      note(name);
    });
  }
  at(1ms, [&] { note("callback"); });
  run();
  EXPECT_THAT(log, ElementsAre("1 callback", "1 a", "1 b", "1 c"));  // the callback was entered before they ran
}

TEST_F(SchedulerTest, AFiberWhoseOwnTimerIsNextGoesOn) {
  spawn([&] {
    for (int i = 0; i < 3; ++i) {
      sleep(1ms);
      note("woke");
    }
  });
  run();
  EXPECT_THAT(log, ElementsAre("1 woke", "2 woke", "3 woke"));
}

TEST_F(SchedulerTest, SleepingUntilThePastLetsOthersRun) {
  spawn([&] {
    sleep(-5ms);
    note("a");
  });
  spawn([&] { note("b"); });
  run();
  EXPECT_THAT(log, ElementsAre("0 b", "0 a"));
}

TEST_F(SchedulerTest, CallbacksBelongToNobody) {
  spawn([&] {
    Fiber* me = scheduler.current();
    at(1ms, [&] { EXPECT_EQ(scheduler.current(), nullptr); });
    sleep(2ms);
    EXPECT_EQ(scheduler.current(), me);
  });
  EXPECT_EQ(scheduler.current(), nullptr);
  run();
  EXPECT_EQ(scheduler.current(), nullptr);
}

// --- where a run stops ---

TEST_F(SchedulerTest, TheLimitIsIncludedAndBecomesThePresent) {
  at(2ms, [&] { note("at the limit"); });
  at(9ms, [&] { note("later"); });
  run_until(2ms);
  EXPECT_THAT(log, ElementsAre("2 at the limit"));
  run_until(5ms);
  EXPECT_EQ(now(), 5ms);
  EXPECT_FALSE(scheduler.idle());
  run();
  EXPECT_THAT(log, ElementsAre("2 at the limit", "9 later"));
}

TEST_F(SchedulerTest, WithNothingLeftTimeStopsAtWhatHappenedLast) {
  at(2ms, [&] { note("last"); });
  run();
  EXPECT_TRUE(scheduler.idle());
  EXPECT_EQ(now(), 2ms);
}

TEST_F(SchedulerTest, StopEndsTheRunAfterWhatIsHappening) {
  at(1ms, [&] {
    scheduler.stop();
    note("stop");
  });
  at(1ms, [&] { note("after"); });
  run();
  EXPECT_THAT(log, ElementsAre("1 stop"));
  run();
  EXPECT_THAT(log, ElementsAre("1 stop", "1 after"));
}

TEST_F(SchedulerTest, AFiberThatStopsTheRunGoesOnInTheNextOne) {
  spawn([&] {
    scheduler.stop();
    sleep(1ms);
    note("went on");
  });
  run();
  EXPECT_EQ(now(), 0ms);
  EXPECT_TRUE(log.empty());
  run();
  EXPECT_THAT(log, ElementsAre("1 went on"));
}

TEST_F(SchedulerTest, AStaleTimerDoesNotMoveTheClock) {
  Fiber* sleeper = &spawn([&] {
    sleep(1h);
    note("woke");
  });
  at(1ms, [&] { scheduler.wake(*sleeper); });
  run();
  EXPECT_THAT(log, ElementsAre("1 woke"));
  EXPECT_EQ(now(), 1ms);
}

TEST_F(SchedulerTest, OfTwoWakesTheSecondCounts) {
  Fiber* sleeper = &spawn([&] {
    scheduler.block();
    note("woke");
    scheduler.block();
    note("woke twice");
  });
  at(1ms, [&] {
    scheduler.wake(*sleeper);
    scheduler.at(scheduler.now(), [&] { note("between"); });
    scheduler.wake(*sleeper);
  });
  run();
  EXPECT_THAT(log, ElementsAre("1 between", "1 woke"));
}

/// Waits from 0 to a deadline of 5 ms, of which it is woken at 1 ms, and then as `second` says.
class TimerTest : public SchedulerTest {
 public:
  void wait_again(const std::function<void()>& second) {
    Fiber* waiter = &spawn([&] {
      scheduler.block_until(kStart + 5ms);
      note("woken");
      second();
      note("again");
    });
    at(1ms, [this, waiter] { scheduler.wake(*waiter); });
    run();
  }
};

TEST_F(TimerTest, ALaterDeadlineIsKeptWithTheTimerOfTheFirstWait) {
  wait_again([&] { scheduler.block_until(kStart + 8ms); });
  EXPECT_THAT(log, ElementsAre("1 woken", "8 again"));
}

TEST_F(TimerTest, AnEarlierDeadlineComesFirst) {
  wait_again([&] {
    scheduler.block_until(kStart + 3ms);
    note("early");
    scheduler.block_until(kStart + 6ms);
  });
  EXPECT_THAT(log, ElementsAre("1 woken", "3 early", "6 again"));
}

TEST_F(TimerTest, AWaitWithoutDeadlineIsNotEndedByTheTimerOfTheFirst) {
  wait_again([&] { scheduler.block(); });
  EXPECT_THAT(log, ElementsAre("1 woken"));
  EXPECT_EQ(now(), 1ms);
}

TEST_F(TimerTest, WhoIsWokenAtTheDeadlineOfItsTimerIsWokenOnce) {
  wait_again([&] {
    Fiber* me = scheduler.current();
    at(5ms, [this, me] { scheduler.wake(*me); });
    scheduler.block();
    note("at 5");
    scheduler.block_until(kStart + 9ms);
  });
  EXPECT_THAT(log, ElementsAre("1 woken", "5 at 5", "9 again"));
}

TEST_F(TimerTest, OfAThousandWaitsEachEndsAtItsDeadlineOrTheWakeBefore) {
  Fiber* waiter = &spawn([&] {
    for (int i = 1; i <= 1'000; ++i) {
      const Duration deadline = now() + (i * 7 % 31) * 1ms;
      const Duration next_wake = (now() / 5ms + 1) * 5ms;
      scheduler.block_until(kStart + deadline);
      ASSERT_EQ(now(), std::min(deadline, next_wake)) << i;
    }
    note("done");
  });
  for (int i = 1; i <= 1'000; ++i) {
    at(i * 5ms, [&, waiter] {
      if (log.empty()) scheduler.wake(*waiter);
    });
  }
  run();
  EXPECT_EQ(log.size(), 1U);
}

// --- the end of a run ---

TEST_F(SchedulerTest, FinishUnwindsEveryFiber) {
  spawn([&] {
    const Witness witness(*this, "sleeper");
    sleep(1h);
  });
  spawn([&] {
    const Witness witness(*this, "waiter");
    scheduler.block();
  });
  run_until(1ms);
  scheduler.finish();
  EXPECT_THAT(log, ElementsAre("1 ~sleeper", "1 ~waiter"));
}

TEST_F(SchedulerTest, NothingElseHappensOnceTheRunFinishes) {
  at(0ms, [&] { note("callback"); });
  spawn([&] { note("never started"); });
  scheduler.finish();
  EXPECT_TRUE(log.empty());
}

TEST_F(SchedulerTest, WhatUnwindingFibersSetInMotionDoesNotHappen) {
  class Starter {
   public:
    explicit Starter(SchedulerTest& test) : test_(test) {}
    ~Starter() {
      SchedulerTest& test = test_;
      test.note("~starter");
      test.spawn([&test] { test.note("spawned"); });
      test.at(0ms, [&test] { test.note("callback"); });
    }

   private:
    SchedulerTest& test_;
  };
  spawn([&] {
    const Starter starter(*this);
    scheduler.block();
  });
  run();
  scheduler.finish();
  EXPECT_THAT(log, ElementsAre("0 ~starter"));
}

TEST_F(SchedulerTest, AClosureThatIsDroppedDestroysWhatItHolds) {
  auto witness = std::make_shared<Witness>(*this, "held");
  at(1ms, [witness] { witness.get(); });
  spawn([witness] { witness.get(); });
  witness.reset();
  scheduler.finish();
  EXPECT_THAT(log, ElementsAre("0 ~held"));
}

TEST_F(SchedulerTest, AClosureIsDestroyedWhenItsFiberEnds) {
  auto witness = std::make_shared<Witness>(*this, "held");
  spawn([this, witness] { sleep(1ms); });
  witness.reset();
  at(2ms, [&] { note("later"); });
  run();
  EXPECT_THAT(log, ElementsAre("1 ~held", "2 later"));
}

// --- wait queues ---

class WaitQueueTest : public SchedulerTest {
 public:
  /// A fiber that waits and then notes `name`, or that the deadline came.
  Fiber& wait(const std::string& name, VirtualTime deadline = kNever) {
    return spawn([this, name, deadline] { note(name + (queue.wait_until(deadline) ? " notified" : " timed out")); });
  }

  WaitQueue queue{scheduler};
};

TEST_F(WaitQueueTest, FirstComeFirstServed) {
  wait("a");
  wait("b");
  wait("c");
  at(1ms, [&] { queue.notify_one(); });
  at(2ms, [&] { queue.notify_all(); });
  run();
  EXPECT_THAT(log, ElementsAre("1 a notified", "2 b notified", "2 c notified"));
}

TEST_F(WaitQueueTest, ANotificationThatNobodyWaitsForIsLost) {
  queue.notify_one();
  wait("a", kStart + 1ms);
  run();
  EXPECT_THAT(log, ElementsAre("1 a timed out"));
}

TEST_F(WaitQueueTest, WhoTimedOutIsNotNotified) {
  wait("a", kStart + 1ms);
  wait("b");
  at(2ms, [&] { queue.notify_one(); });
  run();
  EXPECT_THAT(log, ElementsAre("1 a timed out", "2 b notified"));
}

TEST_F(WaitQueueTest, AtTheDeadlineItselfTheOrderOfEntryDecides) {
  at(1ms, [&] { queue.notify_one(); });  // entered before the fiber waits
  wait("a", kStart + 1ms);
  wait("b", kStart + 1ms);
  run_until(0ms);
  at(1ms, [&] { queue.notify_one(); });  // entered after it
  run();
  EXPECT_THAT(log, ElementsAre("1 b timed out", "1 a notified"));
}

TEST_F(WaitQueueTest, WhoIsKilledLeaves) {
  Fiber* first = &wait("a");
  wait("b");
  at(1ms, [&] { scheduler.kill(*first); });
  at(2ms, [&] { queue.notify_one(); });
  run();
  EXPECT_THAT(log, ElementsAre("2 b notified"));
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace noloss::sim
