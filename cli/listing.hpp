// One printed list: a table for a person, an array of objects for a program, from the same rows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario/scenario.hpp"
#include "models/system.hpp"

namespace noloss::cli {

struct Listing {
  std::vector<std::string> keys;               ///< lower snake case; titles of the table too
  std::vector<std::vector<std::string>> rows;  ///< as many cells as there are keys
};

// --- what there is in the program ---
[[nodiscard]] Listing systems_listing();
[[nodiscard]] Listing guarantees_listing();
[[nodiscard]] Listing faults_listing();
[[nodiscard]] Listing columns_listing();

// --- what there is in one system ---
[[nodiscard]] Listing options_listing(const models::System& system);
[[nodiscard]] Listing waits_listing(const models::System& system);
[[nodiscard]] Listing marks_listing(const models::System& system);
[[nodiscard]] Listing events_listing(const models::System& system);

// --- what a run of one scenario meets ---
[[nodiscard]] Listing moments_listing(const harness::Scenario& scenario, const harness::Configuration& configuration,
                                      std::uint64_t seed);

}  // namespace noloss::cli
