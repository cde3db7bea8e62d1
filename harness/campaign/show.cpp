#include "harness/campaign/show.hpp"

#include <fmt/format.h>

#include "harness/campaign/file.hpp"
#include "harness/report/github.hpp"
#include "harness/report/json.hpp"
#include "harness/report/junit.hpp"
#include "harness/report/text.hpp"

namespace noloss::harness {
namespace {

std::string matrix(const CampaignVerdict& verdict, const ShowOptions& options, const std::filesystem::path& folder) {
  const Detail detail = options.verbosity == Verbosity::quiet ? Detail::unmet_only : Detail::full;
  return fmt::format("{}results: {}\n", text_report(verdict, options.palette, detail), folder.string());
}

}  // namespace

void show(const CampaignVerdict& verdict, const ShowOptions& options, const std::filesystem::path& folder,
          std::chrono::milliseconds wall, const Console& console) {
  switch (options.format) {
    case OutputFormat::text: console.out(matrix(verdict, options, folder)); break;
    case OutputFormat::json: console.out(json_report(verdict)); break;
    case OutputFormat::github:
      console.out(github_annotations(verdict));
      console.out(matrix(verdict, options, folder));
      break;
  }
  if (!options.junit.empty()) write_file(options.junit, junit_report(verdict, wall));
  if (!options.step_summary.empty()) AppendFile(options.step_summary).append(github_summary(verdict));
}

ExitCode exit_code(const CampaignVerdict& verdict) {
  if (verdict.failed > 0) return ExitCode::failed;
  return verdict.inconclusive > 0 ? ExitCode::inconclusive : ExitCode::met;
}

}  // namespace noloss::harness
