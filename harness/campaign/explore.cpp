#include "harness/campaign/explore.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/report/commands.hpp"

namespace noloss::harness {
namespace {

std::set<sim::Action> kinds_of(const Configuration& configuration, const std::vector<sim::Action>& wanted) {
  std::set<sim::Action> kinds;
  for (const sim::Fault& fault : configuration.faults) {
    const bool asked = wanted.empty() || std::find(wanted.begin(), wanted.end(), fault.action) != wanted.end();
    if (!fault.at.placed() && asked) kinds.insert(fault.action);
  }
  return kinds;
}

/// A kind that no configuration could ever place: most likely a mistake.
std::string useless_kind(const PreparedCampaign& prepared, const std::vector<sim::Action>& kinds) {
  for (const sim::Action kind : kinds) {
    bool found = false;
    for (std::size_t s = 0; s < prepared.scenarios.size(); ++s) {
      for (const std::size_t c : prepared.selected[s]) {
        found = found || kinds_of(prepared.scenarios[s].configurations[c], {kind}).contains(kind);
      }
    }
    if (!found) return fmt::format("--kinds: no scenario leaves a {} to be placed", sim::name(kind));
  }
  return {};
}

void tell(ConfigurationFacts& facts, const PlanSpace& space, const std::set<sim::Action>& kinds) {
  facts.plans = space.size();
  const std::vector<sim::Action> sorted(kinds.begin(), kinds.end());
  facts.space = fmt::format("kinds={}", sorted.empty() ? "none" : kinds_text(sorted));
  // A message that is held lets others overtake it: then more than one order is tried.
  facts.schedule = kinds.contains(sim::Action::delay) ? "" : ", 1 schedule";
  if (space.sampled()) facts.schedule += ", surviving pages sampled where more than 12 are pending";
}

}  // namespace

void fix_schedule(Configuration& configuration) { configuration.setup.latency.p99 = configuration.setup.latency.p50; }

bool explore(PreparedCampaign& prepared, const CampaignOptions& options, const CampaignServices& services,
             const Console& console) {
  prepared.error = useless_kind(prepared, options.kinds);
  if (!prepared.error.empty()) return false;
  const std::unique_ptr<RunPort> port = services.make_port();
  const auto go_on = [&](std::uint64_t) {
    return services.stop == nullptr || !services.stop->load(std::memory_order_relaxed);
  };
  std::uint64_t plans = 0;
  std::uint64_t alike = 0;
  for (std::size_t s = 0; s < prepared.scenarios.size(); ++s) {
    Scenario& scenario = prepared.scenarios[s];
    ScenarioFacts& facts = prepared.facts.scenarios[s];
    auto& spaces = prepared.spaces.emplace_back();
    for (std::size_t c = 0; c < prepared.selected[s].size(); ++c) {
      Configuration& configuration = scenario.configurations[prepared.selected[s][c]];
      fix_schedule(configuration);
      const RunRequest request{&scenario, &configuration, facts.seeds.first, nullptr, nullptr, 0};
      spaces.push_back(port->explore(request, options.kinds, {.faults = options.faults}, go_on));
      if (spaces.back() == nullptr) return false;
      tell(facts.configurations[c], *spaces.back(), kinds_of(configuration, options.kinds));
      plans += spaces.back()->size();
      alike += spaces.back()->alike();
    }
  }
  console.log(
      fmt::format("space: {} plans of at most {} fault{}; behind {} more that only rename brokers nothing is "
                  "placed\n",
                  grouped(plans), options.faults, options.faults == 1 ? "" : "s", grouped(alike)));
  return true;
}

}  // namespace noloss::harness
