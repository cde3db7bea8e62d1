// One configuration of a matrix: found by --only, and named so that --only finds it again.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/console.hpp"
#include "harness/campaign/campaign.hpp"
#include "harness/scenario/scenario.hpp"

namespace noloss::cli {

/// The number of the configuration that --only leaves; if it leaves several, an error that lists them with the --only
/// of each, and nothing.
[[nodiscard]] std::optional<std::size_t> select_one(const harness::Scenario& scenario,
                                                    const std::vector<harness::ParameterFilter>& only,
                                                    Console& console);

/// "acks=1 min.insync.replicas=2" of each configuration; empty without a matrix.
[[nodiscard]] std::vector<std::string> parameters_texts(const harness::Scenario& scenario);
/// " --only acks=1 --only 'x=a b'": what tells it from the others, quoted for a shell; empty if nothing is needed.
[[nodiscard]] std::string only_text(const harness::Scenario& scenario, std::size_t configuration);

}  // namespace noloss::cli
