// The life of a message that a guarantee was violated on, line by line, and the course of the faults around it.
#pragma once

#include <string>
#include <vector>

#include "harness/run/runner.hpp"
#include "harness/run/world.hpp"

namespace noloss::harness {

[[nodiscard]] std::vector<StoryLine> tell_faults(World& world);
/// Every lost message first, then those of other violated guarantees; one biography a message.
[[nodiscard]] std::vector<Biography> tell_biographies(World& world, const RunResult& result);
/// The recorded history as JSON Lines: {"t_ns", "node", "event", "message", "durable", "copies"}.
[[nodiscard]] std::string history_json_lines(World& world);

}  // namespace noloss::harness
