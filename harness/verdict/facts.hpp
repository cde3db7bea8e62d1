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
};

struct ScenarioFacts {
  std::string name;
  std::string file;  ///< as the user named it
  std::uint64_t hash = 0;
  SeedRange seeds;  ///< those that are run
  std::vector<ConfigurationFacts> configurations;

  [[nodiscard]] std::uint64_t units() const { return seeds.size() * configurations.size(); }
};

struct CampaignFacts {
  std::string tool = "noloss";  ///< name and version
  std::string search = "random";
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
