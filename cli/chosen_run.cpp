#include "cli/chosen_run.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/scenario_files.hpp"
#include "cli/selection.hpp"
#include "harness/campaign/explore.hpp"
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

/// Finds the plan of the space by its number. False: there is none of that number.
bool take_number(const RunChoice& choice, ChosenRun& run, harness::Runner& runner, Console& console) {
  harness::fix_schedule(run.configuration);
  run.space =
      runner.explore(run.request(), choice.kinds, {.faults = choice.faults}, [](std::uint64_t) { return true; });
  run.number = choice.number;
  if (run.number < run.space->size()) return true;
  console.error(fmt::format("--number: the space has {} plans, numbered from 0", run.space->size()));
  return false;
}

}  // namespace

std::unique_ptr<ChosenRun> choose_run(const RunChoice& choice, harness::Runner& runner, Console& console) {
  std::optional<harness::Scenario> scenario = read_one_scenario(choice.file, choice.set, console);
  if (!scenario) return nullptr;
  const std::optional<std::size_t> selected = select_one(*scenario, choice.only, console);
  if (!selected) return nullptr;
  auto run = std::make_unique<ChosenRun>();
  run->scenario = std::move(*scenario);
  run->selected = *selected;
  run->configuration = run->scenario.configurations[*selected];
  run->seed = choice.seed.value_or(run->scenario.seeds.first);
  if (!choice.plan.empty()) {
    run->plan = read_plan_file(choice.plan, run->scenario, run->configuration, console);
    if (!run->plan) return nullptr;
  }
  if (choice.faults > 0 && !take_number(choice, *run, runner, console)) return nullptr;
  return run;
}

}  // namespace noloss::cli
