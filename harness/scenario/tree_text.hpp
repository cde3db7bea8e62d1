// A tree as YAML text that parse_tree() reads back to an equal tree.
#pragma once

#include <string>
#include <string_view>

#include "harness/scenario/tree.hpp"

namespace noloss::harness {

/// The scalar, in quotes if it would be read as something else without them.
[[nodiscard]] std::string quoted(std::string_view text);

/// A mapping, one key a line: mappings that are short stand on their key's line, longer ones below it.
[[nodiscard]] std::string write_tree(const Node& mapping);

}  // namespace noloss::harness
