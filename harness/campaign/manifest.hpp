// manifest.json: where results come from. The only file that may differ between two equal campaigns.
#pragma once

#include <string>

#include "harness/campaign/campaign.hpp"
#include "harness/campaign/publish.hpp"

namespace noloss::harness {

[[nodiscard]] std::string manifest_text(const CampaignVerdict& verdict, Shard shard,
                                        const Circumstances& circumstances);

}  // namespace noloss::harness
