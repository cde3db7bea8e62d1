// Reads scenario files and concrete plans. Strict: whatever is not understood is an error, never ignored.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/scenario/scenario.hpp"

namespace noloss::harness {

/// One thing wrong with a file. Lines and columns count from 1; columns count bytes.
struct Problem {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t length = 1;  ///< bytes to underline
  std::string message;       ///< with the suggestion, if there is one
  std::string source;        ///< the text of that line
};

/// "file:3:5: error: ..." with the source line and a caret under it.
[[nodiscard]] std::string format(const Problem& problem);

struct ReadOptions {
  /// `--set path=value`: replaces (or adds) the value at a dotted path before the file is read.
  std::vector<std::pair<std::string, std::string>> set;
};

struct ReadResult {
  std::optional<Scenario> scenario;  ///< engaged exactly when there are no problems
  std::vector<Problem> problems;     ///< all of them, in order of line
};

/// Never throws on bad text; 1 MiB at most.
[[nodiscard]] ReadResult read_scenario(std::string_view file, std::string_view text, const ReadOptions& options = {});
/// The same for a file on disk; an unreadable file is a problem too.
[[nodiscard]] ReadResult read_scenario_file(const std::string& file, const ReadOptions& options = {});

struct PlanResult {
  std::optional<sim::FaultPlan> plan;
  std::vector<Problem> problems;
};

/// A concrete plan: `version: 1` and `faults:` in the words of the scenario, every fault placed.
/// `scenario` tells which nodes, events and roles exist.
[[nodiscard]] PlanResult read_plan(std::string_view file, std::string_view text, const Scenario& scenario,
                                   const Configuration& configuration);
/// The YAML text that read_plan reads back to an equal plan.
[[nodiscard]] std::string write_plan(const sim::FaultPlan& plan, std::string_view about);
/// The same on one line, for tables: "[{at: broker-1 append #3, action: kill, target: broker-1}]".
[[nodiscard]] std::string plan_line(const sim::FaultPlan& plan);

/// draft-07 JSON Schema of the scenario file, from the same table of fields that the reader walks.
[[nodiscard]] std::string scenario_schema();

}  // namespace noloss::harness
