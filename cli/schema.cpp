// `noloss schema`: the JSON Schema of the scenario file.
#include "cli/commands.hpp"
#include "harness/scenario/reader.hpp"

namespace noloss::cli {

ExitCode schema(Console& console) {
  std::string text = harness::scenario_schema();
  if (!text.ends_with('\n')) text += '\n';
  console.out(text);
  return ExitCode::met;
}

}  // namespace noloss::cli
