// Whom a word of a plan means at the present time: a node, any or all of a kind, a zone, the holder of a role.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "sim/fault/injector.hpp"
#include "sim/ids.hpp"
#include "sim/simulation.hpp"

namespace noloss::sim {

/// A word of a plan, taken apart.
struct TargetWord {
  enum class Form : std::uint8_t {
    node,  ///< "broker-2"
    any,   ///< "any broker", or the kind alone
    all,   ///< "all brokers"
    zone,  ///< "zone-a"
    role,  ///< everything else: "leader", "leader(2)", "follower"
  };
  Form form = Form::role;
  NodeId node = kNoNode;
  std::string_view word;  ///< of any and all: the kind; of a zone: its name
};

/// The nodes that a word means now.
struct Resolved {
  std::vector<NodeId> nodes;
  bool drawn = false;  ///< one node stands for a word that may mean another one next time
  bool waits = false;  ///< nobody holds the role
};

class Targets {
 public:
  Targets(Simulation& simulation, const RoleResolver& roles) : simulation_(simulation), roles_(roles) {}

  [[nodiscard]] TargetWord parse(std::string_view text) const;
  /// All that the word could mean now, in order of number.
  [[nodiscard]] std::vector<NodeId> candidates(const TargetWord& word) const;
  [[nodiscard]] bool could_be(std::string_view text, NodeId node) const;
  /// A word for one node picks by `draw` among its candidates without `taken`.
  [[nodiscard]] Resolved resolve(std::string_view text, std::uint64_t draw, std::span<const NodeId> taken = {}) const;
  /// It has been started once and is not gone for good.
  [[nodiscard]] bool present(NodeId node) const;
  /// A producer or consumer: partitions say on which side these are.
  [[nodiscard]] bool client(NodeId node) const;
  [[nodiscard]] std::vector<NodeId> everybody() const;

 private:
  template <class Wanted>
  [[nodiscard]] std::vector<NodeId> those(Wanted wanted) const;

  Simulation& simulation_;
  const RoleResolver& roles_;
};

}  // namespace noloss::sim
