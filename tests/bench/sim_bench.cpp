// The kernel in items per second, its parts, and its multiple of the callback baseline ("x_baseline", measured in turns
// within one benchmark, so that a busy machine disturbs both alike).
#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "sim/trace.hpp"
#include "tests/bench/baseline_callback.hpp"
#include "tests/bench/kernel_workloads.hpp"

namespace noloss::bench {
namespace {

using sim::Duration;

std::int64_t items_of(const benchmark::State& state) { return static_cast<std::int64_t>(state.iterations()); }

// --- parts ---

class Again final : public sim::Callback {
 public:
  Again(sim::Agenda& agenda, std::uint64_t seed) : agenda_(agenda), random_(seed) {}
  void fire() override { agenda_.push(agenda_.now() + nap(random_), *this); }

 private:
  sim::Agenda& agenda_;
  sim::RandomStream random_;
};

/// One pop and one push, with as many entries pending as the argument says.
void agenda(benchmark::State& state) {
  sim::Agenda agenda;
  std::deque<Again> callbacks;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    callbacks.emplace_back(agenda, static_cast<std::uint64_t>(i)).fire();
  }
  sim::Agenda::Entry entry{};
  for (auto _ : state) {
    agenda.pop(sim::kNever, entry);
    agenda.advance(entry.time);
    entry.callback().fire();
  }
  state.SetItemsProcessed(items_of(state));
}
BENCHMARK(agenda)->Arg(10)->Arg(100)->Arg(1'000)->Arg(10'000);

/// From one fiber to another by wake() and block().
void fiber_switch(benchmark::State& state) {
  sim::FiberPool pool;
  sim::Scheduler scheduler(pool);
  sim::Fiber* other = &scheduler.spawn(nullptr, [&] {
    for (;;) scheduler.block();
  });
  scheduler.spawn(nullptr, [&] {
    for (auto _ : state) {
      scheduler.wake(*other);
      scheduler.block_until(scheduler.now());
    }
  });
  scheduler.run_until(sim::kNever);
  state.SetItemsProcessed(2 * items_of(state));
}
BENCHMARK(fiber_switch);

/// A fiber that starts and ends.
void fiber_spawn(benchmark::State& state) {
  sim::FiberPool pool;
  sim::Scheduler scheduler(pool);
  std::int64_t sum = 0;
  for (auto _ : state) {
    scheduler.spawn(nullptr, [&sum] { ++sum; });
    scheduler.run_until(sim::kNever);
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(items_of(state));
}
BENCHMARK(fiber_spawn);

/// A fiber that is killed as many frames deep as the argument says.
void fiber_kill(benchmark::State& state) {
  struct Frame {
    static void enter(sim::Scheduler& scheduler, std::int64_t more) {
      const std::vector<int> to_destroy(1);
      benchmark::DoNotOptimize(to_destroy.data());
      if (more > 0) {
        enter(scheduler, more - 1);
      } else {
        scheduler.block();
      }
    }
  };
  sim::FiberPool pool;
  sim::Scheduler scheduler(pool);
  for (auto _ : state) {
    sim::Fiber& fiber = scheduler.spawn(nullptr, [&] { Frame::enter(scheduler, state.range(0)); });
    scheduler.run_until(sim::kNever);
    scheduler.kill(fiber);
    scheduler.run_until(sim::kNever);
  }
  state.SetItemsProcessed(items_of(state));
}
BENCHMARK(fiber_kill)->Arg(1)->Arg(10);

void trace_event(benchmark::State& state) {
  sim::Trace trace;
  sim::TraceEvent event;
  for (auto _ : state) {
    event.time += Duration{1};
    trace.add(event);
  }
  benchmark::DoNotOptimize(trace.digest());
  state.SetItemsProcessed(items_of(state));
}
BENCHMARK(trace_event);

void random_below(benchmark::State& state) {
  sim::RandomStream random(1);
  for (auto _ : state) benchmark::DoNotOptimize(random.below(1'000'000));
  state.SetItemsProcessed(items_of(state));
}
BENCHMARK(random_below);

// --- workloads ---

/// CPU time of the thread.
double seconds_of(const auto& work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double begin = now();
  work();
  return now() - begin;
}

/// Runs both in turns; the multiple is the median over the rounds.
void compare(benchmark::State& state, std::uint64_t items, const auto& kernel, const auto& baseline) {
  sim::FiberPool pool;
  std::vector<double> multiples;
  for (auto _ : state) {
    std::uint64_t expected = 0;
    const double base = seconds_of([&] { expected = baseline(items); });
    Result result;
    const double mine = seconds_of([&] { result = kernel(pool, items); });
    if (result.sum != expected) state.SkipWithError("the kernel did other work than the baseline");
    state.SetIterationTime(mine);
    multiples.push_back(mine / base);
  }
  std::sort(multiples.begin(), multiples.end());
  state.SetItemsProcessed(items_of(state) * static_cast<std::int64_t>(items));
  state.counters["x_baseline"] = multiples.empty() ? 0 : multiples[multiples.size() / 2];
}

void b1_timers(benchmark::State& state) {
  compare(
      state, 100'000, [](sim::FiberPool& pool, std::uint64_t items) { return timers(pool, items, 64, 42); },
      [](std::uint64_t items) { return baseline::timers(items, 64, 42); });
}
BENCHMARK(b1_timers)->UseManualTime();

void b2_ping_pong(benchmark::State& state) { compare(state, 100'000, ping_pong, baseline::ping_pong); }
BENCHMARK(b2_ping_pong)->UseManualTime();

void b3_broker(benchmark::State& state) {
  sim::FiberPool pool;
  constexpr std::uint64_t kMessages = 20'000;
  for (auto _ : state) benchmark::DoNotOptimize(broker(pool, kMessages).sum);
  state.SetItemsProcessed(items_of(state) * static_cast<std::int64_t>(kMessages));
}
BENCHMARK(b3_broker);

void world(benchmark::State& state) { compare(state, 1'000, worlds, baseline::worlds); }
BENCHMARK(world)->UseManualTime();

}  // namespace
}  // namespace noloss::bench
