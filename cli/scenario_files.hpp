// The scenario files that a command names: found, read, and what is wrong with them shown.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/console.hpp"
#include "harness/scenario/reader.hpp"

namespace noloss::cli {

struct FoundFiles {
  std::vector<std::string> files;   ///< as the user wrote their beginning; each once, those of a folder sorted
  std::vector<std::string> errors;  ///< paths that lead to nothing
};

/// Files as they are; of folders every *.yaml below, hidden ones left out.
[[nodiscard]] FoundFiles find_scenario_files(const std::vector<std::string>& paths);

struct ReadFiles {
  std::vector<harness::Scenario> scenarios;
  std::vector<harness::Problem> problems;
  std::vector<std::string> errors;
  std::size_t files = 0;
  std::size_t bad_files = 0;

  [[nodiscard]] bool good() const { return problems.empty() && errors.empty(); }
};

/// Reads all of them, so that all mistakes of all files are known at once.
[[nodiscard]] ReadFiles read_scenario_files(const std::vector<std::string>& paths, const Sets& set);

/// All errors in the words of the format, for standard error.
[[nodiscard]] std::string problems_text(const ReadFiles& read, harness::OutputFormat format);

/// One file for one run. Shows what is wrong and gives nothing if it is not good.
[[nodiscard]] std::optional<harness::Scenario> read_one_scenario(const std::string& file, const Sets& set,
                                                                 Console& console);

}  // namespace noloss::cli
