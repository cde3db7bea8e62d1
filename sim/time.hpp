// Virtual time. Integer nanoseconds since the start of a run; there is no other clock in the program.
//
// std::chrono gives the distinct types (a point is not a duration) and the literals (500us, 2ms).
// Not modelled here: wall clocks and their skew; a machine has its own (machine.hpp).
#pragma once

#include <chrono>
#include <cstdint>

namespace noloss::sim {

using Duration = std::chrono::nanoseconds;

/// The clock of one simulation. It has no now(): ask the Simulation.
struct VirtualClock {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<VirtualClock, Duration>;
  static constexpr bool is_steady = true;
};

using VirtualTime = VirtualClock::time_point;

/// The start of every run.
inline constexpr VirtualTime kStart{};
/// Later than anything that a run can reach; "no deadline".
inline constexpr VirtualTime kNever = VirtualTime::max();

}  // namespace noloss::sim
