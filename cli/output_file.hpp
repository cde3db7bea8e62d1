// Files that the user asked for by name.
#pragma once

#include <string>
#include <string_view>

namespace noloss::cli {

/// Writes a temporary file beside it and renames; `path` then has all of the text or is as it was. Devices and
/// pipes are written directly. What went wrong, as a sentence, or empty.
[[nodiscard]] std::string write_file(const std::string& path, std::string_view text);

}  // namespace noloss::cli
