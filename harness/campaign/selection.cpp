// The options that name a part of the work: --only, --shard.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "harness/campaign/campaign.hpp"
#include "harness/report/commands.hpp"
#include "harness/scenario/suggest.hpp"

namespace noloss::harness {
namespace {

std::vector<std::string> paths_of(const Scenario& scenario) {
  std::vector<std::string> paths;
  for (const Configuration& configuration : scenario.configurations) {
    for (const auto& [path, value] : configuration.parameters) {
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
    }
  }
  return paths;
}

struct PathMatch {
  std::string path;
  std::string error;
  bool ambiguous = false;
};

PathMatch match_path(const std::string& end, const std::vector<std::string>& paths) {
  std::vector<std::string_view> matches;
  for (const std::string& path : paths) {
    if (path == end) return {path, {}, false};
    if (ends_path(end, path)) matches.push_back(path);
  }
  if (matches.size() == 1) return {std::string{matches.front()}, {}, false};
  if (matches.size() > 1) return {{}, fmt::format("'{}' can mean {}; write more of it", end, listed(matches)), true};
  if (paths.empty()) return {{}, fmt::format("there is no parameter '{}': the scenario has no matrix", end), false};
  std::vector<std::string_view> known;
  for (const std::string& path : paths) known.push_back(path);
  // A wrong word is most like the last part of a path, which is what people type.
  for (const std::string& path : paths) known.push_back(std::string_view{path}.substr(path.rfind('.') + 1));
  const std::string_view near = nearest(end, known);
  if (!near.empty()) return {{}, fmt::format("there is no parameter '{}'; did you mean '{}'?", end, near), false};
  known.resize(paths.size());
  return {{}, fmt::format("there is no parameter '{}'; there are {}", end, listed(known)), false};
}

std::string no_such_value(const Scenario& scenario, const std::string& path, const std::string& value) {
  std::vector<std::string_view> values;
  for (const Configuration& configuration : scenario.configurations) {
    for (const auto& [name, text] : configuration.parameters) {
      if (name == path && std::find(values.begin(), values.end(), text) == values.end()) values.emplace_back(text);
    }
  }
  return fmt::format("no configuration has {}={}; its values are {}", path, value, listed(values));
}

}  // namespace

Selection select_configurations(const Scenario& scenario, std::span<const ParameterFilter> only) {
  Selection selection;
  for (std::size_t c = 0; c < scenario.configurations.size(); ++c) selection.configurations.push_back(c);
  const std::vector<std::string> paths = paths_of(scenario);
  for (const ParameterFilter& filter : only) {
    const PathMatch match = match_path(filter.path, paths);
    if (!match.error.empty()) {
      return {{}, fmt::format("--only {}={}: {}", filter.path, filter.value, match.error), match.ambiguous};
    }
    const std::pair<std::string, std::string> wanted{match.path, filter.value};
    const auto lacks = [&](std::size_t c, const std::pair<std::string, std::string>& parameter) {
      const auto& has = scenario.configurations[c].parameters;
      return std::find(has.begin(), has.end(), parameter) == has.end();
    };
    const std::size_t before = selection.configurations.size();
    std::erase_if(selection.configurations, [&](std::size_t c) { return lacks(c, wanted); });
    if (!selection.configurations.empty()) continue;
    const bool together = before < scenario.configurations.size();
    return {{},
            fmt::format("--only {}={}: {}", filter.path, filter.value,
                        together ? std::string{"no configuration has all of these values"}
                                 : no_such_value(scenario, match.path, filter.value)),
            false};
  }
  return selection;
}

std::optional<Shard> parse_shard(std::string_view text) {
  Shard shard;
  const char* const end = text.data() + text.size();
  const auto [slash, first] = std::from_chars(text.data(), end, shard.number);
  if (first != std::errc{} || slash == end || *slash != '/') return std::nullopt;
  const auto [rest, second] = std::from_chars(slash + 1, end, shard.count);
  if (second != std::errc{} || rest != end) return std::nullopt;
  if (shard.number < 1 || shard.number > shard.count) return std::nullopt;
  return shard;
}

std::optional<ParameterFilter> parse_filter(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos) return std::nullopt;
  return ParameterFilter{std::string{text.substr(0, equals)}, std::string{text.substr(equals + 1)}};
}

}  // namespace noloss::harness
