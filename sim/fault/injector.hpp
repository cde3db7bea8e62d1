// Carries out a concrete plan: arms each fault, fires it at its time or moment, heals it, and counts.
//
// What is modelled: every action of the fault contract, by the calls that Machine, Disk, Network and Program offer.
// Roles are resolved when a fault fires; where nobody holds the role then, the fault waits for the next holder. Faults
// at one moment act in the order of the plan; at a `sent` moment, faults on the network act on the message that is
// leaving. Every choice a fault makes comes from its own `draw`. Not modelled: anything that the plan does not say; the
// injector draws nothing by itself.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/fault/fault.hpp"
#include "sim/ids.hpp"
#include "sim/simulation.hpp"

namespace noloss::sim {

/// Knows who holds the roles of the system: "leader", "leader(2)", "follower". Node names, kinds ("any broker", "all
/// brokers", "broker") and zones are the world's own business.
class RoleResolver {
 public:
  virtual ~RoleResolver() = default;
  /// In order of node number; empty: nobody at present.
  [[nodiscard]] virtual std::vector<NodeId> holders(std::string_view role) const = 0;
};

/// What became of one fault of the plan.
struct FaultReport {
  const Fault* fault = nullptr;
  std::uint32_t fired = 0;        ///< how often (`every` fires repeatedly)
  bool effective = false;         ///< a later observable differs: a packet held, a byte lost, a process gone
  VirtualTime fired_at = kNever;  ///< the first time
  VirtualTime healed_at = kNever;
  std::vector<NodeId> nodes;  ///< whom it hit, the first time
  std::string what;           ///< one line for a person: "lost power: 3 unsynced pages of 4 gone"
};

class Injector final : public MomentListener {
 public:
  /// `resolver` and `plan` must outlive the injector.
  Injector(Simulation& simulation, const RoleResolver& resolver, const FaultPlan& plan);
  ~Injector();

  /// Places every fault. Call once, before the simulation runs.
  void arm();
  /// Runs `body` at a time or moment, as a fault would fire: operations are placed with it.
  void place(const When& when, std::function<void()> body);
  /// For operations: stops the process in order and starts it again when it is down; starts one that does not run.
  void restart(NodeId node);
  /// Whether something placed with a time, or with a moment that may still come, has not fired yet.
  [[nodiscard]] bool pending() const;
  /// The disturb phase ends: nothing fires any more, every fault that is still acting ends, every dead process that
  /// is not destroyed or gone for good starts.
  void heal_all();

  [[nodiscard]] const std::vector<FaultReport>& reports();
  /// The plan with every role replaced by the node that it meant when the fault fired, and with what was drawn.
  [[nodiscard]] FaultPlan concrete() const;
  /// As concrete(), with the time at which each fault fired in place of its moment: one that a moment set off comes
  /// a nanosecond after it.
  [[nodiscard]] FaultPlan concrete_by_time() const;

  void happened(NodeId node, EventId event, std::uint64_t number) override;
  /// A role changed hands: faults that wait for a holder may fire.
  void roles_changed() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace noloss::sim
