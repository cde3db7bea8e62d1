// The events that every system has, by the names that scenarios use.
#pragma once

#include <span>

#include "models/system.hpp"
#include "sim/ids.hpp"
#include "sim/trace.hpp"

namespace noloss::models {

/// Names and meanings, for `noloss list` and for the scenario reader.
[[nodiscard]] std::span<const NamedRow> common_event_rows();

struct CommonEvents {
  sim::EventId append, replicated, elected, truncated, recovered;  // brokers
  sim::EventId sent, acked, failed;                                // producers
  sim::EventId received, processed, acknowledged;                  // consumers
};

/// Adds the common events to a system's table.
CommonEvents add_common_events(sim::EventTable& table);

}  // namespace noloss::models
