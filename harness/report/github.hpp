// What GitHub Actions shows: annotations on the scenario files, and a Markdown table in the summary of the run.
//
// GitHub shows at most 10 annotations of a kind for a step: the 10 worst are sent.
#pragma once

#include <string>
#include <string_view>

#include "harness/verdict/verdict.hpp"

namespace noloss::harness {

/// Workflow commands, one a line: `::error` for what failed, `::warning` for what is undecided.
[[nodiscard]] std::string github_annotations(const CampaignVerdict& verdict);
[[nodiscard]] std::string github_summary(const CampaignVerdict& verdict);

/// The text as a workflow command carries it: in its message, and in its properties.
[[nodiscard]] std::string github_message(std::string_view text);
[[nodiscard]] std::string github_property(std::string_view text);

}  // namespace noloss::harness
