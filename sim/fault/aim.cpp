// Whom a fault hits when it fires.
#include <algorithm>
#include <span>
#include <utility>

#include "sim/fault/firing.hpp"
#include "sim/random.hpp"

namespace noloss::sim {
namespace {

/// At a message that leaves between the two, they are its ends: "any producer -> leader" is the one that sends.
bool aim_at_message(FaultContext& context, Firing& firing) {
  const Fault& fault = *firing.fault;
  const LinkSelector sending = firing.cause.sending;
  if (sending.from == kNoNode || firing.cause.delay != Duration{0} || !at_message(fault)) return false;
  for (const auto& [a, b] : {std::pair{sending.from, sending.to}, std::pair{sending.to, sending.from}}) {
    if (!context.targets.could_be(fault.target, a) || !context.targets.could_be(fault.peer, b)) continue;
    const auto drawn = [&](std::string_view word) {
      return context.targets.parse(word).form != TargetWord::Form::node;
    };
    firing.from = {.nodes = {a}, .drawn = drawn(fault.target)};
    firing.to = {.nodes = {b}, .drawn = drawn(fault.peer)};
    return true;
  }
  return false;
}

bool aim_connection(FaultContext& context, Firing& firing) {
  const Fault& fault = *firing.fault;
  if (fault.target.empty()) {  // it hits the message that is leaving, or the next one of who set it off
    const LinkSelector sending = firing.cause.sending;
    const NodeId from = sending.from != kNoNode ? sending.from : firing.cause.node;
    if (from != kNoNode) firing.from.nodes = {from};
    if (sending.to != kNoNode) firing.to.nodes = {sending.to};
    return true;
  }
  if (!fault.peer.empty() && aim_at_message(context, firing)) return true;
  firing.from = context.targets.resolve(fault.target, firing.draw);
  if (fault.peer.empty()) return !firing.from.waits;
  std::span<const NodeId> taken;
  if (firing.from.nodes.size() == 1) taken = firing.from.nodes;
  firing.to = context.targets.resolve(fault.peer, derive_seed(firing.draw, "peer"), taken);
  return !firing.from.waits && !firing.to.waits;
}

/// Producers and consumers stand where `clients` says; reaching both, they are in no list.
void place_clients(FaultContext& context, Firing& firing, std::vector<NodeId>& minority,
                   std::vector<NodeId>& majority) {
  if (firing.fault->clients == Clients::both) return;
  std::vector<NodeId>& side = firing.fault->clients == Clients::minority ? minority : majority;
  for (const NodeId node : context.targets.everybody()) {
    const bool named = std::find(minority.begin(), minority.end(), node) != minority.end();
    if (context.targets.client(node) && !named) side.push_back(node);
  }
}

/// The nodes that a random split divides.
std::vector<NodeId> shuffled_servers(FaultContext& context, const Firing& firing) {
  std::vector<NodeId> nodes = context.targets.everybody();
  std::erase_if(nodes, [&](NodeId node) { return context.targets.client(node) || !context.targets.present(node); });
  RandomStream random{derive_seed(firing.draw, "sides")};
  for (std::size_t i = nodes.size(); i > 1; --i) std::swap(nodes[i - 1], nodes[random.below(i)]);
  return nodes;
}

void aim_split(FaultContext& context, Firing& firing) {
  std::vector<NodeId> nodes = shuffled_servers(context, firing);
  if (firing.fault->shape == PartitionShape::bridge && !nodes.empty()) nodes.pop_back();
  const auto middle = nodes.begin() + static_cast<std::ptrdiff_t>(nodes.size() / 2);
  std::vector<NodeId> minority{nodes.begin(), middle};
  std::vector<NodeId> majority{middle, nodes.end()};
  std::sort(minority.begin(), minority.end());
  std::sort(majority.begin(), majority.end());
  place_clients(context, firing, minority, majority);
  firing.sides = {std::move(minority), std::move(majority)};
}

bool aim_isolate(FaultContext& context, Firing& firing) {
  firing.from = context.targets.resolve(firing.fault->target, firing.draw);
  if (firing.from.waits) return false;
  std::vector<NodeId> alone = firing.from.nodes;
  std::vector<NodeId> others = context.targets.everybody();
  std::erase_if(others, [&](NodeId node) {
    return context.targets.client(node) || std::find(alone.begin(), alone.end(), node) != alone.end();
  });
  place_clients(context, firing, alone, others);
  firing.sides = {std::move(alone), std::move(others)};
  return true;
}

bool aim_sides(FaultContext& context, Firing& firing) {
  std::vector<std::vector<NodeId>> sides;
  std::vector<NodeId> taken;
  for (const std::vector<std::string>& words : firing.fault->sides) {
    std::vector<NodeId>& side = sides.emplace_back();
    for (const std::string& word : words) {
      const Resolved resolved = context.targets.resolve(word, firing.draw, taken);
      if (resolved.waits) return false;
      for (const NodeId node : resolved.nodes) {
        if (std::find(taken.begin(), taken.end(), node) != taken.end()) continue;
        side.push_back(node);
        taken.push_back(node);
      }
    }
  }
  firing.sides = std::move(sides);
  return true;
}

}  // namespace

bool aim_partition(FaultContext& context, Firing& firing) {
  switch (firing.fault->shape) {
    case PartitionShape::isolate: return aim_isolate(context, firing);
    case PartitionShape::halves:
    case PartitionShape::bridge: aim_split(context, firing); return true;
    case PartitionShape::one_way:
      if (!aim_connection(context, firing)) return false;
      firing.sides = {firing.from.nodes, firing.to.nodes};
      return true;
    case PartitionShape::sides: break;
  }
  return aim_sides(context, firing);
}

bool aim(FaultContext& context, Firing& firing) {
  const Fault& fault = *firing.fault;
  if (fault.action == Action::partition) return aim_partition(context, firing);
  if (family(fault.action) == Family::network) return aim_connection(context, firing);
  firing.from = context.targets.resolve(fault.target, firing.draw);
  if (firing.from.waits) return false;
  for (const NodeId node : firing.from.nodes) firing.hits.push_back({.node = node});
  return true;
}

}  // namespace noloss::sim
