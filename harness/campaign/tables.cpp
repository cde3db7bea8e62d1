#include "harness/campaign/tables.hpp"

#include <fmt/format.h>

#include <set>

#include "harness/campaign/csv.hpp"
#include "harness/campaign/record.hpp"
#include "harness/run/columns.hpp"

namespace noloss::harness {
namespace {

using Fields = std::vector<std::string>;

void append(Fields& fields, const Fields& more) { fields.insert(fields.end(), more.begin(), more.end()); }

/// Scenario, configuration and parameters: what every row of every table begins with.
Fields front(const ScenarioFacts& scenario, const ConfigurationFacts& configuration, const Fields& paths) {
  Fields fields{scenario.name, configuration.id};
  for (const std::string& path : paths) {
    std::string& field = fields.emplace_back();
    for (const auto& [name, value] : configuration.parameters) {
      if (name == path) field = value;
    }
  }
  return fields;
}

Fields front_names(const Fields& paths) {
  Fields names{"scenario", "config_id"};
  append(names, paths);
  return names;
}

/// Seconds with six decimals, cut off.
std::string seconds(std::int64_t nanoseconds) {
  return fmt::format("{}.{:06}", nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000 / 1000);
}

std::string text(const std::optional<std::int64_t>& number) { return number ? fmt::format("{}", *number) : ""; }

std::string measure(const MeasureColumn& column, const RunResult& run) {
  return column.name == "virtual_time_s" ? seconds(run.virtual_time_ns) : text(column.value(run));
}

std::string met_text(Met met) {
  if (met == Met::nothing_expected) return "";
  return met == Met::met ? "true" : "false";
}

Fields summary_fields(const GuaranteeVerdict& g) {
  Fields fields{std::string{name(g.guarantee)},
                g.expected ? std::string{name(g.expected->verdict)} : "",
                std::string{name(g.verdict)},
                met_text(g.met),
                g.evidence,
                fmt::format("{}", g.runs),
                fmt::format("{}", g.violations)};
  if (g.runs > 0) {
    fields.push_back(probability(static_cast<double>(g.violations) / static_cast<double>(g.runs)));
  } else {
    fields.emplace_back();
  }
  fields.push_back(g.bound ? probability(g.bound->low) : "");
  fields.push_back(g.bound ? probability(g.bound->high) : "");
  const auto* first = g.first();
  fields.push_back(first != nullptr ? fmt::format("{}", first->second.first_seed) : "");
  fields.push_back(first != nullptr ? first->first : "");
  return fields;
}

template <typename Rows>
std::string table(const CampaignVerdict& verdict, const Fields& names, const Rows& rows_of) {
  const Fields paths = parameter_columns(verdict.facts);
  Fields header = front_names(paths);
  append(header, names);
  std::string out = csv_row(header);
  for (std::size_t s = 0; s < verdict.configurations.size(); ++s) {
    const ScenarioFacts& scenario = verdict.facts.scenarios[s];
    for (std::size_t c = 0; c < verdict.configurations[s].size(); ++c) {
      const Fields begin = front(scenario, scenario.configurations[c], paths);
      for (const Fields& rest : rows_of(verdict.configurations[s][c])) {
        Fields row = begin;
        append(row, rest);
        out += csv_row(row);
      }
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> parameter_columns(const CampaignFacts& facts) {
  std::set<std::string> paths;
  for (const ScenarioFacts& scenario : facts.scenarios) {
    for (const ConfigurationFacts& configuration : scenario.configurations) {
      for (const auto& [path, value] : configuration.parameters) paths.insert(path);
    }
  }
  return {paths.begin(), paths.end()};
}

RunsTable::RunsTable(const CampaignFacts& facts) {
  const Fields paths = parameter_columns(facts);
  Fields names = front_names(paths);
  append(names, {"seed", "plan"});
  for (const Guarantee guarantee : kAllGuarantees) names.emplace_back(name(guarantee));
  for (const MeasureColumn& column : measure_columns()) names.emplace_back(column.name);
  names.emplace_back("digest");
  header_ = csv_row(names);
  for (const ScenarioFacts& scenario : facts.scenarios) {
    auto& fronts = fronts_.emplace_back();
    for (const ConfigurationFacts& configuration : scenario.configurations) {
      std::string line = csv_row(front(scenario, configuration, paths));
      line.back() = ',';
      fronts.push_back(std::move(line));
    }
  }
}

std::string RunsTable::row(ConfigurationKey place, const RunResult& run) const {
  std::string row = fronts_.at(place.scenario).at(place.configuration);
  row += fmt::format("{},{}", run.seed, csv_field(run.plan));
  for (const GuaranteeResult& guarantee : run.guarantees) {
    row += ',';
    row += name(guarantee.verdict);
  }
  for (const MeasureColumn& column : measure_columns()) {
    row += ',';
    row += measure(column, run);
  }
  return row + fmt::format(",xxh3:{}\n", hex16(run.digest));
}

std::string summary_table(const CampaignVerdict& verdict) {
  const Fields names{"guarantee",  "expected", "verdict", "met",    "evidence",   "runs",
                     "violations", "p",        "p_low",   "p_high", "first_seed", "stage"};
  return table(verdict, names, [](const ConfigurationVerdict& sum) {
    std::vector<Fields> rows;
    for (const GuaranteeVerdict& guarantee : sum.guarantees) rows.push_back(summary_fields(guarantee));
    return rows;
  });
}

std::string faults_table(const CampaignVerdict& verdict) {
  Fields names{"action", "runs", "armed", "fired", "effective", "runs_effective"};
  for (const Guarantee guarantee : kAllGuarantees) names.push_back(fmt::format("violated_{}", name(guarantee)));
  return table(verdict, names, [](const ConfigurationVerdict& sum) {
    std::vector<Fields> rows;
    for (std::size_t action = 0; action < sum.faults.size(); ++action) {
      const FaultVerdict& fault = sum.faults[action];
      if (fault.sum.armed == 0 && fault.sum.fired == 0) continue;
      Fields& row = rows.emplace_back();
      row.emplace_back(sim::name(static_cast<sim::Action>(action)));
      for (const std::int64_t number :
           {sum.runs, fault.sum.armed, fault.sum.fired, fault.sum.effective, fault.runs_effective}) {
        row.push_back(fmt::format("{}", number));
      }
      for (const std::int64_t number : fault.violated) row.push_back(fmt::format("{}", number));
    }
    return rows;
  });
}

std::vector<ColumnText> runs_columns() {
  std::vector<ColumnText> columns{{"scenario", "name of the scenario"},
                                  {"config_id", "the combination of the matrix; base without one"},
                                  {"PATH", "one column for each matrix parameter, by dotted path"},
                                  {"seed", "reproduces the run together with the configuration"},
                                  {"plan", "which plan of an exhaustive search; random: empty"}};
  for (const Guarantee guarantee : kAllGuarantees) {
    columns.push_back(
        {std::string{name(guarantee)}, fmt::format("holds, violated or inconclusive: {}", meaning(guarantee))});
  }
  for (const MeasureColumn& column : measure_columns()) {
    columns.push_back({std::string{column.name}, std::string{column.meaning}});
  }
  columns.push_back({"digest", "XXH3 of the run's events; equal digests are equal runs"});
  return columns;
}

}  // namespace noloss::harness
