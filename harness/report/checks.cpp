#include "harness/report/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>

#include "harness/report/commands.hpp"

namespace noloss::harness {
namespace {

class Collector {
 public:
  explicit Collector(const CampaignVerdict& verdict) : verdict_(verdict) {}

  std::vector<Check> collect() {
    for (std::size_t s = 0; s < verdict_.configurations.size(); ++s) {
      for (std::size_t c = 0; c < verdict_.configurations[s].size(); ++c) add_configuration({s, c});
    }
    return std::move(checks_);
  }

 private:
  void add_configuration(ConfigurationKey place) {
    const ConfigurationVerdict& sum = verdict_.configurations[place.scenario][place.configuration];
    for (const GuaranteeVerdict& guarantee : sum.guarantees) {
      if (guarantee.met != Met::nothing_expected) add_guarantee(place, guarantee);
    }
    for (const TotalVerdict& total : sum.totals) add_total(place, total, sum);
    const ScenarioFacts& scenario = verdict_.facts.scenarios[place.scenario];
    for (const std::string& mark : scenario.configurations[place.configuration].required_marks) {
      add_mark(place, mark, sum);
    }
  }

  Check begin(ConfigurationKey place, std::string subject, Met met) const {
    Check check;
    check.place = place;
    check.subject = std::move(subject);
    check.configuration = parameters_text(verdict_.facts.scenarios[place.scenario], place.configuration);
    check.met = met;
    return check;
  }

  std::string command(ConfigurationKey place, const Finding& finding) const {
    return replay_command(verdict_.facts, verdict_.facts.scenarios[place.scenario], place.configuration,
                          finding.first_seed, finding.first_plan);
  }

  void add_guarantee(ConfigurationKey place, const GuaranteeVerdict& guarantee) {
    Check check = begin(place, std::string{name(guarantee.guarantee)}, guarantee.met);
    check.evidence = guarantee.evidence;
    check.summary = guarantee.met == Met::met
                        ? fmt::format("{}, as expected: {}", name(guarantee.verdict), guarantee.evidence)
                        : guarantee.reason;
    check.line = guarantee.expected->line;
    check.violations = guarantee.violations;
    if (const auto* shown = guarantee.shown()) {
      check.story = fmt::format("{}: {}", shown->second.which(), shown->second.story);
      check.reproduce = command(place, shown->second);
    }
    checks_.push_back(std::move(check));
  }

  void add_total(ConfigurationKey place, const TotalVerdict& total, const ConfigurationVerdict& sum) {
    Check check = begin(place, "totals." + total.bound.column, total.met);
    check.summary = total.met == Met::met
                        ? fmt::format("within its bounds in {} runs", grouped(static_cast<std::uint64_t>(sum.runs)))
                        : total.reason;
    check.line = total.bound.line;
    check.violations = total.breaches;
    if (total.breaches > 0) check.reproduce = command(place, total.first);
    checks_.push_back(std::move(check));
  }

  void add_mark(ConfigurationKey place, const std::string& mark, const ConfigurationVerdict& sum) {
    const auto reached = sum.marks.find(mark);
    const std::int64_t runs = reached == sum.marks.end() ? 0 : reached->second;
    Check check = begin(place, "mark " + mark, runs > 0 ? Met::met : Met::inconclusive);
    check.summary = fmt::format("reached in {} of {} runs", runs, grouped(static_cast<std::uint64_t>(sum.runs)));
    checks_.push_back(std::move(check));
  }

  const CampaignVerdict& verdict_;
  std::vector<Check> checks_;
};

}  // namespace

std::string Check::title() const {
  return configuration.empty() ? subject : fmt::format("{} [{}]", subject, configuration);
}

std::vector<Check> checks(const CampaignVerdict& verdict) { return Collector(verdict).collect(); }

std::vector<Check> worst(const std::vector<Check>& checks) {
  std::vector<Check> unmet;
  std::copy_if(checks.begin(), checks.end(), std::back_inserter(unmet),
               [](const Check& check) { return check.met == Met::failed || check.met == Met::inconclusive; });
  std::stable_sort(unmet.begin(), unmet.end(), [](const Check& a, const Check& b) {
    return std::make_tuple(a.met == Met::inconclusive, -a.violations) <
           std::make_tuple(b.met == Met::inconclusive, -b.violations);
  });
  return unmet;
}

std::string share_text(std::int64_t violations, std::int64_t runs) {
  return fmt::format("{}/{} run{}", violations, runs, runs == 1 ? "" : "s");
}

std::string bound_text(const GuaranteeVerdict& verdict) {
  if (!verdict.bound || verdict.runs == 0) return {};
  if (verdict.violations == 0) return fmt::format("p<={}", short_bound(verdict.bound->high));
  const double p = static_cast<double>(verdict.violations) / static_cast<double>(verdict.runs);
  return fmt::format("p={} [{}, {}]", short_probability(p), short_probability(verdict.bound->low),
                     short_probability(verdict.bound->high));
}

}  // namespace noloss::harness
