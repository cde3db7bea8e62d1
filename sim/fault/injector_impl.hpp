// What an Injector is made of. Internal to the injector.
//
// What is due is done one step after the other: a moment that comes while a fault acts (the kill that it is itself a
// moment) waits until that fault has acted.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "sim/fault/firing.hpp"
#include "sim/fault/injector.hpp"
#include "sim/fault/moments.hpp"
#include "sim/fault/targets.hpp"

namespace noloss::sim {

struct Injector::Impl {
  Impl(Simulation& run, const RoleResolver& roles, const FaultPlan& faults)
      : plan(faults), targets(run, roles), moments(run, targets), context{run, targets, {}, {}} {}

  struct Placed {
    std::function<void()> body;
    bool scheduled = false;  ///< its time is known
    bool done = false;
  };
  /// A fault that its moment set off while nobody held the role that it names.
  struct Waiting {
    Occurrence cause;
    std::uint32_t number = 0;  ///< which firing of its fault
  };
  struct Armed {
    std::uint32_t set_off = 0;    ///< times that its moment or time came
    std::uint32_t tried = 0;      ///< of these, those whose delay has passed as well
    std::uint32_t scheduled = 0;  ///< of its steps, those that have a time that is still to come
    VirtualTime instant{};        ///< at which it was set off last, and how often at that one
    std::uint32_t times_at_instant = 0;
    std::vector<Waiting> waiting;
    std::vector<std::uint32_t> firings;
  };

  // --- what happens (injector.cpp) ---
  void arm(std::uint32_t index);
  void place(const When& when, std::function<void()> body);
  /// At once if nothing is being done, else behind that.
  void push(const DueStep& due);
  void run_due();
  void run(const DueStep& due);
  void schedule(VirtualTime time, const DueStep& due);
  /// The fault's moment or time came.
  void set_off(std::uint32_t index, const Occurrence& cause);
  void try_fire(std::uint32_t index, const Occurrence& cause);
  /// False: it waits for a holder of a role.
  bool fire(std::uint32_t index, const Occurrence& cause, std::uint32_t number);
  void end(std::uint32_t firing, const std::optional<Occurrence>& until);
  void until_came(std::uint32_t index, const Occurrence& occurrence);
  void retry(std::uint32_t index);
  void roles_changed();
  /// Watches for the message that the firing waits for, if it does.
  void await_message(std::uint32_t firing);
  void note(const Firing& firing, WorldEvent event);
  void world_event(NodeId node, EventId event);
  void start_when_down(NodeId node);
  void restart(NodeId node);
  void heal_all();
  [[nodiscard]] bool limit_reached(std::uint32_t index) const;
  [[nodiscard]] bool pending() const;
  void listen();

  // --- what is told (report.cpp) ---
  const std::vector<FaultReport>& report();
  [[nodiscard]] FaultPlan concrete() const;
  [[nodiscard]] FaultPlan concrete_by_time() const;
  [[nodiscard]] bool fired(std::uint32_t index) const;
  void add_concrete(FaultPlan& concrete, std::uint32_t index) const;
  [[nodiscard]] Fault concrete_of(const Firing& firing) const;
  [[nodiscard]] bool says_all(const Fault& fault) const;
  [[nodiscard]] MomentRef moment_of(const Occurrence& occurrence) const;
  void resolve_words(Fault& fault, const Firing& firing) const;

  Injector* self = nullptr;
  const FaultPlan& plan;
  Targets targets;
  MomentBook moments;
  FaultContext context;
  std::vector<Armed> armed;
  std::deque<Placed> placed;
  std::vector<DueStep> due;
  std::vector<FaultReport> reports;
  std::uint64_t reported = 0;  ///< events that had been traced when they were made
  bool listens = false;
  bool working = false;
  bool over = false;
};

}  // namespace noloss::sim
