// One time that a fault of the plan acts: whom it hit, what it found, how it ends. Internal to the injector.
//
// Each family of actions has its file act_*.cpp with three functions: act, heal, measure. `measure` brings the counters
// of what the fault changed up to date; it is called before each heal and when somebody asks.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "sim/disk.hpp"
#include "sim/fault/fault.hpp"
#include "sim/fault/moments.hpp"
#include "sim/fault/targets.hpp"
#include "sim/network.hpp"
#include "sim/simulation.hpp"

namespace noloss::sim {

/// A node that a fault on a machine, disk, process or handler hit.
struct Hit {
  NodeId node{};
  bool acted = false;  ///< it found what it hits, and must be healed
  bool process_gone = false;
  std::uint32_t incarnation = 0;  ///< the life that it hit
  std::uint64_t before = 0;       ///< the counter that tells what it changed, when it began
  std::uint64_t amount = 0;       ///< what it changed: bytes, calls, blocks
};

struct Firing {
  std::uint32_t index = 0;  ///< of the fault in the plan
  const Fault* fault = nullptr;
  std::uint64_t draw = 0;
  VirtualTime time{};
  Occurrence cause{};  ///< the moment that set it off, if any
  VirtualTime healed = kNever;
  bool acting = false;  ///< has something to heal
  bool effective = false;
  std::optional<Occurrence> until{};  ///< the moment that ended it

  Resolved from{};                            ///< the target; of a connection its A side
  Resolved to{};                              ///< of a connection: its B side
  std::vector<Hit> hits{};                    ///< all families but the network
  std::vector<std::vector<NodeId>> sides{};   ///< partition
  std::vector<Network::FaultHandle> links{};  ///< network
  std::vector<LinkSelector> awaited{};        ///< delay of the next message of a kind: where it may leave
  std::uint64_t packets = 0;                  ///< network: what it changed

  [[nodiscard]] Hit* hit(NodeId node);
};

/// What the actions may use.
struct FaultContext {
  Simulation& simulation;
  const Targets& targets;
  std::deque<Firing> firings;           ///< in order of time; references stay valid
  std::vector<NodeId> start_when_down;  ///< a process that is being stopped, and whose fault is over already

  [[nodiscard]] Machine& machine(NodeId node) { return simulation.machine(node); }
  /// Another one that acts the same way on the node and began before the end of this one; the last of them.
  [[nodiscard]] Firing* other_acting(const Firing& firing, NodeId node);
};

enum class Family : std::uint8_t { machine, disk, handler, network };
[[nodiscard]] Family family(Action action);
/// It waits for one message or sync, and is over when it has hit it.
[[nodiscard]] bool acts_once(const Fault& fault);
/// Ends with the disturb phase at the latest.
[[nodiscard]] bool heals(const Fault& fault);
/// Ends when its duration is over.
[[nodiscard]] bool lasts(const Fault& fault);
/// Scripted at a moment that is a message leaving.
[[nodiscard]] bool at_message(const Fault& fault);

/// Finds whom the fault hits. False: nobody holds a role that it names; nothing is changed then.
[[nodiscard]] bool aim(FaultContext& context, Firing& firing);
[[nodiscard]] bool aim_partition(FaultContext& context, Firing& firing);
/// The nodes that a report names.
[[nodiscard]] std::vector<NodeId> nodes_of(const Firing& firing);

void act_on_machine(FaultContext& context, Firing& firing);
void heal_machine(FaultContext& context, Firing& firing);
void measure_machine(FaultContext& context, Firing& firing);
/// Counts what a pause changed, before the process that it holds is gone.
void before_death(FaultContext& context, NodeId node);

void act_on_disk(FaultContext& context, Firing& firing);
void heal_disk(FaultContext& context, Firing& firing);
void measure_disk(FaultContext& context, Firing& firing);

void act_on_handler(FaultContext& context, Firing& firing);
/// A poisonous message is still poisonous for the next life of the process. Whether there is one.
bool poison_again(FaultContext& context, NodeId node);

void act_on_network(FaultContext& context, Firing& firing);
/// A message of the kind that the firing waits for is leaving. Whether it is the one.
bool take_message(FaultContext& context, Firing& firing, const Occurrence& leaving);
void heal_network(FaultContext& context, Firing& firing);
void measure_network(FaultContext& context, Firing& firing);

void act(FaultContext& context, Firing& firing);
void heal(FaultContext& context, Firing& firing);
void measure(FaultContext& context, Firing& firing);

/// One line for a person: "broker-1 lost power: 4096 unsynced bytes gone".
[[nodiscard]] std::string describe(FaultContext& context, const Firing& firing);

}  // namespace noloss::sim
