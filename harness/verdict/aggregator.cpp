#include "harness/verdict/aggregator.hpp"

#include <utility>

#include "harness/run/columns.hpp"
#include "harness/verdict/judge.hpp"

namespace noloss::harness {
namespace {

/// The smallest seed or plan comes first; runs need not. Returns whether this one does.
bool note(Finding& finding, const std::string& story, const RunResult& run) {
  const Finding mine{1, run.seed, run.plan_number, run.plan, story};
  const bool first = finding.runs == 0 || mine.before(finding);
  const std::int64_t runs = finding.runs + 1;
  if (first) finding = mine;
  finding.runs = runs;
  return first;
}

void add_guarantees(ConfigurationVerdict& sum, const RunResult& run) {
  for (GuaranteeVerdict& verdict : sum.guarantees) {
    const GuaranteeResult& result = run.of(verdict.guarantee);
    switch (result.verdict) {
      case Verdict::holds: ++verdict.runs; break;
      case Verdict::violated:
        ++verdict.runs;
        ++verdict.violations;
        note(verdict.findings[result.detail], result.story, run);
        break;
      case Verdict::inconclusive: note(verdict.unsure, result.story, run); break;
    }
  }
}

void add_faults(ConfigurationVerdict& sum, const RunResult& run) {
  for (std::size_t action = 0; action < run.faults.size(); ++action) {
    const FaultCount& count = run.faults[action];
    FaultVerdict& fault = sum.faults[action];
    fault.sum.armed += count.armed;
    fault.sum.fired += count.fired;
    fault.sum.effective += count.effective;
    if (count.effective == 0) continue;
    ++fault.runs_effective;
    for (std::size_t g = 0; g < kGuarantees; ++g) fault.violated[g] += run.guarantees[g].verdict == Verdict::violated;
  }
}

void add_bounds(ConfigurationVerdict& sum, const RunResult& run) {
  for (TotalVerdict& total : sum.totals) {
    const MeasureColumn* column = measure_column(total.bound.column);
    const std::optional<std::int64_t> value = column == nullptr ? std::nullopt : column->value(run);
    if (!value) continue;
    ++total.measured;
    if (total.bound.low <= *value && *value <= total.bound.high) continue;
    if (note(total.first, {}, run)) total.first_value = *value;
    ++total.breaches;
  }
}

ConfigurationVerdict begin(const ConfigurationFacts& facts, std::uint64_t units) {
  ConfigurationVerdict fresh;
  fresh.planned = static_cast<std::int64_t>(units);
  for (const Guarantee guarantee : kAllGuarantees) {
    fresh.guarantees[static_cast<std::size_t>(guarantee)].guarantee = guarantee;
  }
  for (const TotalBound& bound : facts.totals) fresh.totals.emplace_back().bound = bound;
  return fresh;
}

void count(CampaignVerdict& verdict, Met met) {
  if (met == Met::nothing_expected) return;
  ++verdict.expectations;
  verdict.met += met == Met::met;
  verdict.failed += met == Met::failed;
  verdict.inconclusive += met == Met::inconclusive;
}

void count_expectations(CampaignVerdict& verdict, const ConfigurationVerdict& sum, const ConfigurationFacts& facts) {
  for (const GuaranteeVerdict& guarantee : sum.guarantees) count(verdict, guarantee.met);
  for (const TotalVerdict& total : sum.totals) count(verdict, total.met);
  const std::size_t missing = sum.missing_marks.size();
  for (std::size_t i = 0; i < facts.required_marks.size(); ++i)
    count(verdict, i < missing ? Met::inconclusive : Met::met);
}

}  // namespace

Aggregator::Aggregator(CampaignFacts facts) {
  verdict_.facts = std::move(facts);
  for (const ScenarioFacts& scenario : verdict_.facts.scenarios) {
    auto& sums = verdict_.configurations.emplace_back();
    for (const ConfigurationFacts& configuration : scenario.configurations) {
      sums.push_back(begin(configuration, scenario.units(configuration)));
    }
  }
}

void Aggregator::add(ConfigurationKey place, const RunResult& run) {
  ConfigurationVerdict& sum = verdict_.configurations.at(place.scenario).at(place.configuration);
  ++sum.runs;
  add_guarantees(sum, run);
  add_faults(sum, run);
  add_bounds(sum, run);
  for (const TotalColumn& column : total_columns()) sum.sums.*column.field += run.totals.*column.field;
  for (const std::string& mark : run.marks) ++sum.marks[mark];
}

CampaignVerdict Aggregator::finish(Ended ended) {
  verdict_.ended = ended;
  for (std::size_t s = 0; s < verdict_.configurations.size(); ++s) {
    for (std::size_t c = 0; c < verdict_.configurations[s].size(); ++c) {
      ConfigurationVerdict& sum = verdict_.configurations[s][c];
      const ConfigurationFacts& facts = verdict_.facts.scenarios[s].configurations[c];
      judge(sum, facts, verdict_.facts, ended);
      count_expectations(verdict_, sum, facts);
    }
  }
  return std::exchange(verdict_, {});
}

}  // namespace noloss::harness
