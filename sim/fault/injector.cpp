#include "sim/fault/injector.hpp"

#include <algorithm>
#include <utility>

#include "sim/fault/injector_impl.hpp"
#include "sim/random.hpp"

namespace noloss::sim {
namespace {

/// Draws stay exact in every tool that reads a plan.
constexpr std::uint64_t kDrawMask = (std::uint64_t{1} << 53U) - 1;
/// From the instant at which a role has a holder to that at which a fault that waited for one acts, one after the
/// other. So the plan of what happened can say it as a delay after the fault's own moment.
constexpr Duration kAfterElection{1};

/// A fault may be the cause of its own moment ("at each start: kill, for 0 s"). Virtual time must go on.
constexpr std::uint32_t kTimesAtOneInstant = 100;

std::uint64_t draw_of(const Fault& fault, std::uint32_t number) {
  return number == 0 ? fault.draw : derive_seed(fault.draw, std::uint64_t{number}) & kDrawMask;
}

}  // namespace

Injector::Injector(Simulation& simulation, const RoleResolver& resolver, const FaultPlan& plan)
    : impl_(std::make_unique<Impl>(simulation, resolver, plan)) {
  impl_->self = this;
}

Injector::~Injector() {
  if (impl_->listens) impl_->context.simulation.listen_moments(nullptr);
}

void Injector::arm() {
  const auto faults = static_cast<std::uint32_t>(impl_->plan.size());
  impl_->armed.resize(faults);
  for (std::uint32_t i = 0; i < faults; ++i) impl_->arm(i);
}

void Injector::place(const When& when, std::function<void()> body) { impl_->place(when, std::move(body)); }
void Injector::restart(NodeId node) { impl_->restart(node); }
bool Injector::pending() const { return impl_->pending(); }
void Injector::heal_all() { impl_->heal_all(); }
const std::vector<FaultReport>& Injector::reports() { return impl_->report(); }
FaultPlan Injector::concrete() const { return impl_->concrete(); }
FaultPlan Injector::concrete_by_time() const { return impl_->concrete_by_time(); }

void Injector::happened(NodeId node, EventId event, std::uint64_t number) {
  impl_->moments.happened(node, event, number, impl_->due);
  impl_->world_event(node, event);
  impl_->run_due();
}

void Injector::roles_changed() { impl_->roles_changed(); }

// ---------------------------------------------------------------- placing

void Injector::Impl::listen() {
  if (!std::exchange(listens, true)) context.simulation.listen_moments(self);
}

void Injector::Impl::arm(std::uint32_t index) {
  const Fault& fault = plan[index];
  if (!fault.at.placed() || limit_reached(index)) return;
  listen();
  const DueStep fire{{Step::Kind::fire, index}, {}};
  if (fault.at.time) {
    ++armed[index].scheduled;
    schedule(*fault.at.time, fire);
  } else {
    const bool each = fault.every > 0 && fault.at.moment->number == 0;
    moments.add(*fault.at.moment, each ? MomentBook::Which::each : MomentBook::Which::numbered, fault.every, fire.step);
  }
  // One that is numbered counts from the start; where none is written it is the next one after the fault acts.
  if (fault.until && fault.until->number > 0) {
    moments.add(*fault.until, MomentBook::Which::numbered, 0, {Step::Kind::until, index});
  }
}

void Injector::Impl::place(const When& when, std::function<void()> body) {
  if (!when.placed()) return;
  listen();
  const auto index = static_cast<std::uint32_t>(placed.size());
  placed.push_back({std::move(body), when.time.has_value(), false});
  const Step step{Step::Kind::body, index};
  if (when.time) {
    schedule(*when.time, {step, {}});
  } else {
    moments.add(*when.moment, MomentBook::Which::numbered, 0, step);
  }
}

bool Injector::Impl::limit_reached(std::uint32_t index) const {
  const Fault& fault = plan[index];
  const std::int64_t limit = fault.every > 0 ? fault.count.value() : 1;
  return static_cast<std::int64_t>(armed[index].set_off) >= limit;
}

bool Injector::Impl::pending() const {
  if (over) return false;
  for (std::uint32_t i = 0; i < armed.size(); ++i) {
    const Armed& fault = armed[i];
    if (fault.scheduled > 0 || !fault.waiting.empty()) return true;
    if (fault.set_off == 0 && moments.may_come({Step::Kind::fire, i})) return true;
  }
  for (std::uint32_t i = 0; i < placed.size(); ++i) {
    if (placed[i].done) continue;
    if (placed[i].scheduled || moments.may_come({Step::Kind::body, i})) return true;
  }
  return false;
}

// ---------------------------------------------------------------- one thing after the other

void Injector::Impl::schedule(VirtualTime time, const DueStep& step) {
  context.simulation.scheduler().at(time, [this, step] {
    due.push_back(step);
    run_due();
  });
}

void Injector::Impl::run_due() {
  if (working) return;
  working = true;
  for (std::size_t i = 0; i < due.size(); ++i) {
    const DueStep step = due[i];
    run(step);
  }
  due.clear();
  working = false;
}

void Injector::Impl::run(const DueStep& step) {
  if (over) return;
  const std::uint32_t index = step.step.index;
  const bool from_moment = step.occurrence.node != kNoNode;
  const bool now = !from_moment || step.occurrence.time + step.occurrence.delay <= context.simulation.now();
  switch (step.step.kind) {
    case Step::Kind::body:
      if (!now) {
        placed[index].scheduled = true;
        schedule(step.occurrence.time + step.occurrence.delay, step);
        return;
      }
      placed[index].done = true;
      placed[index].body();
      return;
    case Step::Kind::until: until_came(index, step.occurrence); return;
    case Step::Kind::fire:
      if (!from_moment) --armed[index].scheduled;
      set_off(index, step.occurrence);
      return;
    case Step::Kind::delayed:
      --armed[index].scheduled;
      try_fire(index, step.occurrence);
      return;
    case Step::Kind::message:
      if (take_message(context, context.firings[index], step.occurrence)) moments.remove(step.step);
      return;
    case Step::Kind::end: end(index, from_moment ? std::optional{step.occurrence} : std::nullopt); return;
    case Step::Kind::retry: retry(index); return;
  }
}

// ---------------------------------------------------------------- firing

void Injector::Impl::set_off(std::uint32_t index, const Occurrence& cause) {
  Armed& fault = armed[index];
  if (std::exchange(fault.instant, context.simulation.now()) != context.simulation.now()) fault.times_at_instant = 0;
  if (limit_reached(index) || ++fault.times_at_instant > kTimesAtOneInstant) return;
  ++fault.set_off;
  if (limit_reached(index)) moments.remove({Step::Kind::fire, index});
  if (cause.delay == Duration{0}) {
    try_fire(index, cause);
    return;
  }
  ++fault.scheduled;
  schedule(cause.time + cause.delay, {{Step::Kind::delayed, index}, cause});
}

void Injector::Impl::try_fire(std::uint32_t index, const Occurrence& cause) {
  Armed& fault = armed[index];
  const std::uint32_t number = fault.tried++;
  if (!fire(index, cause, number) && fault.waiting.empty()) fault.waiting.push_back({cause, number});
}

bool Injector::Impl::fire(std::uint32_t index, const Occurrence& cause, std::uint32_t number) {
  const Fault& fault = plan[index];
  Simulation& simulation = context.simulation;
  Firing aimed{
      .index = index, .fault = &fault, .draw = draw_of(fault, number), .time = simulation.now(), .cause = cause};
  if (!aim(context, aimed)) return false;
  const auto place_in_order = static_cast<std::uint32_t>(context.firings.size());
  armed[index].firings.push_back(place_in_order);
  Firing& firing = context.firings.emplace_back(std::move(aimed));
  note(firing, WorldEvent::fault);
  act(context, firing);
  if (fault.action == Action::handler_error && fault.times < 0) {
    for (const Hit& hit : firing.hits) simulation.watch(hit.node, id(WorldEvent::started), 0);
  }
  firing.acting = firing.acting && heals(fault);
  if (!firing.acting) return true;
  await_message(place_in_order);
  if (fault.until) {
    if (fault.until->number == 0) moments.add(*fault.until, MomentBook::Which::next, 0, {Step::Kind::until, index});
  } else if (lasts(fault)) {
    schedule(simulation.now() + fault.duration.duration(), {{Step::Kind::end, place_in_order}, {}});
  }
  return true;
}

void Injector::Impl::await_message(std::uint32_t number) {
  const Firing& firing = context.firings[number];
  if (firing.awaited.empty()) return;
  std::vector<NodeId> senders = targets.everybody();
  const auto may_send = [&](NodeId node) {
    return std::any_of(firing.awaited.begin(), firing.awaited.end(),
                       [&](LinkSelector link) { return link.from == kNoNode || link.from == node; });
  };
  std::erase_if(senders, [&](NodeId node) { return !may_send(node); });
  for (const NodeId node : senders) {
    const MomentRef leaves{context.machine(node).name(), "sent:" + firing.fault->message, 0, Duration{0}};
    moments.add(leaves, MomentBook::Which::each, 1, {Step::Kind::message, number});
  }
}

void Injector::Impl::note(const Firing& firing, WorldEvent event) {
  const auto action = static_cast<std::uint64_t>(firing.fault->action);
  for (const NodeId node : nodes_of(firing)) {
    context.simulation.note(node, id(event), action, firing.draw);
    if (firing.hits.empty()) break;  // a connection or a partition is told at one node
  }
}

void Injector::Impl::roles_changed() {
  if (over) return;
  VirtualTime time = context.simulation.now();
  for (std::uint32_t i = 0; i < armed.size(); ++i) {
    if (armed[i].waiting.empty()) continue;
    time += kAfterElection;
    schedule(time, {{Step::Kind::retry, i}, {}});
  }
}

void Injector::Impl::retry(std::uint32_t index) {
  Armed& fault = armed[index];
  if (fault.waiting.empty()) return;
  const Waiting waiting = fault.waiting.front();
  Occurrence cause = waiting.cause;
  cause.delay = context.simulation.now() - cause.time;
  if (fire(index, cause, waiting.number)) fault.waiting.clear();
}

// ---------------------------------------------------------------- healing

void Injector::Impl::until_came(std::uint32_t index, const Occurrence& occurrence) {
  for (const std::uint32_t number : armed[index].firings) {
    if (!context.firings[number].acting) continue;
    if (occurrence.delay == Duration{0}) {
      end(number, occurrence);
    } else {
      schedule(occurrence.time + occurrence.delay, {{Step::Kind::end, number}, occurrence});
    }
  }
}

void Injector::Impl::end(std::uint32_t number, const std::optional<Occurrence>& until) {
  Firing& firing = context.firings[number];
  if (!firing.acting) return;
  measure(context, firing);
  if (acts_once(*firing.fault) && firing.effective) {  // it is spent: nothing is left to end
    firing.acting = false;
    return;
  }
  firing.until = until;
  firing.healed = context.simulation.now();
  heal(context, firing);
  for (const Hit& hit : firing.hits) {
    if (firing.fault->action == Action::stop && hit.acted && context.machine(hit.node).stopping())
      start_when_down(hit.node);
  }
  note(firing, WorldEvent::healed);
}

void Injector::Impl::world_event(NodeId node, EventId event) {
  Simulation& simulation = context.simulation;
  if (event == id(WorldEvent::started)) {
    if (poison_again(context, node)) simulation.watch(node, event, 0);
    return;
  }
  if (event != id(WorldEvent::stopped) && event != id(WorldEvent::killed)) return;
  if (std::erase(context.start_when_down, node) == 0) return;
  // Killed while it was stopping: who killed it starts it.
  const bool will_start = std::any_of(context.firings.begin(), context.firings.end(), [&](Firing& firing) {
    return firing.acting && firing.fault->action == Action::kill && firing.hit(node) != nullptr;
  });
  if (will_start) return;
  simulation.scheduler().at(simulation.now(), [this, node] { context.machine(node).start(); });
}

void Injector::Impl::start_when_down(NodeId node) {
  context.start_when_down.push_back(node);
  listen();
  context.simulation.watch(node, id(WorldEvent::stopped), 0);
  context.simulation.watch(node, id(WorldEvent::killed), 0);
}

void Injector::Impl::restart(NodeId node) {
  Machine& machine = context.machine(node);
  if (machine.stop() || machine.stopping()) {
    start_when_down(node);
  } else {
    machine.start();
  }
}

void Injector::Impl::heal_all() {
  over = true;
  Simulation& simulation = context.simulation;
  for (std::uint32_t i = 0; i < context.firings.size(); ++i) end(i, std::nullopt);
  for (std::uint32_t i = 0; i < simulation.machines(); ++i) {
    Machine& machine = simulation.machine(NodeId{i});
    const bool never_came = !machine.setup().exists && machine.process().incarnation() == 0;
    if (never_came) continue;
    if (machine.stopping()) {
      start_when_down(machine.id());
    } else {
      machine.start();
    }
  }
}

}  // namespace noloss::sim
