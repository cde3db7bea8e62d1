#include "cli/selection.hpp"

#include <fmt/format.h>

#include "harness/report/commands.hpp"
#include "harness/verdict/facts.hpp"

namespace noloss::cli {
namespace {

constexpr std::size_t kMostListed = 20;

harness::ScenarioFacts facts_of(const harness::Scenario& scenario) {
  harness::ScenarioFacts facts;
  facts.name = scenario.name;
  facts.file = scenario.file;
  facts.seeds = scenario.seeds;
  for (const harness::Configuration& configuration : scenario.configurations) {
    facts.configurations.push_back(harness::facts_of(configuration));
  }
  return facts;
}

std::string only_text(const harness::ScenarioFacts& facts, std::size_t configuration) {
  std::string text;
  for (const std::string& part : harness::selector_of(facts, configuration)) {
    text += " --only " + harness::shell_word(part);
  }
  return text;
}

}  // namespace

std::vector<std::string> parameters_texts(const harness::Scenario& scenario) {
  const harness::ScenarioFacts facts = facts_of(scenario);
  std::vector<std::string> texts;
  for (std::size_t at = 0; at < facts.configurations.size(); ++at) texts.push_back(parameters_text(facts, at));
  return texts;
}

std::string only_text(const harness::Scenario& scenario, std::size_t configuration) {
  return only_text(facts_of(scenario), configuration);
}

std::optional<std::size_t> select_one(const harness::Scenario& scenario,
                                      const std::vector<harness::ParameterFilter>& only, Console& console) {
  const harness::Selection selection = harness::select_configurations(scenario, only);
  const std::vector<std::size_t>& left = selection.configurations;
  if (!selection.error.empty() || left.empty()) {
    console.error(selection.error.empty() ? "the scenario has no configuration" : selection.error);
    return std::nullopt;
  }
  if (left.size() == 1) return left.front();
  const harness::ScenarioFacts facts = facts_of(scenario);
  std::string text = fmt::format("{} has {} configurations{}; choose one:", scenario.file, left.size(),
                                 only.empty() ? "" : " with these parameters");
  for (std::size_t at = 0; at < left.size(); ++at) {
    if (at == kMostListed) {
      text += fmt::format("\n  ... and {} more: noloss check --expand {}", left.size() - at,
                          harness::shell_word(scenario.file));
      break;
    }
    text += fmt::format("\n {}", only_text(facts, left[at]));
  }
  console.error(text);
  return std::nullopt;
}

}  // namespace noloss::cli
