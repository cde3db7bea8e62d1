// Faults of disks: fsync_error, fsync_lie, disk_slow, disk_full, disk_error, corrupt.
#include "sim/fault/firing.hpp"
#include "sim/random.hpp"

namespace noloss::sim {
namespace {

std::uint64_t counter(const Disk& disk, Action action) {
  const Disk::Effects& effects = disk.effects();
  switch (action) {
    case Action::fsync_error: return effects.syncs_failed;
    case Action::fsync_lie: return effects.syncs_lied;
    case Action::disk_slow: return effects.operations_slowed;
    case Action::disk_full: return effects.writes_refused;
    case Action::disk_error: return effects.reads_damaged;
    default: return 0;
  }
}

/// Makes the disk behave as the fault says. `firing` may be one that acted before, and acts again alone.
void apply(Disk& disk, const Firing& firing) {
  const Fault& fault = *firing.fault;
  switch (fault.action) {
    case Action::fsync_error: disk.fail_syncs(fault.semantics, fault.once); break;
    case Action::fsync_lie: disk.lie(true); break;
    case Action::disk_slow: disk.slow(fault.factor.value(), fault.stall); break;
    case Action::disk_full: disk.fill(true); break;
    default: break;
  }
}

void clear(Disk& disk, Action action) {
  switch (action) {
    case Action::fsync_error: disk.clear_sync_errors(); break;
    case Action::fsync_lie: disk.lie(false); break;
    case Action::disk_slow: disk.slow(1, false); break;
    case Action::disk_full: disk.fill(false); break;
    case Action::disk_error: disk.make_readable(); break;
    default: break;
  }
}

/// Returns how many blocks were hit.
std::uint64_t damage(Machine& machine, const Firing& firing) {
  const Fault& fault = *firing.fault;
  const std::uint64_t draw = derive_seed(firing.draw, machine.name());
  const std::int64_t blocks = fault.action == Action::corrupt
                                  ? machine.disk().corrupt(fault.blocks.value(), fault.with, fault.in, draw)
                                  : machine.disk().make_unreadable(fault.blocks.value(), fault.in, draw);
  return static_cast<std::uint64_t>(blocks);
}

}  // namespace

void act_on_disk(FaultContext& context, Firing& firing) {
  const Action action = firing.fault->action;
  for (Hit& hit : firing.hits) {
    Machine& machine = context.machine(hit.node);
    const bool damages = action == Action::corrupt || action == Action::disk_error;
    if (!context.targets.present(hit.node) || (damages && machine.setup().reliable)) continue;
    hit.before = counter(machine.disk(), action);
    hit.acted = true;
    if (!damages) {
      apply(machine.disk(), firing);
      continue;
    }
    const std::uint64_t blocks = damage(machine, firing);
    hit.acted = blocks > 0;
    if (action != Action::corrupt) continue;
    hit.amount = blocks;
    firing.effective = firing.effective || hit.acted;
  }
}

void measure_disk(FaultContext& context, Firing& firing) {
  const Action action = firing.fault->action;
  if (action == Action::corrupt) return;
  for (Hit& hit : firing.hits) {
    if (!hit.acted) continue;
    hit.amount = counter(context.machine(hit.node).disk(), action) - hit.before;
    firing.effective = firing.effective || hit.amount > 0;
  }
}

void heal_disk(FaultContext& context, Firing& firing) {
  const Action action = firing.fault->action;
  for (Hit& hit : firing.hits) {
    if (!hit.acted) continue;
    Disk& disk = context.machine(hit.node).disk();
    const Firing* other = context.other_acting(firing, hit.node);
    // An error for one sync only has most likely been spent, and would come back.
    const bool spent = other != nullptr && action == Action::fsync_error && other->fault->once;
    if (other == nullptr || spent) {
      clear(disk, action);
    } else {
      apply(disk, *other);
    }
  }
}

}  // namespace noloss::sim
