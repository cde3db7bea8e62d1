// Distinct types for the small numbers that name things within one run.
#pragma once

#include <cstddef>
#include <cstdint>

namespace noloss::sim {

/// A node: one machine with one process. Numbered from 0 in order of creation.
enum class NodeId : std::uint32_t {};
inline constexpr NodeId kNoNode{0xffffffff};

/// A row of the run's EventTable: "append", "sent:produce_response", ...
enum class EventId : std::uint16_t {};

constexpr std::size_t index(NodeId id) { return static_cast<std::size_t>(id); }
constexpr std::size_t index(EventId id) { return static_cast<std::size_t>(id); }

}  // namespace noloss::sim
