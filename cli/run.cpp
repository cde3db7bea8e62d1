// `noloss run`: arguments into a campaign.
#include <cstdlib>
#include <thread>

#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/results.hpp"
#include "cli/scenario_files.hpp"

namespace noloss::cli {
namespace {

unsigned cores() { return std::max(1U, std::thread::hardware_concurrency()); }

harness::CampaignOptions options_of(const RunArguments& arguments, const CommandLine& line, const Console& console) {
  harness::CampaignOptions options;
  options.paths = arguments.paths;
  for (const auto& [path, value] : arguments.set) options.sets.push_back(path + "=" + value);
  options.command = line;
  options.seeds = arguments.seeds;
  options.only = arguments.only;
  options.confidence = arguments.confidence;
  options.faults = arguments.faults;
  options.kinds = arguments.kinds;
  options.shard = arguments.shard;
  options.jobs = arguments.jobs == 0 ? cores() : arguments.jobs;
  options.out = arguments.out;
  options.time_budget = arguments.time_budget;
  options.on_violation = arguments.stop_on_violation ? harness::OnViolation::stop : harness::OnViolation::go_on;
  options.show = show_options(arguments.format, arguments.junit, arguments.quiet, console);
  options.show.progress = arguments.quiet && arguments.progress == ProgressChoice::automatic
                              ? harness::ProgressStyle::none
                              : console.progress(arguments.progress);
  options.tool = tool_info();
  return options;
}

}  // namespace

ExitCode run(const RunArguments& arguments, const CommandLine& line, Console& console) {
  const ReadFiles read = read_scenario_files(arguments.paths, arguments.set);
  if (!read.good()) {
    console.err(problems_text(read, arguments.format));
    return ExitCode::usage;
  }
  harness::CampaignServices services = harness::real_services();
  services.stop = &catch_interrupts();
  return harness::run_campaign(read.scenarios, options_of(arguments, line, console), services, console.for_harness())
      .code;
}

}  // namespace noloss::cli
