// Everything that is to be known about one violation, as the file that plans/ keeps: the shrunk witness, which of its
// faults were needed, and what would have helped.
#pragma once

#include <string>
#include <string_view>

#include "harness/explain/counterfactual.hpp"
#include "harness/explain/shrink.hpp"

namespace noloss::harness {

struct Explained {
  Shrunk shrunk;
  Counterfactuals counterfactuals;
  std::string certain_from;  ///< when the loss was certain; empty: nothing was lost
};

/// Runs the request again, shrinks what violates the guarantee, and asks what would have helped.
[[nodiscard]] Explained explain(Runner& runner, const RunRequest& request, Guarantee guarantee, std::string_view about);

/// The witness with comments in front, which read_remarks() finds again.
[[nodiscard]] std::string file_text(const Explained& explained);

struct Remarks {
  std::string remedy;  ///< "flush=sync"
  std::string needed;  ///< "the fault is needed"
  std::string certain_from;
};
[[nodiscard]] Remarks read_remarks(std::string_view file_text);

}  // namespace noloss::harness
