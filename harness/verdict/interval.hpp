// Confidence bounds on the probability of a violation, and how probabilities are written.
//
// Clopper-Pearson: exact, never covers too little. Two-sided 95 % when a violation was seen, one-sided 95 % when none
// was; ends that the method puts at 0 and 1 are exactly 0 and 1. Valid for seeds fixed before looking.
#pragma once

#include <cstdint>
#include <string>

namespace noloss::harness {

struct Interval {
  double low = 0;
  double high = 1;
};

/// Precondition: 0 <= violations <= runs and runs > 0.
[[nodiscard]] Interval clopper_pearson(std::int64_t violations, std::int64_t runs);

/// The fewest runs without a violation that bound it by `p`: 1 - 0.05^(1/N) <= p. Precondition: 0 < p < 1.
[[nodiscard]] std::uint64_t runs_for(double p);

/// 4 significant digits, the same in every locale: "0.002991", "9.985e-05", "0".
[[nodiscard]] std::string probability(double p);

/// For people: 2 significant digits, upward so that a bound stays a bound: "0.0030", "1.0e-4", "0", "1".
[[nodiscard]] std::string short_bound(double p);
/// 2 significant digits, to the nearest.
[[nodiscard]] std::string short_probability(double p);

/// "30,000".
[[nodiscard]] std::string grouped(std::uint64_t number);

}  // namespace noloss::harness
