#include "sim/machine.hpp"

#include <utility>

#include "sim/disk.hpp"
#include "sim/network.hpp"
#include "sim/simulation.hpp"

namespace noloss::sim {
namespace {

/// A process that ended itself is started again by its supervisor after this.
constexpr Duration kSupervisorDelay = std::chrono::seconds{1};

}  // namespace

Machine::Machine(Simulation& simulation, NodeId id, MachineSetup setup, ProgramFactory factory)
    : simulation_(simulation),
      id_(id),
      setup_(std::move(setup)),
      disk_(std::make_unique<Disk>(simulation, *this, setup_.disk)),
      process_(simulation, *this, std::move(factory)) {}

Machine::~Machine() = default;

VirtualTime Machine::wall_clock() const {
  ++wall_clock_reads_;
  const Duration elapsed = simulation_.now() - skew_since_;
  __extension__ using Wide = __int128;
  const auto scaled = static_cast<std::int64_t>(static_cast<Wide>(elapsed.count()) * clock_rate_ / kWhole);
  return skew_since_ + skew_ + Duration{scaled};
}

bool Machine::start() {
  if (destroyed_ || left_ || process_.running() || process_.starting()) return false;
  if (!powered_) {
    powered_ = true;
    ++boot_;
    simulation_.network().booted(id_);
    simulation_.note(id_, sim::id(WorldEvent::booted), boot_);
    if (!powered_) return true;  // a fault at this very moment
  }
  stopping_ = false;
  process_.start();
  return true;
}

void Machine::end_life(bool reset_connections) {
  process_.die();
  disk_->process_died();
  if (reset_connections) simulation_.network().process_died(id_, /*orderly=*/false);
}

bool Machine::kill() {
  if (!process_.running() && !process_.starting()) return false;
  end_life(true);
  simulation_.note(id_, sim::id(WorldEvent::killed), process_.incarnation());
  return true;
}

bool Machine::lose_power(const LossRule& rule) {
  if (!powered_) return false;
  end_life(false);
  powered_ = false;
  simulation_.network().power_lost(id_);
  disk_->power_lost(rule);
  simulation_.note(id_, sim::id(WorldEvent::power_lost), boot_);
  return true;
}

bool Machine::stop(bool leave) {
  left_ = left_ || leave;
  if (!process_.running() || stopping_) return false;
  stopping_ = true;
  process_.stop_orderly([] {});
  return true;
}

void Machine::process_stopped() {
  process_.die();
  disk_->process_died();
  simulation_.network().process_died(id_, /*orderly=*/true);
  simulation_.note(id_, sim::id(WorldEvent::stopped), process_.incarnation());
}

void Machine::process_crashed() {
  if (!process_.running()) return;
  end_life(true);
  simulation_.note(id_, sim::id(WorldEvent::killed), process_.incarnation(), 1);
  if (stopping_) return;
  const std::uint32_t boot = boot_;
  const std::uint32_t incarnation = process_.incarnation();
  simulation_.scheduler().at(simulation_.now() + kSupervisorDelay, [this, boot, incarnation] {
    if (boot == boot_ && powered_ && incarnation == process_.incarnation()) start();
  });
}

bool Machine::destroy(const LossRule& rule) {
  if (destroyed_) return false;
  destroyed_ = true;
  lose_power(rule);
  return true;
}

bool Machine::pause() {
  if (!process_.running()) return false;
  process_.pause();
  simulation_.note(id_, sim::id(WorldEvent::paused));
  return true;
}

bool Machine::resume() {
  if (!process_.paused()) return false;
  process_.resume();
  simulation_.note(id_, sim::id(WorldEvent::resumed));
  return true;
}

void Machine::skew_clock(Duration by, std::int64_t rate) {
  // A clock that ran at another rate keeps the reading it had; a step is against true time.
  skew_ = by;
  skew_since_ = simulation_.now();
  clock_rate_ = rate;
}

}  // namespace noloss::sim
