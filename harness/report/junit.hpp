// JUnit XML: a test suite a scenario, a test case for each thing that is expected of a configuration.
//
// Readers drop suite names, properties and the message attribute, so names and the text of a failure say it all.
// What failed is a <failure>, what is undecided an <error>.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "harness/verdict/verdict.hpp"

namespace noloss::harness {

[[nodiscard]] std::string junit_report(const CampaignVerdict& verdict, std::chrono::milliseconds wall);

/// The text as XML carries it; characters that XML 1.0 cannot have become "\x07" and the like.
[[nodiscard]] std::string xml_text(std::string_view text);
/// The same in an attribute, where a reader would turn line ends into blanks.
[[nodiscard]] std::string xml_attribute(std::string_view text);

}  // namespace noloss::harness
