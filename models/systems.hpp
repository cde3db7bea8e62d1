// The one list of systems. To add a system: one folder, and one line in systems.cpp.
#pragma once

#include <span>
#include <string_view>

#include "models/system.hpp"

namespace noloss::models {

[[nodiscard]] std::span<const System* const> systems();
/// Null if there is none of that name.
[[nodiscard]] const System* system_named(std::string_view name);

}  // namespace noloss::models
