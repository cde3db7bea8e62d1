// A violation as a scenario file that stands alone: one configuration, one seed, every fault in its place.
//
// The file is the thing itself: what shrinking and counterfactuals try is always read from the text that would be
// stored, so a stored witness cannot differ from what was run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/run/runner.hpp"
#include "harness/scenario/reader.hpp"
#include "harness/scenario/shape.hpp"

namespace noloss::harness {

class Witness {
 public:
  /// The configuration's delays count as they are in its setup, which an exhaustive search has fixed.
  Witness(const Scenario& scenario, const Configuration& configuration, sim::FaultPlan plan, std::uint64_t seed,
          Guarantee guarantee);

  sim::FaultPlan plan;
  std::string about;  ///< a sentence; becomes the file's `about`

  [[nodiscard]] Guarantee guarantee() const { return guarantee_; }
  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  /// Where the path leads now: "3"; empty where the file says nothing.
  [[nodiscard]] std::string value(std::string_view path) const;
  /// With the value at a dotted path. Empty if the path or the text is none.
  [[nodiscard]] std::optional<Witness> with(std::string_view path, std::string_view value) const;
  /// The file. It expects the guarantee to be violated.
  [[nodiscard]] std::string text() const;

  /// What the file says, read again. Empty if it is not valid.
  struct Read {
    Scenario scenario;
    /// Its faults are concrete already, so nothing has to be drawn.
    [[nodiscard]] RunRequest request() const {
      const Configuration& only = scenario.configurations.front();
      return {.scenario = &scenario, .configuration = &only, .seed = scenario.seeds.first, .plan = &only.faults};
    }
  };
  [[nodiscard]] std::optional<Read> read() const;
  /// Runs the file. Empty if it is not valid.
  [[nodiscard]] std::optional<RunResult> run(Runner& runner) const;
  /// Whether the file, run, violates the guarantee.
  [[nodiscard]] bool violates(Runner& runner) const;

 private:
  [[nodiscard]] Grammar grammar() const;

  const models::System* system_;
  std::string release_;
  std::string name_;
  std::uint64_t seed_;
  Guarantee guarantee_;
  NodePtr tree_;
};

}  // namespace noloss::harness
