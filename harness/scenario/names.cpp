#include "harness/scenario/names.hpp"

#include <fmt/format.h>

namespace noloss::harness {

sim::When Names::when(const View& view, std::string_view key) const {
  const Node* node = view.child(key);
  if (node == nullptr || !node->is(NodeKind::scalar)) return {};
  WhenText parsed = parse_when(node->text);
  if (!parsed.value) return {};
  if (parsed.value->moment) check_moment(*node, *parsed.value->moment, parsed.node, parsed.event);
  return std::move(*parsed.value);
}

std::optional<sim::MomentRef> Names::moment(const View& view, std::string_view key) const {
  const Node* node = view.child(key);
  if (node == nullptr || !node->is(NodeKind::scalar)) return std::nullopt;
  MomentText parsed = parse_moment(node->text);
  if (parsed.value) check_moment(*node, *parsed.value, parsed.node, parsed.event);
  return std::move(parsed.value);
}

void Names::check_moment(const Node& node, const sim::MomentRef& moment, Part name, Part event) const {
  const Who who = part(node, moment.node, name, Place::single);
  std::string problem = cast_.event_problem(moment.event, who);
  if (!problem.empty()) problems_.add(within(node, event.offset, event.length), std::move(problem));
}

Who Names::name(const Node& node, Place place) const {
  if (!node.is(NodeKind::scalar)) return Who::unknown;
  return part(node, node.text, {0, node.text.size()}, place);
}

Who Names::part(const Node& node, std::string_view name, Part part, Place place) const {
  Named found = cast_.find(name, place);
  if (!found.error.empty()) problems_.add(within(node, part.offset, part.length), std::move(found.error));
  return found.who;
}

std::optional<LinkNames> Names::link(const Node& node) const {
  if (!node.is(NodeKind::scalar)) return std::nullopt;
  LinkText parsed = parse_link(node.text);
  if (!parsed.error.message.empty()) return std::nullopt;
  part(node, parsed.from, parsed.from_part, Place::target);
  part(node, parsed.to, parsed.to_part, Place::target);
  if (parsed.from == parsed.to && parsed.from.find(' ') == std::string::npos) {
    problems_.add(node.mark, fmt::format("'{}' has the same node on both ends", node.text));
  }
  return LinkNames{std::move(parsed.from), std::move(parsed.to)};
}

}  // namespace noloss::harness
