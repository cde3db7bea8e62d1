// What one run meets, moment by moment, and which of the allowed faults could act at each of them.
//
// A Recorder listens to a run and notes, at every moment, the sites of faults: a fault of a process, machine or disk at
// the moments of the node that it hits; one of the application at a `received` of its consumer; a drop or a delay at
// the message that is leaving; a partition, loss or slowness at each message that leaves across it. Of two moments of
// one broker at one instant between which nobody wrote or sent anything only the later one is a site for processes,
// machines and disks: the state that such a fault leaves is the same.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/fault/fault.hpp"
#include "sim/fault/injector.hpp"
#include "sim/fault/targets.hpp"
#include "sim/simulation.hpp"

namespace noloss::harness {

/// What a search leaves out. `nothing` is for tests, which compare.
enum class Skip : std::uint8_t { nothing, what_cannot_matter };

/// Whom a fault would hit, in the words of a concrete plan.
struct Aim {
  std::string target;
  std::string peer;
  sim::PartitionShape shape = sim::PartitionShape::isolate;
  std::vector<std::vector<std::string>> sides;

  friend auto operator<=>(const Aim&, const Aim&) = default;
};

/// A fault that could be placed. The numbers are places in the recording's lists, `line` one in the faults allowed.
struct Site {
  std::uint32_t moment = 0;
  std::uint32_t line = 0;
  std::uint32_t aim = 0;
  std::uint32_t unsynced = 0;  ///< power_loss: what it could take or leave; else 0, an empty list
};

struct Recording {
  struct Moment {
    sim::VirtualTime time{};
    sim::NodeId node{};
    sim::EventId event{};
    std::uint64_t number = 0;
  };
  std::vector<std::string> nodes;  ///< names, by NodeId
  std::vector<Moment> moments;
  std::vector<Site> sites;  ///< in order of moments
  std::vector<Aim> aims;
  std::vector<std::vector<std::string>> unsynced;  ///< sim/unsynced.hpp; the first is empty
};

class Recorder final : public sim::MomentListener {
 public:
  /// `lines` are the faults that may be placed. Stands between the run and its injector, which must be armed, until
  /// finish(). Everything outlives it.
  Recorder(sim::Simulation& simulation, const sim::RoleResolver& roles, sim::Injector& injector,
           std::span<const sim::Fault> lines, Skip skip, sim::EventId received);

  void happened(sim::NodeId node, sim::EventId event, std::uint64_t number) override;
  void roles_changed() override { injector_.roles_changed(); }
  /// Nothing is recorded any more, and the injector listens for itself.
  void finish();
  [[nodiscard]] Recording take() { return std::move(recording_); }

 private:
  /// What leaves at the moment; both kNoNode: nothing.
  struct Leaving {
    sim::NodeId from = sim::kNoNode;
    sim::NodeId to = sim::kNoNode;
    std::string_view kind;
  };
  using Nodes = std::vector<sim::NodeId>;

  void add_sites(std::uint32_t line, sim::NodeId node, sim::EventId event, const Leaving& leaving);
  void at_node(std::uint32_t line, sim::NodeId node);
  void at_message(std::uint32_t line, const Leaving& leaving);
  void across(std::uint32_t line, const Leaving& leaving);
  void across_isolated(std::uint32_t line, const Leaving& leaving);
  void across_split(std::uint32_t line, const Leaving& leaving);
  void across_sides(std::uint32_t line, const Leaving& leaving);
  void add(std::uint32_t line, Aim aim, std::uint32_t unsynced = 0);
  void forget_same_state(sim::NodeId node);
  [[nodiscard]] std::uint64_t activity() const;
  [[nodiscard]] std::uint32_t unsynced_at(const Nodes& nodes);
  /// One node at a time, or a group that is hit as a whole.
  [[nodiscard]] std::vector<std::pair<std::string, Nodes>> choices(const std::string& word) const;
  [[nodiscard]] const std::string& name(sim::NodeId node) const;
  void place_clients(const sim::Fault& fault, Nodes& minority, Nodes& majority) const;
  [[nodiscard]] Nodes servers() const;
  void watch(sim::NodeId node, sim::EventId event) { simulation_.watch(node, event, 0); }

  sim::Simulation& simulation_;
  sim::Targets targets_;
  sim::Injector& injector_;
  std::span<const sim::Fault> lines_;
  Skip skip_;
  sim::EventId received_;
  Recording recording_;
  std::map<Aim, std::uint32_t> aims_;
  std::map<std::vector<std::string>, std::uint32_t> unsynced_;
  std::uint64_t activity_ = 0;  ///< at the last moment
};

}  // namespace noloss::harness
