// Which runs are the same but for the names of brokers that nothing tells apart.
//
// Two plans are alike if renaming such brokers turns one plan into the other and one run's events into the other's:
// the same events at the same times, of one instant in any order between nodes. What could be added to the one could
// then be added, renamed, to the other with the same outcome, so a search goes on behind only one of them. What breaks
// ties by a broker's number could still tell them apart; the tests compare with a search that leaves out nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/scenario/scenario.hpp"
#include "sim/fault/fault.hpp"
#include "sim/simulation.hpp"
#include "sim/trace.hpp"

namespace noloss::harness {

/// A renaming gives each node its new number; the first is always the one that changes nothing.
using Renaming = std::vector<sim::NodeId>;

/// Every way to exchange brokers of one zone that no fault, operation or assignment names. At most 24; one where there
/// are more.
[[nodiscard]] std::vector<Renaming> renamings(const Configuration& configuration, sim::Simulation& simulation);

/// Equal for plans that are alike, and (but for a collision of hashes) only for those. `nodes`: names by number.
[[nodiscard]] std::uint64_t likeness(const sim::FaultPlan& plan, std::span<const sim::TraceEvent> trace,
                                     std::span<const std::string> nodes, std::span<const Renaming> renamings);

}  // namespace noloss::harness
