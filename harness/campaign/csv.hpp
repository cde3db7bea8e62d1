// CSV as RFC 4180 has it, with LF: quotes only where a field needs them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace noloss::harness {

/// The field as it stands in the file.
[[nodiscard]] std::string csv_field(std::string_view text);
/// Fields with commas between them and a line end; quotes what needs it.
[[nodiscard]] std::string csv_row(const std::vector<std::string>& fields);

}  // namespace noloss::harness
