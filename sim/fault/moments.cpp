#include "sim/fault/moments.hpp"

#include <algorithm>

namespace noloss::sim {
namespace {

constexpr std::string_view kSent = "sent:";

}  // namespace

void MomentBook::add(const MomentRef& reference, Which which, std::uint64_t every, Step step) {
  const auto event = simulation_.events().find(reference.event);
  if (!event) return;  // no node of this system ever does that
  Entry entry{.event = *event, .which = which, .delay = reference.delay, .step = step};
  entry.number = which == Which::each ? every : std::max<std::uint64_t>(reference.number, 1);
  entry.sends = reference.event.starts_with(kSent);
  entry.word = targets_.parse(reference.node);
  if (entry.word.form == TargetWord::Form::node) {
    entry.node = entry.word.node;
  } else if (entry.word.form != TargetWord::Form::role) {
    TargetWord all = entry.word;
    if (all.form == TargetWord::Form::any) all.form = TargetWord::Form::all;
    entry.nodes = targets_.candidates(all);
  }
  watch(entry);
  entries_.push_back(std::move(entry));
}

void MomentBook::remove(Step step) {
  for (Entry& entry : entries_) {
    if (entry.step.kind == step.kind && entry.step.index == step.index) entry.active = false;
  }
}

bool MomentBook::may_come(Step step) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    if (!entry.active || entry.step.kind != step.kind || entry.step.index != step.index) return false;
    if (entry.node == kNoNode) return true;
    if (next(entry, simulation_.count(entry.node, entry.event)) == UINT64_MAX) return false;
    const Machine& machine = simulation_.machine(entry.node);
    return machine.process().incarnation() == 0 || targets_.present(entry.node);
  });
}

void MomentBook::happened(NodeId node, EventId event, std::uint64_t number, std::vector<DueStep>& due) {
  const std::size_t first = due.size();
  std::uint64_t wanted = UINT64_MAX;
  for (Entry& entry : entries_) {
    if (!entry.active || entry.event != event) continue;
    if (entry.node == kNoNode ? concerns(entry, node) : entry.node == node) {
      if (take(entry, number)) {
        const LinkSelector sending = entry.sends ? simulation_.network().sending() : LinkSelector{};
        due.push_back({entry.step, {node, event, number, simulation_.now(), entry.delay, sending}});
      }
    }
    const bool watched = entry.active && (entry.node == kNoNode || entry.node == node);
    if (watched) wanted = std::min(wanted, next(entry, number));
  }
  if (wanted != UINT64_MAX) simulation_.watch(node, event, wanted);
  if (due.size() == first) return;
  std::stable_sort(due.begin() + static_cast<std::ptrdiff_t>(first), due.end(),
                   [](const DueStep& left, const DueStep& right) { return left.step.order() < right.step.order(); });
  std::erase_if(entries_, [](const Entry& entry) { return !entry.active; });
}

bool MomentBook::concerns(const Entry& entry, NodeId node) const {
  if (entry.word.form != TargetWord::Form::role) {
    return std::find(entry.nodes.begin(), entry.nodes.end(), node) != entry.nodes.end();
  }
  const std::vector<NodeId> holders = targets_.candidates(entry.word);
  return std::find(holders.begin(), holders.end(), node) != holders.end();
}

bool MomentBook::take(Entry& entry, std::uint64_t number) {
  const std::uint64_t nth = entry.node == kNoNode ? ++entry.seen : number;
  if (entry.which == Which::each) return nth % entry.number == 0;
  if (entry.which == Which::numbered && nth != entry.number) return false;
  entry.active = false;
  return true;
}

void MomentBook::watch(const Entry& entry) {
  if (entry.node != kNoNode) {
    const std::uint64_t wanted = next(entry, simulation_.count(entry.node, entry.event));
    if (wanted != UINT64_MAX) simulation_.watch(entry.node, entry.event, wanted);
    return;
  }
  const bool role = entry.word.form == TargetWord::Form::role;
  for (const NodeId node : role ? targets_.everybody() : entry.nodes) simulation_.watch(node, entry.event, 0);
}

std::uint64_t MomentBook::next(const Entry& entry, std::uint64_t count) {
  if (entry.node == kNoNode || entry.which == Which::next) return 0;
  if (entry.which == Which::each) return (count / entry.number + 1) * entry.number;
  return entry.number > count ? entry.number : UINT64_MAX;
}

}  // namespace noloss::sim
