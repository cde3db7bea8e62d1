// The options of the textbook system, one row each.
#pragma once

#include <span>

#include "models/option.hpp"

namespace noloss::models::textbook {

[[nodiscard]] std::span<const OptionRow> options();

}  // namespace noloss::models::textbook
