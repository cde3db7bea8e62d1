// Runs the units of a shard that its journal does not have yet, on several threads.
//
// Thread rule: each thread makes its own RunPort and runs units that it takes in order; a finished run goes into the
// journal at once, whichever it is. Nobody takes a unit more than kWindow units ahead of the first unfinished one, so
// memory does not grow with the number of units. When asked to stop, threads finish the runs that they have begun.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "harness/campaign/campaign.hpp"
#include "harness/campaign/journal.hpp"
#include "harness/campaign/units.hpp"
#include "harness/report/progress.hpp"

namespace noloss::harness {

/// What a driver works on. Everything referred to outlives it.
struct Job {
  std::span<const Scenario> scenarios;
  /// [scenario]: the numbers of its configurations that take part; facts and places count within these.
  std::span<const std::vector<std::size_t>> selected;
  /// Exhaustive search: the same shape as `selected`; random: empty.
  std::span<const std::vector<std::shared_ptr<const PlanSpace>>> spaces;
  const CampaignFacts& facts;
  const Units& units;
  Shard shard;

  [[nodiscard]] RunRequest request(const RunUnit& unit) const;
};

struct DriverOptions {
  unsigned jobs = 1;
  std::optional<std::chrono::milliseconds> time_budget;
  OnViolation on_violation = OnViolation::go_on;
};

struct DriverOutcome {
  Ended ended = Ended::complete;
  std::string diverged;  ///< a repeated run differed: which, and where
  std::string error;     ///< a run or the journal failed: why
};

/// Whether a violation of the run is news for the scenario: of a guarantee that it names, or of any if it names none.
[[nodiscard]] bool violates_named(const RunResult& run, const ConfigurationFacts& facts);
/// Whether the run broke a guarantee that is expected to hold, or any if nothing is expected.
[[nodiscard]] bool violates_expected(const RunResult& run, const ConfigurationFacts& facts);

/// What the journal has already, and what of it counts for the driver.
struct Resumed {
  Progress done;
  std::uint64_t violating = 0;
  bool stopped_at_violation = false;  ///< violates_named of some run
};

[[nodiscard]] DriverOutcome drive(const Job& job, const Resumed& resumed, AppendFile& journal,
                                  const CampaignServices& services, const DriverOptions& options,
                                  ProgressDisplay& progress);

}  // namespace noloss::harness
