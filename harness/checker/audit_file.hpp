// Reads a recorded history for the audit, line by line: CSV with a header, or JSON Lines.
//
// Columns, or keys: producer, partition, sequence, event; in any order, others are not looked at. With `incarnation`
// a producer that was started again counts as another one, "producer-1#2" (its numbers begin anew). Lines that cannot
// be understood are collected, never skipped in silence: a history with holes would look like loss.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/checker/audit.hpp"

namespace noloss::harness {

struct LineProblem {
  std::uint64_t line = 0;  ///< from 1
  std::string message;
};

struct AuditInput {
  AuditReport report;                 ///< meaningful when nothing is wrong with the input
  std::vector<LineProblem> problems;  ///< the first kMostProblems
  std::string error;                  ///< the input could not be read at all, or reading stopped after many problems
  std::uint64_t lines = 0;

  [[nodiscard]] bool good() const { return problems.empty() && error.empty(); }
};

inline constexpr std::size_t kMostProblems = 20;
inline constexpr std::size_t kLongestLine = 1U << 20U;

/// Fills the buffer with the next bytes; 0 at the end.
using ByteSource = std::function<std::size_t(char* buffer, std::size_t size)>;
[[nodiscard]] AuditInput audit(const ByteSource& source);
/// "-" is standard input.
[[nodiscard]] AuditInput audit_file(const std::string& path);

}  // namespace noloss::harness
