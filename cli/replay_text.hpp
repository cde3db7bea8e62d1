// A replayed run as a person reads it: what was run, the verdicts, the faults, the marks, and the biography of each
// message that a guarantee was violated on.
#pragma once

#include <string>

#include "cli/arguments.hpp"
#include "harness/report/palette.hpp"
#include "harness/run/runner.hpp"

namespace noloss::cli {

/// References live as long as the call that gets it.
struct Replayed {
  const harness::Scenario& scenario;
  std::size_t configuration = 0;  ///< its number in the scenario
  const harness::ReplayReport& report;
  const RunChoice& choice;
  std::string plan_file;  ///< empty: the plan is one of a search, or drawn from the seed
};

[[nodiscard]] std::string replay_text(const Replayed& replayed, const harness::Palette& palette);

/// The command that does the same again.
[[nodiscard]] std::string reproduce_command(const Replayed& replayed);

/// "1.004s", "23.000017s": as many decimals as are needed, in steps of three.
[[nodiscard]] std::string seconds_text(sim::VirtualTime time);

}  // namespace noloss::cli
