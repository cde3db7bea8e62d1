// Runs one workload of kernel_workloads.hpp and prints one line of JSON: `kernel_bench b1|b2|b3|world ITEMS [THREADS]`.
// With threads, each does the whole work on a pool of its own; `control` is arithmetic that shares nothing.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/bench/kernel_workloads.hpp"

namespace noloss::bench {
namespace {

/// Calibrates the machine: what two threads gain where they share nothing.
Result control(std::uint64_t items) {
  sim::RandomStream random(42);
  Result result;
  for (std::uint64_t i = 0; i < items; ++i) result.sum = fold(result.sum, random.next());
  return result;
}

Result run(std::string_view bench, std::uint64_t items) {
  if (bench == "control") return control(items);
  sim::FiberPool pool;
  if (bench == "b1") return timers(pool, items, 64, 42);
  if (bench == "b2") return ping_pong(pool, items);
  if (bench == "b3") return broker(pool, items);
  if (bench == "world") return worlds(pool, items);
  std::fputs("usage: kernel_bench b1|b2|b3|world|control ITEMS [THREADS]\n", stderr);
  std::exit(2);
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

int main_of(std::string_view bench, std::uint64_t items, std::uint64_t threads) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<Result> results(threads);
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < threads; ++i) {
    others.emplace_back([&result = results[i], bench, items] { result = run(bench, items); });
  }
  results[0] = run(bench, items);
  for (std::thread& other : others) other.join();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);

  int status = 0;
  for (const Result& result : results) {
    if (result.sum != results[0].sum || result.digest != results[0].digest) status = 1;
  }
  const double cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  std::printf(
      "{\"peer\":\"noloss\",\"bench\":\"%s\",\"n\":%llu,\"threads\":%llu,\"user\":%.4f,\"sys\":%.4f,\"wall\":%.4f,"
      "\"rate\":%.0f,\"rss_kb\":%ld,\"sum\":\"%016llx\",\"digest\":\"%016llx\"}\n",
      bench.data(), static_cast<unsigned long long>(items), static_cast<unsigned long long>(threads),
      seconds(usage.ru_utime), seconds(usage.ru_stime), wall.count(), static_cast<double>(items * threads) / cpu,
      usage.ru_maxrss, static_cast<unsigned long long>(results[0].sum),
      static_cast<unsigned long long>(results[0].digest));
  return status;
}

}  // namespace
}  // namespace noloss::bench

int main(int argc, char** argv) {
  if (argc < 3) return noloss::bench::main_of("?", 0, 1);
  return noloss::bench::main_of(argv[1], std::strtoull(argv[2], nullptr, 10),
                                argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1);
}
