#include "sim/fault/targets.hpp"

#include <algorithm>

#include "sim/random.hpp"

namespace noloss::sim {
namespace {

constexpr std::string_view kAny = "any ";
constexpr std::string_view kAll = "all ";
constexpr std::string_view kZone = "zone-";

}  // namespace

template <class Wanted>
std::vector<NodeId> Targets::those(Wanted wanted) const {
  std::vector<NodeId> nodes;
  for (std::uint32_t i = 0; i < simulation_.machines(); ++i) {
    if (wanted(simulation_.machine(NodeId{i}))) nodes.push_back(NodeId{i});
  }
  return nodes;
}

TargetWord Targets::parse(std::string_view text) const {
  using Form = TargetWord::Form;
  const Machine* const machine = simulation_.machine_named(text);
  if (machine != nullptr) return {Form::node, machine->id(), text};
  if (text.starts_with(kAny)) return {Form::any, kNoNode, text.substr(kAny.size())};
  if (text.starts_with(kAll)) {
    std::string_view kind = text.substr(kAll.size());
    if (kind.ends_with('s')) kind.remove_suffix(1);
    return {Form::all, kNoNode, kind};
  }
  const std::string_view zone = text.starts_with(kZone) ? text.substr(kZone.size()) : std::string_view{};
  for (std::uint32_t i = 0; i < simulation_.machines(); ++i) {
    const Machine& each = simulation_.machine(NodeId{i});
    if (!zone.empty() && each.zone() == zone) return {Form::zone, kNoNode, zone};
    if (each.kind() == text) return {Form::any, kNoNode, text};
  }
  return {Form::role, kNoNode, text};
}

std::vector<NodeId> Targets::candidates(const TargetWord& word) const {
  const auto of_kind = [&](const Machine& machine) { return machine.kind() == word.word; };
  switch (word.form) {
    case TargetWord::Form::node: return {word.node};
    case TargetWord::Form::any: {
      auto nodes = those([&](const Machine& machine) { return of_kind(machine) && present(machine.id()); });
      return nodes.empty() ? those(of_kind) : nodes;
    }
    case TargetWord::Form::all: return those(of_kind);
    case TargetWord::Form::zone: return those([&](const Machine& machine) { return machine.zone() == word.word; });
    case TargetWord::Form::role: break;
  }
  return roles_.holders(word.word);
}

bool Targets::could_be(std::string_view text, NodeId node) const {
  const std::vector<NodeId> nodes = candidates(parse(text));
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

Resolved Targets::resolve(std::string_view text, std::uint64_t draw, std::span<const NodeId> taken) const {
  const TargetWord word = parse(text);
  Resolved resolved{.nodes = candidates(word)};
  const bool role = word.form == TargetWord::Form::role;
  resolved.waits = role && resolved.nodes.empty();
  if (!role && word.form != TargetWord::Form::any) return resolved;
  resolved.drawn = true;
  std::erase_if(resolved.nodes,
                [&](NodeId node) { return std::find(taken.begin(), taken.end(), node) != taken.end(); });
  if (resolved.nodes.size() > 1) {
    resolved.nodes = {resolved.nodes[RandomStream{derive_seed(draw, "target")}.below(resolved.nodes.size())]};
  }
  return resolved;
}

bool Targets::present(NodeId node) const {
  const Machine& machine = simulation_.machine(node);
  if (machine.process().incarnation() == 0 || machine.destroyed()) return false;
  return !machine.left() || machine.process().running();
}

bool Targets::client(NodeId node) const {
  const std::string& kind = simulation_.machine(node).kind();
  return kind == "producer" || kind == "consumer";
}

std::vector<NodeId> Targets::everybody() const {
  return those([](const Machine&) { return true; });
}

}  // namespace noloss::sim
