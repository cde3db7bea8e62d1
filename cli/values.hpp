// How single values are written on the command line. Each function gives the value, or a sentence about what is wrong.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/campaign/campaign.hpp"
#include "harness/scenario/scenario.hpp"

namespace noloss::cli {

template <typename T>
struct Value {
  std::optional<T> value;
  std::string error;
};

/// Digits alone, from `low` to `high`.
[[nodiscard]] Value<std::uint64_t> parse_number(std::string_view text, std::uint64_t low, std::uint64_t high);
/// "1..1000", or "7" for one seed.
[[nodiscard]] Value<harness::SeedRange> parse_seeds(std::string_view text);
/// "acks=1", or several with commas between: "acks=1,min.insync.replicas=2".
[[nodiscard]] Value<std::vector<harness::ParameterFilter>> parse_only(std::string_view text);
/// "topic.partitions=3".
[[nodiscard]] Value<std::pair<std::string, std::string>> parse_set(std::string_view text);
[[nodiscard]] Value<harness::Shard> parse_shard(std::string_view text);
/// "60s", "5m"; at least a millisecond.
[[nodiscard]] Value<std::chrono::milliseconds> parse_time_budget(std::string_view text);
/// "1e-4", "0.001": above 0, below 1.
[[nodiscard]] Value<double> parse_confidence(std::string_view text);

/// "power_loss+kill", "kill,pause": actions with '+' or ',' between.
[[nodiscard]] Value<std::vector<sim::Action>> parse_kinds(std::string_view text);

/// "no_acked_loss".
[[nodiscard]] Value<harness::Guarantee> parse_guarantee(std::string_view text);

inline constexpr std::uint64_t kLargestSeed = (std::uint64_t{1} << 53U) - 1;

}  // namespace noloss::cli
