// Adds up the runs of a campaign, one after the other, in any order; keeps none of them.
//
// Memory grows with the number of configurations, marks and kinds of violation, not with the number of runs.
#pragma once

#include <cstddef>

#include "harness/verdict/verdict.hpp"

namespace noloss::harness {

/// Which configuration of which scenario, by number from 0.
struct ConfigurationKey {
  std::size_t scenario = 0;
  std::size_t configuration = 0;
  friend bool operator==(const ConfigurationKey&, const ConfigurationKey&) = default;
};

class Aggregator {
 public:
  explicit Aggregator(CampaignFacts facts);

  void add(ConfigurationKey place, const RunResult& run);
  /// Judges what was added. The aggregator is empty afterwards.
  [[nodiscard]] CampaignVerdict finish(Ended ended);

 private:
  CampaignVerdict verdict_;
};

}  // namespace noloss::harness
