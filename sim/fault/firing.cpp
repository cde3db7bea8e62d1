#include "sim/fault/firing.hpp"

#include <algorithm>

namespace noloss::sim {

Hit* Firing::hit(NodeId node) {
  const auto found = std::find_if(hits.begin(), hits.end(), [node](const Hit& each) { return each.node == node; });
  return found == hits.end() ? nullptr : &*found;
}

Firing* FaultContext::other_acting(const Firing& firing, NodeId node) {
  for (auto other = firings.rbegin(); other != firings.rend(); ++other) {
    if (&*other == &firing || !other->acting || other->fault->action != firing.fault->action) continue;
    const Hit* hit = other->hit(node);
    if (hit != nullptr && hit->acted) return &*other;
  }
  return nullptr;
}

Family family(Action action) {
  switch (action) {
    case Action::power_loss:
    case Action::wipe:
    case Action::destroy:
    case Action::kill:
    case Action::pause:
    case Action::stop:
    case Action::clock_skew: return Family::machine;
    case Action::fsync_error:
    case Action::fsync_lie:
    case Action::disk_slow:
    case Action::disk_full:
    case Action::disk_error:
    case Action::corrupt: return Family::disk;
    case Action::handler_error:
    case Action::handler_stall: return Family::handler;
    case Action::drop:
    case Action::partition:
    case Action::loss:
    case Action::delay:
    case Action::slow: break;
  }
  return Family::network;
}

bool at_message(const Fault& fault) { return fault.at.moment && fault.at.moment->event.starts_with("sent"); }

bool acts_once(const Fault& fault) {
  const bool one_message = !fault.message.empty() || at_message(fault);
  return fault.action == Action::drop || (fault.action == Action::delay && one_message) ||
         (fault.action == Action::fsync_error && fault.once);
}

bool heals(const Fault& fault) {
  return fault.action != Action::corrupt && fault.action != Action::destroy && fault.action != Action::handler_error;
}

bool lasts(const Fault& fault) {
  const bool stays_dead = fault.action == Action::kill && !fault.restart;
  return heals(fault) && !acts_once(fault) && !stays_dead;
}

std::vector<NodeId> nodes_of(const Firing& firing) {
  if (firing.fault->action == Action::partition) {
    return firing.sides.empty() ? std::vector<NodeId>{} : firing.sides.front();
  }
  std::vector<NodeId> nodes = firing.from.nodes;
  nodes.insert(nodes.end(), firing.to.nodes.begin(), firing.to.nodes.end());
  return nodes;
}

void act(FaultContext& context, Firing& firing) {
  firing.acting = true;
  switch (family(firing.fault->action)) {
    case Family::machine: act_on_machine(context, firing); break;
    case Family::disk: act_on_disk(context, firing); break;
    case Family::handler: act_on_handler(context, firing); break;
    case Family::network: act_on_network(context, firing); return;
  }
  firing.acting = std::any_of(firing.hits.begin(), firing.hits.end(), [](const Hit& hit) { return hit.acted; });
}

void measure(FaultContext& context, Firing& firing) {
  if (!firing.acting) return;
  switch (family(firing.fault->action)) {
    case Family::machine: measure_machine(context, firing); break;
    case Family::disk: measure_disk(context, firing); break;
    case Family::handler: break;
    case Family::network: measure_network(context, firing); break;
  }
}

void heal(FaultContext& context, Firing& firing) {
  measure(context, firing);
  firing.acting = false;
  switch (family(firing.fault->action)) {
    case Family::machine: heal_machine(context, firing); break;
    case Family::disk: heal_disk(context, firing); break;
    case Family::handler: break;
    case Family::network: heal_network(context, firing); break;
  }
}

}  // namespace noloss::sim
