// Places what administrators do: to a node (it starts, leaves for good, is restarted, is to lead), to an entity (it is
// created, deleted, emptied, gets partitions), or to options.
//
// Operations are no faults: they are not counted, not drawn and not healed. The reader refuses those that the modelled
// system cannot do.
#pragma once

#include <string>
#include <vector>

#include "harness/scenario/scenario.hpp"
#include "models/cluster.hpp"
#include "sim/fault/injector.hpp"
#include "sim/simulation.hpp"

namespace noloss::harness {

/// Call before the simulation runs. All of them must outlive the run. A target that is a role is resolved when the
/// operation comes; while nobody holds it, the operation waits.
void place_operations(const std::vector<Operation>& operations, sim::Simulation& simulation,
                      const sim::RoleResolver& roles, sim::Injector& injector, models::Cluster* cluster = nullptr);

/// Nodes whose first operation is `start`: they do not exist before it.
[[nodiscard]] std::vector<std::string> late_nodes(const std::vector<Operation>& operations);

}  // namespace noloss::harness
