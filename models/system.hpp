// The interface between noloss and one modelled system.
//
// A System is the immutable description of a product: its options, events, roles, waits, and how to build a
// cluster of it. A Cluster is that product within one run. Systems are listed in systems.hpp, nowhere else.
// Thread rule: a System is shared by all threads and never changes; a Cluster belongs to one Simulation.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/option.hpp"
#include "models/setup.hpp"
#include "sim/time.hpp"

namespace noloss::sim {
class Simulation;
class EventTable;
}  // namespace noloss::sim

namespace noloss::models {

class History;
class Cluster;

/// What the scenario may say about topics: `topic: {partitions, replicas, config}`.
struct EntityGrammar {
  std::string_view noun;  ///< topic | queue | stream
  std::string_view partitions_key = "partitions";
  std::string_view replicas_key = "replicas";  ///< kafka: replication.factor
};

/// A named thing with one sentence: an event, a role, a wait, a mark.
struct NamedRow {
  std::string_view name;
  std::string_view meaning;
};

/// Something in a Setup that the system refuses although each field alone is well formed.
struct SetupProblem {
  std::string path;  ///< dotted path of the key to blame: "brokers.config.replicas.acks"
  std::string message;
};

class System {
 public:
  virtual ~System() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::string_view meaning() const = 0;
  [[nodiscard]] virtual EntityGrammar entity() const = 0;
  /// Releases that `release:` may name, oldest first; the last is the default. Empty: the system has none.
  [[nodiscard]] virtual std::span<const std::string_view> releases() const = 0;
  [[nodiscard]] virtual std::span<const OptionRow> options(std::string_view release) const = 0;
  /// The system's own events, beside kCommonEvents.
  [[nodiscard]] virtual std::span<const NamedRow> events() const = 0;
  /// Kinds of message, each of which makes `sent:KIND` and `received:KIND`.
  [[nodiscard]] virtual std::span<const NamedRow> message_kinds() const = 0;
  /// Roles beside the node kinds (broker, producer, consumer, coordinator): leader, follower, ...
  [[nodiscard]] virtual std::span<const NamedRow> roles() const = 0;
  [[nodiscard]] virtual std::span<const NamedRow> waits() const = 0;
  [[nodiscard]] virtual std::span<const NamedRow> marks() const = 0;
  /// Keys of the scenario file to which only some systems give a meaning, this one among them: "on_return", "policy".
  [[nodiscard]] virtual std::span<const std::string_view> own_keys() const { return {}; }
  /// Operations (`do:` words) that the real system has.
  [[nodiscard]] virtual std::span<const std::string_view> operations() const = 0;
  /// Why the system cannot do this one (`do:` word) to this entity; empty: it can.
  [[nodiscard]] virtual std::string refusal(std::string_view /*operation*/, const EntitySetup& /*entity*/) const {
    return {};
  }
  /// Names of the nodes that the system adds to brokers and clients: "coordinator", or "controller-1", ...
  [[nodiscard]] virtual std::vector<std::string> extra_nodes(const Setup& setup) const = 0;
  /// Cross-field rules of the product. Empty: the setup can be built.
  [[nodiscard]] virtual std::vector<SetupProblem> validate(const Setup& setup) const = 0;
  /// Durations at which somebody in this setup gives up, tries again or acts by himself, sorted: every option that is
  /// a duration, and those of fixed_timeouts(). Whether a fault lasts longer or shorter than one of them can matter.
  [[nodiscard]] std::vector<sim::Duration> timeouts(const Setup& setup, std::string_view release) const;
  /// Those that no option sets, or that follow from several.
  [[nodiscard]] virtual std::vector<sim::Duration> fixed_timeouts(const Setup& /*setup*/) const { return {}; }
  /// Every event of the system with its id; one table for all runs.
  [[nodiscard]] virtual const sim::EventTable& event_table() const = 0;

  /// Builds machines, links and processes into `simulation`; they start at time 0.
  [[nodiscard]] virtual std::unique_ptr<Cluster> build(sim::Simulation& simulation, const Setup& setup,
                                                       History& history) const = 0;
};

}  // namespace noloss::models
