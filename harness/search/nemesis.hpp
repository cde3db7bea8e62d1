// The random nemesis: draws the concrete plan of a seed from the faults that a scenario allows.
//
// What is modelled: swarm testing. Each line of faults without `at` takes part with probability 1/2, at least one does;
// how many of each is drawn; three of four faults are placed at a moment that a run without faults meets, with weight
// on the dangerous ones, the others at a time while something goes on. Faults with `at` stay where they are. Every
// range is drawn, and each fault gets the number that seeds its own choices. Source: Groce et al., "Swarm Testing",
// ISSTA 2012. Every line draws from a stream of its own, so that a line more at the end leaves the others as they were.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/scenario/scenario.hpp"
#include "sim/fault/fault.hpp"
#include "sim/random.hpp"
#include "sim/time.hpp"

namespace noloss::harness {

/// What a run without faults of the configuration meets. The runner fills it.
struct MomentCensus {
  struct Count {
    std::string node;   ///< "broker-1"
    std::string event;  ///< "append"
    std::uint64_t count = 0;
  };
  /// Who holds a role at the end: "leader", [broker-1].
  struct Holders {
    std::string role;
    std::vector<std::string> nodes;
  };
  std::vector<Count> counts;     ///< in a fixed order; an event that never happened may be there with 0
  std::vector<Holders> holders;  ///< of each role that a fault of the configuration names
  sim::VirtualTime last_activity{};
};

/// Draws plans for one configuration. Immutable once made: threads may share it.
class Nemesis {
 public:
  Nemesis(const Configuration& configuration, const MomentCensus& census);

  [[nodiscard]] sim::FaultPlan draw(std::uint64_t seed) const;

 private:
  /// A moment of the census at which a line may be placed.
  struct Place {
    std::string node;
    std::string event;
    std::uint64_t count = 0;
  };
  /// Places that are about as dangerous; the kind is drawn first, so that an event that happens often has no more
  /// weight than one that happens seldom.
  struct Group {
    std::uint64_t weight = 0;
    std::vector<Place> places;
  };
  struct Line {
    const sim::Fault* fault = nullptr;
    bool drawn = false;         ///< the nemesis places it
    std::vector<Group> groups;  ///< at those whom it hits
    std::uint64_t weight = 0;   ///< of all groups
  };

  [[nodiscard]] Line prepare(const sim::Fault& fault, const MomentCensus& census) const;
  [[nodiscard]] std::vector<std::int64_t> draw_counts(std::uint64_t seed) const;
  [[nodiscard]] sim::Fault draw_fault(const Line& line, sim::RandomStream& random) const;
  void place(sim::Fault& fault, const Line& line, sim::RandomStream& random) const;

  std::vector<Line> lines_;
  sim::Duration span_{};    ///< of the times that are drawn
  bool elections_ = false;  ///< the system has the event `elected`
};

/// The plan of one seed, for who needs only one.
[[nodiscard]] sim::FaultPlan draw_plan(const Configuration& configuration, std::uint64_t seed,
                                       const MomentCensus& census);

}  // namespace noloss::harness
