// The textbook system: the three stages of a message and nothing else. What is modelled: README.md beside this file.
#pragma once

#include "models/system.hpp"

namespace noloss::models::textbook {

/// The system's description; constant, shared by all threads.
[[nodiscard]] const System& system();

}  // namespace noloss::models::textbook
