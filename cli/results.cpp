#include "cli/results.hpp"

#include <cstdlib>

#include "cli/version.hpp"

namespace noloss::cli {

harness::ShowOptions show_options(harness::OutputFormat format, const std::string& junit, bool quiet,
                                  const Console& console) {
  harness::ShowOptions show;
  show.format = format;
  show.junit = junit;
  show.verbosity = quiet ? harness::Verbosity::quiet : harness::Verbosity::normal;
  show.palette = console.out_palette();
  const char* const summary = std::getenv("GITHUB_STEP_SUMMARY");
  if (format == harness::OutputFormat::github && summary != nullptr) show.step_summary = summary;
  return show;
}

harness::ToolInfo tool_info() { return {.version = std::string{version()}, .revision = std::string{revision()}}; }

}  // namespace noloss::cli
