#include "harness/search/recording.hpp"

#include <algorithm>

#include "sim/disk.hpp"
#include "sim/network.hpp"

namespace noloss::harness {
namespace {

using sim::Action;
using sim::Fault;
using sim::NodeId;
using sim::PartitionShape;

constexpr std::string_view kSent = "sent:";

bool has(const std::vector<NodeId>& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

bool at_machine(Action action) {
  switch (action) {
    case Action::power_loss:
    case Action::fsync_error:
    case Action::fsync_lie:
    case Action::disk_slow:
    case Action::disk_full:
    case Action::disk_error:
    case Action::corrupt:
    case Action::wipe:
    case Action::destroy:
    case Action::kill:
    case Action::pause: return true;
    default: return false;
  }
}

/// What happens only because of a fault, or says nothing about the node's state.
bool no_site(sim::EventId event) {
  return event == sim::id(sim::WorldEvent::fault) || event == sim::id(sim::WorldEvent::healed);
}

/// Calls visit(chosen, rest) for each way to choose `count` of the nodes.
template <class Visit>
void each_choice(const std::vector<NodeId>& nodes, std::size_t count, Visit visit) {
  std::vector<bool> in(nodes.size(), false);
  std::fill_n(in.begin(), count, true);
  do {
    std::vector<NodeId> chosen;
    std::vector<NodeId> rest;
    for (std::size_t i = 0; i < nodes.size(); ++i) (in[i] ? chosen : rest).push_back(nodes[i]);
    visit(chosen, rest);
  } while (std::prev_permutation(in.begin(), in.end()));
}

}  // namespace

Recorder::Recorder(sim::Simulation& simulation, const sim::RoleResolver& roles, sim::Injector& injector,
                   std::span<const Fault> lines, Skip skip, sim::EventId received)
    : simulation_(simulation),
      targets_(simulation, roles),
      injector_(injector),
      lines_(lines),
      skip_(skip),
      received_(received) {
  for (const NodeId node : targets_.everybody()) {
    recording_.nodes.push_back(simulation.machine(node).name());
    for (std::size_t event = 0; event < simulation.events().size(); ++event) {
      watch(node, sim::EventId{static_cast<std::uint16_t>(event)});
    }
  }
  unsynced_.emplace(std::vector<std::string>{}, 0);
  recording_.unsynced.emplace_back();
  simulation.listen_moments(this);
}

void Recorder::finish() { simulation_.listen_moments(&injector_); }

void Recorder::happened(NodeId node, sim::EventId event, std::uint64_t number) {
  watch(node, event);
  recording_.moments.push_back({simulation_.now(), node, event, number});
  const std::uint64_t before = std::exchange(activity_, activity());
  if (before == activity_ && skip_ == Skip::what_cannot_matter) forget_same_state(node);
  if (!no_site(event)) {
    Leaving leaving;
    const std::string_view event_name = simulation_.events().name(event);
    if (event_name.starts_with(kSent)) {
      const sim::LinkSelector link = simulation_.network().sending();
      leaving = {link.from, link.to, event_name.substr(kSent.size())};
    }
    for (std::uint32_t line = 0; line < lines_.size(); ++line) add_sites(line, node, event, leaving);
  }
  injector_.happened(node, event, number);
}

std::uint64_t Recorder::activity() const {
  std::uint64_t sum = simulation_.network().packets_made();
  for (std::uint32_t i = 0; i < simulation_.machines(); ++i) sum += simulation_.machine(NodeId{i}).disk().activity();
  return sum;
}

void Recorder::forget_same_state(NodeId node) {
  if (recording_.moments.size() < 2) return;
  const auto last = static_cast<std::uint32_t>(recording_.moments.size() - 2);
  const Recording::Moment& before = recording_.moments[last];
  // What an application has told a database or an outbox is on no disk that could be looked at.
  if (before.node != node || before.time != simulation_.now() || targets_.client(node)) return;
  std::erase_if(recording_.sites,
                [&](const Site& site) { return site.moment == last && at_machine(lines_[site.line].action); });
}

// ---------------------------------------------------------------- sites

void Recorder::add_sites(std::uint32_t line, NodeId node, sim::EventId event, const Leaving& leaving) {
  const Fault& fault = lines_[line];
  switch (fault.action) {
    case Action::handler_error:
    case Action::handler_stall:
      if (event == received_) at_node(line, node);
      return;
    case Action::drop:
    case Action::delay:
      if (leaving.from != sim::kNoNode) at_message(line, leaving);
      return;
    case Action::partition:
    case Action::loss:
    case Action::slow:
      if (leaving.from != sim::kNoNode) across(line, leaving);
      return;
    default: at_node(line, node); return;
  }
}

void Recorder::at_node(std::uint32_t line, NodeId node) {
  const Fault& fault = lines_[line];
  for (auto& [word, nodes] : choices(fault.target)) {
    if (!has(nodes, node)) continue;
    const bool enumerated = fault.action == Action::power_loss && fault.unsynced != sim::Unsynced::lose_all;
    add(line, {.target = word, .peer = {}, .shape = fault.shape, .sides = {}}, enumerated ? unsynced_at(nodes) : 0);
  }
}

void Recorder::at_message(std::uint32_t line, const Leaving& leaving) {
  const Fault& fault = lines_[line];
  if (!fault.message.empty() && fault.message != leaving.kind) return;
  const auto hits = [&](NodeId a, NodeId b) {
    if (!targets_.could_be(fault.target, a)) return false;
    return fault.peer.empty() || targets_.could_be(fault.peer, b);
  };
  const bool drop = fault.action == Action::drop;
  const bool forward = hits(leaving.from, leaving.to) && (!drop || fault.side == sim::Side::request);
  const bool back = hits(leaving.to, leaving.from) && (!drop || fault.side == sim::Side::response);
  if (!forward && !back) return;
  const NodeId a = forward ? leaving.from : leaving.to;
  const NodeId b = forward ? leaving.to : leaving.from;
  add(line, {.target = name(a), .peer = name(b), .shape = fault.shape, .sides = {}});
}

void Recorder::across(std::uint32_t line, const Leaving& leaving) {
  const Fault& fault = lines_[line];
  if (fault.action != Action::partition || fault.shape == PartitionShape::one_way) {
    const bool forward = targets_.could_be(fault.target, leaving.from) &&
                         (fault.peer.empty() || targets_.could_be(fault.peer, leaving.to));
    const bool back = fault.action != Action::partition && targets_.could_be(fault.target, leaving.to) &&
                      (fault.peer.empty() || targets_.could_be(fault.peer, leaving.from));
    if (!forward && !back) return;
    const NodeId a = forward ? leaving.from : leaving.to;
    const NodeId b = forward ? leaving.to : leaving.from;
    add(line,
        {.target = name(a), .peer = fault.peer.empty() ? std::string{} : name(b), .shape = fault.shape, .sides = {}});
    return;
  }
  switch (fault.shape) {
    case PartitionShape::isolate: across_isolated(line, leaving); return;
    case PartitionShape::halves:
    case PartitionShape::bridge: across_split(line, leaving); return;
    default: across_sides(line, leaving); return;
  }
}

void Recorder::across_isolated(std::uint32_t line, const Leaving& leaving) {
  for (auto& [word, nodes] : choices(lines_[line].target)) {
    Nodes alone = nodes;
    Nodes others = targets_.everybody();
    std::erase_if(others, [&](NodeId node) { return targets_.client(node) || has(alone, node); });
    place_clients(lines_[line], alone, others);
    const bool cut =
        (has(alone, leaving.from) && has(others, leaving.to)) || (has(others, leaving.from) && has(alone, leaving.to));
    if (cut) add(line, {.target = word, .peer = {}, .shape = PartitionShape::isolate, .sides = {}});
  }
}

void Recorder::across_split(std::uint32_t line, const Leaving& leaving) {
  const Fault& fault = lines_[line];
  const auto split = [&](const Nodes& nodes) {
    each_choice(nodes, nodes.size() / 2, [&](const Nodes& chosen, const Nodes& rest) {
      // Two halves of the same size are one split, unless the clients stand with one of them.
      const bool mirrored = fault.clients == sim::Clients::both && chosen.size() == rest.size() && chosen > rest;
      Nodes minority = chosen;
      Nodes majority = rest;
      place_clients(fault, minority, majority);
      const bool cut = (has(minority, leaving.from) && has(majority, leaving.to)) ||
                       (has(majority, leaving.from) && has(minority, leaving.to));
      if (mirrored || !cut) return;
      Aim aim{.target = {}, .peer = {}, .shape = PartitionShape::sides, .sides = {{}, {}}};
      for (const NodeId node : minority) aim.sides[0].push_back(name(node));
      for (const NodeId node : majority) aim.sides[1].push_back(name(node));
      add(line, std::move(aim));
    });
  };
  if (fault.shape == PartitionShape::halves) return split(servers());
  for (const NodeId bridge : servers()) {
    Nodes others = servers();
    std::erase(others, bridge);
    split(others);
  }
}

void Recorder::across_sides(std::uint32_t line, const Leaving& leaving) {
  // Roles are taken as they are held now; a word for one of several nodes means the first of them.
  Aim aim{.target = {}, .peer = {}, .shape = PartitionShape::sides, .sides = {}};
  std::vector<Nodes> sides;
  for (const std::vector<std::string>& words : lines_[line].sides) {
    Nodes& side = sides.emplace_back();
    for (const std::string& word : words) {
      const sim::Resolved resolved = targets_.resolve(word, 0);
      if (resolved.waits) return;
      side.insert(side.end(), resolved.nodes.begin(), resolved.nodes.end());
    }
  }
  const auto side_of = [&](NodeId node) {
    return std::find_if(sides.begin(), sides.end(), [&](const Nodes& side) { return has(side, node); });
  };
  const auto from = side_of(leaving.from);
  const auto to = side_of(leaving.to);
  if (from == sides.end() || to == sides.end() || from == to) return;
  for (const Nodes& side : sides) {
    std::vector<std::string>& names = aim.sides.emplace_back();
    for (const NodeId node : side) names.push_back(name(node));
  }
  add(line, std::move(aim));
}

void Recorder::add(std::uint32_t line, Aim aim, std::uint32_t unsynced) {
  const auto [known, fresh] = aims_.emplace(std::move(aim), static_cast<std::uint32_t>(recording_.aims.size()));
  if (fresh) recording_.aims.push_back(known->first);
  const auto moment = static_cast<std::uint32_t>(recording_.moments.size() - 1);
  recording_.sites.push_back({moment, line, known->second, unsynced});
}

// ---------------------------------------------------------------- nodes

std::vector<std::pair<std::string, Recorder::Nodes>> Recorder::choices(const std::string& word) const {
  const sim::TargetWord parsed = targets_.parse(word);
  Nodes nodes = targets_.candidates(parsed);
  const bool group = parsed.form == sim::TargetWord::Form::all || parsed.form == sim::TargetWord::Form::zone;
  if (group) return {{word, std::move(nodes)}};
  std::vector<std::pair<std::string, Nodes>> single;
  for (const NodeId node : nodes) single.push_back({name(node), {node}});
  return single;
}

std::uint32_t Recorder::unsynced_at(const Nodes& nodes) {
  std::vector<std::string> items;
  for (const NodeId node : nodes) {
    sim::Machine& machine = simulation_.machine(node);
    for (const sim::UnsyncedItem& item : machine.disk().unsynced()) items.push_back(to_text(machine.name(), item));
  }
  const auto [known, fresh] =
      unsynced_.emplace(std::move(items), static_cast<std::uint32_t>(recording_.unsynced.size()));
  if (fresh) recording_.unsynced.push_back(known->first);
  return known->second;
}

const std::string& Recorder::name(NodeId node) const { return recording_.nodes[sim::index(node)]; }

Recorder::Nodes Recorder::servers() const {
  Nodes nodes = targets_.everybody();
  std::erase_if(nodes, [&](NodeId node) { return targets_.client(node) || !targets_.present(node); });
  return nodes;
}

void Recorder::place_clients(const Fault& fault, Nodes& minority, Nodes& majority) const {
  if (fault.clients == sim::Clients::both) return;
  Nodes& side = fault.clients == sim::Clients::minority ? minority : majority;
  for (const NodeId node : targets_.everybody()) {
    if (targets_.client(node) && !has(minority, node)) side.push_back(node);
  }
}

}  // namespace noloss::harness
