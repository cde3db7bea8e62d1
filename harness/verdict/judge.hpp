// The rules by which the runs of one configuration become verdicts, and verdicts meet expectations.
#pragma once

#include <optional>

#include "harness/verdict/verdict.hpp"

namespace noloss::harness {

/// Fills in, from what was counted: verdict, why, bound and evidence of each guarantee, missing marks, and what became
/// of each expectation.
void judge(ConfigurationVerdict& configuration, const ConfigurationFacts& facts, const CampaignFacts& campaign,
           Ended ended);

/// What became of one expectation, given the verdict: sets expected, met and reason.
void match(GuaranteeVerdict& verdict, const Expectation& expectation, const ConfigurationVerdict& configuration);
/// The same for a bound of a total: sets met and reason.
void match(TotalVerdict& total, const ConfigurationVerdict& configuration);

}  // namespace noloss::harness
