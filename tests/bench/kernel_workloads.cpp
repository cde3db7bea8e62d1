#include "tests/bench/kernel_workloads.hpp"

#include <memory>

#include "sim/wait_queue.hpp"

namespace noloss::bench {
namespace {

using namespace std::chrono_literals;
using sim::Process;
using sim::RandomStream;
using sim::Simulation;

/// A program that is a function.
class Main : public sim::Program {
 public:
  Main(Process& process, const Body& body) : process_(process), body_(body) {}
  void run() override { body_(process_); }

 private:
  Process& process_;
  const Body& body_;
};

struct Timers {
  std::uint64_t items;
  std::uint64_t seed;
  std::uint64_t done = 0;
  std::uint64_t sum = 0;

  void nap_on(Process& process, std::uint32_t number) {
    RandomStream random(seed + number);
    Simulation& simulation = process.simulation();
    for (;;) {
      process.sleep(nap(random));
      if (done == items) return;
      ++done;
      sum = fold(sum, nanoseconds(process) * 64 + number);
      simulation.trace_fact(process.node(), kItem, number);
    }
  }
};

struct PingPong {
  struct Player {
    sim::WaitQueue readers;
    bool arrived = false;
    std::uint64_t value = 0;
  };
  std::uint64_t items;
  Player players[2];
  std::uint64_t done = 0;
  std::uint64_t sum = 0;

  PingPong(sim::Scheduler& scheduler, std::uint64_t messages)
      : items(messages), players{{sim::WaitQueue(scheduler)}, {sim::WaitQueue(scheduler)}} {}

  void send(Process& process, Player& to, std::uint64_t value) {
    process.simulation().scheduler().at(process.simulation().now() + 1ms, [&to, value] {
      to.value = value;
      to.arrived = true;
      to.readers.notify_one();
    });
  }
  void play(Process& process, Player& me, Player& other) {
    while (done < items) {
      if (!me.arrived) me.readers.wait();
      me.arrived = false;
      sum = fold(sum, nanoseconds(process) + me.value);
      process.simulation().trace_fact(process.node(), kItem, me.value);
      if (++done < items) send(process, other, me.value + 1);
    }
  }
};

}  // namespace

std::uint64_t run_program(sim::FiberPool& pool, const Body& body) {
  static const sim::EventTable events;
  Simulation simulation(pool, events, {});
  simulation.add_machine({}, [&body](Process& process) { return std::make_unique<Main>(process, body); });
  simulation.start_all();
  simulation.scheduler().run_until(sim::kNever);
  return simulation.trace().digest();
}

Result timers(sim::FiberPool& pool, std::uint64_t items, std::uint32_t processes, std::uint64_t seed) {
  Timers work{items, seed};
  const std::uint64_t digest = run_program(pool, [&work, processes](Process& process) {
    for (std::uint32_t i = 0; i < processes; ++i) process.spawn([&work, &process, i] { work.nap_on(process, i); });
  });
  return {work.sum, digest};
}

Result ping_pong(sim::FiberPool& pool, std::uint64_t items) {
  std::unique_ptr<PingPong> work;  // outlives the fibers, of which one waits to the end
  const std::uint64_t digest = run_program(pool, [&work, items](Process& process) {
    work = std::make_unique<PingPong>(process.simulation().scheduler(), items);
    process.spawn([&work, &process] { work->play(process, work->players[1], work->players[0]); });
    work->send(process, work->players[1], 0);
    work->play(process, work->players[0], work->players[1]);
  });
  return {work->sum, digest};
}

Result worlds(sim::FiberPool& pool, std::uint64_t items) {
  Result all;
  for (std::uint64_t i = 0; i < items; ++i) {
    const Result one = timers(pool, 100, 10, i * 64);
    all.sum = fold(all.sum, one.sum);
    all.digest = fold(all.digest, one.digest);
  }
  return all;
}

}  // namespace noloss::bench
