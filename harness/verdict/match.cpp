// Whether what was expected came about: the second half of judge.hpp, and what a verdict says about itself.
#include <fmt/format.h>

#include <algorithm>

#include "harness/verdict/judge.hpp"

namespace noloss::harness {
namespace {

struct Match {
  Met met = Met::met;
  std::string reason;
};

std::string count_text(std::int64_t number) { return grouped(static_cast<std::uint64_t>(number)); }

Match match_holds(const GuaranteeVerdict& verdict) {
  switch (verdict.verdict) {
    case Verdict::holds: return {};
    case Verdict::inconclusive: return {Met::inconclusive, verdict.why};
    case Verdict::violated: break;
  }
  return {Met::failed,
          fmt::format("expected to hold, violated in {} of {} runs, first by {}", count_text(verdict.violations),
                      count_text(verdict.runs), verdict.first()->second.which())};
}

/// "store in 3 runs, produce in 1".
std::string details_text(const GuaranteeVerdict& verdict) {
  std::string text;
  for (const auto& [detail, finding] : verdict.findings) {
    text += fmt::format("{}'{}' in {}", text.empty() ? "" : ", ", detail, count_text(finding.runs));
  }
  return text;
}

Match match_violated(const GuaranteeVerdict& verdict, const std::string& detail, const ConfigurationVerdict& sum) {
  if (verdict.violations == 0) {
    if (sum.runs < sum.planned) {
      return {Met::inconclusive,
              fmt::format("no violation found yet, in {} of {} runs", count_text(sum.runs), count_text(sum.planned))};
    }
    const std::string because = verdict.why.empty() ? "" : fmt::format(": {}", verdict.why);
    return {Met::failed, fmt::format("expected to be violated, and no violation was found in {} runs{}",
                                     count_text(sum.runs), because)};
  }
  const bool found = std::any_of(verdict.findings.begin(), verdict.findings.end(),
                                 [&](const auto& finding) { return matches_detail(detail, finding.first); });
  if (found) return {};
  return {Met::failed, fmt::format("expected to be violated by '{}', found {}", detail, details_text(verdict))};
}

/// Of two outcomes the one that a reader has to know.
int weight(Met met) {
  switch (met) {
    case Met::nothing_expected: return 0;
    case Met::met: return 1;
    case Met::inconclusive: return 2;
    case Met::failed: return 3;
  }
  return 0;
}

std::string bounds_text(const TotalBound& bound) {
  if (bound.low == bound.high) return fmt::format("{}", bound.low);
  return bound.high == INT64_MAX ? fmt::format("{}..", bound.low) : fmt::format("{}..{}", bound.low, bound.high);
}

}  // namespace

std::string Finding::which() const {
  return plan.empty() ? fmt::format("seed {}", first_seed) : fmt::format("plan {}", first_plan);
}

bool matches_detail(std::string_view expected, std::string_view found) {
  return expected.empty() || expected == found || (expected == "policy" && found.starts_with("policy: "));
}

const std::pair<const std::string, Finding>* GuaranteeVerdict::first() const {
  const auto found = std::min_element(findings.begin(), findings.end(),
                                      [](const auto& a, const auto& b) { return a.second.before(b.second); });
  return found == findings.end() ? nullptr : &*found;
}

const std::pair<const std::string, Finding>* GuaranteeVerdict::shown() const {
  const std::pair<const std::string, Finding>* best = nullptr;
  for (const auto& finding : findings) {
    if (!expected || !matches_detail(expected->detail, finding.first)) continue;
    if (best == nullptr || finding.second.before(best->second)) best = &finding;
  }
  return best == nullptr ? first() : best;
}

std::int64_t GuaranteeVerdict::in_stage(Stage stage) const {
  const auto found = findings.find(std::string{name(stage)});
  return found == findings.end() ? 0 : found->second.runs;
}

void match(GuaranteeVerdict& verdict, const Expectation& expectation, const ConfigurationVerdict& configuration) {
  const Match outcome = expectation.verdict == Verdict::violated
                            ? match_violated(verdict, expectation.detail, configuration)
                            : match_holds(verdict);
  if (weight(outcome.met) <= weight(verdict.met)) return;
  verdict.expected = expectation;
  verdict.met = outcome.met;
  verdict.reason = outcome.reason;
}

void match(TotalVerdict& total, const ConfigurationVerdict& configuration) {
  const std::string what = fmt::format("{} is expected to be {}", total.bound.column, bounds_text(total.bound));
  if (total.breaches > 0) {
    total.met = Met::failed;
    total.reason = fmt::format("{}, and is {} in {} ({} of {} runs differ)", what, total.first_value,
                               total.first.which(), count_text(total.breaches), count_text(total.measured));
  } else if (total.measured == 0) {
    total.met = Met::inconclusive;
    total.reason = fmt::format("{}, and none of {} runs could measure it", what, count_text(configuration.runs));
  } else {
    total.met = Met::met;
    total.reason.clear();
  }
}

}  // namespace noloss::harness
