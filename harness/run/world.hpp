// One run from beginning to end: build, disturb, heal, drain, evidence.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "harness/checker/checkers.hpp"
#include "harness/run/run_result.hpp"
#include "harness/scenario/scenario.hpp"
#include "harness/search/placements.hpp"
#include "models/cluster.hpp"
#include "models/history.hpp"
#include "sim/fault/injector.hpp"
#include "sim/simulation.hpp"

namespace noloss::harness {

enum class Keep : std::uint8_t { summary, everything };

class World {
 public:
  /// `setup` is drawn: no ranges left. Everything referred to must outlive the world.
  World(sim::FiberPool& fibers, const Scenario& scenario, const Configuration& configuration,
        const models::Setup& setup, const sim::FaultPlan& plan, std::uint64_t seed, Keep keep);
  ~World();

  /// From now on notes what the disturb phase meets and which of the faults could be placed there. Before run().
  void record(const AllowedFaults& allowed) { allowed_ = &allowed; }
  /// Disturb, heal, drain.
  void run();
  /// After run(), once, if record() was called before.
  [[nodiscard]] Recording take_recording() { return recorder_->take(); }
  /// Checks what happened; once, after run().
  [[nodiscard]] RunResult judge();

  [[nodiscard]] sim::Simulation& simulation() { return simulation_; }
  [[nodiscard]] models::History& history() { return history_; }
  [[nodiscard]] sim::Injector& injector() { return injector_; }
  [[nodiscard]] const models::Cluster& cluster() const { return *cluster_; }
  [[nodiscard]] const RunNames& names() const { return names_; }
  /// After judge().
  [[nodiscard]] const std::vector<Fate>& fates() const { return evidence_.fates; }
  [[nodiscard]] bool exists(std::size_t message) const { return evidence_.exists[message]; }
  /// When the disturb phase ended.
  [[nodiscard]] sim::VirtualTime disturbed_until() const { return disturbed_until_; }

 private:
  /// Runs until everything was settled for a while, or until `limit`. Returns whether it was settled.
  bool run_until_settled(sim::VirtualTime limit);
  void measure(RunResult& result);
  void count_faults(RunResult& result);

  const Configuration& configuration_;
  sim::Simulation simulation_;
  models::History history_;
  std::unique_ptr<models::Cluster> cluster_;
  sim::Injector injector_;
  const AllowedFaults* allowed_ = nullptr;  ///< null: nothing is recorded
  std::optional<Recorder> recorder_;
  RunNames names_;
  std::vector<sim::NodeId> producers_;  ///< in order of their numbers
  sim::Duration quiet_;                 ///< how long settled must last: longer than anything can be on its way
  sim::VirtualTime disturbed_until_{};
  models::FinalState state_;
  Evidence evidence_;
};

}  // namespace noloss::harness
