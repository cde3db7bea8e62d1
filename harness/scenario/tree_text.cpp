#include "harness/scenario/tree_text.hpp"

#include <fmt/format.h>

namespace noloss::harness {
namespace {

/// A value longer than this does not stand on its key's line.
constexpr std::size_t kLine = 100;

bool is_plain(std::string_view text) {
  constexpr std::string_view kSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/%()";
  const bool safe = text.find_first_not_of(kSafe) == std::string_view::npos;
  return safe && !text.empty() && text.front() != '-' && text.front() != '%' && text != "null" && text != "Null" &&
         text != "NULL";
}

std::string flow(const Node& node) {
  std::string text;
  switch (node.kind) {
    case NodeKind::null: return "null";
    case NodeKind::scalar: return quoted(node.text);
    case NodeKind::list:
      for (const NodePtr& item : node.items) text += (text.empty() ? "" : ", ") + flow(*item);
      return "[" + text + "]";
    case NodeKind::mapping:
      for (const Entry& entry : node.entries) {
        text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", quoted(entry.key), flow(*entry.value));
      }
      return "{" + text + "}";
  }
  return text;
}

void block(const Node& mapping, std::size_t indent, std::string& text) {
  const std::string margin(indent, ' ');
  for (const Entry& entry : mapping.entries) {
    const std::string line = flow(*entry.value);
    const bool items = entry.value->is(NodeKind::list) && !entry.value->items.empty() &&
                       entry.value->items.front()->is(NodeKind::mapping);
    text += fmt::format("{}{}:", margin, quoted(entry.key));
    if (items) {
      text += '\n';
      for (const NodePtr& item : entry.value->items) text += fmt::format("{}  - {}\n", margin, flow(*item));
    } else if (entry.value->is(NodeKind::mapping) && margin.size() + entry.key.size() + line.size() > kLine) {
      text += '\n';
      block(*entry.value, indent + 2, text);
    } else {
      text += ' ' + line + '\n';
    }
  }
}

}  // namespace

std::string quoted(std::string_view text) {
  if (is_plain(text)) return std::string{text};
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string write_tree(const Node& mapping) {
  std::string text;
  block(mapping, 0, text);
  return text;
}

}  // namespace noloss::harness
