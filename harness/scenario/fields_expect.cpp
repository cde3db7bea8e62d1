// The table of fields: expectations, a row for each guarantee and each column that can be bounded.
#include <array>
#include <vector>

#include "harness/scenario/fields_table.hpp"
#include "harness/scenario/guarantee.hpp"

namespace noloss::harness::table {
namespace {

using enum FieldType;
using S = Section;

/// `inconclusive` cannot be expected: it says that nothing was learnt.
constexpr std::array<std::string_view, 2> kVerdicts{"holds", "violated"};

/// Columns of runs.csv that a scenario can bound.
struct Column {
  std::string_view name;
  std::string_view meaning;
};
constexpr std::array kColumns{
    Column{"sent", "messages that the application handed to the client"},
    Column{"acked", "messages reported as successful"},
    Column{"failed", "messages reported as failed"},
    Column{"uncertain", "messages whose outcome the application cannot know"},
    Column{"processed", "messages processed at least once"},
    Column{"lost_acked", "messages reported as successful and never processed"},
    Column{"lost_silent", "messages never processed of which the application was told nothing"},
    Column{"lost_in_produce", "lost messages that no broker appended"},
    Column{"lost_in_store", "lost messages that some broker appended and none kept readable"},
    Column{"lost_in_consume", "lost messages that were readable and passed over"},
    Column{"lost_by_policy", "messages dropped because the system was told to"},
    Column{"duplicates", "effects beyond the first of each message"},
    Column{"reordered", "messages whose first effect came out of order"},
    Column{"phantom", "deliveries of what was not sent or no longer exists"},
    Column{"detected", "losses that the sequence check reported"},
    Column{"false_alarms", "reports of the sequence check without a loss"},
    Column{"min_durable_copies", "least number of durable copies of an acknowledged message"},
    Column{"ack_latency_p50_us", "median microseconds from send to acknowledgement"},
    Column{"ack_latency_p99_us", "99th percentile of the same"},
    Column{"end_to_end_p50_us", "median microseconds from send to effect"},
    Column{"end_to_end_p99_us", "99th percentile of the same"},
    Column{"throughput_per_s", "messages processed per second"},
    Column{"unavailable_ms", "longest milliseconds in which a send was outstanding and none succeeded"},
    Column{"virtual_time_s", "seconds of virtual time"},
    Column{"events", "events of the run"},
    Column{"faults_fired", "faults whose moment came"},
    Column{"faults_effective", "faults that changed something"},
};

std::vector<Field> build() {
  std::vector<Field> rows;
  rows.push_back({.in = S::expect,
                  .key = "when",
                  .type = values,
                  .meaning = "matrix parameters and their values: the block holds for those configurations only"});
  for (const Guarantee guarantee : kAllGuarantees) {
    rows.push_back({.in = S::expect,
                    .key = harness::name(guarantee),
                    .type = choice,
                    .opens = S::violation,
                    .choices = kVerdicts,
                    .meaning = meaning(guarantee)});
  }
  rows.push_back({.in = S::expect,
                  .key = "totals",
                  .type = mapping,
                  .opens = S::totals,
                  .meaning = "bounds of each run's totals: a number, or a range with or without an end"});
  rows.push_back(
      {.in = S::violation,
       .key = "violated",
       .type = text,
       .need = Need::required,
       .meaning = "produce, store, consume: the stage of the loss; policy: a designed one; for available: the wait"});
  for (const Column& column : kColumns) {
    rows.push_back(
        {.in = S::totals, .key = column.name, .type = bound, .ranges = Ranges::open, .meaning = column.meaning});
  }
  return rows;
}

}  // namespace

std::span<const Field> expectations() {
  static const std::vector<Field> kRows = build();
  return kRows;
}

}  // namespace noloss::harness::table
