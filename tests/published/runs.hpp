// Runs of the textbook system for the published results: scenario text in, what became of each message out.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/run/world.hpp"
#include "harness/scenario/reader.hpp"
#include "harness/search/nemesis.hpp"
#include "sim/fiber.hpp"

namespace noloss::published {

inline harness::Scenario scenario(const std::string& body) {
  const harness::ReadResult read =
      harness::read_scenario("published.yaml", "version: 1\nname: published\nsystem: textbook\n" + body);
  std::string problems;
  for (const harness::Problem& problem : read.problems) problems += harness::format(problem);
  EXPECT_TRUE(read.scenario.has_value()) << problems << body;
  return read.scenario.value();
}

/// One run, looked at from outside.
struct Course {
  harness::Totals totals;
  std::vector<sim::VirtualTime> lost_told_at;  ///< acknowledgements of messages that are lost
  std::vector<sim::VirtualTime> faults_at;     ///< by fault; kNever: did not fire
  std::vector<std::uint32_t> fired;            ///< by fault
  std::vector<bool> effective;                 ///< by fault
  std::vector<std::string> marks;

  [[nodiscard]] bool reached(const std::string& mark) const {
    return std::find(marks.begin(), marks.end(), mark) != marks.end();
  }
};

/// Precondition: every fault of the scenario is placed, and nothing in it is a range.
inline Course run(const harness::Scenario& scenario, std::uint64_t seed) {
  static thread_local sim::FiberPool fibers;
  const harness::Configuration& configuration = scenario.configurations.front();
  const sim::FaultPlan plan = harness::Nemesis{configuration, {}}.draw(seed);
  harness::World world(fibers, scenario, configuration, configuration.setup, plan, seed, harness::Keep::summary);
  world.run();
  const harness::RunResult result = world.judge();
  Course course;
  course.totals = result.totals;
  course.marks = result.marks;
  const std::vector<models::MessageRecord>& messages = world.history().messages();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const bool acknowledged = messages[i].outcome == models::Outcome::acked;
    if (acknowledged && harness::lost(world.fates()[i])) course.lost_told_at.push_back(messages[i].told_at);
  }
  for (const sim::FaultReport& report : world.injector().reports()) {
    course.faults_at.push_back(report.fired_at);
    course.fired.push_back(report.fired);
    course.effective.push_back(report.effective);
  }
  EXPECT_EQ(std::int64_t(course.lost_told_at.size()), course.totals.lost_acked);
  EXPECT_EQ(course.totals.acked, course.totals.sent) << "every send is retried until it is acknowledged";
  return course;
}

}  // namespace noloss::published
