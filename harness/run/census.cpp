#include "harness/run/census.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace noloss::harness {
namespace {

/// Every word of the faults that is a role of the system: "leader", "leader(2)", "follower".
std::set<std::string> roles_named(const Scenario& scenario, const Configuration& configuration) {
  std::set<std::string> roles;
  const auto add = [&](const std::string& word) {
    const auto known = scenario.system->roles();
    const bool is_role = std::any_of(known.begin(), known.end(), [&](const models::NamedRow& role) {
      return word == role.name || word.starts_with(std::string{role.name} + "(");
    });
    if (is_role) roles.insert(word);
  };
  for (const sim::Fault& fault : configuration.faults) {
    add(fault.target);
    add(fault.peer);
    for (const auto& side : fault.sides) {
      for (const std::string& word : side) add(word);
    }
  }
  return roles;
}

}  // namespace

MomentCensus take_census(World& world, const Scenario& scenario, const Configuration& configuration) {
  MomentCensus census;
  const sim::Simulation& simulation = world.simulation();
  for (std::uint32_t node = 0; node < simulation.machines(); ++node) {
    for (std::uint16_t event = 0; event < simulation.events().size(); ++event) {
      const std::uint64_t count = simulation.count(sim::NodeId{node}, sim::EventId{event});
      census.counts.push_back(
          {world.names().nodes[node], std::string{simulation.events().name(sim::EventId{event})}, count});
    }
  }
  for (const std::string& role : roles_named(scenario, configuration)) {
    MomentCensus::Holders& holders = census.holders.emplace_back();
    holders.role = role;
    for (const sim::NodeId node : world.cluster().holders(role))
      holders.nodes.push_back(world.names().nodes[sim::index(node)]);
  }
  for (const models::MessageRecord& record : world.history().messages()) {
    census.last_activity = std::max(census.last_activity, record.processed() ? record.first_effect_at : record.sent_at);
  }
  return census;
}

}  // namespace noloss::harness
