// What the injector tells afterwards: what became of each fault, and the plan of what happened.
#include <algorithm>
#include <utility>

#include "sim/fault/injector_impl.hpp"

namespace noloss::sim {

const std::vector<FaultReport>& Injector::Impl::report() {
  const std::uint64_t traced = context.simulation.trace().size();
  if (!reports.empty() && reported == traced) return reports;
  reported = traced;
  reports.assign(plan.size(), {});
  for (std::size_t i = 0; i < plan.size(); ++i) reports[i].fault = &plan[i];
  for (Firing& firing : context.firings) {
    measure(context, firing);
    FaultReport& report = reports[firing.index];
    ++report.fired;
    report.effective = report.effective || firing.effective;
    if (report.fired > 1) continue;
    report.fired_at = firing.time;
    report.healed_at = firing.healed;
    report.nodes = nodes_of(firing);
    report.what = describe(context, firing);
  }
  return reports;
}

FaultPlan Injector::Impl::concrete() const {
  FaultPlan concrete;
  concrete.reserve(plan.size());
  for (std::uint32_t i = 0; i < plan.size(); ++i) add_concrete(concrete, i);
  return concrete;
}

FaultPlan Injector::Impl::concrete_by_time() const {
  FaultPlan concrete;
  for (std::uint32_t i = 0; i < plan.size(); ++i) {
    if (!fired(i)) {
      concrete.push_back(plan[i]);
      continue;
    }
    for (const std::uint32_t number : armed[i].firings) {
      const Firing& firing = context.firings[number];
      Fault& fault = concrete.emplace_back(concrete_of(firing));
      const Duration after{firing.cause.node == kNoNode ? 0 : 1};
      fault.at = {firing.time + after, std::nullopt};
    }
  }
  return concrete;
}

bool Injector::Impl::fired(std::uint32_t index) const { return index < armed.size() && !armed[index].firings.empty(); }

void Injector::Impl::add_concrete(FaultPlan& concrete, std::uint32_t index) const {
  const Fault& fault = plan[index];
  if (!fired(index) || (fault.every > 0 && says_all(fault))) {
    concrete.push_back(fault);
    return;
  }
  for (const std::uint32_t number : armed[index].firings) concrete.push_back(concrete_of(context.firings[number]));
}

bool Injector::Impl::says_all(const Fault& fault) const {
  const auto fixed = [this](const std::string& word) {
    const TargetWord::Form form = targets.parse(word).form;
    return word.empty() || (form != TargetWord::Form::any && form != TargetWord::Form::role);
  };
  const bool split = fault.shape == PartitionShape::halves || fault.shape == PartitionShape::bridge;
  if (fault.action == Action::partition && split) return false;
  for (const auto& side : fault.sides) {
    if (!std::all_of(side.begin(), side.end(), fixed)) return false;
  }
  return fixed(fault.at.moment->node) && fixed(fault.target) && fixed(fault.peer) &&
         (!fault.until || fixed(fault.until->node));
}

MomentRef Injector::Impl::moment_of(const Occurrence& occurrence) const {
  Simulation& simulation = context.simulation;
  return {simulation.machine(occurrence.node).name(), std::string{simulation.events().name(occurrence.event)},
          occurrence.number, occurrence.delay};
}

Fault Injector::Impl::concrete_of(const Firing& firing) const {
  Fault fault = *firing.fault;
  fault.every = 0;
  fault.count = Quantity{1};
  fault.draw = firing.draw;
  if (firing.cause.node == kNoNode) {
    fault.at = {firing.time, std::nullopt};
  } else {
    fault.at = {std::nullopt, moment_of(firing.cause)};
  }
  if (firing.until) fault.until = moment_of(*firing.until);
  resolve_words(fault, firing);
  return fault;
}

void Injector::Impl::resolve_words(Fault& fault, const Firing& firing) const {
  const auto name = [this](NodeId node) { return context.simulation.machine(node).name(); };
  const auto resolve = [&](std::string& word, const Resolved& resolved) {
    if (resolved.drawn && resolved.nodes.size() == 1) word = name(resolved.nodes.front());
  };
  if (!fault.target.empty()) resolve(fault.target, firing.from);
  if (!fault.peer.empty()) resolve(fault.peer, firing.to);
  const bool one_side_empty = std::any_of(firing.sides.begin(), firing.sides.end(),
                                          [](const std::vector<NodeId>& side) { return side.empty(); });
  const bool by_target = fault.shape == PartitionShape::isolate || fault.shape == PartitionShape::one_way;
  if (fault.action != Action::partition || by_target || one_side_empty) return;
  fault.shape = PartitionShape::sides;
  fault.clients = Clients::both;
  fault.sides.clear();
  for (const std::vector<NodeId>& side : firing.sides) {
    std::vector<std::string>& names = fault.sides.emplace_back();
    for (const NodeId node : side) names.push_back(name(node));
  }
}

}  // namespace noloss::sim
