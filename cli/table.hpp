// Text in columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace noloss::cli {

/// Columns that a text takes in a terminal: its UTF-8 characters, escape sequences not counted.
[[nodiscard]] std::size_t shown_width(std::string_view text);

/// The words of the text in lines of at most `width` columns; a longer word has a line of its own.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// Rows whose cells stand below each other. The last column is wrapped where the width is limited.
class Table {
 public:
  explicit Table(std::vector<std::string> titles) : titles_(std::move(titles)), right_(titles_.size(), false) {}
  /// Numbers: in these columns, cells end below each other.
  void align_right(std::size_t first, std::size_t last);

  /// As many cells as there are columns.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// Whether the width leaves enough room for the last column to be wrapped in it.
  [[nodiscard]] bool fits(std::size_t width) const;
  /// `width` 0: lines as long as they get. Columns without any text are left out. Each line begins with `indent`.
  [[nodiscard]] std::string text(std::size_t width = 0, std::string_view indent = {}) const;

 private:
  struct Layout {
    std::vector<std::size_t> widths;
    std::vector<std::size_t> shown;  ///< columns with any text
    std::size_t before_last = 0;     ///< where the last one begins
    bool titled = false;
  };
  [[nodiscard]] Layout layout(std::string_view indent) const;
  void append(std::string& text, const std::vector<std::string>& cells, const Layout& layout, std::size_t width,
              std::string_view indent) const;

  std::vector<std::string> titles_;
  std::vector<bool> right_;  ///< by column
  std::vector<std::vector<std::string>> rows_;
};

/// "1 fault", "3 faults".
[[nodiscard]] std::string plural(std::uint64_t number, std::string_view noun);

}  // namespace noloss::cli
