// Which moments are dangerous for which fault, and whose moments concern it. Internal to the nemesis.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/search/nemesis.hpp"
#include "sim/fault/fault.hpp"

namespace noloss::harness {

/// How often a fault of that action is placed at such a moment, against the others. 0: never.
[[nodiscard]] std::uint64_t danger(sim::Action action, std::string_view event);
/// Moments of one group have the same danger and are named alike: all messages that leave are one group.
[[nodiscard]] std::string_view group_of(std::string_view event);

/// Whose moments concern the fault; the names of the census. All of them where it hits no node in particular.
[[nodiscard]] std::vector<std::string_view> concerned(const sim::Fault& fault, const MomentCensus& census);
/// Whether the fault may be placed at that moment at all, besides the danger.
[[nodiscard]] bool fits(const sim::Fault& fault, const MomentCensus::Count& moment, const MomentCensus& census);
/// "broker" of "any broker", else empty.
[[nodiscard]] std::string_view any_kind(std::string_view word);
/// "broker-2" is of the kind "broker"; "coordinator" of "coordinator".
[[nodiscard]] bool is_of_kind(std::string_view node, std::string_view kind);

}  // namespace noloss::harness
