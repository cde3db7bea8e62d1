// From options to what is to be run: which configurations and seeds of which scenarios, and their facts.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/campaign/campaign.hpp"

namespace noloss::harness {

struct PreparedCampaign {
  std::string error;                               ///< the options contradict the scenarios: why
  std::vector<Scenario> scenarios;                 ///< those that take part
  std::vector<std::vector<std::size_t>> selected;  ///< [scenario]: configurations that take part, as numbered there
  CampaignFacts facts;
  std::vector<std::vector<std::shared_ptr<const PlanSpace>>> spaces;  ///< exhaustive search: as `selected`; else empty
};

[[nodiscard]] PreparedCampaign prepare(std::span<const Scenario> scenarios, const CampaignOptions& options);
/// The name of the default folder.
[[nodiscard]] std::string campaign_name(const CampaignOptions& options, const CampaignFacts& facts);
/// "power_loss+kill"; empty for none.
[[nodiscard]] std::string kinds_text(std::span<const sim::Action> kinds);
/// The tool as headers name it: "noloss 0.1.0+a1b2c3d".
[[nodiscard]] std::string tool_name(const ToolInfo& tool);

}  // namespace noloss::harness
