// A machine: one disk, one wall clock, one process, a power switch.
//
// Modelled: kill (the kernel stays: page cache kept, connections reset), power loss (nothing stays but the disk), boot,
// orderly stop, pause, wipe, destroy, zones, wall clocks that are off or run at another rate.
// Not modelled: boot time (the process starts at once), memory limits.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sim/ids.hpp"
#include "sim/process.hpp"
#include "sim/quantity.hpp"
#include "sim/setup.hpp"

namespace noloss::sim {

class Disk;
struct LossRule;

/// What the maker of a machine says about it.
struct MachineSetup {
  std::string name;  ///< "broker-2"
  std::string kind;  ///< "broker": what the name is without its number; groups "any broker", "all brokers"
  std::string zone;  ///< empty: none
  DiskSetup disk;
  bool exists = true;     ///< false: it comes with a later operation `start`
  bool reliable = false;  ///< cannot lose its disk or be destroyed
};

class Machine {
 public:
  Machine(Simulation& simulation, NodeId id, MachineSetup setup, ProgramFactory factory);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  [[nodiscard]] NodeId id() const { return id_; }
  [[nodiscard]] const std::string& name() const { return setup_.name; }
  [[nodiscard]] const std::string& kind() const { return setup_.kind; }
  [[nodiscard]] const std::string& zone() const { return setup_.zone; }
  [[nodiscard]] const MachineSetup& setup() const { return setup_; }
  [[nodiscard]] Disk& disk() { return *disk_; }
  [[nodiscard]] Process& process() { return process_; }
  [[nodiscard]] const Process& process() const { return process_; }
  [[nodiscard]] bool powered() const { return powered_; }
  [[nodiscard]] bool destroyed() const { return destroyed_; }
  [[nodiscard]] bool left() const { return left_; }
  /// It does not run and never will again.
  [[nodiscard]] bool gone() const { return destroyed_ || (left_ && !process_.running()); }
  /// An orderly stop has begun and has not ended yet.
  [[nodiscard]] bool stopping() const { return stopping_ && process_.running(); }
  /// Counts power-ups; a disk operation of an earlier one is void.
  [[nodiscard]] std::uint32_t boot() const { return boot_; }
  /// The wall clock now, skew included. Timers use virtual time, which is the monotonic clock.
  [[nodiscard]] VirtualTime wall_clock() const;
  /// How often it was read, which tells whether a skew changed anything.
  [[nodiscard]] std::uint64_t wall_clock_reads() const { return wall_clock_reads_; }

  /// It does not exist until an operation starts it. Before start_all().
  void comes_later() { setup_.exists = false; }

  // --- for operations, the run, and the fault injector; each returns whether it changed anything ---
  /// Powers up if need be and starts the process. False if it runs, is destroyed, or has left for good.
  bool start();
  bool kill();
  bool lose_power(const LossRule& rule);
  /// Orderly; `leave`: for good.
  bool stop(bool leave = false);
  bool destroy(const LossRule& rule);
  bool pause();
  bool resume();
  void skew_clock(Duration by, std::int64_t rate);  ///< rate in millionths; {0, kWhole} heals

  // --- for Process ---
  void process_crashed();  ///< ended by itself: started again after a second
  void process_stopped();  ///< its stop() has returned

 private:
  void end_life(bool reset_connections);

  Simulation& simulation_;
  NodeId id_;
  MachineSetup setup_;
  std::unique_ptr<Disk> disk_;
  Process process_;
  std::uint32_t boot_ = 1;
  bool powered_ = true;
  bool destroyed_ = false;
  bool left_ = false;
  bool stopping_ = false;
  VirtualTime skew_since_ = kStart;
  Duration skew_{0};
  std::int64_t clock_rate_ = kWhole;
  mutable std::uint64_t wall_clock_reads_ = 0;
};

}  // namespace noloss::sim
