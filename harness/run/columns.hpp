// Every number of one run that has a name: the columns of runs.csv from `sent` to `faults_effective`, in their order.
// `expect: totals` can bound each of them, `noloss list columns` prints them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "harness/run/run_result.hpp"

namespace noloss::harness {

struct MeasureColumn {
  std::string_view name;
  std::string_view meaning;
  std::int64_t Totals::*total = nullptr;                            ///< one of total_columns(), or
  std::optional<std::int64_t> (*read)(const RunResult&) = nullptr;  ///< read from elsewhere

  /// Whole units of the column's name; empty: not measured.
  [[nodiscard]] std::optional<std::int64_t> value(const RunResult& result) const;
};

[[nodiscard]] const std::vector<MeasureColumn>& measure_columns();
/// Null if there is none of that name.
[[nodiscard]] const MeasureColumn* measure_column(std::string_view name);

/// Sum over all kinds of faults.
[[nodiscard]] FaultCount all_faults(const RunResult& result);

}  // namespace noloss::harness
