// How many combinations of faults a budget allows: the size of the space that a search has to answer for.
//
// The budget is that of lineage-driven fault injection (Alvaro, Rosen, Hellerstein, SIGMOD 2015): rounds in lockstep,
// messages that may be lost up to some round, and nodes that may stop for good. Source of the formula: `grossEstimate`
// of that paper's program Molly; it gives the column "combinations" of the paper's figures 12 and 13.
// It is an upper bound, as there: a run in which fewer nodes stop than may is counted once for each choice of the
// nodes that may. Not counted: restarts, power losses, disk faults, the order of deliveries.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>

namespace noloss::harness {

struct FaultBudget {
  std::uint32_t nodes = 0;
  std::uint32_t rounds = 0;        ///< end of time, EOT: a node may stop before each of them, or after the last
  std::uint32_t lossy_rounds = 0;  ///< end of finite failures, EFF: rounds in which messages may be lost
  std::uint32_t crashes = 0;       ///< nodes that may stop
};

/// Precondition: crashes <= nodes, nodes > 0.
[[nodiscard]] boost::multiprecision::cpp_int fault_combinations(const FaultBudget& budget);

}  // namespace noloss::harness
