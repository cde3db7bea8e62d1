// Which moments the plan waits for, and which of its parts each of them sets off.
//
// A node's own moments are counted by the Simulation over the whole run. Those of a role or a kind are counted here,
// from the arming on, at whoever holds the role when they happen.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/fault/fault.hpp"
#include "sim/fault/targets.hpp"
#include "sim/network.hpp"
#include "sim/simulation.hpp"

namespace noloss::sim {

/// A moment that happened.
struct Occurrence {
  NodeId node = kNoNode;  ///< kNoNode: none
  EventId event{};
  std::uint64_t number = 0;  ///< at that node
  VirtualTime time{};
  Duration delay{0};       ///< what was to pass since
  LinkSelector sending{};  ///< the message that is leaving, if it is that
};

/// Something that the injector does. At one moment what was placed beside the plan comes first, then the faults in the
/// order of the plan; what a fault did before ends before it acts again.
struct Step {
  enum class Kind : std::uint8_t {
    body,     ///< placed beside the plan
    until,    ///< the moment at which a fault ends
    fire,     ///< the moment or time of a fault
    delayed,  ///< its delay after that has passed
    message,  ///< one that a firing may wait for leaves
    end,      ///< a firing's time is over
    retry,    ///< a fault that waits for the holder of a role
  };
  Kind kind = Kind::fire;
  std::uint32_t index = 0;  ///< of the body, the fault, or the firing

  [[nodiscard]] std::uint64_t order() const {
    if (kind == Kind::body) return index;
    return (std::uint64_t{index} + 1) << 32U | static_cast<std::uint64_t>(kind);
  }
};

struct DueStep {
  Step step;
  Occurrence occurrence;
};

class MomentBook {
 public:
  MomentBook(Simulation& simulation, const Targets& targets) : simulation_(simulation), targets_(targets) {}

  enum class Which : std::uint8_t {
    numbered,  ///< the one with the reference's number; 0 is the first
    each,      ///< every `every`-th one
    next,      ///< the next one from now on
  };
  void add(const MomentRef& reference, Which which, std::uint64_t every, Step step);
  /// It waits no longer.
  void remove(Step step);
  /// Something of that kind waits for a moment of a node that is not gone for good.
  [[nodiscard]] bool may_come(Step step) const;
  /// Appends what is set off, in the order in which it acts.
  void happened(NodeId node, EventId event, std::uint64_t number, std::vector<DueStep>& due);

 private:
  struct Entry {
    EventId event{};
    NodeId node = kNoNode;        ///< kNoNode: a role or several nodes
    TargetWord word{};            ///< of those
    std::vector<NodeId> nodes{};  ///< of a kind; empty: a role
    Which which = Which::numbered;
    std::uint64_t number = 0;  ///< numbered: which one; each: the distance
    std::uint64_t seen = 0;
    Duration delay{0};
    Step step;
    bool sends = false;  ///< the moment is a message leaving
    bool active = true;
  };
  [[nodiscard]] bool concerns(const Entry& entry, NodeId node) const;
  [[nodiscard]] static bool take(Entry& entry, std::uint64_t number);
  void watch(const Entry& entry);
  /// The next number of the node's counter that matters to the entry.
  [[nodiscard]] static std::uint64_t next(const Entry& entry, std::uint64_t count);

  Simulation& simulation_;
  const Targets& targets_;
  std::vector<Entry> entries_;
};

}  // namespace noloss::sim
