// One finished unit as one line of the journal: everything that the tables and verdicts need of the run.
//
// Fields are separated by tabs, strings are escaped, the last field is a checksum of the others. Equal results give
// equal lines; reading a line back and writing it again gives the same bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/run/run_result.hpp"

namespace noloss::harness {

struct Record {
  std::uint64_t unit = 0;
  RunResult result;
};

/// Without the line end.
[[nodiscard]] std::string encode(std::uint64_t unit, const RunResult& result);
/// Empty if the line is damaged.
[[nodiscard]] std::optional<Record> decode(std::string_view line);

/// 16 hex digits of the XXH3 of a text.
[[nodiscard]] std::string hash_text(std::string_view text);
/// "00c3f2a1..." of a number.
[[nodiscard]] std::string hex16(std::uint64_t number);

}  // namespace noloss::harness
