// What `run` and `merge` tell the harness alike: how results are shown, and which program makes them.
#pragma once

#include <string>

#include "cli/console.hpp"
#include "harness/campaign/campaign.hpp"

namespace noloss::cli {

/// Progress is left out. With --format github the verdicts are also added to the summary of the workflow run.
[[nodiscard]] harness::ShowOptions show_options(harness::OutputFormat format, const std::string& junit, bool quiet,
                                                const Console& console);
[[nodiscard]] harness::ToolInfo tool_info();

}  // namespace noloss::cli
