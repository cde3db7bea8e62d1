// Every single thing that the scenarios expect, with what became of it: what CI systems are told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/verdict/aggregator.hpp"

namespace noloss::harness {

struct Check {
  ConfigurationKey place;
  std::string subject;        ///< "no_acked_loss", "totals.duplicates", "mark leader_elected"
  std::string configuration;  ///< "acks=1 min.insync.replicas=2"; empty without a matrix
  Met met = Met::met;
  std::string summary;          ///< one sentence: the reason if not met, else the verdict and its evidence
  std::string evidence;         ///< empty for totals and marks
  std::string story;            ///< "seed 23: ..."; empty without a violation
  std::string reproduce;        ///< command; empty without a seed
  std::uint32_t line = 0;       ///< of the scenario file; 0: none
  std::int64_t violations = 0;  ///< runs that do not do as expected, to sort by

  /// "no_acked_loss [acks=1]".
  [[nodiscard]] std::string title() const;
};

/// In order of scenarios, configurations, guarantees; then totals and marks.
[[nodiscard]] std::vector<Check> checks(const CampaignVerdict& verdict);
/// Those that are not met, the worst first: failed before inconclusive, more violations before fewer.
[[nodiscard]] std::vector<Check> worst(const std::vector<Check>& checks);

/// "38/1,000 runs"
[[nodiscard]] std::string share_text(std::int64_t violations, std::int64_t runs);
/// "p=0.038 [0.027, 0.052]" or "p<=0.0030"; empty without a bound.
[[nodiscard]] std::string bound_text(const GuaranteeVerdict& verdict);

}  // namespace noloss::harness
