// `noloss list`: which list, and how it is printed. What stands in the lists: listing_*.cpp.
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/listing.hpp"
#include "cli/scenario_files.hpp"
#include "cli/selection.hpp"
#include "cli/table.hpp"
#include "harness/scenario/suggest.hpp"
#include "models/systems.hpp"

namespace noloss::cli {
namespace {

/// One row below the other, for tables that are wider than the terminal.
std::string stacked(const Listing& listing, std::size_t width) {
  std::string text;
  for (const auto& row : listing.rows) {
    Table table({"", ""});
    for (std::size_t at = 1; at < row.size(); ++at) {
      if (!row[at].empty()) table.add({listing.keys[at], row[at]});
    }
    text += fmt::format("{}\n{}", row.front(), table.text(width, "    "));
  }
  return text;
}

std::string text_of(const Listing& listing, std::size_t width) {
  Table table(listing.keys);
  for (const auto& row : listing.rows) table.add(row);
  return width == 0 || table.fits(width) ? table.text(width) : stacked(listing, width);
}

std::string json_of(const Listing& listing, std::string_view topic) {
  nlohmann::ordered_json rows = nlohmann::json::array();
  for (const auto& row : listing.rows) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (std::size_t at = 0; at < row.size(); ++at) object[listing.keys[at]] = row[at];
    rows.push_back(std::move(object));
  }
  const nlohmann::ordered_json whole{{"schema", 1}, {topic, std::move(rows)}};
  return whole.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

const models::System* system_or_error(const std::string& name, Console& console) {
  const models::System* const system = models::system_named(name);
  if (system == nullptr) {
    std::vector<std::string_view> known;
    for (const models::System* one : models::systems()) known.push_back(one->name());
    console.error(fmt::format("there is no system '{}'{}", name, harness::did_you_mean(name, known, "systems")));
  }
  return system;
}

std::optional<Listing> listing_of_system(const ListArguments& arguments, Console& console) {
  const models::System* const system = system_or_error(arguments.subject, console);
  if (system == nullptr) return std::nullopt;
  if (arguments.topic == ListTopic::options) return options_listing(*system);
  if (arguments.topic == ListTopic::waits) return waits_listing(*system);
  if (arguments.topic == ListTopic::marks) return marks_listing(*system);
  return events_listing(*system);
}

std::optional<Listing> listing_of_moments(const ListArguments& arguments, Console& console) {
  const std::optional<harness::Scenario> scenario = read_one_scenario(arguments.subject, arguments.set, console);
  if (!scenario) return std::nullopt;
  std::optional<std::size_t> selected = 0;  // the first will do where none is named
  if (!arguments.only.empty()) selected = select_one(*scenario, arguments.only, console);
  if (!selected) return std::nullopt;
  console.err(fmt::format("moments of one run without drawn faults: seed {}{}\n", arguments.seed,
                          only_text(*scenario, *selected)));
  return moments_listing(*scenario, scenario->configurations[*selected], arguments.seed);
}

std::optional<Listing> listing_of(const ListArguments& arguments, Console& console) {
  switch (arguments.topic) {
    case ListTopic::systems: return systems_listing();
    case ListTopic::guarantees: return guarantees_listing();
    case ListTopic::faults: return faults_listing();
    case ListTopic::columns: return columns_listing();
    case ListTopic::moments: return listing_of_moments(arguments, console);
    default: return listing_of_system(arguments, console);
  }
}

std::string_view name(ListTopic topic) {
  constexpr std::array<std::string_view, 9> kNames{"systems", "options", "waits", "faults", "guarantees",
                                                   "moments", "columns", "marks", "events"};
  return kNames[static_cast<std::size_t>(topic)];
}

}  // namespace

ExitCode list(const ListArguments& arguments, Console& console) {
  const std::optional<Listing> listing = listing_of(arguments, console);
  if (!listing) return ExitCode::usage;
  const bool json = arguments.format == harness::OutputFormat::json;
  console.out(json ? json_of(*listing, name(arguments.topic)) : text_of(*listing, console.width()));
  return ExitCode::met;
}

}  // namespace noloss::cli
