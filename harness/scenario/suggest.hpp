// Words for messages; above all the nearest correct word for a wrong one. Two neighbours swapped count as one mistake
// (Damerau), so that 'cuont' is as near to 'count' as 'cont' is.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace noloss::harness {

/// Number of single mistakes (insert, drop, replace, swap of neighbours) between two words, case ignored.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The only word of `known` of which one is the beginning of the other, or else that which isis nearest to it; empty if
/// none is near enough to be meant. The first wins a tie.
[[nodiscard]] std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

/// "; did you mean 'count'?" or, where nothing is near, "; LABEL: count, zones, disk". Empty if `known` is.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string_view> known,
                                       std::string_view label);

/// "; did you mean 'async'? (sync, async)": for a value that must be one of a few words. A long list is left out where
/// a suggestion is enough. `more` is put behind the last word.
[[nodiscard]] std::string choice_hint(std::string_view word, std::span<const std::string_view> known,
                                      std::string_view more = {});

/// A text short enough for a message, on one line.
[[nodiscard]] std::string shortened(std::string_view text);

/// "a, b, c".
[[nodiscard]] std::string listed(std::span<const std::string_view> words);

}  // namespace noloss::harness
