#include "harness/campaign/manifest.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>

#include "harness/campaign/record.hpp"

namespace noloss::harness {
namespace {

using Json = nlohmann::ordered_json;

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang++ {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("g++ {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

std::string host() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

std::string_view ended_text(Ended ended) {
  switch (ended) {
    case Ended::complete: return "complete";
    case Ended::time_budget: return "time_budget";
    case Ended::on_violation: return "stopped_on_violation";
    case Ended::interrupted: return "interrupted";
  }
  return "";
}

Json scenarios(const CampaignVerdict& verdict) {
  Json all = Json::array();
  for (std::size_t s = 0; s < verdict.configurations.size(); ++s) {
    const ScenarioFacts& scenario = verdict.facts.scenarios[s];
    std::int64_t runs = 0;
    for (const ConfigurationVerdict& configuration : verdict.configurations[s]) runs += configuration.runs;
    all.push_back({{"name", scenario.name},
                   {"file", scenario.file},
                   {"hash", "xxh3:" + hex16(scenario.hash)},
                   {"seeds", fmt::format("{}..{}", scenario.seeds.first, scenario.seeds.last)},
                   {"configurations", scenario.configurations.size()},
                   {"runs", runs}});
  }
  return all;
}

}  // namespace

std::string manifest_text(const CampaignVerdict& verdict, Shard shard, const Circumstances& circumstances) {
  const Json revision = circumstances.tool.revision.empty() ? Json(nullptr) : Json(circumstances.tool.revision);
  const Json manifest{{"schema", 1},
                      {"tool", "noloss " + circumstances.tool.version},
                      {"git_revision", revision},
                      {"compiler", compiler()},
                      {"command", circumstances.command},
                      {"search", verdict.facts.search},
                      {"confidence", verdict.facts.confidence ? Json(*verdict.facts.confidence) : Json(nullptr)},
                      {"shard", fmt::format("{}/{}", shard.number, shard.count)},
                      {"scenarios", scenarios(verdict)},
                      {"ended", ended_text(verdict.ended)},
                      {"jobs", circumstances.jobs},
                      {"resumed_runs", circumstances.resumed},
                      {"started", circumstances.started},
                      {"wall_s", static_cast<double>(circumstances.wall_ms) / 1000.0},
                      {"host", host()}};
  return manifest.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace noloss::harness
