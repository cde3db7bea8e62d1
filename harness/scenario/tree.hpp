// The YAML text as a tree with the position of every key and value. Only the part of YAML that a scenario may use:
// no anchors, aliases, tags, merges, directives, several documents, keys that are no words, or keys given twice.
//
// Built on the events of yaml-cpp, whose own nodes lose duplicates and quotes. Nodes never change once built and
// are shared: the trees of a matrix differ in a few of them. Hostile text ends in a problem, never in a crash:
// at most 1 MiB, 100,000 nodes and 64 levels.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario/problems.hpp"

namespace noloss::harness {

struct Node;
using NodePtr = std::shared_ptr<const Node>;

enum class NodeKind : std::uint8_t { null, scalar, list, mapping };

struct Entry {
  Mark key_mark;
  std::string key;
  NodePtr value;  ///< never null
};

struct Node {
  NodeKind kind = NodeKind::null;
  Mark mark;                    ///< of the value; for a value that is missing, of its key
  std::string text;             ///< scalar: its text
  bool quoted = false;          ///< scalar: written in quotes or as a block
  bool cut_by_comment = false;  ///< scalar: a comment follows that begins with a number, such as #40
  std::vector<NodePtr> items;   ///< list
  std::vector<Entry> entries;   ///< mapping, in order of the text; keys differ

  [[nodiscard]] bool is(NodeKind other) const { return kind == other; }
  /// Null if there is no such key.
  [[nodiscard]] const Entry* entry(std::string_view key) const;
  [[nodiscard]] const Node* child(std::string_view key) const;
};

/// "a mapping", "a list", "'text'", "nothing": how a message names a value.
[[nodiscard]] std::string described(const Node& node);

/// The mark of some bytes within a scalar that stands on one line; else of the whole scalar.
[[nodiscard]] Mark within(const Node& node, std::size_t offset, std::size_t length);

/// The text of the file. Null where it cannot be used; the problems then say why.
[[nodiscard]] NodePtr parse_tree(std::string_view text, Problems& problems);

/// The value of a `--set`, which begins at byte `column` of source number `source`.
[[nodiscard]] NodePtr parse_value(std::string_view text, std::uint32_t source, std::uint32_t column,
                                  Problems& problems);

}  // namespace noloss::harness
