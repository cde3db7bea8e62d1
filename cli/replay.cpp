// `noloss replay`: one run, and the files that it leaves.
//
// Exit code 0 says that it ran; the verdict is what it prints, since a replay is made to look at a violation.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "cli/chosen_run.hpp"
#include "cli/commands.hpp"
#include "cli/output_file.hpp"
#include "cli/replay_text.hpp"
#include "harness/explain/counterfactual.hpp"
#include "harness/scenario/reader.hpp"

namespace noloss::cli {
namespace {

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

/// What would have helped, for each guarantee that a biography is about.
void ask_counterfactuals(harness::ReplayReport& report, const ChosenRun& run, harness::Runner& runner) {
  std::map<harness::Guarantee, harness::Counterfactuals> known;
  for (harness::Biography& biography : report.biographies) {
    auto found = known.find(biography.guarantee);
    if (found == known.end()) {
      const harness::Witness witness(run.scenario, run.configuration, report.plan, report.result.seed,
                                     biography.guarantee);
      found = known.emplace(biography.guarantee, counterfactuals(witness, runner)).first;
    }
    biography.needed = found->second.needed_text();
    biography.remedy = found->second.remedy_text();
  }
}

}  // namespace

ExitCode replay(const ReplayArguments& arguments, Console& console) {
  harness::Runner runner;
  const std::unique_ptr<ChosenRun> run = choose_run(arguments.run, runner, console);
  if (run == nullptr) return ExitCode::usage;
  harness::ReplayReport report = runner.replay(run->request());
  ask_counterfactuals(report, *run, runner);
  const Replayed replayed{.scenario = run->scenario,
                          .configuration = run->selected,
                          .report = report,
                          .choice = arguments.run,
                          .plan_file = arguments.run.plan};
  console.out(replay_text(replayed, console.out_palette()));
  return write_files(replayed, arguments, console) ? ExitCode::met : ExitCode::usage;
}

}  // namespace noloss::cli
