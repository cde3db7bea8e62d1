#include "sim/unsynced.hpp"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <vector>

namespace noloss::sim {
namespace {

constexpr std::array<std::string_view, 3> kKinds{"page", "truncation", "name"};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t end = text.find(' ');
    words.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return words;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string to_text(std::string_view node, const UnsyncedItem& item) {
  return fmt::format("{} {} {} {}", node, item.file, kKinds[static_cast<std::size_t>(item.kind)], item.number);
}

std::optional<NodeItem> parse_unsynced(std::string_view text) {
  const std::vector<std::string_view> words = words_of(text);
  if (words.size() != 4 || words[0].empty() || words[1].empty()) return std::nullopt;
  NodeItem parsed{std::string{words[0]}, {std::string{words[1]}, UnsyncedItem::Kind::page, 0}};
  bool known = false;
  for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
    if (words[2] != kKinds[kind]) continue;
    parsed.item.kind = static_cast<UnsyncedItem::Kind>(kind);
    known = true;
  }
  const char* const end = words[3].data() + words[3].size();
  const auto [stop, error] = std::from_chars(words[3].data(), end, parsed.item.number);
  if (!known || error != std::errc{} || stop != end) return std::nullopt;
  return parsed;
}

}  // namespace noloss::sim
