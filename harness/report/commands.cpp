#include "harness/report/commands.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace noloss::harness {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// Every dotted path of the scenario's matrix, in order of appearance.
std::vector<std::string> paths_of(const ScenarioFacts& scenario) {
  std::vector<std::string> paths;
  for (const ConfigurationFacts& configuration : scenario.configurations) {
    for (const auto& [path, value] : configuration.parameters) {
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
    }
  }
  return paths;
}

std::string_view usual_name(std::string_view path) {
  constexpr std::string_view kConfig = ".config.";
  if (const std::size_t at = path.rfind(kConfig); at != std::string_view::npos) return path.substr(at + kConfig.size());
  return path.substr(path.rfind('.') + 1);
}

std::string short_name(const std::string& path, const std::vector<std::string>& paths) {
  std::string_view name = usual_name(path);
  const auto ambiguous = [&] {
    return std::count_if(paths.begin(), paths.end(), [&](const std::string& p) { return ends_path(name, p); }) > 1;
  };
  while (name.size() < path.size() && ambiguous()) {
    const std::size_t start = path.size() - name.size();
    const std::size_t dot = start < 2 ? std::string::npos : path.rfind('.', start - 2);
    name = std::string_view{path}.substr(dot == std::string::npos ? 0 : dot + 1);
  }
  return std::string{name};
}

std::vector<std::string> short_names_of(const ScenarioFacts& scenario, const Parameters& parameters) {
  const std::vector<std::string> paths = paths_of(scenario);
  std::vector<std::string> names;
  for (const auto& [path, value] : parameters) names.push_back(short_name(path, paths));
  return names;
}

bool has_all(const Parameters& all, const Parameters& wanted) {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](const auto& parameter) { return std::find(all.begin(), all.end(), parameter) != all.end(); });
}

/// The fewest parameters, the first ones preferred, that no other configuration has all of.
Parameters telling_apart(const ScenarioFacts& scenario, std::size_t configuration) {
  Parameters kept = scenario.configurations[configuration].parameters;
  const auto unique = [&](const Parameters& some) {
    return std::count_if(scenario.configurations.begin(), scenario.configurations.end(),
                         [&](const ConfigurationFacts& c) { return has_all(c.parameters, some); }) == 1;
  };
  for (std::size_t i = kept.size(); i-- > 0;) {
    Parameters fewer = kept;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    if (unique(fewer)) kept = std::move(fewer);
  }
  return kept;
}

}  // namespace

bool ends_path(std::string_view end, std::string_view path) {
  if (!path.ends_with(end)) return false;
  return path.size() == end.size() || path[path.size() - end.size() - 1] == '.';
}

std::string shell_word(std::string_view word) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%^";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) return std::string{word};
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + '\'';
}

std::string shell_words(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + shell_word(word);
  return line;
}

std::vector<std::string> short_names_in(const ScenarioFacts& scenario, std::size_t configuration) {
  return short_names_of(scenario, scenario.configurations[configuration].parameters);
}

std::string parameters_text(const ScenarioFacts& scenario, std::size_t configuration) {
  const Parameters& parameters = scenario.configurations[configuration].parameters;
  const std::vector<std::string> names = short_names_of(scenario, parameters);
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += fmt::format("{}{}={}", i == 0 ? "" : " ", names[i], parameters[i].second);
  }
  return text;
}

std::vector<std::string> selector_of(const ScenarioFacts& scenario, std::size_t configuration) {
  const Parameters telling = telling_apart(scenario, configuration);
  const std::vector<std::string> names = short_names_of(scenario, telling);
  std::vector<std::string> selector;
  for (std::size_t i = 0; i < telling.size(); ++i)
    selector.push_back(fmt::format("{}={}", names[i], telling[i].second));
  return selector;
}

std::string replay_command(const CampaignFacts& campaign, const ScenarioFacts& scenario, std::size_t configuration,
                           std::uint64_t seed, std::uint64_t plan) {
  std::vector<std::string> words{"noloss", "replay", scenario.file};
  for (const std::string& set : campaign.sets) words.insert(words.end(), {"--set", set});
  for (const std::string& only : scenario.configurations[configuration].selector) {
    words.insert(words.end(), {"--only", only});
  }
  if (campaign.faults > 0) {
    words.insert(words.end(), {"--faults", fmt::format("{}", campaign.faults)});
    if (!campaign.kinds.empty()) words.insert(words.end(), {"--kinds", campaign.kinds});
    words.insert(words.end(), {"--number", fmt::format("{}", plan)});
  } else {
    words.insert(words.end(), {"--seed", fmt::format("{}", seed)});
  }
  return shell_words(words);
}

}  // namespace noloss::harness
