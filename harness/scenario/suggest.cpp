#include "harness/scenario/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace noloss::harness {
namespace {

/// A longer word is a pasted text, not a slip of the finger; the distance costs length times length.
constexpr std::size_t kLongestWord = 100;

constexpr std::size_t kShortestBeginning = 3;

/// The only word that begins so.
std::string_view completed(std::string_view word, std::span<const std::string_view> known) {
  std::string_view found;
  if (word.size() < kShortestBeginning) return found;
  for (const std::string_view candidate : known) {
    if (!candidate.starts_with(word)) continue;
    if (!found.empty()) return {};
    found = candidate;
  }
  return found;
}

/// The longest word that `word` goes on from.
std::string_view begun(std::string_view word, std::span<const std::string_view> known) {
  std::string_view found;
  for (const std::string_view candidate : known) {
    const bool longer = candidate.size() >= kShortestBeginning && candidate.size() > found.size();
    if (longer && word.starts_with(candidate)) found = candidate;
  }
  return found;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);  // two rows up: for swaps
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0U : 1U)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  if (word.empty() || word.size() > kLongestWord) return {};
  if (const std::string_view whole = completed(word, known); !whole.empty()) return whole;
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best.empty() ? begun(word, known) : best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known, std::string_view label) {
  if (known.empty()) return {};
  const std::string_view meant = nearest(word, known);
  if (!meant.empty()) return fmt::format("; did you mean '{}'?", meant);
  return fmt::format("; {}: {}", label, listed(known));
}

std::string choice_hint(std::string_view word, std::span<const std::string_view> known, std::string_view more) {
  constexpr std::size_t kFew = 8;
  const std::string_view meant = nearest(word, known);
  const std::string hint = meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant);
  if (!meant.empty() && known.size() > kFew) return hint;
  return fmt::format("{} ({}{})", hint, listed(known), more);
}

std::string listed(std::span<const std::string_view> words) { return fmt::format("{}", fmt::join(words, ", ")); }

std::string shortened(std::string_view text) {
  constexpr std::size_t kMost = 60;
  std::string shown{text.substr(0, kMost)};
  while (text.size() > kMost && !shown.empty() && (static_cast<unsigned char>(text[shown.size()]) & 0xC0U) == 0x80U) {
    shown.pop_back();
  }
  std::replace(shown.begin(), shown.end(), '\n', ' ');
  return text.size() > kMost ? shown + "..." : shown;
}

}  // namespace noloss::harness
