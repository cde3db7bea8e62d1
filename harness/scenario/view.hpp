// Typed reading of one mapping whose shape was checked. A key that is missing, or whose value was refused, reads as
// the default of its row, so that the rest of the file can still be looked at.
//
// Keys are those of the table; the system's own spelling is found from them. A view keeps pointers into the tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario/shape.hpp"

namespace noloss::harness {

class View {
 public:
  /// `node` may be null: every key then reads as its default, and problems point to `fallback`.
  View(const Node* node, Section section, std::string path, const Grammar& grammar, Mark fallback);

  /// The mapping; null where the file has none.
  [[nodiscard]] const Node* node() const { return node_; }
  [[nodiscard]] bool has(std::string_view key) const { return child(key) != nullptr; }
  [[nodiscard]] const Node* child(std::string_view key) const;
  /// Of the value; of the mapping itself where the key is missing.
  [[nodiscard]] Mark mark(std::string_view key) const;
  [[nodiscard]] Mark key_mark(std::string_view key) const;
  [[nodiscard]] Mark mark() const { return mark_; }
  /// Dotted path of a key, as messages name it.
  [[nodiscard]] std::string path(std::string_view key) const;
  [[nodiscard]] const std::string& path() const { return path_; }

  [[nodiscard]] sim::Quantity quantity(std::string_view key) const;
  [[nodiscard]] std::int64_t integer(std::string_view key) const { return quantity(key).value(); }
  [[nodiscard]] std::uint32_t count(std::string_view key) const { return static_cast<std::uint32_t>(integer(key)); }
  [[nodiscard]] sim::Duration duration(std::string_view key) const { return quantity(key).duration(); }
  [[nodiscard]] bool flag(std::string_view key) const { return text(key) == "true"; }
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> words(std::string_view key) const;
  /// The word's position among the row's choices, which is the enum's order.
  template <typename Enum>
  [[nodiscard]] Enum choice(std::string_view key) const {
    return static_cast<Enum>(choice_index(key));
  }

  /// Whether the key has a mapping.
  [[nodiscard]] bool opened(std::string_view key) const;
  /// The mapping of a key; where there is none, one with nothing but defaults.
  [[nodiscard]] View section(std::string_view key) const;
  /// The mappings of a key that takes one or a list; empty where the key is missing.
  [[nodiscard]] std::vector<View> sections(std::string_view key) const;

 private:
  [[nodiscard]] const Field& field(std::string_view key) const;
  [[nodiscard]] std::size_t choice_index(std::string_view key) const;

  const Node* node_;
  Section section_;
  std::string path_;
  const Grammar* grammar_;
  Mark mark_;
  Takers takers_ = 0;
};

}  // namespace noloss::harness
