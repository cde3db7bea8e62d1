#include "harness/verdict/facts.hpp"

#include <algorithm>
#include <numeric>

namespace noloss::harness {

std::uint64_t CampaignFacts::units() const {
  return std::accumulate(scenarios.begin(), scenarios.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const ScenarioFacts& scenario) { return sum + scenario.units(); });
}

ConfigurationFacts facts_of(const Configuration& configuration) {
  const auto& producers = configuration.setup.producers;
  const auto& consumers = configuration.setup.consumers;
  return {.id = configuration.id,
          .parameters = configuration.parameters,
          .selector = {},
          .expectations = configuration.expectations,
          .totals = configuration.totals,
          .required_marks = configuration.required_marks,
          .lists_faults = !configuration.faults.empty(),
          .sequence_check = std::any_of(consumers.begin(), consumers.end(),
                                        [](const auto& group) { return group.sequence_check.enabled; }),
          .only_oneway = std::all_of(producers.begin(), producers.end(),
                                     [](const auto& group) { return group.send == models::SendMode::oneway; })};
}

}  // namespace noloss::harness
