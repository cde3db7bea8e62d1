// One line for each published result: what was published, what the simulator gives, and from which paper.
//
// The line goes to the file that the environment names in NOLOSS_PUBLISHED_RESULTS, so that one run of the program
// writes the whole table: published,simulated,interval,verdict,source.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace noloss::published {

struct Comparison {
  std::string published;
  std::string simulated;
  std::string interval = "exact";  ///< in which both must lie; "exact": they must be equal
  bool agrees = false;
  std::string source;
};

inline std::string quoted(std::string_view text) {
  std::string field = "\"";
  for (const char letter : text) field += letter == '"' ? std::string{"\"\""} : std::string{letter};
  return field + '"';
}

/// Writes the line.
inline void write_line(const Comparison& row) {
  const char* const path = std::getenv("NOLOSS_PUBLISHED_RESULTS");
  if (path == nullptr) return;
  const bool fresh = !std::filesystem::exists(path) || std::filesystem::file_size(path) == 0;
  std::ofstream file(path, std::ios::app);
  if (fresh) file << "published,simulated,interval,verdict,source\n";
  file << quoted(row.published) << ',' << quoted(row.simulated) << ',' << quoted(row.interval) << ','
       << (row.agrees ? "agrees" : "differs") << ',' << quoted(row.source) << '\n';
  EXPECT_TRUE(file.good()) << path;
}

/// Writes the line, and fails the test where the two do not agree.
inline void compare(const Comparison& row) {
  EXPECT_TRUE(row.agrees) << row.source << ": published " << row.published << ", simulated " << row.simulated
                          << ", interval " << row.interval;
  write_line(row);
}

/// A difference that is known, with its reason in `source`: the line says so, and the test fails once it is gone.
inline void differs(const Comparison& row) {
  EXPECT_FALSE(row.agrees) << row.source << ": published " << row.published << " is now met";
  write_line(row);
}

/// Two values that must be equal.
inline void compare_exactly(std::string published, std::string simulated, std::string source) {
  const bool agrees = published == simulated;
  compare({std::move(published), std::move(simulated), "exact", agrees, std::move(source)});
}

}  // namespace noloss::published
