#include "harness/verdict/judge.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace noloss::harness {
namespace {

std::string runs_text(std::int64_t runs) {
  return fmt::format("{} run{}", grouped(static_cast<std::uint64_t>(runs)), runs == 1 ? "" : "s");
}

/// The application of every producer was told nothing about any message, neither good nor bad: it never asks
/// (`send: oneway`, acks=0, an outcome that nobody looks at). A producer that asks ends with failed or uncertain.
bool nobody_was_told(const ConfigurationVerdict& sum, const ConfigurationFacts& facts) {
  return facts.only_oneway || (sum.sums.sent > 0 && sum.sums.failed == 0 && sum.sums.uncertain == 0);
}

/// What only some guarantees need before "holds" means something. Empty: nothing is lacking.
std::string lacking_for(Guarantee guarantee, const ConfigurationVerdict& sum, const ConfigurationFacts& facts) {
  switch (guarantee) {
    case Guarantee::no_acked_loss:
      if (sum.sums.sent == 0) return "nothing was sent; give the producers a workload and time for it";
      if (sum.sums.acked > 0 || nobody_was_told(sum, facts)) return {};
      return "nothing was acknowledged in any run, so nothing acknowledged could be lost; milder faults or a longer "
             "duration let sends succeed";
    case Guarantee::no_duplicates:
    case Guarantee::order:
      if (sum.sums.processed > 0) return {};
      return "nothing was processed in any run; milder faults or a longer duration let messages through";
    case Guarantee::loss_detected:
      // Where nothing was lost, "holds" still says that there was no false alarm.
      if (facts.sequence_check) return {};
      return "no consumer checks sequence numbers; set consumers.application.sequence_check: true";
    case Guarantee::no_silent_loss:
    case Guarantee::no_phantom:
    case Guarantee::available:
    case Guarantee::replicas_agree: return {};
  }
  return {};
}

/// What every guarantee needs before "holds" means something.
std::string lacking_for_all(const ConfigurationVerdict& sum, const ConfigurationFacts& facts) {
  if (sum.runs == 0) return "no run finished; run the same command again to go on";
  if (!sum.missing_marks.empty()) {
    return fmt::format("no run reached the required mark '{}' in {}; more seeds, or faults that lead there, reach it",
                       sum.missing_marks.front(), runs_text(sum.runs));
  }
  const bool effective = std::any_of(sum.faults.begin(), sum.faults.end(),
                                     [](const FaultVerdict& fault) { return fault.runs_effective > 0; });
  if (!facts.lists_faults || effective) return {};
  FaultCount all;
  for (const FaultVerdict& fault : sum.faults) {
    all.armed += fault.sum.armed;
    all.fired += fault.sum.fired;
  }
  return fmt::format(
      "no fault had an effect in {} ({} armed, {} fired); more seeds, more faults, or moments that the "
      "runs meet (noloss list moments) give them one",
      runs_text(sum.runs), all.armed, all.fired);
}

std::string all_unsure(const GuaranteeVerdict& verdict) {
  const std::string& story = verdict.unsure.story;
  return fmt::format("no run gave a verdict: {}: {}", verdict.unsure.which(),
                     story.empty() ? "no reason was recorded" : story);
}

std::string too_few(const GuaranteeVerdict& verdict, double asked) {
  const std::uint64_t needed = runs_for(asked);
  return fmt::format("{} bound the probability by {}, and {} was asked for; {} are needed", runs_text(verdict.runs),
                     short_bound(verdict.bound->high), short_probability(asked),
                     runs_text(static_cast<std::int64_t>(needed)));
}

/// A search that is to leave nothing out must have run everything, and each run must tell.
std::string not_exhausted(const GuaranteeVerdict& verdict, const ConfigurationVerdict& sum) {
  if (sum.runs < sum.planned) {
    return fmt::format("{} of {} plans were run; the same command runs the rest",
                       grouped(static_cast<std::uint64_t>(sum.runs)), grouped(static_cast<std::uint64_t>(sum.planned)));
  }
  if (verdict.runs == sum.runs) return {};
  return fmt::format("{} gave no verdict, first {}: {}", runs_text(sum.runs - verdict.runs), verdict.unsure.which(),
                     verdict.unsure.story);
}

/// Whether the number of runs was chosen by what they found, which voids every bound.
bool chosen(const ConfigurationVerdict& sum, Ended ended) {
  return ended == Ended::on_violation && sum.runs < sum.planned;
}

std::string why_not(const GuaranteeVerdict& verdict, const ConfigurationVerdict& sum, const ConfigurationFacts& facts,
                    const CampaignFacts& campaign, Ended ended) {
  if (std::string why = lacking_for_all(sum, facts); !why.empty()) return why;
  if (std::string why = lacking_for(verdict.guarantee, sum, facts); !why.empty()) return why;
  if (verdict.runs == 0) return all_unsure(verdict);
  if (chosen(sum, ended)) return "the runs stopped at a violation; without --stop-on-violation all of them run";
  if (facts.plans > 0) return not_exhausted(verdict, sum);
  if (campaign.confidence && verdict.bound->high > *campaign.confidence) return too_few(verdict, *campaign.confidence);
  return {};
}

std::string_view stopped_by(const ConfigurationVerdict& sum, Ended ended) {
  if (sum.runs >= sum.planned) return {};
  switch (ended) {
    case Ended::time_budget: return ", stopped by --time-budget";
    case Ended::on_violation: return ", stopped at a violation: no bound";
    case Ended::interrupted: return ", interrupted";
    case Ended::complete: return {};
  }
  return {};
}

std::string violations_text(std::int64_t violations) {
  return violations == 0 ? std::string{} : fmt::format(", {} violation{}", violations, violations == 1 ? "" : "s");
}

/// "exhaustive(k=2, kinds=power_loss+kill, 48,210 plans, 1 schedule)".
std::string exhaustive(const CampaignFacts& campaign, const ConfigurationFacts& facts, const ConfigurationVerdict& sum,
                       Ended ended, std::int64_t violations) {
  std::string plans = grouped(static_cast<std::uint64_t>(sum.runs));
  if (sum.runs < sum.planned) plans += fmt::format(" of {}", grouped(static_cast<std::uint64_t>(sum.planned)));
  return fmt::format("exhaustive(k={}, {}, {} plans{}{}{})", campaign.faults, facts.space, plans,
                     violations_text(violations), facts.schedule, stopped_by(sum, ended));
}

/// "random(N=1,000, 38 violations, 0.027 <= p <= 0.052)".
std::string random(const CampaignFacts& campaign, const ConfigurationVerdict& sum, Ended ended, std::int64_t runs,
                   std::int64_t violations) {
  std::string text = fmt::format("{}(N={}", campaign.search, grouped(static_cast<std::uint64_t>(runs)));
  if (sum.runs < sum.planned) text += fmt::format(" of {}", grouped(static_cast<std::uint64_t>(sum.planned)));
  text += violations_text(violations);
  if (runs > 0 && !chosen(sum, ended)) {
    const Interval bound = clopper_pearson(violations, runs);
    text += violations == 0 ? fmt::format(", p <= {}", short_bound(bound.high))
                            : fmt::format(", {} <= p <= {}", short_probability(bound.low), short_bound(bound.high));
  }
  return fmt::format("{}{})", text, stopped_by(sum, ended));
}

std::string evidence(const CampaignFacts& campaign, const ConfigurationFacts& facts, const ConfigurationVerdict& sum,
                     Ended ended, std::int64_t runs, std::int64_t violations) {
  if (facts.plans > 0) return exhaustive(campaign, facts, sum, ended, violations);
  return random(campaign, sum, ended, runs, violations);
}

void judge_guarantee(GuaranteeVerdict& verdict, const ConfigurationVerdict& sum, const ConfigurationFacts& facts,
                     const CampaignFacts& campaign, Ended ended) {
  const bool counts = facts.plans == 0 && verdict.runs > 0 && !chosen(sum, ended);  // plans are no sample
  if (counts) verdict.bound = clopper_pearson(verdict.violations, verdict.runs);
  verdict.evidence = evidence(campaign, facts, sum, ended, verdict.runs, verdict.violations);
  if (verdict.violations > 0) {
    verdict.verdict = Verdict::violated;
    return;
  }
  verdict.why = why_not(verdict, sum, facts, campaign, ended);
  verdict.verdict = verdict.why.empty() ? Verdict::holds : Verdict::inconclusive;
}

}  // namespace

void judge(ConfigurationVerdict& configuration, const ConfigurationFacts& facts, const CampaignFacts& campaign,
           Ended ended) {
  for (const std::string& mark : facts.required_marks) {
    if (!configuration.marks.contains(mark)) configuration.missing_marks.push_back(mark);
  }
  configuration.evidence = evidence(campaign, facts, configuration, ended, configuration.runs, 0);
  for (GuaranteeVerdict& verdict : configuration.guarantees) {
    judge_guarantee(verdict, configuration, facts, campaign, ended);
  }
  for (const Expectation& expectation : facts.expectations) {
    match(configuration.guarantees[static_cast<std::size_t>(expectation.guarantee)], expectation, configuration);
  }
  for (TotalVerdict& total : configuration.totals) match(total, configuration);
}

}  // namespace noloss::harness
