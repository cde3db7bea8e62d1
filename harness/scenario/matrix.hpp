// `matrix:`: every combination of the parameters as a tree of its own, with `exclude` taken out and `include` added.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "harness/scenario/path.hpp"

namespace noloss::harness {

struct Parameter {
  struct Value {
    std::string text;  ///< as written, or the name of an alternative
    NodePtr node;
  };
  std::string path;
  Mark mark;
  std::vector<PathStep> steps;
  bool named = false;  ///< the values are alternatives with names
  std::vector<Value> values;
};

struct Combination {
  std::string id = "base";
  std::vector<std::pair<std::string, std::string>> parameters;  ///< path and value, in the order of the matrix
  NodePtr tree;

  /// "a.b=1, c.d=all"; empty for "base".
  [[nodiscard]] std::string label() const;
};

struct Matrix {
  std::vector<Parameter> parameters;
  std::vector<Combination> combinations;  ///< one, "base", where there is no matrix or it could not be read
};

/// `root` is the whole file. The trees of the combinations no longer have `matrix`.
[[nodiscard]] Matrix expand_matrix(const NodePtr& root, const Grammar& grammar, Problems& problems);

/// Whether every pair of the mapping `filter` is a parameter's value in the combination.
[[nodiscard]] bool matches(const Node& filter, const Combination& combination);

/// Reports each key of the filter that is no parameter and each value that the parameter never has.
void check_filter(const Node& filter, std::string_view what, const Matrix& matrix, Problems& problems);

/// "c" and 8 hex digits; the same for the same parameters in any order.
[[nodiscard]] std::string configuration_id(std::vector<std::pair<std::string, std::string>> parameters,
                                           std::size_t salt = 0);

}  // namespace noloss::harness
