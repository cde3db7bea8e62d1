// The verdicts as one JSON object, schema 1, for programs.
#pragma once

#include <string>

#include "harness/verdict/verdict.hpp"

namespace noloss::harness {

/// With a line end. Beside the fixed keys, an inconclusive guarantee has `why`, one that does not meet its expectation
/// `reason`, and a configuration whose totals leave their bounds `failed_totals`.
[[nodiscard]] std::string json_report(const CampaignVerdict& verdict);

}  // namespace noloss::harness
