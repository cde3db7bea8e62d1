// The values at which a fault of one kind can differ in what it does: how long it lasts, how strong it is, and which
// unsynced pages survive it.
//
// Ranges of the scenario become their two ends. Of a duration, and of how long a message is held, there is besides one
// value between each two timeouts of the system that lie within the range, so that every timeout has a value on each
// side. Pages: every subset where at most kAllSubsets items are pending, else a sample.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/fault/fault.hpp"

namespace noloss::harness {

/// Up to so many unsynced items every subset is tried; beyond that a sample of kSampledSubsets at most.
inline constexpr std::size_t kAllSubsets = 12;
inline constexpr std::size_t kSampledSubsets = 64;

/// The two ends, and one value between each two neighbours among the ends and the timeouts between them.
[[nodiscard]] std::vector<std::int64_t> values_between(const sim::Quantity& range,
                                                       std::span<const sim::Duration> timeouts);

/// One line of `faults:` with every range fixed, in all ways that differ. `timeouts` are sorted.
[[nodiscard]] std::vector<sim::Fault> variants(const sim::Fault& line, std::span<const sim::Duration> timeouts);

/// Which of the items survive, in all ways that the rule allows (prefix: of each file's items the first ones). Whether
/// that is a sample only depends on the number of items.
[[nodiscard]] std::vector<std::vector<std::string>> subsets(const std::vector<std::string>& items, sim::Unsynced rule);
[[nodiscard]] inline bool sampled(const std::vector<std::string>& items) { return items.size() > kAllSubsets; }

}  // namespace noloss::harness
