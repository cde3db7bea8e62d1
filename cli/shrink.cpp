// `noloss shrink`: the smallest plan that still violates, what of it is needed, and what would have helped.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include "cli/chosen_run.hpp"
#include "cli/commands.hpp"
#include "cli/output_file.hpp"
#include "cli/replay_text.hpp"
#include "cli/table.hpp"
#include "harness/campaign/folder.hpp"
#include "harness/explain/explain.hpp"

namespace noloss::cli {
namespace {

using harness::Guarantee;

/// Of what the run violates, what the scenario says something about comes first.
std::optional<Guarantee> violated(const harness::RunResult& result, const harness::Configuration& configuration) {
  std::vector<Guarantee> order;
  for (const harness::Expectation& expectation : configuration.expectations) order.push_back(expectation.guarantee);
  order.insert(order.end(), harness::kAllGuarantees.begin(), harness::kAllGuarantees.end());
  const auto first = std::find_if(order.begin(), order.end(), [&](Guarantee guarantee) {
    return result.of(guarantee).verdict == harness::Verdict::violated;
  });
  return first == order.end() ? std::nullopt : std::optional{*first};
}

std::string report_text(const harness::Explained& explained, const harness::ReplayReport& before,
                        const std::string& file) {
  const harness::Shrunk& shrunk = explained.shrunk;
  Table table({"", ""});
  table.add({"guarantee", std::string{name(shrunk.witness.guarantee())}});
  table.add({"before", fmt::format("{}, {}", plural(before.plan.size(), "fault"),
                                   plural(static_cast<std::size_t>(before.result.totals.sent), "message"))});
  table.add({"after", fmt::format("{}, {}, found in {} runs", plural(shrunk.witness.plan.size(), "fault"),
                                  plural(static_cast<std::size_t>(shrunk.messages), "message"), shrunk.runs)});
  table.add({"needed", explained.counterfactuals.needed_text()});
  table.add({"remedy", explained.counterfactuals.remedy_text()});
  table.add({"witness", file});
  return table.text() + "\n" + shrunk.witness.text() +
         fmt::format("\nreplay: noloss replay {} --seed {}\n", file, shrunk.witness.seed());
}

std::string default_file(const harness::Witness& witness, const harness::Scenario& scenario) {
  return fmt::format("plans/{}-{}.yaml", harness::file_name(scenario.name), name(witness.guarantee()));
}

}  // namespace

ExitCode shrink(const ShrinkArguments& arguments, Console& console) {
  harness::Runner runner;
  const std::unique_ptr<ChosenRun> run = choose_run(arguments.run, runner, console);
  if (run == nullptr) return ExitCode::usage;
  const harness::RunRequest request = run->request();
  const harness::ReplayReport before = runner.replay(request);
  const std::optional<Guarantee> guarantee =
      arguments.guarantee ? arguments.guarantee : violated(before.result, run->configuration);
  const bool found = guarantee && before.result.of(*guarantee).verdict == harness::Verdict::violated;
  if (!found) {
    console.error(guarantee ? fmt::format("the run does not violate {}", name(*guarantee))
                            : std::string{"the run violates nothing; there is nothing to shrink"});
    return ExitCode::inconclusive;
  }
  const harness::Explained explained =
      harness::explain(runner, request, *guarantee, fmt::format("{} is violated", name(*guarantee)));
  const std::string file =
      arguments.out.empty() ? default_file(explained.shrunk.witness, run->scenario) : arguments.out;
  std::error_code ignored;  // the write says what is wrong
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), ignored);
  if (const std::string failure = write_file(file, file_text(explained)); !failure.empty()) {
    console.error(failure);
    return ExitCode::usage;
  }
  console.out(report_text(explained, before, file));
  return ExitCode::met;
}

}  // namespace noloss::cli
