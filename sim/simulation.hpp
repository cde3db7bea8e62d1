// One run of the world: it owns the clock, the agenda, the random streams, machines, network, moments and trace.
// There is nothing global, so threads run different simulations side by side. Knows nothing of messaging.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/ids.hpp"
#include "sim/machine.hpp"
#include "sim/random.hpp"
#include "sim/scheduler.hpp"
#include "sim/setup.hpp"
#include "sim/trace.hpp"

namespace noloss::sim {

class DiskListener;
class MomentListener;
class Network;

/// Streams by purpose, so that one more draw in one of them leaves the others as they were.
enum class Purpose : std::uint8_t { workload, network, disk, faults, application, count };

struct SimulationSetup {
  std::uint64_t seed = 1;
  LatencySetup latency;
  bool keep_trace = false;
};

class Simulation {
 public:
  /// `events` must outlive the run.
  Simulation(FiberPool& pool, const EventTable& events, const SimulationSetup& setup);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] VirtualTime now() const { return scheduler_.now(); }
  [[nodiscard]] Scheduler& scheduler() { return scheduler_; }
  [[nodiscard]] Network& network() { return *network_; }
  [[nodiscard]] Trace& trace() { return trace_; }
  [[nodiscard]] const EventTable& events() const { return events_; }
  [[nodiscard]] RandomStream& random(Purpose purpose) { return streams_[static_cast<std::size_t>(purpose)]; }

  /// Machines exist from the build on; start_all() powers those that `exists` says.
  Machine& add_machine(MachineSetup setup, ProgramFactory factory);
  [[nodiscard]] std::size_t machines() const { return machines_.size(); }
  [[nodiscard]] Machine& machine(NodeId id) { return *machines_[index(id)]; }
  [[nodiscard]] Machine* machine_named(std::string_view name);
  /// Starts every process, in order of number, and makes durable what its program's constructor wrote: the state in
  /// which the run begins.
  void start_all();
  /// Within start_all(): what a program's constructor writes is durable before its process counts as started.
  [[nodiscard]] bool beginning() const { return beginning_; }

  /// Something that a plan can name has happened at `node`: counts it, traces it, tells the listener. Throws Killed
  /// if that ended the process of the calling fiber.
  void moment(NodeId node, EventId event, std::uint64_t first = 0, std::uint64_t second = 0) {
    note(node, event, first, second);
    scheduler_.check_killed();
  }
  /// The same for callers that must finish what they are doing first; they call check_killed() themselves.
  void note(NodeId node, EventId event, std::uint64_t first = 0, std::uint64_t second = 0);
  /// Times that `event` has happened at `node`, over all incarnations.
  [[nodiscard]] std::uint64_t count(NodeId node, EventId event) const;
  /// Traces without counting: facts that no plan can name.
  void trace_fact(NodeId node, EventId event, std::uint64_t first = 0, std::uint64_t second = 0) {
    trace_.add({now(), node, event, first, second});
  }

  /// Told of each moment whose number it asked for; see fault/injector.hpp. Null: nobody.
  void listen_moments(MomentListener* listener) { moment_listener_ = listener; }
  /// The listener wants to know when `event` happens at `node` for the `number`-th time (0: every time).
  void watch(NodeId node, EventId event, std::uint64_t number);
  /// Called by models when a role gets a holder or loses it.
  void roles_changed() {
    if (moment_listener_ != nullptr) defer_roles_changed();
  }
  void listen_disks(DiskListener* listener) { disk_listener_ = listener; }
  [[nodiscard]] DiskListener* disk_listener() { return disk_listener_; }

  /// Marks an interesting state as reached. `name` must be one of the system's marks and outlive the run.
  void mark(std::string_view name);
  [[nodiscard]] const std::vector<std::string_view>& marks() const { return marks_; }

  /// A broken invariant of the model or the world: prints seed, virtual time and the text, then aborts.
  [[noreturn]] void broken(std::string_view what) const;

 private:
  struct Counter {
    std::uint64_t count = 0;
    std::uint64_t watched = UINT64_MAX;  ///< the next number that the listener wants
  };
  [[nodiscard]] Counter& counter(NodeId node, EventId event) {
    return counters_[index(node) * event_count_ + index(event)];
  }
  void noted(NodeId node, EventId event);
  void defer_roles_changed();

  std::uint64_t seed_;
  const EventTable& events_;
  const std::size_t event_count_;
  Scheduler scheduler_;
  Trace trace_;
  std::vector<RandomStream> streams_;
  std::unique_ptr<Network> network_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<Counter> counters_;  ///< machines x events
  std::vector<std::string_view> marks_;
  MomentListener* moment_listener_ = nullptr;
  DiskListener* disk_listener_ = nullptr;
  bool beginning_ = false;
};

/// Learns of moments; implemented by the fault injector.
class MomentListener {
 public:
  /// `number` is the count that this moment made. Sets the next number to watch through Simulation::watch().
  virtual void happened(NodeId node, EventId event, std::uint64_t number) = 0;
  /// A role (leader, coordinator, ...) got a holder or lost it.
  virtual void roles_changed() {}

 protected:
  ~MomentListener() = default;
};

}  // namespace noloss::sim
