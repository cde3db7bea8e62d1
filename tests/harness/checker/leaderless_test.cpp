// A partition without a leader leaves its own messages undecided, and nobody else's.
#include <gtest/gtest.h>

#include "harness/run/runner.hpp"
#include "harness/scenario/reader.hpp"

namespace noloss::harness {
namespace {

/// Two partitions on a broker each, acknowledged from the page cache. One broker never comes back; the other may lose
/// its power for a moment.
RunResult run(std::string_view faults) {
  std::string text = R"(version: 1
system: textbook
brokers: {count: 2, config: {flush: async}}
topic: {partitions: 2, assignment: [[1], [2]]}
producers: {workload: {messages: 40}}
consumers: {application: {processing: {time: 20ms}}}
faults:
  - {at: "broker-1 append #8", action: kill, target: broker-1, restart: false}
  - {at: "broker-1 append #8", action: destroy, target: broker-1}
)";
  const ReadResult read = read_scenario("leaderless.yaml", text.append(faults));
  EXPECT_TRUE(read.scenario) << (read.problems.empty() ? "" : format(read.problems.front()));
  Runner runner;
  return runner.run({.scenario = &*read.scenario, .configuration = &read.scenario->configurations.front()});
}

TEST(LeaderlessTest, AnotherPartitionsLossIsFound) {
  const RunResult result = run(
      R"(  - {at: "broker-2 append #8", action: power_loss, target: broker-2, duration: 100ms, unsynced: lose_all})");
  EXPECT_EQ(result.of(Guarantee::no_acked_loss).verdict, Verdict::violated);
}

}  // namespace
}  // namespace noloss::harness
