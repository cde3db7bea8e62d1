// Any bytes as a scenario and as a plan: they end in a result or in problems that can be shown.
//
// Lines "#set PATH=VALUE" at the beginning are given as `--set`. Seeds: the files of tests/golden.
//   scenario_fuzz -dict=tests/fuzz/scenario.dict CORPUS tests/golden/scenarios_ok tests/golden/scenario_errors
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario/reader.hpp"

namespace {

using namespace noloss;

void require(bool truth) {
  if (!truth) std::abort();
}

void check_problems(const std::vector<harness::Problem>& problems, std::string_view text) {
  std::uint32_t line = 0;
  for (const harness::Problem& problem : problems) {
    require(!problem.message.empty() && problem.column >= 1 && problem.length >= 1);
    require(problem.source.size() <= text.size());
    if (problem.file == "f") {
      require(problem.line >= 1 && problem.line >= line);
      line = problem.line;
    }
    require(!harness::format(problem).empty());
  }
}

harness::ReadOptions take_sets(std::string_view& text) {
  constexpr std::string_view kPrefix = "#set ";
  harness::ReadOptions options;
  while (text.starts_with(kPrefix)) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view set = text.substr(kPrefix.size(), end - kPrefix.size());
    const std::size_t equals = std::min(set.find('='), set.size());
    options.set.emplace_back(set.substr(0, equals), set.substr(std::min(equals + 1, set.size())));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return options;
}

const harness::Scenario& plain_scenario() {
  static const harness::Scenario kScenario =
      *harness::read_scenario("s", "version: 1\nsystem: textbook\nbrokers: {count: 3, zones: [a, b]}\n").scenario;
  return kScenario;
}

/// What a reading accepts as faults can be written, and read again.
void check_plan(const sim::FaultPlan& plan) {
  const std::string text = harness::write_plan(plan, "about");
  const harness::Scenario& scenario = plain_scenario();
  const harness::PlanResult again = harness::read_plan("f", text, scenario, scenario.configurations[0]);
  if (again.plan) require(harness::write_plan(*again.plan, "about") == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all{reinterpret_cast<const char*>(data), size};
  std::string_view text = all;
  const harness::ReadOptions options = take_sets(text);
  const harness::ReadResult result = harness::read_scenario("f", text, options);
  require(result.scenario.has_value() == result.problems.empty());
  check_problems(result.problems, all);
  if (result.scenario) {
    require(!result.scenario->configurations.empty());
    check_plan(result.scenario->configurations[0].faults);
  }
  const harness::Scenario& scenario = plain_scenario();
  const harness::PlanResult plan = harness::read_plan("f", text, scenario, scenario.configurations[0]);
  require(plan.plan.has_value() == plan.problems.empty());
  check_problems(plan.problems, all);
  if (plan.plan) {
    const std::string written = harness::write_plan(*plan.plan, "");
    harness::PlanResult again = harness::read_plan("f", written, scenario, scenario.configurations[0]);
    require(again.plan.has_value());
    require(harness::write_plan(*again.plan, "") == written);
  }
  return 0;
}
