// What one run gives: a verdict for each guarantee, totals, margins, fault counters. One line of runs.csv.
// Holds no wall-clock time and no host: the same configuration, seed and plan give an equal RunResult anywhere.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/scenario/guarantee.hpp"
#include "sim/fault/fault.hpp"

namespace noloss::harness {

enum class Stage : std::uint8_t { produce, store, consume };
[[nodiscard]] std::string_view name(Stage stage);

/// Counts over the messages of one run. The names are the CSV's columns and the JSON's keys.
struct Totals {
  std::int64_t sent = 0;
  std::int64_t acked = 0;
  std::int64_t failed = 0;
  std::int64_t uncertain = 0;
  std::int64_t processed = 0;
  std::int64_t lost_acked = 0;
  std::int64_t lost_silent = 0;
  std::int64_t lost_in_produce = 0;
  std::int64_t lost_in_store = 0;
  std::int64_t lost_in_consume = 0;
  std::int64_t lost_by_policy = 0;
  std::int64_t duplicates = 0;
  std::int64_t reordered = 0;
  std::int64_t phantom = 0;
  std::int64_t detected = 0;
  std::int64_t false_alarms = 0;
};

/// The one list of the totals' names and fields; readers, CSV, JSON and `expect: totals` all walk it.
struct TotalColumn {
  std::string_view name;
  std::int64_t Totals::*field;
  std::string_view meaning;
};
[[nodiscard]] const std::vector<TotalColumn>& total_columns();

struct FaultCount {
  std::int64_t armed = 0;
  std::int64_t fired = 0;
  std::int64_t effective = 0;
};

/// What the checker of one guarantee found in one run.
struct GuaranteeResult {
  Verdict verdict = Verdict::holds;
  /// Set when violated: the stage of the first lost message ("produce", "store", "consume"), "policy: RULE" for a
  /// designed loss, the name of the blocking wait for `available`; else empty.
  std::string detail;
  /// One line about the first violation, or why it is inconclusive:
  /// "producer-1/0/117 acknowledged at 1.004s, lost in store: broker-1 lost power at 1.002s".
  std::string story;
};

struct RunResult {
  std::uint64_t seed = 0;
  std::uint64_t plan_number = 0;  ///< exhaustive search: in its space
  std::string plan;               ///< exhaustive search: on one line; random: empty
  std::array<GuaranteeResult, kGuarantees> guarantees;
  Totals totals;
  std::optional<std::int64_t> min_durable_copies;  ///< smallest over acknowledged messages; none acknowledged: empty
  std::optional<std::int64_t> ack_latency_p50_us;
  std::optional<std::int64_t> ack_latency_p99_us;
  std::optional<std::int64_t> end_to_end_p50_us;
  std::optional<std::int64_t> end_to_end_p99_us;
  std::int64_t throughput_per_s = 0;  ///< processed messages per virtual second of the disturb phase
  std::int64_t unavailable_ms = 0;
  std::int64_t virtual_time_ns = 0;
  std::int64_t events = 0;
  std::array<FaultCount, sim::kActions> faults{};
  std::vector<std::string> marks;  ///< sorted
  std::uint64_t digest = 0;

  [[nodiscard]] GuaranteeResult& of(Guarantee guarantee) { return guarantees[static_cast<std::size_t>(guarantee)]; }
  [[nodiscard]] const GuaranteeResult& of(Guarantee guarantee) const {
    return guarantees[static_cast<std::size_t>(guarantee)];
  }
};

}  // namespace noloss::harness
