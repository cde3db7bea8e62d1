// The step before an exhaustive campaign: how large the space of each configuration is.
#pragma once

#include "harness/campaign/prepare.hpp"

namespace noloss::harness {

/// Fixes the delays of every configuration to their medians, makes its space and writes the sizes into the facts. Says
/// them on the log. False: asked to stop, or `prepared.error` says what is wrong with the options.
[[nodiscard]] bool explore(PreparedCampaign& prepared, const CampaignOptions& options, const CampaignServices& services,
                           const Console& console);

/// The configuration as an exhaustive search runs it: one schedule.
void fix_schedule(Configuration& configuration);

}  // namespace noloss::harness
