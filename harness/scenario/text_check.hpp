// What is checked of a text before any YAML is read: size, encoding, characters that no scenario needs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace noloss::harness {

inline constexpr std::size_t kMostBytes = 1U << 20U;

struct TextProblem {
  std::size_t position = 0;  ///< byte
  std::string message;
};

/// The first thing wrong with the text; none if it can go to the YAML parser.
[[nodiscard]] std::optional<TextProblem> text_problem(std::string_view text);

/// The text without the byte order mark that some editors put first.
[[nodiscard]] std::string_view without_byte_order_mark(std::string_view text);

}  // namespace noloss::harness
