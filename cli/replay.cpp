// `noloss replay`: one run, and the files that it leaves.
//
// Exit code 0 says that it ran; the verdict is what it prints, since a replay is made to look at a violation.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "cli/commands.hpp"
#include "cli/output_file.hpp"
#include "cli/replay_text.hpp"
#include "cli/scenario_files.hpp"
#include "cli/selection.hpp"
#include "harness/campaign/explore.hpp"
#include "harness/run/runner.hpp"
#include "harness/scenario/reader.hpp"

namespace noloss::cli {
namespace {

/// The whole file, or what went wrong.
std::string read_text(const std::string& path, std::string& text) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return std::strerror(errno);
  char buffer[1U << 14U];
  std::size_t bytes = 0;
  while ((bytes = std::fread(buffer, 1, sizeof buffer, file)) > 0 && text.size() <= (1U << 20U))
    text.append(buffer, bytes);
  const int failure = std::ferror(file) != 0 ? errno : 0;
  std::fclose(file);
  return failure == 0 ? std::string{} : std::string{std::strerror(failure)};
}

std::optional<sim::FaultPlan> read_plan_file(const std::string& path, const harness::Scenario& scenario,
                                             const harness::Configuration& configuration, Console& console) {
  std::string text;
  if (const std::string failure = read_text(path, text); !failure.empty()) {
    console.error(fmt::format("the plan '{}' cannot be read: {}", path, failure));
    return std::nullopt;
  }
  harness::PlanResult read = harness::read_plan(path, text, scenario, configuration);
  if (read.plan) return std::move(read.plan);
  ReadFiles wrong;
  wrong.files = wrong.bad_files = 1;
  wrong.problems = std::move(read.problems);
  console.err(problems_text(wrong, harness::OutputFormat::text));
  return std::nullopt;
}

/// One event a line: {"t_ns", "node", "event", "first", "second"}.
std::string trace_text(const harness::ReplayReport& report, const harness::Scenario& scenario) {
  std::string text;
  const sim::EventTable& table = scenario.system->event_table();
  for (const sim::TraceEvent& event : report.trace) {
    const std::size_t node = index(event.node);
    fmt::format_to(
        std::back_inserter(text), "{{\"t_ns\":{},\"node\":\"{}\",\"event\":\"{}\",\"first\":{},\"second\":{}}}\n",
        event.time.time_since_epoch().count(), node < report.node_names.size() ? report.node_names[node] : "",
        table.name(event.event), event.first, event.second);
  }
  return text;
}

bool write_files(const Replayed& replayed, const ReplayArguments& arguments, Console& console) {
  bool good = true;
  const auto write = [&](const std::string& path, const std::string& text) {
    const std::string failure = write_file(path, text);
    if (!failure.empty()) console.error(failure);
    good = good && failure.empty();
  };
  if (!arguments.trace.empty()) write(arguments.trace, trace_text(replayed.report, replayed.scenario));
  if (!arguments.history.empty()) write(arguments.history, replayed.report.history_jsonl);
  if (!arguments.plan_out.empty()) {
    Replayed with_plan = replayed;
    with_plan.plan_file = arguments.plan_out;
    const std::string about = fmt::format("seed {} of {}: {}", replayed.report.result.seed, replayed.scenario.name,
                                          reproduce_command(with_plan));
    write(arguments.plan_out, harness::write_plan(replayed.report.plan, about));
  }
  return good;
}

}  // namespace

ExitCode replay(const ReplayArguments& arguments, Console& console) {
  const std::optional<harness::Scenario> scenario = read_one_scenario(arguments.file, arguments.set, console);
  if (!scenario) return ExitCode::usage;
  const std::optional<std::size_t> selected = select_one(*scenario, arguments.only, console);
  if (!selected) return ExitCode::usage;
  harness::Configuration configuration = scenario->configurations[*selected];
  std::optional<sim::FaultPlan> plan;
  if (!arguments.plan.empty()) {
    plan = read_plan_file(arguments.plan, *scenario, configuration, console);
    if (!plan) return ExitCode::usage;
  }
  harness::Runner runner;
  harness::RunRequest request{.scenario = &*scenario,
                              .configuration = &configuration,
                              .seed = arguments.seed.value_or(scenario->seeds.first),
                              .plan = plan ? &*plan : nullptr};
  if (arguments.faults > 0) {
    harness::fix_schedule(configuration);
    request.space =
        runner.explore(request, arguments.kinds, {.faults = arguments.faults}, [](std::uint64_t) { return true; });
    if (arguments.number >= request.space->size()) {
      console.error(fmt::format("--number: the space has {} plans, numbered from 0", request.space->size()));
      return ExitCode::usage;
    }
    request.number = arguments.number;
  }
  const harness::ReplayReport report = runner.replay(request);
  const Replayed replayed{.scenario = *scenario,
                          .configuration = *selected,
                          .report = report,
                          .arguments = arguments,
                          .plan_file = arguments.plan};
  console.out(replay_text(replayed, console.out_palette()));
  return write_files(replayed, arguments, console) ? ExitCode::met : ExitCode::usage;
}

}  // namespace noloss::cli
