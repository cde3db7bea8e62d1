#include "harness/scenario/problems.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace noloss::harness {
namespace {

/// Bytes of a long source line that are shown.
constexpr std::size_t kShown = 200;
/// Bytes shown before the culprit on a long line.
constexpr std::size_t kBefore = 60;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Characters, not bytes: what the caret has to skip on the screen.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues_character(c); }));
}

/// What a terminal can show: tabs become one space, other control characters and broken bytes a question mark.
std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\t') {
      shown += ' ';
    } else {
      shown += byte < 0x20 || byte == 0x7F ? '?' : c;
    }
  }
  return shown;
}

/// The part of a long line around the mark; `column` becomes its column in that part.
std::string clipped(std::string_view line, std::uint32_t& column) {
  if (line.size() <= kShown) return printable(line);
  const std::size_t at = std::min<std::size_t>(column - 1, line.size());
  std::size_t begin = at > kBefore ? at - kBefore : 0;
  while (begin > 0 && continues_character(line[begin])) --begin;
  std::size_t end = std::min(begin + kShown, line.size());
  while (end < line.size() && continues_character(line[end])) ++end;
  column = static_cast<std::uint32_t>(at - begin + 1);
  return printable(line.substr(begin, end - begin));
}

}  // namespace

std::string format(const Problem& problem) {
  std::string text = fmt::format("{}:{}:{}: error: {}", problem.file, problem.line, problem.column, problem.message);
  if (problem.source.empty()) return text;
  const std::string number = fmt::format("{}", problem.line);
  std::uint32_t column = std::max(1U, problem.column);
  const std::string source = clipped(problem.source, column);
  const std::string_view shown = source;
  const std::size_t begin = std::min<std::size_t>(column - 1, shown.size());
  const std::size_t carets = std::max<std::size_t>(1, width(shown.substr(begin, problem.length)));
  text += fmt::format("\n {} | {}", number, shown);
  text += fmt::format("\n {:{}} | {:{}}^{:~>{}}", "", number.size(), "", width(shown.substr(0, begin)), "", carets - 1);
  return text;
}

Sources::Sources(std::string_view file, std::string_view text) : file_(file) {
  while (true) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines_.push_back(line);
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

std::uint32_t Sources::add_set(std::string text) {
  sets_.push_back(std::move(text));
  return static_cast<std::uint32_t>(sets_.size());
}

std::string_view Sources::line(const Mark& mark) const {
  if (mark.source > 0) return sets_[mark.source - 1];
  if (mark.line == 0 || mark.line > lines_.size()) return {};
  return lines_[mark.line - 1];
}

std::string_view Sources::name(const Mark& mark) const { return mark.source > 0 ? "--set" : std::string_view{file_}; }

void Problems::add(const Mark& mark, std::string message) {
  ++calls_;
  Key key{mark.source, mark.line, mark.column, std::move(message)};
  auto place = found_.find(key);
  if (place == found_.end()) {
    if (full()) return;
    place = found_.emplace(std::move(key), Found{mark.length, 0, configuration_, configuration_}).first;
    place->second.configurations = configuration_.empty() ? 0 : 1;
    return;
  }
  Found& found = place->second;
  if (configuration_.empty()) {
    found.configurations = 0;
  } else if (found.configurations > 0 && found.last_label != configuration_) {
    ++found.configurations;
    found.last_label = configuration_;
  }
}

void Problems::begin_configuration(std::string label) {
  configuration_ = std::move(label);
  ++configurations_;
}

std::vector<Problem> Problems::sorted(const Sources& sources) const {
  std::vector<Problem> problems;
  for (const auto& [key, found] : found_) {
    const auto& [source, line, column, message] = key;
    const Mark mark{source, line, column, found.length};
    std::string text = message;
    if (found.configurations > 0 && found.configurations < configurations_) {
      text += fmt::format(" (with {}{})", found.first_label,
                          found.configurations > 1 ? fmt::format(", and {} more", found.configurations - 1) : "");
    }
    problems.push_back({std::string{sources.name(mark)}, line, column, found.length, std::move(text),
                        std::string{sources.line(mark)}});
  }
  if (full()) problems.back().message += fmt::format("; more problems follow, these are the first {}", kMost);
  return problems;
}

}  // namespace noloss::harness
