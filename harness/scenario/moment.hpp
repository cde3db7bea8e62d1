// When a fault acts and where, as text: "1.5s", "broker-1 append #40 + 10ms", "producer-1 -> leader".
// Only the form is checked here; whether such nodes and events exist: cast.hpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/fault/fault.hpp"

namespace noloss::harness {

/// Bytes of a text.
struct Part {
  std::size_t offset = 0;
  std::size_t length = 0;
};

/// What is wrong and where; no message means that nothing is.
struct TextError {
  std::string message;
  Part part;
};

struct MomentText {
  std::optional<sim::MomentRef> value;
  Part node;
  Part event;
  TextError error;
};

struct WhenText {
  std::optional<sim::When> value;
  Part node;  ///< of a moment
  Part event;
  TextError error;
};

struct LinkText {
  std::string from;
  std::string to;
  Part from_part;
  Part to_part;
  TextError error;
};

[[nodiscard]] MomentText parse_moment(std::string_view text);
/// A time, if it begins with a digit; else a moment.
[[nodiscard]] WhenText parse_when(std::string_view text);
[[nodiscard]] LinkText parse_link(std::string_view text);
[[nodiscard]] bool is_link(std::string_view text);

[[nodiscard]] std::string write_moment(const sim::MomentRef& moment);
[[nodiscard]] std::string write_when(const sim::When& when);

}  // namespace noloss::harness
