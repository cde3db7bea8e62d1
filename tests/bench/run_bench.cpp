// Whole runs, from scenario to verdict: how many a core does, and what a second core adds.
#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "harness/run/runner.hpp"
#include "harness/scenario/reader.hpp"
#include "sim/random.hpp"

namespace noloss::bench {
namespace {

harness::Scenario scenario_of(std::string_view system, std::string_view body) {
  const harness::ReadResult read = harness::read_scenario(
      "bench.yaml", "version: 1\nname: bench\nsystem: " + std::string{system} + "\n" + std::string{body});
  for (const harness::Problem& problem : read.problems) std::fputs(harness::format(problem).c_str(), stderr);
  if (!read.scenario) std::abort();
  return *read.scenario;
}

harness::Scenario scenario(std::string_view body) { return scenario_of("textbook", body); }

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

constexpr std::string_view kOneBroker =
    "faults:\n"
    "  - {action: kill, target: broker-1, count: 0..1, duration: 200ms..2s}\n"
    "  - {action: power_loss, target: broker-1, count: 0..1, duration: 200ms..2s}\n"
    "  - {action: drop, target: \"producer-1 -> leader\", side: response, count: 0..2}\n";
constexpr std::string_view kThreeBrokers =
    "brokers: {count: 3, config: {replicas.acks: 2}}\ntopic: {replicas: 3}\nproducers: {workload: {messages: 10}}\n";
constexpr std::string_view kThreeBrokersFaults =
    "faults:\n"
    "  - {action: kill, target: any broker, count: 0..1, duration: 200ms..2s}\n"
    "  - {action: power_loss, target: any broker, count: 0..1, duration: 200ms..2s}\n";

/// Each iteration is a run with a seed of its own. Tells the median of the time that a run takes as well: a busy
/// machine moves the mean, not so much the median. The counter `median_name` has it, in units of `unit` seconds.
void whole_runs(benchmark::State& state, const harness::Scenario& sample, const char* median_name, double unit) {
  harness::Runner runner;
  std::uint64_t seed = 0;
  std::int64_t events = 0;
  std::vector<double> times;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    events += runner.run({&sample, &sample.configurations.front(), ++seed, nullptr}).events;
    times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  const auto runs = static_cast<std::int64_t>(times.size());
  const double typical = median(std::move(times));
  const double events_per_run = static_cast<double>(events) / static_cast<double>(std::max<std::int64_t>(runs, 1));
  state.SetItemsProcessed(runs);
  state.counters[median_name] = typical / unit;
  state.counters["events/run"] = events_per_run;
  state.counters["events/s"] = typical > 0 ? events_per_run / typical : 0;
}

void sweep(benchmark::State& state, const std::string& text) { whole_runs(state, scenario(text), "median_us", 1e-6); }

void textbook_1_broker_50_messages(benchmark::State& state) { sweep(state, std::string{kOneBroker}); }
BENCHMARK(textbook_1_broker_50_messages)->Unit(benchmark::kMicrosecond);

void textbook_3_brokers_10_messages(benchmark::State& state) { sweep(state, std::string{kThreeBrokers}); }
BENCHMARK(textbook_3_brokers_10_messages)->Unit(benchmark::kMicrosecond);

void textbook_3_brokers_10_messages_random_plan(benchmark::State& state) {
  sweep(state, std::string{kThreeBrokers} + std::string{kThreeBrokersFaults});
}
BENCHMARK(textbook_3_brokers_10_messages_random_plan)->Unit(benchmark::kMicrosecond);

// --- the larger systems ---

void whole_runs(benchmark::State& state, std::string_view system, std::string_view text) {
  whole_runs(state, scenario_of(system, text), "median_ms", 1e-3);
}

void kafka_3_brokers_200_messages(benchmark::State& state) {
  whole_runs(state, "kafka",
             "brokers: {count: 3}\ntopic: {replication.factor: 3, config: {min.insync.replicas: 2}}\n"
             "producers: {application: {send: async}, workload: {messages: 200, rate: 1000/s}}\n");
}
BENCHMARK(kafka_3_brokers_200_messages)->Unit(benchmark::kMillisecond);

void rabbitmq_3_nodes_200_messages(benchmark::State& state) {
  whole_runs(state, "rabbitmq",
             "brokers: {count: 3}\nqueue: {type: quorum}\n"
             "producers: {application: {send: async}, workload: {messages: 200, rate: 1000/s}}\n");
}
BENCHMARK(rabbitmq_3_nodes_200_messages)->Unit(benchmark::kMillisecond);

// --- two threads ---

struct Spent {
  double wall = 0;
  double cpu = 0;  ///< of all threads
};

/// Seconds in which `threads` threads, each on its own, do `work`.
Spent time_of(std::size_t threads, const auto& work) {
  const auto cpu = [] {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double cpu_begin = cpu();
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), cpu() - cpu_begin};
}

/// What the second thread adds: 2 is all of it.
Spent speedup_of(const auto& work) {
  const Spent one = time_of(1, work);
  const Spent two = time_of(2, work);
  return {2 * one.wall / two.wall, 2 * 2 * one.cpu / two.cpu};
}

/// How much faster two threads are than one, against the same of a control that touches no memory. Measured in turns,
/// so that a busy machine disturbs both alike; shares of the control are medians over the rounds. The share by CPU time
/// does not see that others had the cores, nor that threads waited for each other.
void two_threads(benchmark::State& state) {
  constexpr std::uint64_t kRuns = 1'000;
  const harness::Scenario sample = scenario(kOneBroker);
  const auto runs = [&sample] {
    harness::Runner runner;
    for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
      benchmark::DoNotOptimize(runner.run({&sample, &sample.configurations.front(), seed, nullptr}).digest);
    }
  };
  std::uint64_t draws = 10'000'000;
  const auto control = [&draws] {
    sim::RandomStream random(1);
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < draws; ++i) sum += random.next();
    benchmark::DoNotOptimize(sum);
  };
  // As long as the runs: who needs the cores for longer loses more of them to others.
  draws = static_cast<std::uint64_t>(static_cast<double>(draws) * time_of(1, runs).cpu / time_of(1, control).cpu);
  std::vector<double> speedups;
  std::vector<double> shares;
  std::vector<double> cpu_shares;
  for (auto _ : state) {
    const Spent expected = speedup_of(control);
    const Spent speedup = speedup_of(runs);
    speedups.push_back(speedup.wall);
    shares.push_back(speedup.wall / expected.wall);
    cpu_shares.push_back(speedup.cpu / expected.cpu);
  }
  state.counters["speedup"] = median(speedups);
  state.counters["of_control"] = median(shares);
  state.counters["cpu_of_control"] = median(cpu_shares);
}
BENCHMARK(two_threads)->Unit(benchmark::kMillisecond)->Iterations(7)->UseRealTime();

}  // namespace
}  // namespace noloss::bench
