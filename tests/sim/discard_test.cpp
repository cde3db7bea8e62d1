// A kill of a fiber whose frames own nothing drops its stack: no exception, no destructor, and everybody who knew the
// fiber forgets it.
#include "tests/sim/scheduler_fixture.hpp"

namespace noloss::sim {
namespace {

class DiscardTest : public SchedulerTest {};

TEST_F(DiscardTest, NoFrameUnwinds) {
  Fiber& fiber = spawn([&] {
    const Witness witness(*this, "frame");  // breaks the promise, to show that nothing unwinds
    scheduler.block(OnKill::discard);
  });
  run_until(5ms);
  scheduler.kill(fiber);
  run();
  EXPECT_THAT(log, ElementsAre());
}

TEST_F(DiscardTest, TheStackServesTheNextOne) {
  Fiber& fiber = spawn([&] { scheduler.block_until(kStart + 1h, OnKill::discard); });
  run_until(5ms);
  scheduler.kill(fiber);
  run();
  spawn([&] {
    sleep(1ms);
    note("next");
  });
  run();
  EXPECT_THAT(log, ElementsAre("6 next"));
  EXPECT_EQ(pool.size(), 1U);
}

TEST_F(DiscardTest, ItLeavesItsWaitQueue) {
  WaitQueue queue(scheduler);
  Fiber& first = spawn([&] {
    queue.wait(OnKill::discard);
    note("first");
  });
  spawn([&] {
    queue.wait_until(kStart + 1h, OnKill::discard);
    note("second");
  });
  run_until(5ms);
  scheduler.kill(first);
  run_until(6ms);
  queue.notify_one();
  run_until(7ms);
  EXPECT_THAT(log, ElementsAre("6 second"));
  EXPECT_TRUE(queue.empty());
}

TEST_F(DiscardTest, AWaitThatIsWokenGoesOn) {
  Fiber& fiber = spawn([&] {
    scheduler.block(OnKill::discard);
    note("woke");
  });
  at(3ms, [&] { scheduler.wake(fiber); });
  run();
  EXPECT_THAT(log, ElementsAre("3 woke"));
}

TEST_F(DiscardTest, WhileAnExceptionUnwindsTheFrameNothingIsDiscarded) {
  /// Waits in its destructor as a server's loop would.
  class Waits {
   public:
    explicit Waits(DiscardTest& test) : test_(test) {}
    ~Waits() noexcept(false) {
      test_.scheduler.block_until(kStart + 1h, OnKill::discard);
      test_.note("waited");
    }

   private:
    DiscardTest& test_;
  };
  Fiber& fiber = spawn([&] {
    const Witness witness(*this, "frame");
    const Waits waits(*this);
    sleep(2h);
  });
  run_until(5ms);
  scheduler.kill(fiber);
  run();
  EXPECT_THAT(log, ElementsAre("5 waited", "5 ~frame"));
}

TEST_F(DiscardTest, TheEndOfTheRunDiscardsToo) {
  spawn([&] {
    const Witness witness(*this, "frame");
    for (;;) scheduler.block(OnKill::discard);
  });
  run_until(5ms);
  scheduler.finish();
  EXPECT_THAT(log, ElementsAre());
}

}  // namespace
}  // namespace noloss::sim
