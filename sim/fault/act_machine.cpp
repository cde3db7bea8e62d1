// Faults of machines and processes: power_loss, wipe, destroy, kill, stop, pause, clock_skew.
#include "sim/fault/firing.hpp"
#include "sim/random.hpp"

namespace noloss::sim {
namespace {

/// Of what the plan lets survive, that which is on this machine.
std::optional<std::vector<UnsyncedItem>> kept_at(const Machine& machine, const Fault& fault) {
  if (!fault.keep) return std::nullopt;
  std::vector<UnsyncedItem> items;
  for (const std::string& text : *fault.keep) {
    std::optional<NodeItem> parsed = parse_unsynced(text);
    if (parsed && parsed->node == machine.name()) items.push_back(std::move(parsed->item));
  }
  return items;
}

void cut_power(FaultContext& context, Firing& firing, Hit& hit) {
  Machine& machine = context.machine(hit.node);
  const Fault& fault = *firing.fault;
  if (fault.action != Action::power_loss && machine.setup().reliable) return;
  const LossRule rule{fault.action == Action::power_loss ? fault.unsynced : Unsynced::lose_all,
                      derive_seed(firing.draw, machine.name()), kept_at(machine, fault)};
  const std::uint64_t lost = machine.disk().effects().bytes_lost;
  hit.process_gone = machine.process().running();
  if (fault.action == Action::destroy) {
    hit.acted = machine.destroy(rule);
    if (hit.acted) machine.disk().wipe(false);
  } else {
    hit.acted = machine.lose_power(rule);
    if (fault.action == Action::wipe) machine.disk().wipe(fault.new_identity);
  }
  hit.amount = machine.disk().effects().bytes_lost - lost;
  firing.effective = firing.effective || hit.process_gone || hit.amount > 0 || machine.destroyed();
}

void stop_process(FaultContext& context, Firing& firing, Hit& hit) {
  Machine& machine = context.machine(hit.node);
  hit.acted = firing.fault->action == Action::kill ? machine.kill() : machine.stop();
  hit.process_gone = hit.acted;
  firing.effective = firing.effective || hit.acted;
}

void skew_clock(FaultContext& context, const Firing& firing, Hit& hit) {
  Machine& machine = context.machine(hit.node);
  machine.skew_clock(firing.fault->by.duration(), firing.fault->clock_rate.value());
  hit.acted = true;
}

/// A machine without power is started by the fault that took its power.
void start_again(FaultContext& context, NodeId node) {
  Machine& machine = context.machine(node);
  if (machine.powered()) machine.start();  // one that is still stopping is started by the injector when it is down
}

void end_skew(FaultContext& context, const Firing& firing, NodeId node) {
  Machine& machine = context.machine(node);
  const Firing* other = context.other_acting(firing, node);
  if (other == nullptr) {
    machine.skew_clock(Duration{0}, kWhole);
  } else {
    machine.skew_clock(other->fault->by.duration(), other->fault->clock_rate.value());
  }
}

void measure_pause(FaultContext& context, Firing& firing, NodeId node) {
  const Process& process = context.machine(node).process();
  const Hit* hit = firing.hit(node);
  if (hit == nullptr || !hit->acted || process.incarnation() != hit->incarnation) return;
  firing.effective = firing.effective || process.pause_mattered();
}

}  // namespace

void before_death(FaultContext& context, NodeId node) {
  for (Firing& firing : context.firings) {
    if (firing.acting && firing.fault->action == Action::pause) measure_pause(context, firing, node);
  }
}

void act_on_machine(FaultContext& context, Firing& firing) {
  for (Hit& hit : firing.hits) {
    if (!context.targets.present(hit.node)) continue;
    Machine& machine = context.machine(hit.node);
    hit.incarnation = machine.process().incarnation();
    switch (firing.fault->action) {
      case Action::power_loss:
      case Action::wipe:
      case Action::destroy:
        before_death(context, hit.node);
        cut_power(context, firing, hit);
        break;
      case Action::kill:
        before_death(context, hit.node);
        stop_process(context, firing, hit);
        break;
      case Action::stop: stop_process(context, firing, hit); break;
      case Action::pause: hit.acted = machine.pause(); break;
      case Action::clock_skew:
        hit.before = machine.wall_clock_reads();
        skew_clock(context, firing, hit);
        break;
      default: break;
    }
  }
}

void measure_machine(FaultContext& context, Firing& firing) {
  for (Hit& hit : firing.hits) {
    if (!hit.acted) continue;
    if (firing.fault->action == Action::pause) measure_pause(context, firing, hit.node);
    if (firing.fault->action == Action::clock_skew) {
      hit.amount = context.machine(hit.node).wall_clock_reads() - hit.before;
      firing.effective = firing.effective || hit.amount > 0;
    }
  }
}

void heal_machine(FaultContext& context, Firing& firing) {
  for (Hit& hit : firing.hits) {
    if (!hit.acted) continue;
    Machine& machine = context.machine(hit.node);
    switch (firing.fault->action) {
      case Action::power_loss:
      case Action::wipe: machine.start(); break;
      case Action::kill:
      case Action::stop: start_again(context, hit.node); break;
      case Action::pause:
        if (machine.process().incarnation() == hit.incarnation) machine.resume();
        break;
      case Action::clock_skew: end_skew(context, firing, hit.node); break;
      default: break;
    }
  }
}

}  // namespace noloss::sim
