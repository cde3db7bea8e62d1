// Names and commands as people type them: short parameter names, quoted words, the command that repeats a run.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/verdict/facts.hpp"

namespace noloss::harness {

/// The word as a POSIX shell needs it: quoted only where that is necessary.
[[nodiscard]] std::string shell_word(std::string_view word);
[[nodiscard]] std::string shell_words(const std::vector<std::string>& words);

/// Whether `end` is the whole dotted path or its last parts: "min.insync.replicas", "replicas", not "cas".
[[nodiscard]] bool ends_path(std::string_view end, std::string_view path);
/// A name for each parameter of the configuration: what follows ".config.", else the last part of the path, longer
/// where two of the scenario would be equal. Each is an end of its path, and of no other one.
[[nodiscard]] std::vector<std::string> short_names_in(const ScenarioFacts& scenario, std::size_t configuration);
/// "acks=1 min.insync.replicas=2"; empty without a matrix.
[[nodiscard]] std::string parameters_text(const ScenarioFacts& scenario, std::size_t configuration);

/// "acks=1", ...: as few parameters as tell the configuration from the others of the scenario, which has them all.
[[nodiscard]] std::vector<std::string> selector_of(const ScenarioFacts& scenario, std::size_t configuration);

/// "noloss replay FILE --only acks=1 --seed 23"; of an exhaustive search "... --faults 2 --number 17".
[[nodiscard]] std::string replay_command(const CampaignFacts& campaign, const ScenarioFacts& scenario,
                                         std::size_t configuration, std::uint64_t seed, std::uint64_t plan);

}  // namespace noloss::harness
