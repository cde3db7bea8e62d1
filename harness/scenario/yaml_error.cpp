#include "harness/scenario/yaml_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace noloss::harness {
namespace {

struct Row {
  std::string_view yaml_cpp;
  std::string_view ours;
};

constexpr std::array<Row, 18> kRows{{
    {"end of map not found", "this does not belong to the mapping before it; check the indentation and the quotes"},
    {"end of map flow not found", "a '{' is not closed: ',' or '}' is missing before this"},
    {"end of sequence not found", "this does not belong to the list before it; check the indentation"},
    {"end of sequence flow not found", "a '[' is not closed: ',' or ']' is missing before this"},
    {"illegal map value", "':' cannot stand here; check the indentation, and put a value with ': ' in it in quotes"},
    {"illegal map key", "'?' cannot stand here"},
    {"illegal block entry", "'-' cannot begin a list item here; check the indentation"},
    {"illegal flow end", "a bracket closes here that was never opened"},
    {"unknown token", "this character cannot begin a value; put the value in quotes"},
    {"illegal EOF in scalar", "the text ends within a quoted value"},
    {"illegal document indicator in scalar", "'---' or '...' stands within a quoted value"},
    {"illegal character in scalar", "this character cannot stand here; put the value in quotes"},
    {"alias not found after *", "aliases ('*name') are not supported; a value that begins with '*' needs quotes"},
    {"anchor not found after &", "anchors ('&name') are not supported; a value that begins with '&' needs quotes"},
    {"the referenced anchor is not defined", "aliases ('*name') are not supported; write the value out"},
    {"bad character found while scanning hex number", "a '\\x' escape needs two hex digits"},
    {"unexpected character in block scalar", "after '|' or '>' the text begins on the next line"},
    {"bad file", "nested too deeply"},
}};

/// "#40" outside of quotes: meant as the number of a moment, but YAML reads a comment there.
std::optional<int> unquoted_number_sign(std::string_view line) {
  char quote = 0;
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    if (quote != 0) {
      if (line[i] == quote) quote = 0;
    } else if (line[i] == '"' || line[i] == '\'') {
      quote = line[i];
    } else if (line[i] == '#' && i > 0 && line[i - 1] == ' ') {
      if (line[i + 1] >= '0' && line[i + 1] <= '9') return static_cast<int>(i);
      return std::nullopt;
    }
  }
  return std::nullopt;
}

/// The last place with text, where the error is at the end of the file.
YAML::Mark clamped(YAML::Mark mark, const std::vector<std::string_view>& lines) {
  const int last = static_cast<int>(lines.size()) - 1;
  mark.line = std::clamp(mark.line, 0, std::max(0, last));
  mark.column = std::max(0, mark.column);
  while (mark.line > 0 && lines[static_cast<std::size_t>(mark.line)].empty()) {
    --mark.line;
    mark.column = static_cast<int>(lines[static_cast<std::size_t>(mark.line)].size());
  }
  return mark;
}

}  // namespace

YamlError explain(const YAML::Exception& error, const std::vector<std::string_view>& lines) {
  YamlError result{clamped(error.mark, lines), error.msg};
  for (const Row& row : kRows) {
    if (row.yaml_cpp == error.msg) result.message = row.ours;
  }
  if (error.msg.rfind("unknown escape character", 0) == 0) {
    result.message = "unknown escape in double quotes; single quotes take every character as it is";
  }
  const std::string_view line = lines[static_cast<std::size_t>(result.mark.line)];
  const std::string_view indentation = line.substr(0, std::min(line.find_first_not_of(" \t"), line.size()));
  const std::size_t tab = indentation.find('\t');
  if (tab != std::string_view::npos) {
    result.mark.column = static_cast<int>(tab);
    result.message = "a tab cannot indent; use spaces";
    return result;
  }
  for (int back = 0; back < 3 && result.mark.line - back >= 0; ++back) {
    const int number = result.mark.line - back;
    if (const auto column = unquoted_number_sign(lines[static_cast<std::size_t>(number)])) {
      result.mark.line = number;
      result.mark.column = *column;
      result.message = "'#' begins a comment here; put the moment in quotes: \"broker-1 append #40\"";
      break;
    }
  }
  return result;
}

}  // namespace noloss::harness
