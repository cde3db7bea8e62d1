// The parts of the table of fields; joined by fields().
#pragma once

#include <span>

#include "harness/scenario/fields.hpp"

namespace noloss::harness::table {

[[nodiscard]] std::span<const Field> cluster();  ///< top level, brokers, disks, topics, network
[[nodiscard]] std::span<const Field> clients();  ///< producers and consumers
[[nodiscard]] std::span<const Field> events();   ///< faults, operations
/// Expectations: a row for each guarantee and each column that can be bounded.
[[nodiscard]] std::span<const Field> expectations();

inline constexpr std::int64_t kMicrosecond = 1'000;
inline constexpr std::int64_t kMillisecond = 1'000'000;
inline constexpr std::int64_t kSecond = 1'000'000'000;
inline constexpr std::int64_t kHour = 3'600 * kSecond;

}  // namespace noloss::harness::table
