#include "harness/campaign/header.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/campaign/record.hpp"

namespace noloss::harness {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kVersion = 2;

Json to_json(const SeedRange& seeds) { return Json::array({seeds.first, seeds.last}); }

Json to_json(const ConfigurationFacts& facts) {
  Json expectations = Json::array();
  for (const Expectation& e : facts.expectations) {
    expectations.push_back({name(e.guarantee), name(e.verdict), e.detail, e.line});
  }
  Json totals = Json::array();
  for (const TotalBound& t : facts.totals) totals.push_back({t.column, t.low, t.high, t.line});
  Json parameters = Json::array();
  for (const auto& [path, value] : facts.parameters) parameters.push_back({path, value});
  return {{"id", facts.id},
          {"parameters", std::move(parameters)},
          {"selector", facts.selector},
          {"expectations", std::move(expectations)},
          {"totals", std::move(totals)},
          {"marks", facts.required_marks},
          {"faults", facts.lists_faults},
          {"sequence_check", facts.sequence_check},
          {"oneway", facts.only_oneway},
          {"plans", facts.plans},
          {"space", facts.space},
          {"schedule", facts.schedule}};
}

Json to_json(const ScenarioFacts& facts) {
  Json configurations = Json::array();
  for (const ConfigurationFacts& configuration : facts.configurations) configurations.push_back(to_json(configuration));
  return {{"name", facts.name},
          {"file", facts.file},
          {"hash", hex16(facts.hash)},
          {"seeds", to_json(facts.seeds)},
          {"configurations", std::move(configurations)}};
}

std::string confidence_text(const CampaignFacts& facts) {
  return facts.confidence ? fmt::format("{}", *facts.confidence) : std::string{"none"};
}

/// "random", "exhaustive k=2 kill".
std::string search_text(const CampaignFacts& facts) {
  if (facts.faults == 0) return facts.search;
  return fmt::format("{} k={}{}{}", facts.search, facts.faults, facts.kinds.empty() ? "" : " ", facts.kinds);
}

ConfigurationFacts configuration_from(const Json& json) {
  ConfigurationFacts facts;
  json.at("id").get_to(facts.id);
  for (const Json& p : json.at("parameters")) {
    facts.parameters.emplace_back(p.at(0).get<std::string>(), p.at(1).get<std::string>());
  }
  json.at("selector").get_to(facts.selector);
  for (const Json& e : json.at("expectations")) {
    const auto guarantee = guarantee_named(e.at(0).get<std::string>());
    const Verdict verdict = e.at(1).get<std::string>() == name(Verdict::violated) ? Verdict::violated : Verdict::holds;
    facts.expectations.push_back(
        {guarantee.value(), verdict, e.at(2).get<std::string>(), e.at(3).get<std::uint32_t>()});
  }
  for (const Json& t : json.at("totals")) {
    facts.totals.push_back({t.at(0).get<std::string>(), t.at(1).get<std::int64_t>(), t.at(2).get<std::int64_t>(),
                            t.at(3).get<std::uint32_t>()});
  }
  json.at("marks").get_to(facts.required_marks);
  json.at("faults").get_to(facts.lists_faults);
  json.at("sequence_check").get_to(facts.sequence_check);
  json.at("oneway").get_to(facts.only_oneway);
  json.at("plans").get_to(facts.plans);
  json.at("space").get_to(facts.space);
  json.at("schedule").get_to(facts.schedule);
  return facts;
}

ScenarioFacts scenario_from(const Json& json) {
  ScenarioFacts facts;
  json.at("name").get_to(facts.name);
  json.at("file").get_to(facts.file);
  facts.hash = std::stoull(json.at("hash").get<std::string>(), nullptr, 16);
  facts.seeds = {json.at("seeds").at(0).get<std::uint64_t>(), json.at("seeds").at(1).get<std::uint64_t>()};
  for (const Json& c : json.at("configurations")) facts.configurations.push_back(configuration_from(c));
  return facts;
}

std::string seeds_text(const SeedRange& seeds) { return fmt::format("{}..{}", seeds.first, seeds.last); }

std::vector<std::string> ids(const ScenarioFacts& scenario) {
  std::vector<std::string> all;
  for (const ConfigurationFacts& configuration : scenario.configurations) all.push_back(configuration.id);
  return all;
}

std::string difference(const ScenarioFacts& found, const ScenarioFacts& wanted) {
  if (found.name != wanted.name) return fmt::format("scenario '{}' there, '{}' here", found.name, wanted.name);
  if (found.hash != wanted.hash) return fmt::format("scenario '{}' has changed since", wanted.name);
  if (found.seeds != wanted.seeds) {
    return fmt::format("seeds {} of scenario '{}' there, {} here", seeds_text(found.seeds), wanted.name,
                       seeds_text(wanted.seeds));
  }
  if (ids(found) != ids(wanted)) {
    return fmt::format("{} configurations of scenario '{}' there, {} here, or others of them",
                       found.configurations.size(), wanted.name, wanted.configurations.size());
  }
  return {};
}

}  // namespace

