// The first look at a tree: are all its keys known, is each value of its type and within its bounds? Walks the table
// of fields; knows nothing of what the values mean together. What passed here can be read through a View.
#pragma once

#include <span>
#include <string>

#include "harness/scenario/fields.hpp"
#include "harness/scenario/tree.hpp"

namespace noloss::harness {

/// What the file is, and which system's words hold in it.
struct Grammar {
  enum class Kind : std::uint8_t { scenario, plan };

  Kind kind = Kind::scenario;
  const models::System* system = nullptr;  ///< null: not known, its words are not checked
  std::span<const models::OptionRow> options = {};

  /// Null if the system has no such option.
  [[nodiscard]] const models::OptionRow* option(models::OptionScope scope, std::string_view group,
                                                std::string_view name) const;
  /// The option that stands as a key of its owner in this section; null if there is none.
  [[nodiscard]] const models::OptionRow* own_option(Section section, std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> option_names(models::OptionScope scope, std::string_view group) const;
  /// The sentence about an option that the system does not have.
  [[nodiscard]] std::string unknown_option(models::OptionScope scope, std::string_view group,
                                           std::string_view name) const;
};

/// The tree before the matrix may lack what the matrix adds.
enum class Missing : std::uint8_t { reported, ignored };

/// The bit of the section's `action` or `do`; 0 where it is missing, wrong, or the section has none.
[[nodiscard]] Takers takers_of(const Node& mapping, Section section);

/// Checks a mapping of the section and everything below it.
void check_shape(const Node& node, Section section, const std::string& path, const Grammar& grammar, Missing missing,
                 Problems& problems);

/// Checks one value against its row. False if a problem was added.
bool check_value(const Node& node, const Field& field, const std::string& path, const Grammar& grammar, Missing missing,
                 Problems& problems);

}  // namespace noloss::harness
