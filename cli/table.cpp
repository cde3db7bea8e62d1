#include "cli/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace noloss::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 30;  ///< a last column narrower than this is not wrapped

void append_line(std::string& text, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);  // nothing but blanks: npos + 1 is 0
  text += line;
  text += '\n';
}

}  // namespace

std::size_t shown_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\x1b') {
      at = std::min(text.find('m', at), text.size() - 1);
    } else if ((static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U) {  // not the middle of a character
      ++width;
    }
  }
  return width;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines{std::string{}};
  std::size_t at = 0;
  while ((at = text.find_first_not_of(' ', at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (!lines.back().empty() && shown_width(lines.back()) + 1 + shown_width(word) > width) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
    at = end;
  }
  return lines;
}

void Table::align_right(std::size_t first, std::size_t last) {
  for (std::size_t at = first; at <= last && at < right_.size(); ++at) right_[at] = true;
}

Table::Layout Table::layout(std::string_view indent) const {
  Layout layout;
  layout.widths.resize(titles_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t at = 0; at < row.size(); ++at) {
      layout.widths[at] = std::max(layout.widths[at], shown_width(row[at]));
    }
  }
  layout.before_last = indent.size();
  for (std::size_t at = 0; at < titles_.size(); ++at) {
    if (layout.widths[at] == 0) continue;
    layout.widths[at] = std::max(layout.widths[at], shown_width(titles_[at]));
    layout.titled = layout.titled || !titles_[at].empty();
    if (!layout.shown.empty()) layout.before_last += layout.widths[layout.shown.back()] + kGap;
    layout.shown.push_back(at);
  }
  return layout;
}

bool Table::fits(std::size_t width) const {
  const Layout found = layout({});
  return found.shown.empty() || found.before_last + std::min(kNarrowest, found.widths[found.shown.back()]) <= width;
}

void Table::append(std::string& text, const std::vector<std::string>& cells, const Layout& layout, std::size_t width,
                   std::string_view indent) const {
  std::string line{indent};
  for (const std::size_t at : layout.shown) {
    const std::string& cell = cells[at];
    const std::string space(layout.widths[at] - std::min(layout.widths[at], shown_width(cell)), ' ');
    if (at != layout.shown.front()) line += std::string(kGap, ' ');
    if (at == layout.shown.back() && !right_[at] && width >= layout.before_last + kNarrowest) {
      const std::vector<std::string> lines = wrapped(cell, width - layout.before_last);
      append_line(text, line + lines.front());
      for (std::size_t more = 1; more < lines.size(); ++more) {
        append_line(text, std::string(layout.before_last, ' ') + lines[more]);
      }
      return;
    }
    line += right_[at] ? space + cell : cell + space;
  }
  append_line(text, std::move(line));
}

std::string Table::text(std::size_t width, std::string_view indent) const {
  const Layout found = layout(indent);
  std::string text;
  if (found.shown.empty()) return text;
  if (found.titled) append(text, titles_, found, width, indent);
  for (const auto& row : rows_) append(text, row, found, width, indent);
  return text;
}

std::string plural(std::uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

}  // namespace noloss::cli
