// Faults and operations: from checked trees to what a run obeys.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/scenario/names.hpp"
#include "harness/scenario/scenario.hpp"

namespace noloss::harness {

/// Reads the list `faults` of a scenario or plan. `end`: a fault placed later than this would never act.
[[nodiscard]] std::vector<sim::Fault> decode_faults(const View& top, const Grammar& grammar, const Names& names,
                                                    std::optional<sim::VirtualTime> end);

/// Entities whose first operation is `create`: they do not exist before it.
[[nodiscard]] std::vector<std::string> created_later(const View& top);

/// Reads the list `operations`. `root` is the whole tree, in which `set` must find its paths.
[[nodiscard]] std::vector<Operation> decode_operations(const View& top, const NodePtr& root, const Grammar& grammar,
                                                       const models::Setup& setup, const Names& names);

}  // namespace noloss::harness
