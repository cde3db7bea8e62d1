// Laws that must hold whatever the configuration: tests of the testbed against itself.
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <string>

#include "harness/run/runner.hpp"
#include "harness/scenario/reader.hpp"

namespace noloss::harness {
namespace {

Scenario scenario(const std::string& body) {
  const ReadResult read = read_scenario("law.yaml", "version: 1\nname: law\nsystem: textbook\n" + body);
  std::string problems;
  for (const Problem& problem : read.problems) problems += format(problem);
  EXPECT_TRUE(read.scenario.has_value()) << problems << body;
  return read.scenario.value();
}

RunResult run(Runner& runner, const Scenario& law, std::uint64_t seed) {
  return runner.run({&law, &law.configurations.front(), seed, nullptr});
}

int runs_with_loss(const Scenario& law, std::uint64_t seeds) {
  Runner runner;
  int losses = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) losses += run(runner, law, seed).totals.lost_acked > 0 ? 1 : 0;
  return losses;
}

// --- raising durability never adds loss under the same plan by time ---

/// Power losses of everything, placed by time and not by moment, so that each configuration meets the same ones.
std::string power_losses(const std::string& brokers, std::uint64_t at_ms) {
  return fmt::format(
      "brokers: {{count: 3, config: {}}}\ntopic: {{replicas: 3}}\n"
      "consumers: {{application: {{processing: {{time: 20ms}}}}}}\n"
      "faults: [{{at: {}ms, action: power_loss, target: all brokers, duration: 500ms}}]\n",
      brokers, at_ms);
}

TEST(Laws, RaisingDurabilityNeverAddsLoss) {
  const char* const ladder[] = {"{flush: async, replicas.acks: 1}", "{flush: async, replicas.acks: 3}",
                                "{flush: sync, replicas.acks: 1}", "{flush: sync, replicas.acks: 2}"};
  int losses[std::size(ladder)] = {};
  for (std::uint64_t at = 5; at <= 60; at += 5) {
    for (std::size_t step = 0; step < std::size(ladder); ++step) {
      losses[step] += runs_with_loss(scenario(power_losses(ladder[step], at)), 20);
    }
  }
  for (std::size_t step = 1; step < std::size(ladder); ++step) {
    EXPECT_LE(losses[step], losses[step - 1]) << ladder[step] << " against " << ladder[step - 1];
  }
  EXPECT_GT(losses[0], 0) << "a law about losses needs some";
  EXPECT_EQ(losses[std::size(ladder) - 1], 0);
}

// --- renaming brokers changes no rate ---

TEST(Laws, RenamingBrokersChangesNoRate) {
  constexpr std::uint64_t kSeeds = 600;
  const auto losses = [](const std::string& assignment) {
    return runs_with_loss(scenario("brokers: {count: 3, config: {flush: async, replicas.acks: 2}}\n"
                                   "topic: {replicas: 3, assignment: [" +
                                   assignment +
                                   "]}\n"
                                   "consumers: {application: {processing: {time: 10ms}}}\n"
                                   "faults: [{action: power_loss, target: all brokers, duration: 200ms..2s}]\n"),
                          kSeeds);
  };
  const int one = losses("[1, 2, 3]");
  const int other = losses("[3, 1, 2]");
  // Two draws from one binomial differ by more than four standard deviations once in 15,000.
  const double rate = (one + other) / (2.0 * kSeeds);
  EXPECT_LE(std::abs(one - other), 4 * std::sqrt(2 * kSeeds * rate * (1 - rate))) << one << " and " << other;
  EXPECT_GT(one, 0);
}

// --- twice the bytes take no less time ---

RC_GTEST_PROP(Laws, TwiceTheBytesTakeNoLessTime, ()) {
  const auto bytes = *rc::gen::inRange<int>(100, 200'000);
  const auto seed = *rc::gen::inRange<std::uint64_t>(1, 1000);
  const std::string flush = *rc::gen::element<std::string>("sync", "async");
  Runner runner;
  const auto latency = [&](int size) {
    // Constant delays: what is compared is bytes and nothing else.
    const Scenario law =
        scenario(fmt::format("brokers: {{count: 2, config: {{flush: {}, replicas.acks: 2}}}}\n"
                             "topic: {{replicas: 2}}\nnetwork: {{latency: {{p50: 1ms, p99: 1ms}}}}\n"
                             "producers: {{workload: {{messages: 20, size: {}B}}}}\n",
                             flush, size));
    return run(runner, law, seed);
  };
  const RunResult once = latency(bytes);
  const RunResult twice = latency(2 * bytes);
  RC_ASSERT(twice.ack_latency_p50_us.value() >= once.ack_latency_p50_us.value());
  RC_ASSERT(twice.end_to_end_p50_us.value() >= once.end_to_end_p50_us.value());
}

// --- without faults nothing is violated ---

RC_GTEST_PROP(Laws, WithoutFaultsNothingIsViolated, ()) {
  const auto brokers = *rc::gen::inRange(1, 5);
  const auto replicas = *rc::gen::inRange(1, brokers + 1);
  const auto word = [](std::initializer_list<std::string> words) { return *rc::gen::elementOf(std::vector(words)); };
  const auto number = [](int low, int high) { return *rc::gen::inRange(low, high + 1); };
  const std::string acknowledge = word({"after_processing", "before_processing", "automatic"});
  const std::string check = word({"false", "true", "{grace: 3}", "{grace: 1, heartbeat: 500ms}"});
  const std::string text = fmt::format(
      "brokers: {{count: {}, disk: {}, config: {{flush: {}, flush.interval: {}ms, replicas.acks: {}, failover: "
      "{}s}}}}\n"
      "topic: {{partitions: {}, replicas: {}}}\n"
      "producers: {{count: {}, config: {{retries: {}, max.in.flight: {}, buffer: {}}}, application: {{send: {}, "
      "on_error: {}, "
      "source: {}}}, workload: {{messages: {}, rate: {}/s, size: {}B, keys: {}}}}}\n"
      "consumers: {{count: {}, config: {{prefetch: {}}}, application: {{acknowledge: {}, processing: {{time: {}us, "
      "fails: "
      "{}%}}, store: {}, sequence_check: {}}}}}\nnetwork: {{latency: {}}}\n",
      brokers, word({"nvme", "nvme_plp", "hdd"}), word({"sync", "async"}), number(1, 2000), number(1, replicas),
      number(1, 5), number(1, 6), replicas, number(1, 3), number(0, 3), number(1, 8), number(1, 100),
      word({"sync", "async", "oneway"}), word({"retry", "give_up", "ignore"}), word({"memory", "outbox"}),
      number(1, 60), number(50, 5000), number(1, 20'000), number(0, 5), number(1, 4), number(1, 20), acknowledge,
      number(0, 5000), number(0, 30), word({"plain", "idempotent"}), check, word({"lan", "{p50: 1ms, p99: 4ms}"}));
  const Scenario law = scenario(text);
  Runner runner;
  const RunResult result = run(runner, law, static_cast<std::uint64_t>(number(1, 1'000'000)));
  for (const Guarantee guarantee : kAllGuarantees) {
    RC_LOG() << name(guarantee) << ": " << result.of(guarantee).story << "\n" << text;
    RC_ASSERT(result.of(guarantee).verdict != Verdict::violated);
  }
  RC_ASSERT(result.totals.processed == result.totals.sent);
}

}  // namespace
}  // namespace noloss::harness
