// Names of the guarantees and of the verdicts; what a scenario can expect.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/quantity.hpp"

namespace noloss::harness {

enum class Guarantee : std::uint8_t {
  no_acked_loss,
  no_silent_loss,
  no_duplicates,
  order,
  no_phantom,
  available,
  replicas_agree,
  loss_detected,
};
inline constexpr std::size_t kGuarantees = 8;
inline constexpr std::array<Guarantee, kGuarantees> kAllGuarantees{
    Guarantee::no_acked_loss, Guarantee::no_silent_loss, Guarantee::no_duplicates,  Guarantee::order,
    Guarantee::no_phantom,    Guarantee::available,      Guarantee::replicas_agree, Guarantee::loss_detected};

[[nodiscard]] std::string_view name(Guarantee guarantee);
[[nodiscard]] std::string_view meaning(Guarantee guarantee);
[[nodiscard]] std::optional<Guarantee> guarantee_named(std::string_view name);

enum class Verdict : std::uint8_t { holds, violated, inconclusive };
[[nodiscard]] std::string_view name(Verdict verdict);

/// `no_acked_loss: holds`, `no_acked_loss: {violated: store}`, `available: {violated: "isr below minimum"}`.
struct Expectation {
  Guarantee guarantee = Guarantee::no_acked_loss;
  Verdict verdict = Verdict::holds;
  std::string detail;  ///< stage (produce | store | consume), "policy", or the name of a wait; empty: any
  std::uint32_t line = 0;
};

/// `totals: {duplicates: 0, lost_acked: 1..}`: bounds each run's total, both ends included.
struct TotalBound {
  std::string column;  ///< a totals column of runs.csv
  std::int64_t low = 0;
  std::int64_t high = INT64_MAX;
  std::uint32_t line = 0;
};

}  // namespace noloss::harness
