#include "harness/scenario/text_check.hpp"

#include <fmt/format.h>

namespace noloss::harness {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

unsigned byte_at(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

/// Bytes of the UTF-8 character at `i`; 0 if there is none (wrong, cut off, overlong, surrogate, too high).
std::size_t character_length(std::string_view text, std::size_t i) {
  const unsigned first = byte_at(text, i);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || i + length > text.size()) return 0;
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte_at(text, i + k) & 0xC0U) != 0x80U) return 0;
  }
  const unsigned second = byte_at(text, i + 1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second >= 0xA0;
  const bool too_high = first == 0xF4 && second >= 0x90;
  return overlong || surrogate || too_high ? 0 : length;
}

/// Why the byte at `i` cannot stand in a scenario; empty if it can.
std::string character_problem(std::string_view text, std::size_t i) {
  const unsigned byte = byte_at(text, i);
  if (byte == 0) return "the file has a NUL byte; is it text?";
  if (character_length(text, i) == 0) return fmt::format("the byte 0x{:02x} is no UTF-8; save the file as UTF-8", byte);
  const bool line_end = byte == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
  if ((byte < 0x20 && byte != '\n' && byte != '\t' && !line_end) || byte == 0x7F) {
    return fmt::format("the control character 0x{:02x} cannot stand in a scenario", byte);
  }
  return {};
}

}  // namespace

std::string_view without_byte_order_mark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

std::optional<TextProblem> text_problem(std::string_view text) {
  if (text.size() > kMostBytes) {
    return TextProblem{0, fmt::format("the file has {} bytes; a scenario has at most {}", text.size(), kMostBytes)};
  }
  for (std::size_t i = 0; i < text.size(); i += character_length(text, i)) {
    if (std::string problem = character_problem(text, i); !problem.empty()) return TextProblem{i, std::move(problem)};
  }
  return std::nullopt;
}

}  // namespace noloss::harness
