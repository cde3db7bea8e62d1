// Turns the ranges of a setup into the values of one seed.
#pragma once

#include <cstdint>

#include "models/setup.hpp"

namespace noloss::harness {

/// Draws every range of the setup from the seed's stream for workloads.
void fix_setup(models::Setup& setup, std::uint64_t seed);
/// Whether there is anything to draw: without ranges one setup serves all seeds.
[[nodiscard]] bool has_ranges(const models::Setup& setup);

}  // namespace noloss::harness
