// What would have saved the message: which faults were needed, and which single option, changed alone, makes this plan
// harmless.
//
// Tried are the options that the system declares as protecting, each at its safer value, and what the applications
// around it could do better. Each try is a run of the same seed and plan, and another one with each fault at the time
// at which it fired: an option that only adds or removes an event moves the moments of the plan, and protects nobody.
#pragma once

#include <string>
#include <vector>

#include "harness/explain/witness.hpp"

namespace noloss::harness {

struct Remedy {
  std::string path;  ///< "brokers.config.flush"
  std::string value;

  /// "flush=sync": the option's own name.
  [[nodiscard]] std::string text() const;
};

struct Counterfactuals {
  std::vector<bool> needed;  ///< by fault of the plan: without it the guarantee is kept
  std::vector<Remedy> remedies;

  /// "flush=sync, or replicas.acks=2"; where none is, that no single option would have helped.
  [[nodiscard]] std::string remedy_text() const;
  /// "both faults are needed"; "fault 1 of 2 is needed".
  [[nodiscard]] std::string needed_text() const;
};

/// Whether the witness, with this option changed alone, keeps its guarantee.
[[nodiscard]] bool saves(const Remedy& remedy, const Witness& witness, Runner& runner);
[[nodiscard]] Counterfactuals counterfactuals(const Witness& witness, Runner& runner);

}  // namespace noloss::harness
