// Valid scenarios: what a file says is what the harness gets.
#include <gtest/gtest.h>

#include <chrono>

#include "golden.hpp"
#include "harness/scenario/reader.hpp"

namespace noloss::harness {
namespace {

using namespace std::chrono_literals;
using sim::Quantity;

constexpr std::string_view kHead = "version: 1\nsystem: textbook\n";

std::string all(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) text += format(problem) + "\n";
  return text;
}

/// Reads text that must be right.
Scenario read(std::string_view body, const ReadOptions& options = {}) {
  ReadResult result = read_scenario("dir/test.yaml", std::string{kHead} + std::string{body}, options);
  EXPECT_TRUE(result.scenario) << all(result.problems);
  return result.scenario ? std::move(*result.scenario) : Scenario{};
}

Configuration read_one(std::string_view body) {
  Scenario scenario = read(body);
  EXPECT_EQ(scenario.configurations.size(), 1U);
  return scenario.configurations.empty() ? Configuration{} : std::move(scenario.configurations[0]);
}

std::vector<Problem> problems_of(std::string_view body, const ReadOptions& options = {}) {
  return read_scenario("test.yaml", std::string{kHead} + std::string{body}, options).problems;
}

class ValidFile : public ::testing::TestWithParam<std::string> {};

TEST_P(ValidFile, HasNoProblem) {
  const std::string file = GetParam() + ".yaml";
  const ReadResult result = read_scenario(file, testing::read_text(testing::golden("scenarios_ok") / file));
  EXPECT_TRUE(result.scenario) << all(result.problems);
}
INSTANTIATE_TEST_SUITE_P(Golden, ValidFile, ::testing::ValuesIn(testing::yaml_names("scenarios_ok")),
                         [](const auto& test) { return test.param; });

TEST(ReadScenario, DefaultsAreTheContracts) {
  const Scenario scenario = read("");
  EXPECT_EQ(scenario.name, "test");
  EXPECT_EQ(scenario.seeds, (SeedRange{1, 100}));
  ASSERT_EQ(scenario.configurations.size(), 1U);
  const Configuration& base = scenario.configurations[0];
  EXPECT_EQ(base.id, "base");
  EXPECT_EQ(base.duration, 10s);
  EXPECT_EQ(base.drain, 60s);
  EXPECT_TRUE(base.faults.empty());
  const models::Setup& setup = base.setup;
  EXPECT_EQ(setup.brokers.count, 1U);
  EXPECT_EQ(setup.brokers.disk, sim::DiskSetup{});
  EXPECT_EQ(setup.brokers.config.at("flush").text, "sync");
  EXPECT_EQ(setup.brokers.config.integer("replicas.acks"), 1);
  EXPECT_EQ(setup.latency, sim::LatencySetup{});
  ASSERT_EQ(setup.entities.size(), 1U);
  EXPECT_EQ(setup.entities[0].name, "topic-1");
  ASSERT_EQ(setup.producers.size(), 1U);
  EXPECT_EQ(setup.producers[0].send, models::SendMode::sync);
  EXPECT_EQ(setup.producers[0].on_error, models::OnError::retry);
  ASSERT_EQ(setup.producers[0].workload.size(), 1U);
  const models::WorkloadPart& part = setup.producers[0].workload[0];
  EXPECT_EQ(part.at, Quantity{-1});
  EXPECT_EQ(part.messages, Quantity{50});
  EXPECT_EQ(part.rate, Quantity{1000});
  EXPECT_EQ(part.size, Quantity{1024});
  EXPECT_EQ(part.keys, Quantity{0});
  ASSERT_EQ(setup.consumers.size(), 1U);
  EXPECT_EQ(setup.consumers[0].processing_time, Quantity{sim::Duration{2ms}});
  EXPECT_FALSE(setup.consumers[0].sequence_check.enabled);
  EXPECT_EQ(setup.consumers[0].sequence_check.grace, 100);
}

TEST(ReadScenario, ClusterAndClients) {
  const models::Setup setup = read_one(R"(
brokers: {count: 4, zones: [a, b], disk: hdd, config: {flush: async, flush.interval: 100ms..1s}}
topic: {partitions: 2, replicas: 2, assignment: [[1, 2], [4, 3]]}
producers: {count: 2, application: {send: async, on_error: give_up, source: outbox}}
consumers:
  application: {acknowledge: automatic, on_failure: skip, sequence_check: {grace: 5, identity: false}}
network: {latency: wan}
)")
                                  .setup;
  EXPECT_EQ(setup.brokers.zones, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(setup.brokers.disk.sync, 9ms);
  EXPECT_EQ(setup.brokers.config.at("flush").number, Quantity{1});
  EXPECT_EQ(setup.brokers.config.at("flush.interval").number, (Quantity{100'000'000, 1'000'000'000}));
  EXPECT_EQ(setup.entities[0].assignment, (std::vector<std::vector<std::uint32_t>>{{1, 2}, {4, 3}}));
  EXPECT_EQ(setup.producers[0].send, models::SendMode::async);
  EXPECT_EQ(setup.producers[0].source, models::ProducerSource::outbox);
  EXPECT_EQ(setup.consumers[0].acknowledge, models::Acknowledge::automatic);
  EXPECT_TRUE(setup.consumers[0].sequence_check.enabled);
  EXPECT_FALSE(setup.consumers[0].sequence_check.identity);
  EXPECT_EQ(setup.consumers[0].sequence_check.grace, 5);
  EXPECT_EQ(setup.latency.p50, 30ms);
}

TEST(ReadScenario, DiskFiguresReplaceTheProfile) {
  const sim::DiskSetup disk =
      read_one("brokers: {disk: {sync: 1ms, writeback: {age: 1s}, dirty_limit: 1MiB}}\n").setup.brokers.disk;
  EXPECT_EQ(disk.sync, 1ms);
  EXPECT_EQ(disk.bandwidth, 1'500'000'000);
  EXPECT_EQ(disk.writeback_wake, 5s);
  EXPECT_EQ(disk.writeback_age, 1s);
  EXPECT_EQ(disk.dirty_limit, 1 << 20);
}

TEST(ReadScenario, ScriptedFaults) {
  const std::vector<sim::Fault> faults = read_one(R"(
brokers: {count: 3}
faults:
  - {at: 1.5s, action: partition, sides: [[broker-1, producer-1], [broker-2, leader]], duration: 20s}
  - {at: "broker-1 append #40 + 10ms", action: kill, target: broker-1, restart: false}
  - {at: "leader append", every: 3, action: disk_slow, target: leader, factor: 5..9}
  - {at: "broker-1 sent:deliver #9", action: drop, side: response}
  - {action: handler_error, target: any consumer, count: 0..2, times: always}
  - {at: 2s, action: pause, target: broker-2, until: "broker-1 elected #1"}
)")
                                             .faults;
  ASSERT_EQ(faults.size(), 6U);
  EXPECT_EQ(faults[0].shape, sim::PartitionShape::sides);
  EXPECT_EQ(faults[0].sides,
            (std::vector<std::vector<std::string>>{{"broker-1", "producer-1"}, {"broker-2", "leader"}}));
  EXPECT_EQ(faults[0].at.time, sim::kStart + 1500ms);
  EXPECT_EQ(faults[0].line, 6U);
  EXPECT_EQ(faults[1].at.moment, (sim::MomentRef{"broker-1", "append", 40, 10ms}));
  EXPECT_FALSE(faults[1].restart);
  EXPECT_EQ(faults[2].every, 3U);
  EXPECT_EQ(faults[2].count, Quantity{sim::kUnlimited});
  EXPECT_EQ(faults[2].at.moment->number, 0U);
  EXPECT_EQ(faults[2].factor, (Quantity{5, 9}));
  EXPECT_EQ(faults[3].target, "");
  EXPECT_EQ(faults[3].side, sim::Side::response);
  EXPECT_FALSE(faults[4].at.placed());
  EXPECT_EQ(faults[4].count, (Quantity{0, 2}));
  EXPECT_EQ(faults[4].times, -1);
  EXPECT_EQ(faults[5].until, (sim::MomentRef{"broker-1", "elected", 1, {}}));
}

TEST(ReadScenario, ExpectationsAndTotals) {
  const Configuration base = read_one(R"(
expect:
  no_acked_loss: {violated: store}
  order: holds
  totals: {lost_acked: 1.., duplicates: 0}
require: [leader_elected]
)");
  ASSERT_EQ(base.expectations.size(), 2U);
  EXPECT_EQ(base.expectations[0].verdict, Verdict::violated);
  EXPECT_EQ(base.expectations[0].detail, "store");
  EXPECT_EQ(base.expectations[0].line, 5U);
  EXPECT_EQ(base.expectations[1].verdict, Verdict::holds);
  ASSERT_EQ(base.totals.size(), 2U);
  EXPECT_EQ(base.totals[0].column, "lost_acked");
  EXPECT_EQ(base.totals[0].low, 1);
  EXPECT_EQ(base.totals[0].high, INT64_MAX);
  EXPECT_EQ(base.totals[1].high, 0);
  EXPECT_EQ(base.required_marks, std::vector<std::string>{"leader_elected"});
}

TEST(ReadScenario, MatrixKeepsItsOrderAndIdsSurviveReordering) {
  const Scenario scenario = read(R"(
matrix:
  brokers.config.flush: [sync, async]
  producers.config.retries: ["0", 3]
  exclude: [{brokers.config.flush: sync, producers.config.retries: 3}]
expect:
  - when: {brokers.config.flush: async}
    order: violated
)");
  ASSERT_EQ(scenario.configurations.size(), 3U);
  const Configuration& last = scenario.configurations[2];
  EXPECT_EQ(last.parameters[0].second, "async");
  EXPECT_EQ(last.parameters[1].second, "3");
  EXPECT_EQ(last.setup.producers[0].config.integer("retries"), 3);
  EXPECT_EQ(last.expectations.size(), 1U);
  EXPECT_TRUE(scenario.configurations[0].expectations.empty());
  const Scenario reordered = read(R"(
matrix:
  producers.config.retries: [3, 5]
  brokers.config.flush: [async]
)");
  EXPECT_EQ(reordered.configurations[0].id, last.id);
  EXPECT_EQ(last.id.size(), 9U);
  EXPECT_EQ(last.id[0], 'c');
}

TEST(ReadScenario, SameProblemIsReportedOnceForAllConfigurations) {
  const auto problems =
      problems_of("matrix: {producers.config.retries: [1, 2, 3]}\nfaults: [{action: kill, target: x}]\n");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].message.find("(with"), std::string::npos);
}

TEST(ReadScenario, SystemsProblemPointsToItsKey) {
  const auto problems = problems_of("brokers:\n  count: 3\n  config: {replicas.acks: 3}\ntopic: {replicas: 2}\n");
  ASSERT_EQ(problems.size(), 1U) << all(problems);
  EXPECT_EQ(problems[0].line, 5U);
  EXPECT_EQ(problems[0].column, 27U);
}

TEST(ReadScenario, SetReplacesAndAdds) {
  const ReadOptions options{{{"brokers.count", "3"},
                             {"brokers.config.flush.interval", "1s"},
                             {"seeds", "7..9"},
                             {"faults", "[{action: kill, target: broker-3}]"},
                             {"faults.1.duration", "3s"}}};
  const Scenario scenario = read("brokers: {count: 1}\n", options);
  EXPECT_EQ(scenario.seeds, (SeedRange{7, 9}));
  ASSERT_EQ(scenario.configurations.size(), 1U);
  EXPECT_EQ(scenario.configurations[0].setup.brokers.count, 3U);
  EXPECT_EQ(scenario.configurations[0].setup.brokers.config.duration("flush.interval"), 1s);
  ASSERT_EQ(scenario.configurations[0].faults.size(), 1U);
  EXPECT_EQ(scenario.configurations[0].faults[0].duration, Quantity{sim::Duration{3s}});
  EXPECT_NE(scenario.hash, read("brokers: {count: 1}\n").hash);
}

TEST(ReadScenario, ProblemsOfSetNameIt) {
  const ReadOptions options{{{"brokers.cuont", "3"}, {"duration", "10"}, {"drain", "*x"}, {"drain", ""}}};
  EXPECT_EQ(all(problems_of("", options)),
            "--set:1:1: error: 'brokers.cuont' leads nowhere: 'brokers' has no 'cuont'; did you mean 'count'?\n"
            " 1 | brokers.cuont=3\n"
            "   | ^~~~~~~~~~~~~\n"
            "--set:2:10: error: duration '10' has no unit; write for example '10s' or '10ms'\n"
            " 2 | duration=10\n"
            "   |          ^~\n"
            "--set:3:7: error: aliases ('*name') are not supported; write the value out\n"
            " 3 | drain=*x\n"
            "   |       ^\n"
            "--set:4:7: error: the value is missing\n"
            " 4 | drain=\n"
            "   |       ^\n");
}

TEST(ReadScenario, SetCannotHideAParameter) {
  const auto problems =
      problems_of("matrix: {producers.config.retries: [1, 2]}\n", {{{"producers.config.retries", "3"}}});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].message.find("--only"), std::string::npos);
}

TEST(ReadScenario, FileThatCannotBeRead) {
  const ReadResult missing = read_scenario_file("/nowhere/at/all.yaml");
  EXPECT_EQ(all(missing.problems),
            "/nowhere/at/all.yaml:1:1: error: cannot read the file: No such file or directory\n");
  EXPECT_EQ(all(read_scenario_file("/").problems), "/:1:1: error: cannot read the file: it is a folder\n");
}

TEST(ReadScenario, ManyProblemsEndSomewhere) {
  std::string text = "faults:\n";
  for (int i = 0; i < 2'000; ++i) text += "  - {action: kil" + std::to_string(i) + "}\n";
  EXPECT_EQ(problems_of(text).size(), 500U);
}

TEST(ReadScenario, FullMatrixOfAShortFileIsFast) {
  std::string text = "matrix:\n";
  for (const std::string_view path : {"producers.config.retries", "consumers.config.prefetch"}) {
    text += "  " + std::string{path} + ": [";
    for (int i = 1; i <= 100; ++i) text += std::to_string(i) + ",";
    text += "]\n";
  }
  EXPECT_EQ(read(text).configurations.size(), 10'000U);
}

}  // namespace
}  // namespace noloss::harness
