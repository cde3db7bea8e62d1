// Shrinking over the random violations of every committed textbook scenario, and what witnesses promise.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/explain/explain.hpp"
#include "harness/scenario/reader.hpp"

namespace noloss::harness {
namespace {

namespace fs = std::filesystem;

/// Seeds of each configuration that are looked at, and violations of each guarantee that are shrunk.
constexpr std::uint64_t kSeeds = 60;
constexpr int kEach = 2;

fs::path textbook() { return fs::path{__FILE__}.parent_path() / "../../../scenarios/textbook"; }

Scenario read(const fs::path& file) {
  ReadResult result = read_scenario_file(file.string());
  EXPECT_TRUE(result.scenario) << file;
  return std::move(*result.scenario);
}

std::vector<fs::path> files() {
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(textbook())) {
    if (entry.path().extension() == ".yaml") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

struct Tally {
  int shrunk = 0;
  int small = 0;  ///< at most 2 faults and 3 messages
  std::uint64_t most_runs = 0;
  std::string large;  ///< those that are not
};

void tally(Tally& sum, const Shrunk& shrunk, const std::string& what) {
  ASSERT_TRUE(shrunk.reproduced) << what;
  ++sum.shrunk;
  sum.most_runs = std::max(sum.most_runs, shrunk.runs);
  if (shrunk.witness.plan.size() <= 2 && shrunk.messages <= 3) {
    ++sum.small;
  } else {
    sum.large += fmt::format("  {}: {} faults, {} messages\n", what, shrunk.witness.plan.size(), shrunk.messages);
  }
}

void shrink_some(Tally& sum, Runner& runner, const Scenario& scenario, const Configuration& configuration) {
  std::array<int, kGuarantees> taken{};
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const RunRequest request{.scenario = &scenario, .configuration = &configuration, .seed = seed};
    const RunResult result = runner.run(request);
    for (const Guarantee guarantee : kAllGuarantees) {
      const bool wanted = guarantee != Guarantee::loss_detected && result.of(guarantee).verdict == Verdict::violated &&
                          taken[static_cast<std::size_t>(guarantee)]++ < kEach;
      if (!wanted) continue;
      const Witness witness(scenario, configuration, runner.replay(request).plan, seed, guarantee);
      tally(sum, shrink(witness, runner),
            fmt::format("{} {} seed {} {}", scenario.name, configuration.id, seed, name(guarantee)));
    }
  }
}

TEST(ShrinkTest, NinetyFiveOfAHundredRandomViolationsBecomeTwoFaultsAndThreeMessages) {
  Tally sum;
  for (const fs::path& file : files()) {
    const Scenario scenario = read(file);
    Runner runner;
    for (const Configuration& configuration : scenario.configurations) {
      shrink_some(sum, runner, scenario, configuration);
    }
  }
  EXPECT_GT(sum.shrunk, 100);
  EXPECT_GE(sum.small * 100, sum.shrunk * 95) << sum.large;
  fmt::print("{} of {} violations became small, in at most {} runs each\n{}", sum.small, sum.shrunk, sum.most_runs,
             sum.large);
}

/// A violation of row 4, and its witness.
class WitnessTest : public testing::Test {
 public:
  WitnessTest() : scenario(read(textbook() / "single-node.yaml")) {
    for (const Configuration& each : scenario.configurations) {
      if (each.parameters[0].second == "async" && each.parameters[1].second == "power_loss") configuration = &each;
    }
    request = {.scenario = &scenario, .configuration = configuration, .seed = 4};
  }
  Scenario scenario;
  const Configuration* configuration = nullptr;
  RunRequest request;
  Runner runner;
};

TEST_F(WitnessTest, IsTheSameRunAsTheSeed) {
  const Witness witness(scenario, *configuration, runner.replay(request).plan, request.seed, Guarantee::no_acked_loss);
  const std::optional<RunResult> result = witness.run(runner);
  ASSERT_TRUE(result) << witness.text();
  EXPECT_EQ(result->digest, runner.run(request).digest);
}

TEST_F(WitnessTest, IsTheSameRunWhenTheFileIsRunAsAScenario) {
  const Explained explained = explain(runner, request, Guarantee::no_acked_loss, "about");
  const ReadResult file = read_scenario("witness.yaml", file_text(explained));
  ASSERT_TRUE(file.scenario) << format(file.problems.front());
  const RunResult drawn = runner.run({.scenario = &*file.scenario,
                                      .configuration = &file.scenario->configurations.front(),
                                      .seed = file.scenario->seeds.first});
  EXPECT_EQ(drawn.digest, explained.shrunk.witness.run(runner)->digest);
  EXPECT_EQ(drawn.of(Guarantee::no_acked_loss).verdict, Verdict::violated);
}

TEST_F(WitnessTest, NamesWhatWasNeededAndWhatWouldHaveHelped) {
  const Explained explained = explain(runner, request, Guarantee::no_acked_loss, "about");
  const Remarks remarks = read_remarks(file_text(explained));
  EXPECT_EQ(remarks.needed, "the fault is needed");
  EXPECT_EQ(remarks.remedy, "flush=sync");
}

TEST_F(WitnessTest, AFaultThatDoesNotMatterIsNotNeeded) {
  Witness witness(scenario, *configuration, runner.replay(request).plan, request.seed, Guarantee::no_acked_loss);
  sim::Fault harmless;
  harmless.action = sim::Action::clock_skew;
  harmless.at.time = sim::kStart;
  harmless.target = "consumer-1";
  harmless.by = sim::Quantity{std::chrono::milliseconds{1}};
  harmless.draw = 1;
  witness.plan.push_back(harmless);
  const Counterfactuals asked = counterfactuals(witness, runner);
  EXPECT_EQ(asked.needed, (std::vector{true, false}));
  EXPECT_EQ(asked.needed_text(), "of 2 faults, number 1 is needed");
}

TEST(Counterfactuals, AnOptionThatOnlyMovesTheMomentsIsNoRemedy) {
  // The replicas diverge by the protocol of 1.1, whatever is set; a third replica of the offsets topic adds fetches, so
  // that the third one is another.
  const fs::path file = fs::path{__FILE__}.parent_path() / "../../search/kafka/elected-back.yaml";
  const Scenario fast_changes = read(file);
  sim::Fault cut;
  cut.action = sim::Action::partition;
  cut.at.moment = {"broker-2", "sent:fetch_response", 3, sim::Duration{0}};
  cut.shape = sim::PartitionShape::sides;
  cut.sides = {{"broker-1"}, {"broker-2"}};
  cut.duration = sim::Quantity{std::chrono::seconds{3}};
  cut.draw = 1;
  const std::optional<Witness> one_schedule =
      Witness(fast_changes, fast_changes.configurations.front(), {cut}, 1, Guarantee::replicas_agree)
          .with("network.latency", "{p50: 150us, p99: 150us}");
  ASSERT_TRUE(one_schedule);
  const Witness& witness = *one_schedule;
  Runner runner;
  ASSERT_TRUE(witness.violates(runner));
  const std::optional<Witness> moved = witness.with("brokers.config.offsets.topic.replication.factor", "3");
  ASSERT_TRUE(moved);
  EXPECT_FALSE(moved->violates(runner));
  EXPECT_EQ(counterfactuals(witness, runner).remedy_text(), "no single option would have helped");
}

TEST_F(WitnessTest, WhatDoesNotViolateIsNotShrunk) {
  request.configuration = scenario.configurations.data();  // flush=sync
  const Witness witness(scenario, *request.configuration, runner.replay(request).plan, request.seed,
                        Guarantee::no_acked_loss);
  EXPECT_FALSE(shrink(witness, runner).reproduced);
}

}  // namespace
}  // namespace noloss::harness
