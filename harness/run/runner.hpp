// Carries out single runs: build, disturb, heal, drain, check.
//
// Thread rule: one Runner a thread; it keeps that thread's fibers and buffers from run to run. Runs share nothing.
// Lifetime: a Runner remembers what it has found out about a configuration by its address. A scenario that it draws
// plans for outlives it; one whose plan is given need not.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/run/run_result.hpp"
#include "harness/scenario/scenario.hpp"
#include "harness/search/plan_space.hpp"
#include "sim/trace.hpp"

namespace noloss::harness {

/// What to run. With a plan the run obeys it; else the plan is one of a space, or the nemesis draws it from the seed.
struct RunRequest {
  const Scenario* scenario = nullptr;
  const Configuration* configuration = nullptr;
  std::uint64_t seed = 1;
  const sim::FaultPlan* plan = nullptr;
  std::shared_ptr<const PlanSpace> space = nullptr;
  std::uint64_t number = 0;  ///< of the plan in the space
};

/// One line of a biography or of the course of a run.
struct StoryLine {
  sim::VirtualTime time{};
  std::string node;
  std::string what;
  std::string copies;  ///< "memory 1, page cache 2, disk 0"; empty for faults
};

/// The life of one message that a guarantee was violated on.
struct Biography {
  std::string message;  ///< "producer-1/0/117"
  Guarantee guarantee = Guarantee::no_acked_loss;
  std::vector<StoryLine> lines;
  std::string stage;
  std::string cause;
  std::string certain_from;  ///< the instant from which the loss was certain
  std::string needed;        ///< which faults were needed; these two are asked separately (harness/explain)
  std::string remedy;        ///< which option alone would have helped
};

/// A run with everything that a person wants to see.
struct ReplayReport {
  RunResult result;
  sim::FaultPlan plan;            ///< concrete: what the run did
  sim::FaultPlan plan_by_time;    ///< the same, with times in place of moments
  std::vector<StoryLine> faults;  ///< each fault with what it did, when it healed, or that it never fired
  std::vector<Biography> biographies;
  std::vector<std::string> node_names;  ///< by NodeId
  std::vector<sim::TraceEvent> trace;
  std::string history_jsonl;  ///< the recorded history as JSON Lines
};

class Runner {
 public:
  Runner();
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  [[nodiscard]] RunResult run(const RunRequest& request);
  [[nodiscard]] ReplayReport replay(const RunRequest& request);
  /// Moments (node, event, how often) that a run without drawn faults meets, for `noloss list moments`.
  struct MomentCount {
    std::string node;
    std::string event;
    std::uint64_t count = 0;
  };
  [[nodiscard]] std::vector<MomentCount> moments(const RunRequest& request);

  /// What the run meets and where the faults allowed could be placed.
  [[nodiscard]] Recording record(const RunRequest& request, const AllowedFaults& allowed);
  /// Every plan of at most `scope.faults` faults of these kinds (empty: all that the configuration lists). Runs those
  /// of fewer. `go_on` is asked before each run with the number of plans known so far; null if it says no.
  [[nodiscard]] std::shared_ptr<const PlanSpace> explore(const RunRequest& request,
                                                         const std::vector<sim::Action>& kinds,
                                                         const SearchScope& scope,
                                                         const std::function<bool(std::uint64_t)>& go_on);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The first event in which two traces of one run differ, as text; empty if they are equal.
[[nodiscard]] std::string first_difference(const ReplayReport& one, const ReplayReport& other,
                                           const Scenario& scenario);

}  // namespace noloss::harness
