// The cluster and its clients: from a checked tree to a Setup.
#pragma once

#include "harness/scenario/view.hpp"
#include "models/setup.hpp"

namespace noloss::harness {

/// Reads brokers, topics, clients and network; what is missing has its default.
[[nodiscard]] models::Setup decode_setup(const View& top, const Grammar& grammar);

/// What no single value shows: names that must exist, counts that must fit, and the system's own rules.
/// Precondition: the shape of these sections is sound.
void check_setup(const View& top, const Node& root, const models::Setup& setup, const Grammar& grammar,
                 Problems& problems);

}  // namespace noloss::harness
