// Every plan of at most K faults that a configuration allows, numbered.
//
// Number 0 is the plan without a placed fault. Behind each plan of fewer than K faults come the plans that have one
// fault more, at a later moment of the run that this plan gives: a fault makes new moments, so what can follow is
// known only from the run itself. Faults that the scenario places itself (`at`) belong to every plan and do not count.
// Plans that are alike (likeness.hpp) are all there, but only one of them is gone on from.
//
// A space is made once, by running each plan of fewer than K faults, and is then shared by all threads. A PlanCursor
// gives its plans; it repeats runs to know the moments behind a plan, so reading in order is cheap.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "harness/search/placements.hpp"

namespace noloss::harness {

/// How far a search goes.
struct SearchScope {
  std::uint32_t faults = 1;  ///< K
  Skip skip = Skip::what_cannot_matter;
};

/// Runs a plan. `likeness`, unless null, gets what the run is like (likeness.hpp).
using RecordRun = std::function<Recording(const sim::FaultPlan& plan, std::uint64_t* likeness)>;

class PlanSpace {
 public:
  /// `base` are the faults that belong to every plan. `go_on` is asked before each run; false ends it early, with
  /// nothing.
  [[nodiscard]] static std::unique_ptr<PlanSpace> explore(sim::FaultPlan base, AllowedFaults allowed,
                                                          const sim::EventTable& events, std::uint32_t faults,
                                                          const RecordRun& record,
                                                          const std::function<bool(std::uint64_t plans)>& go_on);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Plans of fewer than K faults behind which the search does not go on, since they are like an earlier one.
  [[nodiscard]] std::uint64_t alike() const { return alike_; }
  /// Of some power loss only a sample of what it could leave is tried.
  [[nodiscard]] bool sampled() const { return sampled_; }
  [[nodiscard]] const AllowedFaults& allowed() const { return allowed_; }

 private:
  friend class PlanCursor;
  /// The plans that have one fault more than `prefix`.
  struct Block {
    std::uint64_t first = 0;
    std::uint64_t prefix = 0;
    std::uint32_t moment = 0;  ///< the first one at which the next fault may be placed
  };
  PlanSpace(sim::FaultPlan base, AllowedFaults allowed, const sim::EventTable& events)
      : base_(std::move(base)), allowed_(std::move(allowed)), events_(events) {}

  sim::FaultPlan base_;
  AllowedFaults allowed_;
  const sim::EventTable& events_;
  std::vector<Block> blocks_;  ///< those that are not empty, in order
  std::uint64_t size_ = 1;
  std::uint64_t alike_ = 0;
  bool sampled_ = false;
};

/// Reads plans of one space. Belongs to one thread.
class PlanCursor {
 public:
  PlanCursor(const PlanSpace& space, RecordRun record) : space_(space), record_(std::move(record)) {}

  /// Precondition: number < size of the space.
  [[nodiscard]] sim::FaultPlan plan(std::uint64_t number) { return found(number).plan; }

 private:
  friend class PlanSpace;
  struct Found {
    sim::FaultPlan plan;
    std::uint32_t next_moment = 0;  ///< behind its last fault
  };
  /// A block that is open for reading.
  struct Open {
    std::size_t block = SIZE_MAX;
    sim::FaultPlan prefix;
    std::unique_ptr<Recording> recording;
    std::unique_ptr<Placements> placements;
  };
  [[nodiscard]] Found found(std::uint64_t number);
  [[nodiscard]] const Open& open(std::size_t block);

  const PlanSpace& space_;
  RecordRun record_;
  std::vector<Open> open_;  ///< by number of faults of the prefix
};

}  // namespace noloss::harness
