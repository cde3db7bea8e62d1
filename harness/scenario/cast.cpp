#include "harness/scenario/cast.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "harness/scenario/suggest.hpp"
#include "sim/trace.hpp"

namespace noloss::harness {
namespace {

/// Events that happen at one kind of node only. Others can happen anywhere.
struct EventHome {
  std::string_view event;
  Who who;
};
constexpr std::array kHomes{
    EventHome{"append", Who::broker},         EventHome{"replicated", Who::broker},
    EventHome{"elected", Who::broker},        EventHome{"truncated", Who::broker},
    EventHome{"recovered", Who::broker},      EventHome{"sent", Who::producer},
    EventHome{"acked", Who::producer},        EventHome{"failed", Who::producer},
    EventHome{"received", Who::consumer},     EventHome{"processed", Who::consumer},
    EventHome{"acknowledged", Who::consumer},
};

std::string_view plural(Who who) {
  switch (who) {
    case Who::broker: return "brokers";
    case Who::producer: return "producers";
    case Who::consumer: return "consumers";
    default: return "other nodes";
  }
}

std::optional<std::uint32_t> number_of(std::string_view digits) {
  std::uint32_t number = 0;
  const auto [stop, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = code == std::errc{} && stop == digits.data() + digits.size() && !digits.empty();
  if (!whole || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
  return number;
}

/// "broker" and "3" of "broker-3".
std::optional<std::pair<std::string_view, std::uint32_t>> split_number(std::string_view name) {
  const std::size_t dash = name.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  const auto number = number_of(name.substr(dash + 1));
  if (!number) return std::nullopt;
  return std::pair{name.substr(0, dash), *number};
}

std::uint32_t total(const auto& groups) {
  std::uint32_t sum = 0;
  for (const auto& group : groups) sum += group.count;
  return sum;
}

}  // namespace

Cast::Cast(const models::System& system, const models::Setup& setup, Counts counts)
    : system_(&system), counts_known_(counts == Counts::known), zones_(setup.brokers.zones) {
  groups_.push_back({"broker", setup.brokers.count, Who::broker});
  groups_.push_back({"producer", total(setup.producers), Who::producer});
  groups_.push_back({"consumer", total(setup.consumers), Who::consumer});
  // Where an entity has no partitions, a role's number names the entity.
  const bool partitioned = !system.entity().partitions_key.empty();
  if (!partitioned) partitions_ = static_cast<std::uint32_t>(setup.entities.size());
  if (partitioned && !setup.entities.empty()) partitions_ = setup.entities.front().partitions;
  for (std::string& node : system.extra_nodes(setup)) {
    const auto parts = split_number(node);
    if (!parts) {
      plain_.push_back(std::move(node));
      continue;
    }
    const auto known =
        std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) { return g.kind == parts->first; });
    if (known == groups_.end()) {
      groups_.push_back({std::string{parts->first}, parts->second, Who::other});
    } else {
      known->count = std::max(known->count, parts->second);
    }
  }
}

const Cast::Group* Cast::group(std::string_view kind) const {
  for (const Group& candidate : groups_) {
    if (candidate.kind == kind) return &candidate;
  }
  return nullptr;
}

Named Cast::find(std::string_view name, Place place) const {
  if (std::find(plain_.begin(), plain_.end(), name) != plain_.end()) return {Who::other, {}};
  for (const auto& lookup : {numbered(name), role(name), several(name, place), zone(name, place)}) {
    if (lookup.who != Who::unknown || !lookup.error.empty()) return lookup;
  }
  return {Who::unknown, unknown(name, place)};
}

/// "broker-3"
Named Cast::numbered(std::string_view name) const {
  const auto parts = split_number(name);
  const Group* found = parts ? group(parts->first) : nullptr;
  if (found == nullptr) return {};
  if (parts->second >= 1 && (parts->second <= found->count || !counts_known_)) return {found->who, {}};
  const std::string range = found->count == 1 ? fmt::format("the only {0} is {0}-1", found->kind)
                                              : fmt::format("{0}s are {0}-1 to {0}-{1}", found->kind, found->count);
  return {Who::unknown, fmt::format("there is no '{}'; {}", shortened(name), range)};
}

/// "leader" or "leader(2)"
Named Cast::role(std::string_view name) const {
  const std::size_t open = name.find('(');
  const std::string_view word = name.substr(0, open);
  const auto roles = system_->roles();
  const bool known =
      std::any_of(roles.begin(), roles.end(), [&](const models::NamedRow& row) { return row.name == word; });
  if (!known) return {};
  if (open == std::string_view::npos) return {Who::broker, {}};
  const std::string_view inner = name.ends_with(')') ? name.substr(open + 1, name.size() - open - 2) : "";
  const auto number = number_of(inner);
  if (!number) return {Who::unknown, fmt::format("'{}' needs a partition's number: '{}(0)'", shortened(name), word)};
  if (*number < partitions_ || !counts_known_) return {Who::broker, {}};
  return {Who::unknown, partitions_ == 1
                            ? fmt::format("there is no '{}'; the only partition is 0", name)
                            : fmt::format("there is no '{}'; partitions are 0 to {}", name, partitions_ - 1)};
}

/// "any broker", "all brokers"
Named Cast::several(std::string_view name, Place place) const {
  const bool any = name.starts_with("any ");
  if (!any && !name.starts_with("all ")) return {};
  const std::string_view kind = name.substr(4);
  for (const Group& candidate : groups_) {
    const std::string all = candidate.kind + "s";
    if (any && kind == candidate.kind) return {candidate.who, {}};
    if (!any && kind == all && place == Place::target) return {candidate.who, {}};
    if (!any && kind == all) {
      return {Who::unknown, fmt::format("'{}' is many nodes; here stands one, such as 'any {}'", name, candidate.kind)};
    }
    if (any && kind == all) return {Who::unknown, fmt::format("write 'any {}', not '{}'", candidate.kind, name)};
    if (!any && kind == candidate.kind) return {Who::unknown, fmt::format("write 'all {}', not '{}'", all, name)};
  }
  return {};
}

Named Cast::zone(std::string_view name, Place place) const {
  constexpr std::string_view kPrefix = "zone-";
  if (!name.starts_with(kPrefix)) return {};
  if (place == Place::single)
    return {Who::unknown, fmt::format("'{}' is many nodes; here stands one", shortened(name))};
  const std::string_view zone = name.substr(kPrefix.size());
  if (!counts_known_ || std::find(zones_.begin(), zones_.end(), zone) != zones_.end()) return {Who::broker, {}};
  if (zones_.empty()) {
    return {Who::unknown, fmt::format("there is no '{}'; 'brokers.zones' declares no zones", shortened(name))};
  }
  std::vector<std::string> words;
  for (const std::string& known : zones_) words.push_back(fmt::format("zone-{}", known));
  const std::vector<std::string_view> known{words.begin(), words.end()};
  return {Who::unknown, fmt::format("there is no '{}'{}", shortened(name), did_you_mean(name, known, "zones are"))};
}

std::string Cast::unknown(std::string_view name, Place place) const {
  std::vector<std::string> words{plain_};
  for (const models::NamedRow& row : system_->roles()) words.emplace_back(row.name);
  const auto parts = split_number(name);
  for (const Group& candidate : groups_) {
    const bool fits = parts && parts->second >= 1 && parts->second <= candidate.count;
    if (candidate.count > 0) words.push_back(fmt::format("{}-{}", candidate.kind, fits ? parts->second : 1));
    words.push_back("any " + candidate.kind);
    if (place == Place::target) words.push_back("all " + candidate.kind + "s");
  }
  if (place == Place::target) {
    for (const std::string& zone : zones_) words.push_back("zone-" + zone);
  }
  const std::vector<std::string_view> known{words.begin(), words.end()};
  return fmt::format("there is no node or role '{}'{}", shortened(name), did_you_mean(name, known, "there are"));
}

std::string Cast::unknown_event(std::string_view event) const {
  const sim::EventTable& table = system_->event_table();
  std::vector<std::string_view> all;
  std::vector<std::string_view> few;  // without those of each kind of message
  for (std::size_t i = 0; i < table.size(); ++i) {
    all.push_back(table.name(sim::EventId{static_cast<std::uint16_t>(i)}));
    if (all.back().find(':') == std::string_view::npos) few.push_back(all.back());
  }
  const std::string_view meant = nearest(event, all);
  return fmt::format(
      "the {} system has no event '{}'; {}", system_->name(), shortened(event),
      meant.empty() ? fmt::format("there are: {}, and 'sent:KIND' and 'received:KIND' of each message", listed(few))
                    : fmt::format("did you mean '{}'?", meant));
}

std::string Cast::event_problem(std::string_view event, Who who) const {
  if (!system_->event_table().find(event)) return unknown_event(event);
  for (const EventHome& home : kHomes) {
    const bool elsewhere = home.event == event && who != home.who && who != Who::other && who != Who::unknown;
    if (!elsewhere) continue;
    const bool message = event == "sent" || event == "received";
    return fmt::format("'{}' happens only at {}{}", event, plural(home.who),
                       message
                           ? fmt::format("; elsewhere it has the kind of message, such as '{}:{}'", event,
                                         system_->message_kinds().empty() ? "KIND" : system_->message_kinds()[0].name)
                           : "");
  }
  return {};
}

std::string Cast::message_problem(std::string_view kind) const {
  std::vector<std::string_view> known;
  for (const models::NamedRow& row : system_->message_kinds()) known.push_back(row.name);
  if (std::find(known.begin(), known.end(), kind) != known.end()) return {};
  return fmt::format("the {} system has no message '{}'{}", system_->name(), shortened(kind),
                     did_you_mean(kind, known, "there are"));
}

}  // namespace noloss::harness
