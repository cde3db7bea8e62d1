// Help and version as text, made of the description of the commands.
#pragma once

#include <string>
#include <string_view>

namespace noloss::cli {

/// Of the program (empty) or of one of its commands.
[[nodiscard]] std::string help(std::string_view command);
/// "noloss 0.1.0 (a1b2c3d)" with a line end.
[[nodiscard]] std::string version_text();

}  // namespace noloss::cli
