// The process of a machine: incarnations, its program, its fibers, pause, kill.
//
// Modelled: a SIGKILL takes everything in memory and unwinds every fiber at its suspension point; a pause (SIGSTOP, a
// long collection, a suspended virtual machine) lets nothing run while time and sockets go on; an orderly stop
// lets the program finish. Process memory is exactly the Program object, which each incarnation makes anew.
// Not modelled: several processes on one machine, CPU time (code takes no virtual time unless it sleeps).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sim/ids.hpp"
#include "sim/scheduler.hpp"

namespace noloss::sim {

class Machine;
class Process;
class Simulation;

/// What an executable does. Its members are the process's memory: gone with it.
class Program {
 public:
  virtual ~Program() = default;
  /// The first fiber; may spawn others and may return while they go on.
  virtual void run() = 0;
  /// Orderly shutdown, in a fiber of its own, while the others still run. When it returns the process ends.
  virtual void stop() {}
  /// The next `times` messages (-1: every one) that the application processes fail; application faults only.
  virtual bool fail_handler(std::int64_t /*times*/) { return false; }
  /// Processing hangs for `duration`; false if this program has no handler.
  virtual bool stall_handler(Duration /*duration*/) { return false; }
};

using ProgramFactory = std::function<std::unique_ptr<Program>(Process&)>;

class Process {
 public:
  Process(Simulation& simulation, Machine& machine, ProgramFactory factory);

  [[nodiscard]] Simulation& simulation() const { return simulation_; }
  [[nodiscard]] Machine& machine() const { return machine_; }
  [[nodiscard]] NodeId node() const { return node_; }
  /// Counts starts: 1 in the first life, 0 before it.
  [[nodiscard]] std::uint32_t incarnation() const { return incarnation_; }
  [[nodiscard]] bool running() const { return running_; }
  /// Will start at the present time, as soon as the fibers of the life before have unwound.
  [[nodiscard]] bool starting() const { return start_wanted_; }
  [[nodiscard]] bool paused() const { return paused_ > 0; }
  /// Null while the process does not run.
  [[nodiscard]] Program* program() const { return running_ ? program_.get() : nullptr; }

  // --- for the program's own fibers ---
  template <class Body>
  Fiber& spawn(Body&& body) {
    Fiber& fiber = scheduler_.spawn(this, std::forward<Body>(body));
    fibers_.push_back(&fiber);
    fiber.held_ = paused();
    return fiber;
  }
  void sleep(Duration duration, OnKill on_kill = OnKill::unwind) { sleep_until(scheduler_.now() + duration, on_kill); }
  void sleep_until(VirtualTime time, OnKill on_kill = OnKill::unwind) { scheduler_.block_until(time, on_kill); }
  /// The program ends itself as a crash does (an assertion, a refused disk). Peers get an RST.
  [[noreturn]] void crash();

  // --- for the world: Machine and the fault injector ---
  /// Emits `started`.
  void start();
  /// Ends the life, or the start that is to come: fibers unwind at the present time, then the program's memory goes.
  void die();
  void pause();
  void resume();
  /// Whether a wake-up was held back since the last pause() began, that is: whether the pause changed anything.
  [[nodiscard]] bool pause_mattered() const { return pause_mattered_; }
  /// Runs the program's stop() and then dies; `done` is called after that, or when a kill comes first.
  void stop_orderly(std::function<void()> done);

 private:
  friend class Scheduler;
  /// A fiber was woken while it is held.
  void defer(Fiber& fiber);
  void hold(bool held);
  void fiber_ended(Fiber& fiber);
  void bury();

  Simulation& simulation_;
  Scheduler& scheduler_;
  Machine& machine_;
  NodeId node_;
  ProgramFactory factory_;
  std::unique_ptr<Program> program_;
  std::vector<Fiber*> fibers_;
  std::vector<Fiber*> deferred_;  ///< woken while paused
  std::function<void()> stopped_;
  std::uint32_t incarnation_ = 0;
  std::uint32_t paused_ = 0;  ///< pauses that overlap
  bool running_ = false;
  bool start_wanted_ = false;  ///< a start came while the last fibers were unwinding
  bool pause_mattered_ = false;
};

}  // namespace noloss::sim
