// The guarantee matrix as text: one line for each configuration and guarantee that is expected or violated, below it
// the first violation and the command that repeats it. Aligned; the same text wherever it is printed.
#pragma once

#include <string>

#include "harness/report/palette.hpp"
#include "harness/verdict/aggregator.hpp"

namespace noloss::harness {

enum class Detail : std::uint8_t {
  full,
  unmet_only,  ///< only expectations that are not met, and the last line
};

[[nodiscard]] std::string text_report(const CampaignVerdict& verdict, const Palette& palette, Detail detail);
/// "12 of 13 expectations met, 1 failed; 24,000 runs of 12 configurations".
[[nodiscard]] std::string summary_line(const CampaignVerdict& verdict);

}  // namespace noloss::harness
