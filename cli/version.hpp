// Which program this is.
#pragma once

#include <string_view>

namespace noloss::cli {

[[nodiscard]] std::string_view version();
/// The git revision that it was built from; empty where git did not know.
[[nodiscard]] std::string_view revision();

}  // namespace noloss::cli
