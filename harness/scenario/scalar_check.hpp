// One scalar against its row of the table: type, bounds, words.
#pragma once

#include <string>
#include <string_view>

#include "harness/scenario/fields.hpp"
#include "harness/scenario/moment.hpp"

namespace noloss::harness {

/// What is wrong with the text of a value, and which part of it; no message if nothing is.
[[nodiscard]] TextError check_scalar(std::string_view text, const Field& field, std::string_view path);

/// "a duration, such as '10s'": what a message says a value must be.
[[nodiscard]] std::string expected(const Field& field);

/// The number of `times`: -1 for `always`.
[[nodiscard]] std::int64_t times_of(std::string_view text);

}  // namespace noloss::harness
