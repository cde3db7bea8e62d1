// Counts what a run without faults of a configuration meets, for the nemesis and for `noloss list moments`.
#pragma once

#include "harness/run/world.hpp"
#include "harness/scenario/scenario.hpp"
#include "harness/search/nemesis.hpp"

namespace noloss::harness {

/// After world.run(). Roles are those that the configuration's faults name.
[[nodiscard]] MomentCensus take_census(World& world, const Scenario& scenario, const Configuration& configuration);

}  // namespace noloss::harness
