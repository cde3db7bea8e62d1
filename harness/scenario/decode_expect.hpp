// `expect` and `require`: the verdicts that a scenario asks for.
#pragma once

#include <string>
#include <vector>

#include "harness/scenario/matrix.hpp"
#include "harness/scenario/scenario.hpp"
#include "harness/scenario/view.hpp"

namespace noloss::harness {

/// One mapping of `expect`.
struct ExpectBlock {
  const Node* when = nullptr;  ///< null: holds for every configuration
  Mark mark;
  std::vector<Expectation> expectations;
  std::vector<Mark> marks;  ///< of each expectation
  std::vector<TotalBound> totals;
};

[[nodiscard]] std::vector<ExpectBlock> decode_expect(const View& top, const Matrix& matrix, const Grammar& grammar,
                                                     Problems& problems);
[[nodiscard]] std::vector<std::string> decode_require(const View& top, const Grammar& grammar, Problems& problems);

/// Gives the configuration what the blocks say for its combination; contradictions are reported.
void apply_expect(const std::vector<ExpectBlock>& blocks, const Combination& combination, Configuration& configuration,
                  Problems& problems);

}  // namespace noloss::harness
