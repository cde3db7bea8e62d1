// Control-C and termination: the first asks the program to finish in an orderly way, the second ends it at once.
#pragma once

#include <atomic>

namespace noloss::cli {

/// Catches SIGINT and SIGTERM from now on. The flag is set once, by the first of them.
[[nodiscard]] const std::atomic<bool>& catch_interrupts();

}  // namespace noloss::cli
