// The pool: fibers and memory that are used again, threads that end, exceptions that stay with their fiber.
#include "sim/fiber.hpp"

#include <array>
#include <fstream>
#include <functional>
#include <optional>
#include <stdexcept>
#include <thread>

#include "sim/random.hpp"
#include "sim/trace.hpp"
#include "tests/sim/scheduler_fixture.hpp"

namespace noloss::sim {
namespace {

/// A run of 8 fibers with random sleeps, some of them killed; the digest of what they did.
std::uint64_t random_run(FiberPool& pool, std::uint64_t seed) {
  Scheduler scheduler(pool);
  Trace trace;
  RandomStream random(seed);
  std::array<Fiber*, 8> fibers{};
  for (std::size_t i = 0; i < fibers.size(); ++i) {
    fibers[i] = &scheduler.spawn(nullptr, [&scheduler, &trace, &random, i] {
      for (std::uint64_t step = 0; step < 20; ++step) {
        scheduler.block_until(scheduler.now() + Duration{random.between(1, 1000)});
        trace.add({scheduler.now(), NodeId{static_cast<std::uint32_t>(i)}, EventId{0}, step, 0});
      }
    });
  }
  scheduler.at(kStart + 3us, [&] { scheduler.kill(*fibers[2]); });
  scheduler.at(kStart + 3us, [&] { scheduler.kill(*fibers[5]); });
  scheduler.run_until(kNever);
  return trace.digest();
}

TEST(FiberPoolTest, AFiberThatEndedIsUsedAgain) {
  FiberPool pool;
  Scheduler scheduler(pool);
  for (int i = 0; i < 100; ++i) {
    scheduler.at(kStart + i * 1ms, [&] { scheduler.spawn(nullptr, [&] { scheduler.block_until(scheduler.now()); }); });
  }
  scheduler.run_until(kNever);
  EXPECT_EQ(pool.size(), 1U);
}

TEST(FiberPoolTest, FibersAreUsedFromRunToRun) {
  FiberPool pool;
  for (std::uint64_t seed = 0; seed < 10; ++seed) random_run(pool, seed);
  EXPECT_EQ(pool.size(), 8U);
}

TEST(FiberPoolTest, ARunDoesNotShowWhatThePoolDidBefore) {
  FiberPool used;
  for (std::uint64_t seed = 0; seed < 10; ++seed) random_run(used, seed);
  FiberPool fresh;
  EXPECT_EQ(random_run(used, 77), random_run(fresh, 77));
}

TEST(FiberPoolTest, DigestsAreTheSameOnEveryCompiler) {
  FiberPool pool;
  EXPECT_EQ(random_run(pool, 1), 17097647113426325573ULL);
  EXPECT_EQ(random_run(pool, 2), 1805263638011800335ULL);
}

TEST(FiberPoolTest, ThreadsDoNotDisturbEachOther) {
  constexpr std::uint64_t kRuns = 200;
  const auto digests = [] {
    FiberPool pool;
    std::vector<std::uint64_t> found;
    for (std::uint64_t seed = 0; seed < kRuns; ++seed) found.push_back(random_run(pool, seed));
    return found;
  };
  std::array<std::vector<std::uint64_t>, 4> found;
  std::vector<std::thread> threads;
  for (auto& mine : found) threads.emplace_back([&mine, &digests] { mine = digests(); });
  for (std::thread& thread : threads) thread.join();
  const std::vector<std::uint64_t> expected = digests();
  for (const auto& mine : found) EXPECT_EQ(mine, expected);
}

TEST(FiberPoolTest, AThreadEndsAfterAPoolThatNobodyUsed) {
  std::thread([] { const FiberPool pool; }).join();
}

TEST(FiberPoolTest, AThreadMayHaveOnePoolAfterTheOther) {
  std::thread([] {
    for (std::uint64_t i = 0; i < 20; ++i) {
      FiberPool pool;
      random_run(pool, i);
    }
  }).join();
}

TEST(FiberPoolTest, AThreadMayHaveSeveralPoolsAtOnce) {
  std::thread([] {
    std::optional<FiberPool> first(std::in_place);
    std::optional<FiberPool> second(std::in_place);
    EXPECT_EQ(random_run(*first, 1), random_run(*second, 1));
    first.reset();
    EXPECT_NE(random_run(*second, 2), 0U);
    first.emplace();
    second.reset();
    EXPECT_NE(random_run(*first, 3), 0U);
  }).join();
}

TEST(FiberPoolTest, APoolMayServeSeveralRunsAtOnce) {
  FiberPool pool;
  Scheduler first(pool);
  Scheduler second(pool);
  std::vector<int> log;
  for (Scheduler* scheduler : {&first, &second}) {
    scheduler->spawn(nullptr, [&log, scheduler] {
      for (int i = 0; i < 3; ++i) {
        scheduler->block_until(scheduler->now() + 1ms);
        log.push_back(i);
      }
    });
  }
  for (int i = 1; i <= 3; ++i) {
    first.run_until(kStart + i * 1ms);
    second.run_until(kStart + i * 1ms);
  }
  EXPECT_THAT(log, ElementsAre(0, 0, 1, 1, 2, 2));
}

TEST(FiberPoolTest, AFiberCanUseMostOfItsStack) {
  FiberPool pool;
  Scheduler scheduler(pool);
  int sum = 0;
  scheduler.spawn(nullptr, [&] {
    std::array<volatile char, 48 * 1024> large;
    for (std::size_t i = 0; i < large.size(); i += 1024) large[i] = 1;
    scheduler.block_until(kStart + 1ms);
    for (std::size_t i = 0; i < large.size(); i += 1024) sum += large[i];
  });
  scheduler.run_until(kNever);
  EXPECT_EQ(sum, 48);
}

std::size_t resident_pages() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident;
}

TEST(FiberPoolTest, TenThousandRunsNeedNoMoreMemoryThanAHundred) {
#ifdef NOLOSS_ASAN
  GTEST_SKIP() << "AddressSanitizer keeps what was freed";
#endif
  FiberPool pool;
  for (std::uint64_t seed = 0; seed < 100; ++seed) random_run(pool, seed);
  const std::size_t before = resident_pages();
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) random_run(pool, seed);
  EXPECT_LE(resident_pages(), before + 16);
}

