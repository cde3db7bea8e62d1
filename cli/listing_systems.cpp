// Lists of what a system has: its options, waits, marks, events; and of the moments that a run meets.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "cli/listing.hpp"
#include "harness/run/runner.hpp"
#include "harness/scenario/option_text.hpp"
#include "harness/scenario/quantity_text.hpp"
#include "models/events.hpp"
#include "models/systems.hpp"
#include "sim/trace.hpp"

namespace noloss::cli {
namespace {

using models::OptionRow;
using models::OptionType;

std::string_view name(OptionType type) {
  constexpr std::array<std::string_view, 7> kNames{"flag", "integer", "duration", "size", "share", "choice", "text"};
  return kNames[static_cast<std::size_t>(type)];
}

/// Where a scenario writes it: "brokers.config", "queue.arguments", "queue".
harness::Unit unit(OptionType type) {
  switch (type) {
    case OptionType::duration: return harness::Unit::duration;
    case OptionType::size: return harness::Unit::size;
    case OptionType::share: return harness::Unit::share;
    default: return harness::Unit::none;
  }
}

/// "sync | async", "1ms .. 1h", "1 .."
std::string allowed(const OptionRow& row) {
  if (row.type == OptionType::flag) return "true | false";
  if (row.type == OptionType::choice) return fmt::format("{}", fmt::join(row.choices, " | "));
  if (row.type == OptionType::text) return {};
  const auto written = [&](std::int64_t bound) {
    return harness::write_quantity(sim::Quantity{bound}, unit(row.type));
  };
  return row.max == INT64_MAX ? fmt::format("{} ..", written(row.min))
                              : fmt::format("{} .. {}", written(row.min), written(row.max));
}

/// An option through the releases, which are counted from the newest.
struct OptionLife {
  OptionRow row;  ///< as in the newest release that has it
  std::size_t newest = 0;
  std::size_t oldest = 0;
  struct Default {
    std::string_view value;
    std::size_t newest = 0;
  };
  std::vector<Default> defaults;  ///< each with the newest release that has it
};

void note(std::vector<OptionLife>& lives, const OptionRow& row, std::size_t release) {
  const auto known = std::find_if(lives.begin(), lives.end(), [&](const OptionLife& life) {
    return life.row.scope == row.scope && life.row.group == row.group && life.row.name == row.name;
  });
  if (known == lives.end()) {
    lives.push_back({row, release, release, {{row.default_value, release}}});
    return;
  }
  known->oldest = release;
  if (known->defaults.back().value != row.default_value) known->defaults.push_back({row.default_value, release});
}

/// "1 to 2.8": the default up to that release; several, the latest first.
std::string earlier_defaults(const OptionLife& life, const std::vector<std::string_view>& releases) {
  std::vector<std::string> texts;
  for (std::size_t i = 1; i < life.defaults.size(); ++i) {
    texts.push_back(fmt::format("{} to {}", life.defaults[i].value, releases[life.defaults[i].newest]));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

/// "3.7 .. 3.13", "2.1 ..", "all"
std::string existence(const OptionLife& life, const std::vector<std::string_view>& releases) {
  const bool still = life.newest == 0;
  if (still && life.oldest + 1 == releases.size()) return "all";
  return still ? fmt::format("{} ..", releases[life.oldest])
               : fmt::format("{} .. {}", releases[life.oldest], releases[life.newest]);
}

Listing named(std::string_view key, std::span<const models::NamedRow> rows) {
  Listing listing{{std::string{key}, "meaning"}, {}};
  for (const models::NamedRow& row : rows) listing.rows.push_back({std::string{row.name}, std::string{row.meaning}});
  return listing;
}

/// Events of the world, which every node has.
constexpr std::array kWorldEvents{
    models::NamedRow{"started", "a process started"},
    models::NamedRow{"killed", "a process died"},
    models::NamedRow{"power_lost", "a machine lost power"},
    models::NamedRow{"booted", "a machine runs again"},
    models::NamedRow{"stopped", "a process ended in an orderly way"},
    models::NamedRow{"paused", "a process stands still"},
    models::NamedRow{"resumed", "a process goes on"},
    models::NamedRow{"sync.start", "a process called fsync"},
    models::NamedRow{"sync.done", "fsync returned success"},
    models::NamedRow{"sync.failed", "fsync returned an error"},
};

}  // namespace

Listing systems_listing() {
  Listing listing{{"system", "entity", "releases", "meaning"}, {}};
  for (const models::System* system : models::systems()) {
    listing.rows.push_back({std::string{system->name()}, std::string{system->entity().noun},
                            fmt::format("{}", fmt::join(system->releases(), ", ")), std::string{system->meaning()}});
  }
  return listing;
}

Listing options_listing(const models::System& system) {
  std::vector<std::string_view> releases(system.releases().rbegin(), system.releases().rend());
  if (releases.empty()) releases.emplace_back();
  std::vector<OptionLife> lives;
  for (std::size_t i = 0; i < releases.size(); ++i) {
    for (const OptionRow& row : system.options(releases[i])) note(lives, row, i);
  }
  Listing listing{
      {"option", "where", "type", "default", "earlier", "releases", "allowed", "safer", "running", "source", "meaning"},
      {}};
  for (const OptionLife& life : lives) {
    const OptionRow& row = life.row;
    listing.rows.push_back({std::string{row.name}, harness::option_place(system, row), std::string{name(row.type)},
                            std::string{row.default_value}, earlier_defaults(life, releases), existence(life, releases),
                            allowed(row), std::string{row.safer}, row.dynamic ? "changes" : "", std::string{row.source},
                            std::string{row.meaning}});
  }
  return listing;
}

Listing waits_listing(const models::System& system) { return named("wait", system.waits()); }
Listing marks_listing(const models::System& system) { return named("mark", system.marks()); }

Listing events_listing(const models::System& system) {
  Listing listing{{"kind", "name", "meaning"}, {}};
  const auto add = [&](std::string_view kind, std::string name, std::string_view meaning) {
    listing.rows.push_back({std::string{kind}, std::move(name), std::string{meaning}});
  };
  for (const models::NamedRow& row : models::common_event_rows()) add("event", std::string{row.name}, row.meaning);
  for (const models::NamedRow& row : kWorldEvents) add("event", std::string{row.name}, row.meaning);
  for (const models::NamedRow& row : system.events()) add("event", std::string{row.name}, row.meaning);
  for (const models::NamedRow& row : system.message_kinds()) {
    add("event", fmt::format("sent:{}", row.name), row.meaning);
    add("event", fmt::format("received:{}", row.name), row.meaning);
  }
  for (const models::NamedRow& row : system.roles()) add("role", std::string{row.name}, row.meaning);
  return listing;
}

Listing moments_listing(const harness::Scenario& scenario, const harness::Configuration& configuration,
                        std::uint64_t seed) {
  harness::Runner runner;
  const auto moments = runner.moments({.scenario = &scenario, .configuration = &configuration, .seed = seed});
  Listing listing{{"node", "event", "count", "last_moment"}, {}};
  for (const harness::Runner::MomentCount& moment : moments) {
    listing.rows.push_back({moment.node, moment.event, fmt::format("{}", moment.count),
                            fmt::format("{} {} #{}", moment.node, moment.event, moment.count)});
  }
  return listing;
}

}  // namespace noloss::cli
