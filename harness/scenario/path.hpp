// Dotted paths into a scenario: "producers.config.acks", "faults.1.duration". Keys and option names may contain dots
// themselves: at each mapping the longest key that the file or the table has wins. A list is entered by number, from 1.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario/shape.hpp"

namespace noloss::harness {

struct PathStep {
  std::string key;         ///< of a mapping; empty: an item of a list
  std::size_t number = 0;  ///< of the item, from 1

  friend bool operator==(const PathStep&, const PathStep&) = default;
};

struct PathResult {
  std::vector<PathStep> steps;
  std::string error;  ///< a sentence; empty: the path leads somewhere that may exist
};

/// Follows the path through the tree as far as it exists, then through the table of fields.
[[nodiscard]] PathResult resolve_path(const Node& root, std::string_view path, const Grammar& grammar);

/// The node at the end; null if the tree does not have it.
[[nodiscard]] const Node* node_at(const Node& root, const std::vector<PathStep>& steps);
/// The mark of the deepest node on the way that exists: its key's where it is the value of one.
[[nodiscard]] Mark nearest_mark(const Node& root, const std::vector<PathStep>& steps);

/// A tree with `value` at the path; everything else is shared. What is missing on the way is added under `mark`.
[[nodiscard]] NodePtr with_value(const NodePtr& root, const std::vector<PathStep>& steps, NodePtr value, Mark mark);

}  // namespace noloss::harness
