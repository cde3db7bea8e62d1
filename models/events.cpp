#include "models/events.hpp"

#include <array>

namespace noloss::models {
namespace {

constexpr std::array<NamedRow, 11> kRows{{
    {"append", "a broker wrote a record to a log, into the page cache"},
    {"replicated", "a follower's copy is done, and stored as its own flush says"},
    {"elected", "a broker began to lead a partition"},
    {"truncated", "a broker cut records off a log"},
    {"recovered", "a broker has read its logs after a start and serves"},
    {"sent", "an application called send for a message"},
    {"acked", "a producer's application was told of a success"},
    {"failed", "a producer's application was told of a failure, or that the outcome is uncertain"},
    {"received", "a consumer's application got a message"},
    {"processed", "a message took effect in the consumer's store"},
    {"acknowledged", "a consumer's acknowledgement was confirmed"},
}};

}  // namespace

std::span<const NamedRow> common_event_rows() { return kRows; }

CommonEvents add_common_events(sim::EventTable& table) {
  for (const NamedRow& row : kRows) table.add(row.name);
  const auto id = [&](std::string_view name) { return table.id(name); };
  return {.append = id("append"),
          .replicated = id("replicated"),
          .elected = id("elected"),
          .truncated = id("truncated"),
          .recovered = id("recovered"),
          .sent = id("sent"),
          .acked = id("acked"),
          .failed = id("failed"),
          .received = id("received"),
          .processed = id("processed"),
          .acknowledged = id("acknowledged")};
}

}  // namespace noloss::models
