// The workloads by which the kernel is measured, each on a Simulation with one machine: B1 (64 fibers that sleep), B2
// (two that play ping-pong), B3 (a replicated broker) and worlds (a run of 10 fibers and 100 wake-ups, from
// Simulation to digest). The sums are order-sensitive: any kernel that does the same work in the same order of
// (time, entry) has the same one.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>

#include "sim/simulation.hpp"

namespace noloss::bench {

inline std::uint64_t fold(std::uint64_t sum, std::uint64_t value) {
  return (std::rotl(sum, 5) ^ value) * 0x9E3779B97F4A7C15ULL;
}
/// 1 .. 2^20 nanoseconds.
inline sim::Duration nap(sim::RandomStream& random) {
  return sim::Duration{static_cast<std::int64_t>(1 + (random.next() >> 44U))};
}

/// Any event will do.
inline constexpr sim::EventId kItem = sim::id(sim::WorldEvent::sync_done);

inline std::uint64_t nanoseconds(const sim::Process& process) {
  return static_cast<std::uint64_t>(process.simulation().now().time_since_epoch().count());
}

using Body = std::function<void(sim::Process&)>;
/// Runs `body` as the one program of a world until nothing is left; returns the digest.
std::uint64_t run_program(sim::FiberPool& pool, const Body& body);

struct Result {
  std::uint64_t sum = 0;     ///< of what happened, in order
  std::uint64_t digest = 0;  ///< of the trace
};

/// `items` wake-ups of `processes` fibers, of which the i-th naps by the stream `seed` + i.
Result timers(sim::FiberPool& pool, std::uint64_t items, std::uint32_t processes, std::uint64_t seed);
/// `items` messages, one at a time, each 1 ms under way.
Result ping_pong(sim::FiberPool& pool, std::uint64_t items);
/// `items` messages of 100 bytes from 4 producers through a broker with 2 followers to a consumer.
Result broker(sim::FiberPool& pool, std::uint64_t items);
/// `items` runs of 10 fibers and 100 wake-ups.
Result worlds(sim::FiberPool& pool, std::uint64_t items);

}  // namespace noloss::bench
