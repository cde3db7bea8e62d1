// What a kill does to a fiber, wherever it catches it: destructors run, no virtual time passes, nobody else notices.
#include <stdexcept>

#include "tests/sim/scheduler_fixture.hpp"

namespace noloss::sim {
namespace {

class KillTest : public SchedulerTest {
 public:
  /// Runs to 5 ms, kills, runs to the end.
  void kill_at_5ms(Fiber& fiber) {
    run_until(5ms);
    scheduler.kill(fiber);
    run();
  }

  /// Sleeps in its destructor, as closing a file may.
  class SlowToEnd {
   public:
    explicit SlowToEnd(SchedulerTest& test) : test_(test) {}
    ~SlowToEnd() noexcept(false) {
      test_.note("ending");
      test_.sleep(1ms);
      test_.note("ended");
    }

   private:
    SchedulerTest& test_;
  };
};

TEST_F(KillTest, ASleeperUnwindsAtThePresentTime) {
  kill_at_5ms(spawn([&] {
    const Witness witness(*this, "frame");
    sleep(1h);
    note("woke");
  }));
  EXPECT_THAT(log, ElementsAre("5 ~frame"));
  EXPECT_EQ(now(), 5ms);
}

TEST_F(KillTest, WhoWaitsForEverUnwinds) {
  kill_at_5ms(spawn([&] {
    const Witness witness(*this, "frame");
    scheduler.block();
  }));
  EXPECT_THAT(log, ElementsAre("5 ~frame"));
}

TEST_F(KillTest, FramesUnwindFromTheInnermost) {
  kill_at_5ms(spawn([&] {
    const Witness outer(*this, "outer");
    [&] {
      const Witness inner(*this, "inner");
      sleep(1h);
    }();
  }));
  EXPECT_THAT(log, ElementsAre("5 ~inner", "5 ~outer"));
}

TEST_F(KillTest, WhatIsDueAlreadyComesFirst) {
  Fiber* sleeper = &spawn([&] {
    const Witness witness(*this, "frame");
    sleep(1h);
  });
  at(1ms, [&] {
    scheduler.at(scheduler.now(), [&] { note("due"); });
    scheduler.kill(*sleeper);
    note("killed");
  });
  run();
  EXPECT_THAT(log, ElementsAre("1 killed", "1 due", "1 ~frame"));
}

TEST_F(KillTest, AFiberThatNeverStartedDoesNotStart) {
  Fiber& fiber = spawn([&] { note("started"); });
  scheduler.kill(fiber);
  run();
  EXPECT_TRUE(log.empty());
}

TEST_F(KillTest, KillingTwiceIsKillingOnce) {
  Fiber& fiber = spawn([&] {
    const Witness witness(*this, "frame");
    sleep(1h);
  });
  run_until(5ms);
  scheduler.kill(fiber);
  kill_at_5ms(fiber);
  EXPECT_THAT(log, ElementsAre("5 ~frame"));
}

TEST_F(KillTest, AFiberThatWasJustWokenIsKilledAllTheSame) {
  Fiber* sleeper = &spawn([&] {
    const Witness witness(*this, "frame");
    scheduler.block();
    note("woke");
  });
  at(1ms, [&] {
    scheduler.wake(*sleeper);
    scheduler.kill(*sleeper);
  });
  run();
  EXPECT_THAT(log, ElementsAre("1 ~frame"));
}

TEST_F(KillTest, OneThatKillsItselfGoesOnToItsNextSuspensionPoint) {
  spawn([&] {
    const Witness witness(*this, "frame");
    scheduler.kill(*scheduler.current());
    note("still here");
    sleep(1ms);
    note("never");
  });
  run();
  EXPECT_THAT(log, ElementsAre("0 still here", "0 ~frame"));
}

TEST_F(KillTest, CheckKilledIsASuspensionPointOfNoTime) {
  spawn([&] {
    scheduler.check_killed();
    note("alive");
    scheduler.kill(*scheduler.current());
    scheduler.check_killed();
    note("never");
  });
  run();
  EXPECT_THAT(log, ElementsAre("0 alive"));
}

TEST_F(KillTest, HandlersOfStandardExceptionsDoNotCatchIt) {
  kill_at_5ms(spawn([&] {
    try {
      sleep(1h);
    } catch (const std::exception&) {
      note("caught");
    }
    note("went on");
  }));
  EXPECT_TRUE(log.empty());
}

TEST_F(KillTest, OneThatIsSwallowedComesAgain) {
  kill_at_5ms(spawn([&] {
    for (int i = 1; i <= 3; ++i) {
      try {
        sleep(1h);
      } catch (...) {
        note("swallowed");
      }
    }
    sleep(1h);
    note("never");
  }));
  EXPECT_THAT(log, ElementsAre("5 swallowed", "5 swallowed", "5 swallowed"));
}

TEST_F(KillTest, SwallowingForEverAborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(kill_at_5ms(spawn([&] {
                 for (;;) {
                   try {
                     sleep(1h);
                   } catch (...) {
                   }
                 }
               })),
               "swallows the exception");
}

TEST_F(KillTest, ADestructorThatBlocksWhileTheFiberUnwindsReturnsAtOnce) {
  kill_at_5ms(spawn([&] {
    const SlowToEnd slow(*this);
    sleep(1h);
  }));
  EXPECT_THAT(log, ElementsAre("5 ending", "5 ended"));
  EXPECT_EQ(now(), 5ms);
}

TEST_F(KillTest, ADestructorThatSleepsDuringAnotherUnwindingIsNotInterrupted) {
  Fiber* fiber = &spawn([&] {
    try {
      const SlowToEnd slow(*this);
      throw std::runtime_error("the model's own");
    } catch (const std::runtime_error&) {
      note("caught");
    }
    sleep(1h);
    note("never");
  });
  at(0ms, [&] { scheduler.kill(*fiber); });
  run();
  EXPECT_THAT(log, ElementsAre("0 ending", "0 ended", "0 caught"));
}

TEST_F(KillTest, OneSuspendedInACatchBlockUnwinds) {
  kill_at_5ms(spawn([&] {
    try {
      throw std::runtime_error("the model's own");
    } catch (const std::runtime_error&) {
      const Witness witness(*this, "frame");
      sleep(1h);
    }
  }));
  EXPECT_THAT(log, ElementsAre("5 ~frame"));
  EXPECT_EQ(std::uncaught_exceptions(), 0);
  EXPECT_EQ(std::current_exception(), nullptr);
}

TEST_F(KillTest, TheFibersStackServesTheNextOne) {
  kill_at_5ms(spawn([&] { sleep(1h); }));
  spawn([&] {
    sleep(1ms);
    note("next");
  });
  run();
  EXPECT_THAT(log, ElementsAre("6 next"));
  EXPECT_EQ(pool.size(), 1U);
}

TEST_F(KillTest, AFormerTimerDoesNotWakeTheNextFiberOnThatStack) {
  Fiber* first = &spawn([&] { sleep(10ms); });
  at(1ms, [&] { scheduler.kill(*first); });
  at(2ms, [&] {
    spawn([&] {
      sleep(1h);
      note("woke");
    });
  });
  run();
  EXPECT_EQ(pool.size(), 1U);
  EXPECT_EQ(now(), 1h + 2ms);
}

}  // namespace
}  // namespace noloss::sim
