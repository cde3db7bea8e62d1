// The words of the command line: which commands, options and choices there are, and how argv falls into them.
//
// One table names everything; CLI11 (only in grammar.cpp, it is slow to compile) splits argv by it. No value is
// understood here beyond its choices: arguments.cpp does that.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace noloss::cli {

/// argv, split. Options are known by their long name without dashes, positionals by their name.
struct Words {
  std::string command;                                                  ///< empty: none was given
  std::map<std::string, std::vector<std::string>, std::less<>> values;  ///< a flag: one empty text a time
  std::map<std::string, std::size_t, std::less<>> choices;              ///< position of the word within its choices
  std::vector<std::string> problems;                                    ///< sentences; with any, nothing else counts

  [[nodiscard]] bool has(std::string_view name) const { return values.find(name) != values.end(); }
  /// The value of an option that is given at most once; empty if it was not.
  [[nodiscard]] std::string value(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
  /// The enumerator at the word's position; the enum lists the choices in the table's order.
  template <typename Enum>
  [[nodiscard]] Enum choice(std::string_view name, Enum otherwise) const {
    const auto found = choices.find(name);
    return found == choices.end() ? otherwise : static_cast<Enum>(found->second);
  }
};

/// Never throws.
[[nodiscard]] Words split(const std::vector<std::string>& arguments);

}  // namespace noloss::cli
