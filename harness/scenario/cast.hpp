// Who takes part in the runs of a configuration: the nodes, roles, zones and events that a scenario can name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/setup.hpp"
#include "models/system.hpp"
#include "sim/fault/fault.hpp"

namespace noloss::harness {

/// What a name stands for.
enum class Who : std::uint8_t { broker, producer, consumer, other, unknown };

/// Where the name stands: not every one makes sense everywhere.
enum class Place : std::uint8_t {
  target,  ///< of a fault: one node, or all of a kind or zone
  single,  ///< one node or role: of a moment, of an operation
};

struct Named {
  Who who = Who::unknown;
  std::string error;  ///< a sentence; empty: there is such a node
};

/// Whether the setup is sound; where it is not, numbers of nodes and zones are not checked.
enum class Counts : std::uint8_t { known, unknown };

class Cast {
 public:
  Cast(const models::System& system, const models::Setup& setup, Counts counts);

  [[nodiscard]] Named find(std::string_view name, Place place) const;
  /// Whether the event can happen at such a node; else the sentence why not.
  [[nodiscard]] std::string event_problem(std::string_view event, Who who) const;
  /// Whether the system has messages of this kind; else the sentence.
  [[nodiscard]] std::string message_problem(std::string_view kind) const;
  [[nodiscard]] const models::System& system() const { return *system_; }

 private:
  struct Group {
    std::string kind;  ///< "broker"
    std::uint32_t count = 0;
    Who who = Who::other;
  };

  [[nodiscard]] const Group* group(std::string_view kind) const;
  [[nodiscard]] Named numbered(std::string_view name) const;
  [[nodiscard]] Named role(std::string_view name) const;
  [[nodiscard]] Named several(std::string_view name, Place place) const;
  [[nodiscard]] Named zone(std::string_view name, Place place) const;
  [[nodiscard]] std::string unknown_event(std::string_view event) const;
  [[nodiscard]] std::string unknown(std::string_view name, Place place) const;

  const models::System* system_;
  bool counts_known_;
  std::vector<Group> groups_;
  std::vector<std::string> plain_;  ///< nodes without a number: "coordinator"
  std::vector<std::string> zones_;
  std::uint32_t partitions_ = 1;
};

}  // namespace noloss::harness
