// Runs for the published results: scenario text in, what became of each message out.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/run/world.hpp"
#include "harness/scenario/reader.hpp"
#include "harness/search/nemesis.hpp"
#include "sim/fiber.hpp"

namespace noloss::published {

inline harness::Scenario scenario_of(const std::string& system, const std::string& body) {
  const harness::ReadResult read =
      harness::read_scenario("published.yaml", "version: 1\nname: published\nsystem: " + system + "\n" + body);
  std::string problems;
  for (const harness::Problem& problem : read.problems) problems += harness::format(problem);
  EXPECT_TRUE(read.scenario.has_value()) << problems << body;
  return read.scenario.value();
}

inline harness::Scenario scenario(const std::string& body) { return scenario_of("textbook", body); }

/// One run, looked at from outside.
struct Course {
  harness::Totals totals;
  std::vector<sim::VirtualTime> lost_told_at;  ///< acknowledgements of messages that are lost
  std::vector<sim::VirtualTime> faults_at;     ///< by fault; kNever: did not fire
  std::vector<std::uint32_t> fired;            ///< by fault
  std::vector<bool> effective;                 ///< by fault
  std::vector<std::string> marks;
  std::array<harness::Verdict, harness::kGuarantees> verdicts{};

  [[nodiscard]] harness::Verdict of(harness::Guarantee guarantee) const {
    return verdicts[static_cast<std::size_t>(guarantee)];
  }
  [[nodiscard]] bool reached(const std::string& mark) const {
    return std::find(marks.begin(), marks.end(), mark) != marks.end();
  }
};

/// Precondition: every fault of the scenario is placed, and nothing in it is a range.
inline Course course(const harness::Scenario& scenario, std::uint64_t seed) {
  static thread_local sim::FiberPool fibers;
  const harness::Configuration& configuration = scenario.configurations.front();
  const sim::FaultPlan plan = harness::Nemesis{configuration, {}}.draw(seed);
  harness::World world(fibers, scenario, configuration, configuration.setup, plan, seed, harness::Keep::summary);
  world.run();
  const harness::RunResult result = world.judge();
  Course ran;
  ran.totals = result.totals;
  ran.marks = result.marks;
  for (std::size_t i = 0; i < harness::kGuarantees; ++i) ran.verdicts[i] = result.guarantees[i].verdict;
  const std::vector<models::MessageRecord>& messages = world.history().messages();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const bool acknowledged = messages[i].outcome == models::Outcome::acked;
    if (acknowledged && harness::lost(world.fates()[i])) ran.lost_told_at.push_back(messages[i].told_at);
  }
  for (const sim::FaultReport& report : world.injector().reports()) {
    ran.faults_at.push_back(report.fired_at);
    ran.fired.push_back(report.fired);
    ran.effective.push_back(report.effective);
  }
  EXPECT_EQ(std::int64_t(ran.lost_told_at.size()), ran.totals.lost_acked);
  return ran;
}

/// The same where the application retries every send until it is acknowledged.
inline Course run(const harness::Scenario& scenario, std::uint64_t seed) {
  Course ran = course(scenario, seed);
  EXPECT_EQ(ran.totals.acked, ran.totals.sent) << "every send is retried until it is acknowledged";
  return ran;
}

}  // namespace noloss::published