// --- exceptions ---

TEST_F(SchedulerTest, FibersInCatchBlocksKeepTheirExceptions) {
  // They leave the handlers in the order in which they entered: with one state a thread, each would rethrow the
  // other's.
  for (const char* name : {"a", "b"}) {
    spawn([this, name] {
      try {
        try {
          throw std::runtime_error(name);
        } catch (const std::runtime_error&) {
          sleep(1ms);
          throw;
        }
      } catch (const std::runtime_error& error) {
        note(std::string(name) + " has " + error.what());
      }
    });
  }
  run();
  EXPECT_THAT(log, ElementsAre("1 a has a", "1 b has b"));
}

TEST_F(SchedulerTest, AnUnwindingFiberDoesNotMakeOthersUnwind) {
  class Sleeper {
   public:
    explicit Sleeper(SchedulerTest& test) : test_(test) {}
    ~Sleeper() {
      test_.sleep(2ms);
      test_.note(std::to_string(std::uncaught_exceptions()) + " in flight here");
    }

   private:
    SchedulerTest& test_;
  };
  spawn([this] {
    try {
      const Sleeper sleeper(*this);
      throw std::runtime_error("slow");
    } catch (const std::runtime_error&) {
      note("caught");
    }
  });
  spawn([this] {
    sleep(1ms);
    note(std::to_string(std::uncaught_exceptions()) + " in flight elsewhere");
  });
  run();
  EXPECT_THAT(log, ElementsAre("1 0 in flight elsewhere", "2 1 in flight here", "2 caught"));
}

TEST_F(SchedulerTest, TheCallersExceptionSurvivesARun) {
  spawn([this] {
    sleep(1ms);
    note(std::current_exception() == nullptr ? "none" : "the caller's");
  });
  try {
    throw std::runtime_error("outside");
  } catch (const std::runtime_error&) {
    run();
    EXPECT_THROW(std::rethrow_exception(std::current_exception()), std::runtime_error);
  }
  EXPECT_THAT(log, ElementsAre("1 none"));
}

}  // namespace
}  // namespace noloss::sim
