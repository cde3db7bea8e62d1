// The remedies that are named for known losses, and no others: an option that only shifts the run is none.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>

#include "harness/explain/explain.hpp"
#include "harness/scenario/reader.hpp"

namespace noloss::harness {
namespace {

/// The remedies of the first violation of no_acked_loss among 40 seeds, in the first configuration.
std::string remedies(std::string_view text) {
  const ReadResult read = read_scenario("remedy.yaml", text);
  if (!read.scenario) return format(read.problems.front());
  Runner runner;
  RunRequest request{.scenario = &*read.scenario, .configuration = read.scenario->configurations.data(), .seed = 1};
  for (; request.seed <= 40; ++request.seed) {
    if (runner.run(request).of(Guarantee::no_acked_loss).verdict != Verdict::violated) continue;
    return explain(runner, request, Guarantee::no_acked_loss, "about").counterfactuals.remedy_text();
  }
  return "nothing was lost";
}

TEST(Remedy, IsFoundAmongOptionsThatStandOutsideOfConfig) {
  EXPECT_EQ(remedies(R"(
version: 1
name: not-durable
system: rabbitmq
release: "4.2"
queue: {durable: false}
producers: {config: {confirms: true, delivery_mode: 2}, workload: {messages: 40, rate: 100/s}}
consumers: {config: {prefetch_count: 5}, application: {processing: {time: 30ms}}}
faults: [{action: kill, target: broker-1}]
)"),
            "durable=true");
}

TEST(Remedy, OfWhatABrokerLostIsNoHabitOfTheApplication) {
  EXPECT_EQ(remedies(R"(
version: 1
name: never-synced
system: rabbitmq
release: "3.13"
queue: {type: classic, arguments: {x-queue-version: 2}}
producers:
  config: {confirms: true, delivery_mode: 2}
  application: {send: async}
  workload: {messages: 40, rate: 100/s}
consumers: {config: {prefetch_count: 5}, application: {processing: {time: 30ms}}}
faults: [{action: power_loss, target: broker-1}]
)"),
            "type=quorum, or x-queue-version=1");
}

TEST(Remedy, MustHelpInTheWholeRun) {
  EXPECT_EQ(remedies(R"(
version: 1
name: automatic
system: rabbitmq
producers: {config: {confirms: true, delivery_mode: 2}, workload: {messages: 100, rate: 1000/s}}
consumers: {config: {auto_ack: true}, application: {processing: {time: 20ms}}}
faults: [{at: "consumer-1 received #10", action: kill, target: consumer-1}]
)"),
            "auto_ack=false");
}

}  // namespace
}  // namespace noloss::harness
