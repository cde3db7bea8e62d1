#include "harness/run/operations.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include "sim/fault/targets.hpp"

namespace noloss::harness {
namespace {

/// How often an operation looks whether somebody holds the role by now, as a person with a shell would.
constexpr sim::Duration kLookAgain = std::chrono::milliseconds{10};

struct Hands {
  sim::Simulation& simulation;
  const sim::RoleResolver& roles;
  sim::Injector& injector;
  models::Cluster* cluster;
};

void carry_out(const Operation& operation, sim::Machine& machine, const Hands& hands) {
  switch (operation.kind) {
    case OperationKind::start: machine.start(); return;
    case OperationKind::leave: machine.stop(/*leave=*/true); return;
    case OperationKind::restart: hands.injector.restart(machine.id()); return;
    case OperationKind::elect:
      if (hands.cluster != nullptr) hands.cluster->elect(machine.id(), operation.unclean);
      return;
    case OperationKind::set:
    case OperationKind::create:
    case OperationKind::remove:
    case OperationKind::purge:
    case OperationKind::add_partitions: return;
  }
}

/// What is asked of the cluster as a whole.
void carry_out(const Operation& operation, models::Cluster& cluster) {
  switch (operation.kind) {
    case OperationKind::set: cluster.set(operation.changes); return;
    case OperationKind::create: cluster.create(operation.target); return;
    case OperationKind::remove: cluster.remove(operation.target); return;
    case OperationKind::purge: cluster.purge(operation.target); return;
    case OperationKind::add_partitions: cluster.add_partitions(operation.target, operation.count); return;
    case OperationKind::start:
    case OperationKind::leave:
    case OperationKind::restart:
    case OperationKind::elect: return;
  }
}

void act(const Operation& operation, Hands hands) {
  if (target_of(operation.kind) != OperationTarget::node) {
    if (hands.cluster != nullptr) carry_out(operation, *hands.cluster);
    return;
  }
  const sim::Targets targets{hands.simulation, hands.roles};
  const sim::Resolved resolved = targets.resolve(operation.target, operation.line);
  if (resolved.waits) {
    hands.simulation.scheduler().at(hands.simulation.now() + kLookAgain,
                                    [&operation, hands] { act(operation, hands); });
    return;
  }
  for (const sim::NodeId node : resolved.nodes) carry_out(operation, hands.simulation.machine(node), hands);
}

}  // namespace

void place_operations(const std::vector<Operation>& operations, sim::Simulation& simulation,
                      const sim::RoleResolver& roles, sim::Injector& injector, models::Cluster* cluster) {
  // A node whose first operation is `start` does not exist before.
  std::set<std::string_view> seen;
  for (const Operation& operation : operations) {
    sim::Machine* const machine = simulation.machine_named(operation.target);
    const bool first = seen.insert(operation.target).second;
    if (first && machine != nullptr && operation.kind == OperationKind::start) machine->comes_later();
  }
  const Hands hands{simulation, roles, injector, cluster};
  for (const Operation& operation : operations) {
    injector.place(operation.at, [&operation, hands] { act(operation, hands); });
  }
}

std::vector<std::string> late_nodes(const std::vector<Operation>& operations) {
  std::vector<std::string> seen;
  std::vector<std::string> late;
  for (const Operation& operation : operations) {
    if (std::find(seen.begin(), seen.end(), operation.target) != seen.end()) continue;
    seen.push_back(operation.target);
    if (operation.kind == OperationKind::start) late.push_back(operation.target);
  }
  return late;
}

}  // namespace noloss::harness
