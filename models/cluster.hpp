// One product within one run: who leads, whether everything is done, and the state that the checkers read at the end.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/message.hpp"
#include "models/option.hpp"
#include "models/setup.hpp"
#include "sim/fault/injector.hpp"
#include "sim/ids.hpp"

namespace noloss::models {

/// One position of a replica's log. A record without a message holds its place (epoch, position, ...).
struct LogPosition {
  MessageRef message = kNoMessage;
  std::uint64_t record = 0;  ///< equal exactly for equal records: what replicas_agree compares
};

struct ReplicaState {
  sim::NodeId node{};
  bool can_lead = false;
  bool leads = false;
  std::int64_t commit = 0;  ///< positions below are committed, as far as this replica knows
  std::vector<LogPosition> log;
};

struct PartitionState {
  std::uint32_t entity = 0;
  std::uint32_t partition = 0;
  std::vector<ReplicaState> replicas;
  /// The consumer group reads from the leader up to its commit; positions below this one it will not read again.
  std::int64_t group_position = 0;
  std::int64_t readable_end = 0;  ///< positions from here on are hidden from consumers
};

struct FinalState {
  std::vector<PartitionState> partitions;
};

class Cluster : public sim::RoleResolver {
 public:
  ~Cluster() override = default;

  /// Every message has its outcome, everything readable was processed and acknowledged, nothing is in anybody's hand.
  [[nodiscard]] virtual bool settled() const = 0;
  /// Names of the waits (System::waits) that keep settled() from being true, most fundamental first.
  [[nodiscard]] virtual std::vector<std::string_view> blocking_waits() const = 0;
  /// Not const: what lies on a disk is looked at.
  [[nodiscard]] virtual FinalState final_state() = 0;
  /// The disturb phase is over.
  virtual void heal_begins() {}
  /// The operation `elect`, where the system has it: `node` is to lead what it can; `unclean`: also out of sync.
  virtual void elect(sim::NodeId /*node*/, bool /*unclean*/) {}
  /// The operation `add_partitions`, where the system has it: `entity` (empty: the first) gets `count` more.
  virtual void add_partitions(std::string_view /*entity*/, std::uint32_t /*count*/) {}
  /// The operation `set`, where the system has it: an administrator's one command. Of options whose row is dynamic.
  virtual void set(std::span<const OptionChange> /*changes*/) {}
  /// The operations `create`, `delete` and `purge`, where the system has them, of the entity with this name. What the
  /// real system refuses then (it exists, it does not) changes nothing.
  virtual void create(std::string_view /*entity*/) {}
  virtual void remove(std::string_view /*entity*/) {}
  virtual void purge(std::string_view /*entity*/) {}
};

/// The number in "leader(2)"; 0 in "leader".
[[nodiscard]] std::uint32_t role_number(std::string_view role);
/// Which entity a client's `to` or `from` names; a client that names none uses the first.
[[nodiscard]] std::uint32_t entity_index(const Setup& setup, std::string_view name);

}  // namespace noloss::models
