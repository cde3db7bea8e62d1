// The one run that `replay` and `shrink` are about: a seed, a plan of a file, or a plan of an exhaustive search.
#pragma once

#include <memory>
#include <optional>

#include "cli/arguments.hpp"
#include "cli/console.hpp"
#include "harness/run/runner.hpp"

namespace noloss::cli {

struct ChosenRun {
  harness::Scenario scenario;
  harness::Configuration configuration;  ///< as it is run: an exhaustive search has fixed its delays
  std::size_t selected = 0;              ///< its number in the scenario
  std::uint64_t seed = 1;
  std::optional<sim::FaultPlan> plan;
  std::shared_ptr<const harness::PlanSpace> space;
  std::uint64_t number = 0;

  /// Refers to this.
  [[nodiscard]] harness::RunRequest request() const {
    return {.scenario = &scenario,
            .configuration = &configuration,
            .seed = seed,
            .plan = plan ? &*plan : nullptr,
            .space = space,
            .number = number};
  }
};

/// Null: what is wrong has been said.
[[nodiscard]] std::unique_ptr<ChosenRun> choose_run(const RunChoice& choice, harness::Runner& runner, Console& console);

}  // namespace noloss::cli
