// Makes a violation small before anybody has to look at it: fewer faults, messages and nodes, simpler kinds, moments in
// place of times.
//
// Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", TSE 2002 (ddmin), for the faults.
// Fewer messages need other moments, since moments are counted: for each smaller workload the faults are tried at the
// moments that it meets. Every candidate is a file that is read and run; only one that violates the same guarantee is
// taken. Deterministic: the same witness always gives the same smaller one.
#pragma once

#include <cstdint>

#include "harness/explain/witness.hpp"

namespace noloss::harness {

/// What one violation may cost, counted so that a busy machine changes nothing.
struct ShrinkLimits {
  std::uint64_t runs = 6000;        ///< candidates in all
  std::int64_t events = 1'500'000;  ///< events of all candidates: some tenths of a second
};

struct Shrunk {
  Witness witness;
  std::uint64_t runs = 0;     ///< candidates that were run
  bool reproduced = true;     ///< the witness itself violated its guarantee; else nothing was tried
  std::int64_t messages = 0;  ///< of the result: sent by all producers
};

[[nodiscard]] Shrunk shrink(const Witness& witness, Runner& runner, const ShrinkLimits& limits = {});

}  // namespace noloss::harness
