// Faults of connections: drop, loss, delay, slow; and of pairs of nodes: partition.
//
// A connection "A -> B" is meant with both its directions, but for `drop`, whose side says which one. A node stands for
// all connections that it has.
#include <algorithm>

#include "sim/fault/firing.hpp"
#include "sim/random.hpp"

namespace noloss::sim {
namespace {

/// The directions that the fault acts on.
std::vector<LinkSelector> links_of(const Firing& firing) {
  const Fault& fault = *firing.fault;
  const LinkSelector sending = firing.cause.sending;
  if (sending.from != kNoNode && at_message(fault) && firing.cause.delay == Duration{0}) return {sending};
  std::vector<LinkSelector> links;
  if (fault.target.empty()) {
    for (const NodeId from : firing.from.nodes) links.push_back({from, sending.to});
    return links;
  }
  const bool one_side = fault.action == Action::drop;
  for (const NodeId from : firing.from.nodes) {
    if (fault.peer.empty()) {
      links.push_back({from, kNoNode});
      links.push_back({kNoNode, from});
    }
    for (const NodeId to : firing.to.nodes) {
      if (from == to) continue;
      if (!one_side || fault.side == Side::request) links.push_back({from, to});
      if (!one_side || fault.side == Side::response) links.push_back({to, from});
    }
  }
  return links;
}

/// It names a kind of message, and none of that kind is leaving right now.
bool waits_for_message(FaultContext& context, const Firing& firing) {
  const Fault& fault = *firing.fault;
  const bool leaving = firing.cause.sending.from != kNoNode && firing.cause.delay == Duration{0};
  if (fault.action != Action::delay || fault.message.empty()) return false;
  return !leaving || context.simulation.events().name(firing.cause.event) != "sent:" + fault.message;
}

Network::FaultHandle put(FaultContext& context, const Firing& firing, LinkSelector link, std::uint64_t number) {
  const Fault& fault = *firing.fault;
  Network& network = context.simulation.network();
  switch (fault.action) {
    case Action::drop: return network.drop_next(link);
    case Action::loss: return network.lose(link, fault.rate.value(), derive_seed(firing.draw, number));
    case Action::delay:
      return at_message(fault) ? network.delay_one(link, fault.by, std::nullopt)
                               : network.delay(link, fault.by, std::nullopt);
    default: return network.limit(link, fault.bandwidth.value());
  }
}

}  // namespace

void act_on_network(FaultContext& context, Firing& firing) {
  if (firing.fault->action == Action::partition) {
    const bool one_way = firing.fault->shape == PartitionShape::one_way;
    firing.links.push_back(context.simulation.network().cut(firing.sides, one_way));
    return;
  }
  if (waits_for_message(context, firing)) {
    firing.awaited = links_of(firing);
    firing.acting = !firing.awaited.empty();
    return;
  }
  std::uint64_t number = 0;
  for (const LinkSelector link : links_of(firing)) firing.links.push_back(put(context, firing, link, ++number));
  firing.acting = !firing.links.empty();
}

bool take_message(FaultContext& context, Firing& firing, const Occurrence& leaving) {
  const auto matches = [&](LinkSelector link) {
    return (link.from == kNoNode || link.from == leaving.sending.from) &&
           (link.to == kNoNode || link.to == leaving.sending.to);
  };
  if (!firing.acting || std::none_of(firing.awaited.begin(), firing.awaited.end(), matches)) return false;
  firing.awaited.clear();
  Network& network = context.simulation.network();
  firing.links.push_back(network.delay_one(leaving.sending, firing.fault->by, leaving.event));
  return true;
}

void measure_network(FaultContext& context, Firing& firing) {
  firing.packets = 0;
  for (const Network::FaultHandle link : firing.links) firing.packets += context.simulation.network().effect(link);
  firing.effective = firing.packets > 0;
}

void heal_network(FaultContext& context, Firing& firing) {
  for (const Network::FaultHandle link : firing.links) context.simulation.network().heal(link);
}

}  // namespace noloss::sim
