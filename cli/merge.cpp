// `noloss merge`: joins the results of shards.
#include "cli/commands.hpp"
#include "cli/results.hpp"

namespace noloss::cli {

ExitCode merge(const MergeArguments& arguments, const CommandLine& line, Console& console) {
  harness::MergeOptions options;
  options.folders = arguments.folders;
  options.out = arguments.out;
  options.command = line;
  options.show = show_options(arguments.format, arguments.junit, arguments.quiet, console);
  options.tool = tool_info();
  return harness::merge_campaign(options, console.for_harness()).code;
}

}  // namespace noloss::cli
