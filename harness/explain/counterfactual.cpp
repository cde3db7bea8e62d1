#include "harness/explain/counterfactual.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/scenario/option_text.hpp"

namespace noloss::harness {
namespace {

/// What an application does around every system's client, at its safest.
struct Habit {
  std::string_view path;
  std::string_view safer;
};
constexpr std::array kHabits{
    Habit{"producers.application.send", "sync"},        Habit{"producers.application.on_error", "retry"},
    Habit{"producers.application.source", "outbox"},    Habit{"consumers.application.acknowledge", "after_processing"},
    Habit{"consumers.application.on_failure", "retry"}, Habit{"consumers.application.store", "idempotent"},
};

std::vector<Remedy> candidates(const Scenario& scenario) {
  std::vector<Remedy> remedies;
  for (const models::OptionRow& row : scenario.system->options(scenario.release)) {
    if (row.safer.empty()) continue;
    remedies.push_back({fmt::format("{}.{}", option_place(*scenario.system, row), row.name), std::string{row.safer}});
  }
  for (const Habit& habit : kHabits) remedies.push_back({std::string{habit.path}, std::string{habit.safer}});
  return remedies;
}

/// Whether an option at `path` can have to do with what was lost where `detail` says. What no broker ever had, no
/// broker's option keeps; what no consumer could read, no consumer's; and what was acknowledged, the producer's
/// application sends no second time. Another option may shift the run so that the fault happens to miss, which is no
/// remedy.
bool concerns(std::string_view path, Guarantee guarantee, std::string_view detail) {
  if (guarantee != Guarantee::no_acked_loss && guarantee != Guarantee::no_silent_loss) return true;
  const bool in_application = path.starts_with("producers.application.");
  if (detail == name(Stage::produce)) return path.starts_with("producers.");
  if (detail == name(Stage::consume)) return true;
  return !path.starts_with("consumers.") && (guarantee == Guarantee::no_silent_loss || !in_application);
}

}  // namespace

std::string Remedy::text() const {
  // What stands in a group may have dots in its name.
  for (const std::string_view group : {".config.", ".arguments.", ".policy."}) {
    const std::size_t at = path.find(group);
    if (at != std::string::npos) return fmt::format("{}={}", path.substr(at + group.size()), value);
  }
  return fmt::format("{}={}", path.substr(path.rfind('.') + 1), value);
}

std::string Counterfactuals::remedy_text() const {
  if (remedies.empty()) return "no single option would have helped";
  std::vector<std::string> texts;
  for (const Remedy& remedy : remedies) texts.push_back(remedy.text());
  return fmt::format("{}", fmt::join(texts, ", or "));
}

std::string Counterfactuals::needed_text() const {
  const auto count = std::count(needed.begin(), needed.end(), true);
  if (needed.empty()) return "no fault is needed";
  if (count == static_cast<std::ptrdiff_t>(needed.size())) {
    return needed.size() == 1 ? "the fault is needed" : fmt::format("all {} faults are needed", needed.size());
  }
  std::vector<std::string> numbers;
  for (std::size_t i = 0; i < needed.size(); ++i) {
    if (needed[i]) numbers.push_back(std::to_string(i + 1));
  }
  if (numbers.empty()) return fmt::format("any one of the {} faults can be left out", needed.size());
  return fmt::format("of {} faults, number {} {} needed", needed.size(), fmt::join(numbers, " and "),
                     numbers.size() == 1 ? "is" : "are");
}

bool saves(const Remedy& remedy, const Witness& witness, Runner& runner) {
  const std::optional<Witness> changed = witness.with(remedy.path, remedy.value);
  const std::optional<RunResult> result = changed ? changed->run(runner) : std::nullopt;
  // Sending nothing at all would be no remedy.
  return result && result->of(witness.guarantee()).verdict == Verdict::holds && result->totals.sent > 0;
}

Counterfactuals counterfactuals(const Witness& witness, Runner& runner) {
  Counterfactuals found;
  for (std::size_t i = 0; i < witness.plan.size(); ++i) {
    Witness fewer = witness;
    fewer.plan.erase(fewer.plan.begin() + static_cast<std::ptrdiff_t>(i));
    found.needed.push_back(!fewer.violates(runner));
  }
  const std::optional<Witness::Read> file = witness.read();
  if (!file) return found;
  const ReplayReport lost = runner.replay(file->request());
  const std::string_view detail = lost.result.of(witness.guarantee()).detail;
  Witness by_time = witness;
  by_time.plan = lost.plan_by_time;
  const bool also_by_time = by_time.violates(runner);
  for (Remedy& remedy : candidates(file->scenario)) {
    if (!concerns(remedy.path, witness.guarantee(), detail)) continue;
    const bool helps = saves(remedy, witness, runner) && (!also_by_time || saves(remedy, by_time, runner));
    if (helps) found.remedies.push_back(std::move(remedy));
  }
  return found;
}

}  // namespace noloss::harness
