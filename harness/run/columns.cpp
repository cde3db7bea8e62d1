#include "harness/run/columns.hpp"

#include <algorithm>

namespace noloss::harness {
namespace {

using Value = std::optional<std::int64_t>;

std::vector<MeasureColumn> build() {
  std::vector<MeasureColumn> columns;
  for (const TotalColumn& total : total_columns()) columns.push_back({total.name, total.meaning, total.field, nullptr});
  const auto add = [&](std::string_view name, std::string_view meaning, Value (*read)(const RunResult&)) {
    columns.push_back({name, meaning, nullptr, read});
  };
  add("min_durable_copies", "least number of durable copies of an acknowledged message",
      [](const RunResult& r) -> Value { return r.min_durable_copies; });
  add("ack_latency_p50_us", "median microseconds from send to acknowledgement",
      [](const RunResult& r) -> Value { return r.ack_latency_p50_us; });
  add("ack_latency_p99_us", "99th percentile of the same",
      [](const RunResult& r) -> Value { return r.ack_latency_p99_us; });
  add("end_to_end_p50_us", "median microseconds from send to effect",
      [](const RunResult& r) -> Value { return r.end_to_end_p50_us; });
  add("end_to_end_p99_us", "99th percentile of the same",
      [](const RunResult& r) -> Value { return r.end_to_end_p99_us; });
  add("throughput_per_s", "messages processed per virtual second of the disturb phase",
      [](const RunResult& r) -> Value { return r.throughput_per_s; });
  add("unavailable_ms", "longest milliseconds in which a send was outstanding and none succeeded",
      [](const RunResult& r) -> Value { return r.unavailable_ms; });
  add("virtual_time_s", "seconds of virtual time",
      [](const RunResult& r) -> Value { return r.virtual_time_ns / 1'000'000'000; });
  add("events", "events of the run", [](const RunResult& r) -> Value { return r.events; });
  add("faults_fired", "faults whose moment came", [](const RunResult& r) -> Value { return all_faults(r).fired; });
  add("faults_effective", "faults that changed something observable",
      [](const RunResult& r) -> Value { return all_faults(r).effective; });
  return columns;
}

}  // namespace

std::optional<std::int64_t> MeasureColumn::value(const RunResult& result) const {
  return total != nullptr ? Value{result.totals.*total} : read(result);
}

const std::vector<MeasureColumn>& measure_columns() {
  static const std::vector<MeasureColumn> columns = build();
  return columns;
}

const MeasureColumn* measure_column(std::string_view name) {
  const std::vector<MeasureColumn>& columns = measure_columns();
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

FaultCount all_faults(const RunResult& result) {
  FaultCount sum;
  for (const FaultCount& count : result.faults) {
    sum.armed += count.armed;
    sum.fired += count.fired;
    sum.effective += count.effective;
  }
  return sum;
}

}  // namespace noloss::harness
