// The check that a run repeated is the same run: the proof behind every "reproduce" line.
#pragma once

#include <string>

#include "harness/campaign/driver.hpp"

namespace noloss::harness {

/// Runs the unit again and compares everything. Empty: the same; else which unit, and the first event that differs.
[[nodiscard]] std::string run_again(RunPort& port, const Job& job, const RunUnit& unit, const RunResult& first);

}  // namespace noloss::harness
