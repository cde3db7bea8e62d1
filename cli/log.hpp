// Messages about the work itself, through spdlog to standard error. Results and mistakes of the user do not go here.
#pragma once

#include <string>
#include <string_view>

#include "cli/arguments.hpp"

namespace noloss::cli {

/// Without --log-level, $NOLOSS_LOG decides; a word in it that is no level is answered with a warning.
void set_up_log(LogLevel level, bool colour);

void log_debug(std::string_view message);
void log_warning(std::string_view message);

}  // namespace noloss::cli
