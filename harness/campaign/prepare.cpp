#include "harness/campaign/prepare.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <set>

#include "harness/report/commands.hpp"

namespace noloss::harness {
namespace {

constexpr std::uint64_t kMostSeed = (std::uint64_t{1} << 53U) - 1;

SeedRange seeds_of(const Scenario& scenario, const CampaignOptions& options) {
  if (options.faults > 0) {  // one schedule: the seed only draws the workload
    const std::uint64_t seed = options.seeds ? options.seeds->first : scenario.seeds.first;
    return {seed, seed};
  }
  if (options.seeds) return *options.seeds;
  if (!options.confidence) return scenario.seeds;
  return {scenario.seeds.first, scenario.seeds.first + runs_for(*options.confidence) - 1};
}

/// Words after `noloss run` that name the same campaign again.
std::vector<std::string> arguments_of(const CampaignOptions& options) {
  std::vector<std::string> words = options.paths;
  for (const std::string& set : options.sets) words.insert(words.end(), {"--set", set});
  if (options.faults > 0) {
    words.insert(words.end(), {"--search", "exhaustive", "--faults", fmt::format("{}", options.faults)});
    if (!options.kinds.empty()) words.insert(words.end(), {"--kinds", kinds_text(options.kinds)});
  }
  if (options.seeds) {
    words.insert(words.end(), {"--seeds", fmt::format("{}..{}", options.seeds->first, options.seeds->last)});
  }
  for (const ParameterFilter& filter : options.only) {
    words.insert(words.end(), {"--only", fmt::format("{}={}", filter.path, filter.value)});
  }
  if (options.confidence) words.insert(words.end(), {"--confidence", fmt::format("{}", *options.confidence)});
  return words;
}

/// Facts of the scenario with all of its configurations.
ScenarioFacts whole_facts(const Scenario& scenario, const CampaignOptions& options) {
  ScenarioFacts facts{scenario.name, scenario.file, scenario.hash, seeds_of(scenario, options), {}};
  for (const Configuration& configuration : scenario.configurations) {
    facts.configurations.push_back(facts_of(configuration));
  }
  for (std::size_t c = 0; c < facts.configurations.size(); ++c) {
    facts.configurations[c].selector = selector_of(facts, c);
  }
  return facts;
}

void add(PreparedCampaign& prepared, const Scenario& scenario, std::vector<std::size_t> selected,
         const CampaignOptions& options) {
  const ScenarioFacts whole = whole_facts(scenario, options);
  ScenarioFacts& facts = prepared.facts.scenarios.emplace_back(whole);
  facts.configurations.clear();
  for (const std::size_t c : selected) facts.configurations.push_back(whole.configurations[c]);
  prepared.scenarios.push_back(scenario);
  prepared.selected.push_back(std::move(selected));
}

std::string wrong_options(const CampaignOptions& options) {
  if (options.faults > 0 && options.confidence)
    return "--confidence is for random seeds; an exhaustive search has none";
  if (options.confidence && !(*options.confidence > 0 && *options.confidence < 1)) {
    return "--confidence is a probability between 0 and 1, for example 1e-4";
  }
  if (options.seeds && (options.seeds->last < options.seeds->first || options.seeds->last > kMostSeed)) {
    return fmt::format("--seeds A..B needs A <= B <= {}", kMostSeed);
  }
  return {};
}

}  // namespace

PreparedCampaign prepare(std::span<const Scenario> scenarios, const CampaignOptions& options) {
  PreparedCampaign prepared;
  prepared.error = wrong_options(options);
  if (!prepared.error.empty()) return prepared;
  prepared.facts.tool = tool_name(options.tool);
  prepared.facts.confidence = options.confidence;
  prepared.facts.faults = options.faults;
  if (options.faults > 0) prepared.facts.search = "exhaustive";
  prepared.facts.kinds = kinds_text(options.kinds);
  prepared.facts.arguments = arguments_of(options);
  prepared.facts.sets = options.sets;

  std::string nothing_left = "there are no scenarios to run";
  std::set<std::string> names;
  for (const Scenario& scenario : scenarios) {
    Selection selection = select_configurations(scenario, options.only);
    if (selection.configurations.empty()) {
      if (selection.ambiguous || scenarios.size() == 1 || nothing_left.starts_with("there")) {
        nothing_left = fmt::format("{}: {}", scenario.file, selection.error);
      }
      if (selection.ambiguous) {
        prepared.error = nothing_left;
        return prepared;
      }
      continue;  // with several scenarios, --only also chooses among them
    }
    if (!names.insert(scenario.name).second) {
      prepared.error = fmt::format("{}: another scenario has the name '{}' too; names tell results apart",
                                   scenario.file, scenario.name);
      return prepared;
    }
    add(prepared, scenario, std::move(selection.configurations), options);
  }
  if (prepared.scenarios.empty()) prepared.error = nothing_left;
  return prepared;
}

std::string campaign_name(const CampaignOptions& options, const CampaignFacts& facts) {
  if (!options.name.empty()) return options.name;
  if (facts.scenarios.size() == 1) return facts.scenarios.front().name;
  if (options.paths.size() != 1) return "campaign";
  const std::filesystem::path path = std::filesystem::path(options.paths.front()).lexically_normal();
  const std::string stem = (path.has_filename() ? path : path.parent_path()).filename().string();
  return stem.empty() || stem.front() == '.' ? "campaign" : stem;
}

std::string kinds_text(std::span<const sim::Action> kinds) {
  std::string text;
  for (const sim::Action kind : kinds) text += fmt::format("{}{}", text.empty() ? "" : "+", sim::name(kind));
  return text;
}

std::string tool_name(const ToolInfo& tool) {
  return fmt::format("noloss {}{}{}", tool.version, tool.revision.empty() ? "" : "+", tool.revision);
}

}  // namespace noloss::harness
