// What the runs of a campaign say together: verdicts with their evidence, and whether expectations were met.
//
// Made by the Aggregator (aggregator.hpp), shown by harness/report, written by harness/campaign.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/run/run_result.hpp"
#include "harness/verdict/facts.hpp"
#include "harness/verdict/interval.hpp"

namespace noloss::harness {

/// Whether what the scenario expects came about.
enum class Met : std::uint8_t {
  nothing_expected,
  met,
  failed,
  inconclusive,  ///< expected to hold, and the runs do not tell
};

/// The violations of one guarantee that share a detail (stage, policy or wait).
struct Finding {
  std::int64_t runs = 0;
  std::uint64_t first_seed = 0;
  std::uint64_t first_plan = 0;  ///< exhaustive search: number of the first run's plan
  std::string plan;              ///< of the first run; random: empty
  std::string story;             ///< of the first run

  /// "seed 23", or "plan 17" of an exhaustive search.
  [[nodiscard]] std::string which() const;
  /// In the order of the runs.
  [[nodiscard]] bool before(const Finding& other) const {
    return std::pair{first_seed, first_plan} < std::pair{other.first_seed, other.first_plan};
  }
};

struct GuaranteeVerdict {
  Guarantee guarantee = Guarantee::no_acked_loss;
  Verdict verdict = Verdict::inconclusive;
  std::string why;  ///< inconclusive: why, and what would make it conclusive

  std::optional<Expectation> expected;  ///< of several for one guarantee, the one that decides
  Met met = Met::nothing_expected;
  std::string reason;  ///< expectation not met: why, one sentence

  std::int64_t runs = 0;  ///< that gave a verdict on it
  std::int64_t violations = 0;
  Finding unsure;                 ///< the runs that gave none
  std::optional<Interval> bound;  ///< of the probability of a violation; no runs: none
  std::string evidence;           ///< "random(N=30,000, p <= 1.0e-4)"

  std::map<std::string, Finding> findings;  ///< by detail
  std::string remedy;                       ///< of the first violation: "flush=sync"; empty: not asked
  std::string needed;                       ///< which of its faults were needed, in words
  std::string certain_from;                 ///< when, in its witness, the loss was certain
  /// The violation with the smallest seed, or null.
  [[nodiscard]] const std::pair<const std::string, Finding>* first() const;
  /// The violation to show: the first of the detail that the scenario expects; else first().
  [[nodiscard]] const std::pair<const std::string, Finding>* shown() const;
  /// Runs whose first lost message was lost in that stage.
  [[nodiscard]] std::int64_t in_stage(Stage stage) const;
};

/// Whether a detail of a violation is the one that an expectation names: equal, or "policy" for any policy.
[[nodiscard]] bool matches_detail(std::string_view expected, std::string_view found);

/// `expect: totals`: one bounded column.
struct TotalVerdict {
  TotalBound bound;
  Met met = Met::met;
  std::int64_t measured = 0;  ///< runs that had a value
  std::int64_t breaches = 0;  ///< runs outside of the bounds
  Finding first;
  std::int64_t first_value = 0;  ///< of the first breach
  std::string reason;            ///< one sentence; empty when met
};

struct FaultVerdict {
  FaultCount sum;
  std::int64_t runs_effective = 0;                   ///< runs in which it had an effect
  std::array<std::int64_t, kGuarantees> violated{};  ///< of those, runs that violated each guarantee
};

struct ConfigurationVerdict {
  std::int64_t runs = 0;
  std::int64_t planned = 0;  ///< seeds of the configuration
  std::string evidence;      ///< what a guarantee that holds is worth here
  std::array<GuaranteeVerdict, kGuarantees> guarantees;
  std::vector<TotalVerdict> totals;
  Totals sums;
  std::array<FaultVerdict, sim::kActions> faults;
  std::map<std::string, std::int64_t> marks;  ///< runs that reached each
  std::vector<std::string> missing_marks;     ///< required, and reached in no run

  [[nodiscard]] const GuaranteeVerdict& of(Guarantee guarantee) const {
    return guarantees[static_cast<std::size_t>(guarantee)];
  }
};

/// Why a campaign has the runs that it has. Decides whether a bound can be given.
enum class Ended : std::uint8_t { complete, time_budget, on_violation, interrupted };

/// Side by side with CampaignFacts: the same numbers of scenarios and configurations in the same order.
struct CampaignVerdict {
  CampaignFacts facts;
  Ended ended = Ended::complete;
  std::vector<std::vector<ConfigurationVerdict>> configurations;  ///< [scenario][configuration]
  std::int64_t expectations = 0;                                  ///< guarantees, totals and missing marks
  std::int64_t met = 0;
  std::int64_t failed = 0;
  std::int64_t inconclusive = 0;

  [[nodiscard]] bool expectations_met() const { return failed == 0 && inconclusive == 0; }
};

}  // namespace noloss::harness
