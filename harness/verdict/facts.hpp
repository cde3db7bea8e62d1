// What a verdict needs to know about a scenario, without the scenario: names, expectations, seeds.
//
// The header of a journal stores it, so that `merge` and a repeated command give the verdict without reading, or
// even having, the scenario files. Holds nothing that a run needs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/scenario/guarantee.hpp"
#include "harness/scenario/scenario.hpp"

namespace noloss::harness {

struct ConfigurationFacts {
  std::string id;
  std::vector<std::pair<std::string, std::string>> parameters;
  std::vector<std::string> selector;  ///< "acks=1": what --only needs to leave just this one of the file's
  std::vector<Expectation> expectations;
  std::vector<TotalBound> totals;
  std::vector<std::string> required_marks;
  bool lists_faults = false;    ///< then "holds" needs a fault that had an effect
  bool sequence_check = false;  ///< some consumer checks sequence numbers
  bool only_oneway = false;     ///< no producer asks for acknowledgements

  std::uint64_t plans = 0;  ///< exhaustive search: size of the space; random: 0
  std::string space;        ///< "kinds=power_loss+kill", and what else the evidence must say; random: empty
  std::string schedule;     ///< "1 schedule", or what is known of schedules
};

struct ScenarioFacts {
  std::string name;
  std::string file;  ///< as the user named it
  std::uint64_t hash = 0;
  SeedRange seeds;  ///< those that are run; exhaustive search: the one that draws the workload
  std::vector<ConfigurationFacts> configurations;

  /// Runs of one configuration.
  [[nodiscard]] std::uint64_t units(const ConfigurationFacts& configuration) const {
    return configuration.plans > 0 ? configuration.plans : seeds.size();
  }
};

struct CampaignFacts {
  std::string tool = "noloss";  ///< name and version
  std::string search = "random";
  std::uint32_t faults = 0;          ///< exhaustive search: at most so many in a plan; random: 0
  std::string kinds;                 ///< those of --kinds, as typed; empty: all
  std::optional<double> confidence;  ///< "holds" needs an upper bound this small
  /// Words after `noloss run` that name this campaign: paths, --seeds, --only, --set. Printed, never compared.
  std::vector<std::string> arguments;
  std::vector<std::string> sets;  ///< "path=value" of each --set, for commands that reproduce
  std::vector<ScenarioFacts> scenarios;

  [[nodiscard]] std::uint64_t units() const;
};

/// The facts of the configuration as read from the file.
[[nodiscard]] ConfigurationFacts facts_of(const Configuration& configuration);

}  // namespace noloss::harness
