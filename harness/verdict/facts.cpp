#include "harness/verdict/facts.hpp"

#include <algorithm>

namespace noloss::harness {

std::uint64_t CampaignFacts::units() const {
  std::uint64_t sum = 0;
  for (const ScenarioFacts& scenario : scenarios) {
    for (const ConfigurationFacts& configuration : scenario.configurations) sum += scenario.units(configuration);
  }
  return sum;
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
                                     [](const auto& group) { return group.send == models::SendMode::oneway; }),
          .plans = 0,
          .space = {},
          .schedule = {}};
}

}  // namespace noloss::harness
