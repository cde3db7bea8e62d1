// Prints the verdicts in the format asked for, writes the JUnit file and the summary for GitHub.
#pragma once

#include <chrono>
#include <filesystem>

#include "harness/campaign/campaign.hpp"

namespace noloss::harness {

/// Throws FileError if a file cannot be written.
void show(const CampaignVerdict& verdict, const ShowOptions& options, const std::filesystem::path& folder,
          std::chrono::milliseconds wall, const Console& console);
/// 1 if an expectation failed, else 3 if one is undecided, else 0.
[[nodiscard]] ExitCode exit_code(const CampaignVerdict& verdict);

}  // namespace noloss::harness
