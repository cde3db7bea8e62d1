#include "harness/report/json.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace noloss::harness {
namespace {

using Json = nlohmann::ordered_json;

/// As many digits as the tables have.
double rounded(double p) { return Json::parse(probability(p)).get<double>(); }

bool is_met(Met met) { return met == Met::met || met == Met::nothing_expected; }

Json guarantee_json(const GuaranteeVerdict& g) {
  const auto* first = g.first();
  Json json{{"verdict", name(g.verdict)},
            {"expected", g.expected ? Json(name(g.expected->verdict)) : Json(nullptr)},
            {"met", is_met(g.met)},
            {"runs", g.runs},
            {"violations", g.violations},
            {"p_low", g.bound ? Json(rounded(g.bound->low)) : Json(nullptr)},
            {"p_high", g.bound ? Json(rounded(g.bound->high)) : Json(nullptr)},
            {"first_seed", first != nullptr ? Json(first->second.first_seed) : Json(nullptr)}};
  if (first != nullptr && !first->second.plan.empty()) json["first_plan"] = first->second.first_plan;
  Json stages = Json::object();
  for (const Stage stage : {Stage::produce, Stage::store, Stage::consume})
    stages[std::string{name(stage)}] = g.in_stage(stage);
  json["stages"] = std::move(stages);
  if (!g.remedy.empty()) json["remedy"] = g.remedy;
  if (!g.needed.empty()) json["needed"] = g.needed;
  if (!g.certain_from.empty()) json["certain_from"] = g.certain_from;
  if (g.verdict == Verdict::inconclusive) json["why"] = g.why;
  if (!is_met(g.met)) json["reason"] = g.reason;
  return json;
}

Json totals_json(const Totals& totals) {
  Json json = Json::object();
  for (const std::string_view key : {"sent", "acked", "failed", "uncertain", "processed", "lost_acked", "lost_silent",
                                     "duplicates", "reordered", "phantom"}) {
    for (const TotalColumn& column : total_columns()) {
      if (column.name == key) json[std::string{key}] = totals.*column.field;
    }
  }
  return json;
}

Json configuration_json(const ConfigurationVerdict& sum, const ConfigurationFacts& facts) {
  Json parameters = Json::object();
  for (const auto& [path, value] : facts.parameters) parameters[path] = value;
  Json guarantees = Json::object();
  for (const GuaranteeVerdict& g : sum.guarantees) guarantees[std::string{name(g.guarantee)}] = guarantee_json(g);
  Json faults = Json::object();
  for (std::size_t action = 0; action < sum.faults.size(); ++action) {
    const FaultCount& count = sum.faults[action].sum;
    if (count.armed == 0 && count.fired == 0) continue;
    faults[std::string{sim::name(static_cast<sim::Action>(action))}] = {
        {"armed", count.armed}, {"fired", count.fired}, {"effective", count.effective}};
  }
  Json marks = Json::object();
  for (const std::string& mark : sum.missing_marks) marks[mark] = 0;
  for (const auto& [mark, runs] : sum.marks) marks[mark] = runs;
  Json json{{"id", facts.id},
            {"parameters", std::move(parameters)},
            {"runs", sum.runs},
            {"evidence", sum.evidence},
            {"guarantees", std::move(guarantees)},
            {"totals", totals_json(sum.sums)},
            {"faults", std::move(faults)},
            {"marks", std::move(marks)}};
  for (const TotalVerdict& total : sum.totals) {
    if (total.met != Met::met)
      json["failed_totals"].push_back({{"column", total.bound.column}, {"reason", total.reason}});
  }
  return json;
}

}  // namespace

std::string json_report(const CampaignVerdict& verdict) {
  Json scenarios = Json::array();
  for (std::size_t s = 0; s < verdict.configurations.size(); ++s) {
    const ScenarioFacts& facts = verdict.facts.scenarios[s];
    Json configurations = Json::array();
    for (std::size_t c = 0; c < facts.configurations.size(); ++c) {
      configurations.push_back(configuration_json(verdict.configurations[s][c], facts.configurations[c]));
    }
    scenarios.push_back({{"name", facts.name}, {"file", facts.file}, {"configurations", std::move(configurations)}});
  }
  const Json report{
      {"schema", 1}, {"scenarios", std::move(scenarios)}, {"expectations_met", verdict.expectations_met()}};
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace noloss::harness
