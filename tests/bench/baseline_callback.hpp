// The kernel's yardstick: the same workloads with std::priority_queue and callbacks, without fibers, kills or digest.
// Its sums are those of kernel_workloads.hpp, so the work is the same; the benchmarks report the kernel's time as a
// multiple of its time.
#pragma once

#include <cstdint>

namespace noloss::bench::baseline {

std::uint64_t timers(std::uint64_t items, std::uint32_t processes, std::uint64_t seed);
std::uint64_t ping_pong(std::uint64_t items);
std::uint64_t worlds(std::uint64_t items);

}  // namespace noloss::bench::baseline