std::string encode(const Header& header) {
  Json scenarios = Json::array();
  for (const ScenarioFacts& scenario : header.facts.scenarios) scenarios.push_back(to_json(scenario));
  const Json json{{"journal", kVersion},
                  {"tool", header.facts.tool},
                  {"search", header.facts.search},
                  {"faults", header.facts.faults},
                  {"kinds", header.facts.kinds},
                  {"confidence", header.facts.confidence ? Json(*header.facts.confidence) : Json(nullptr)},
                  {"shard", Json::array({header.shard.number, header.shard.count})},
                  {"arguments", header.facts.arguments},
                  {"sets", header.facts.sets},
                  {"scenarios", std::move(scenarios)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Header> decode_header(std::string_view line) {
  try {
    const Json json = Json::parse(line);
    if (json.at("journal").get<int>() != kVersion) return std::nullopt;
    Header header;
    json.at("tool").get_to(header.facts.tool);
    json.at("search").get_to(header.facts.search);
    json.at("faults").get_to(header.facts.faults);
    json.at("kinds").get_to(header.facts.kinds);
    if (!json.at("confidence").is_null()) header.facts.confidence = json.at("confidence").get<double>();
    header.shard = {json.at("shard").at(0).get<std::uint32_t>(), json.at("shard").at(1).get<std::uint32_t>()};
    json.at("arguments").get_to(header.facts.arguments);
    json.at("sets").get_to(header.facts.sets);
    for (const Json& scenario : json.at("scenarios")) header.facts.scenarios.push_back(scenario_from(scenario));
    return header;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string identity_hash(const CampaignFacts& facts) {
  std::string text = fmt::format("{}\n{}\n{}\n", facts.tool, search_text(facts), confidence_text(facts));
  for (const ScenarioFacts& scenario : facts.scenarios) {
    text += fmt::format("{}\n{}\n{}\n", scenario.name, hex16(scenario.hash), seeds_text(scenario.seeds));
    for (const std::string& id : ids(scenario)) text += id + '\n';
  }
  return hash_text(text).substr(0, 10);
}

std::string difference(const CampaignFacts& found, const CampaignFacts& wanted) {
  if (found.tool != wanted.tool) return fmt::format("made by {}, this is {}", found.tool, wanted.tool);
  if (search_text(found) != search_text(wanted)) {
    return fmt::format("search {} there, {} here", search_text(found), search_text(wanted));
  }
  if (found.confidence != wanted.confidence) {
    return fmt::format("confidence {} there, {} here", confidence_text(found), confidence_text(wanted));
  }
  if (found.scenarios.size() != wanted.scenarios.size()) {
    return fmt::format("{} scenarios there, {} here", found.scenarios.size(), wanted.scenarios.size());
  }
  for (std::size_t s = 0; s < found.scenarios.size(); ++s) {
    if (std::string text = difference(found.scenarios[s], wanted.scenarios[s]); !text.empty()) return text;
  }
  return {};
}

}  // namespace noloss::harness
