// What people and CI systems are shown: the matrix, JSON, GitHub, JUnit, progress, commands.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "harness/report/checks.hpp"
#include "harness/report/commands.hpp"
#include "harness/report/github.hpp"
#include "harness/report/json.hpp"
#include "harness/report/junit.hpp"
#include "harness/report/progress.hpp"
#include "harness/report/text.hpp"

namespace noloss::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// One scenario, acks=1 and acks=all, with made-up counts.
class Reports : public ::testing::Test {
 protected:
  Reports() {
    ScenarioFacts& scenario = facts_.scenarios.emplace_back();
    scenario = {"kafka-acks", "scenarios/kafka acks.yaml", 1, {1, 1000}, {}};
    for (const char* acks : {"1", "all"}) {
      ConfigurationFacts& configuration = scenario.configurations.emplace_back();
      configuration.id = std::string{"c"} + acks;
      configuration.parameters = {{"producers.config.acks", acks}, {"topic.config.min.insync.replicas", "2"}};
    }
    for (std::size_t c = 0; c < 2; ++c) scenario.configurations[c].selector = selector_of(scenario, c);
  }
  ConfigurationFacts& configuration(std::size_t c) { return facts_.scenarios[0].configurations[c]; }
  void expect(std::size_t c, Guarantee guarantee, Verdict verdict) {
    configuration(c).expectations.push_back({guarantee, verdict, "", 31});
  }
  /// 1000 runs each; the first configuration violates no_acked_loss from seed 23 on, that many times.
  CampaignVerdict verdict(std::int64_t violations = 38) {
    Aggregator sums(facts_);
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
      RunResult run;
      run.seed = seed;
      run.totals.sent = run.totals.acked = run.totals.processed = 5;
      run.faults[static_cast<std::size_t>(sim::Action::power_loss)] = {1, 1, 1};
      run.marks = {"leader elected"};
      sums.add({0, 1}, run);
      if (seed >= 23 && seed < 23 + static_cast<std::uint64_t>(violations)) {
        run.of(Guarantee::no_acked_loss) = {Verdict::violated, "store",
                                            "producer-1/0/117 acknowledged at 1.004s, lost"};
      }
      sums.add({0, 0}, run);
    }
    return sums.finish(Ended::complete);
  }

  CampaignFacts facts_;
};

// --- text

TEST_F(Reports, MatrixIsAlignedAndTellsHowToRepeat) {
  expect(0, Guarantee::no_acked_loss, Verdict::violated);
  expect(1, Guarantee::no_acked_loss, Verdict::holds);
  EXPECT_EQ(text_report(verdict(), {}, Detail::full),
            "kafka-acks  acks=1    min.insync.replicas=2  VIOLATED no_acked_loss  38/1000 runs  "
            "p=0.038 [0.027, 0.052]  expected\n"
            "            seed 23: producer-1/0/117 acknowledged at 1.004s, lost\n"
            "            reproduce: noloss replay 'scenarios/kafka acks.yaml' --only acks=1 --seed 23\n"
            "kafka-acks  acks=all  min.insync.replicas=2  holds    no_acked_loss   0/1000 runs  "
            "p<=0.0030               expected\n"
            "2 of 2 expectations met; 2,000 runs of 2 configurations\n");
}

TEST_F(Reports, UnexpectedIsShouted) {
  expect(0, Guarantee::no_acked_loss, Verdict::holds);
  expect(1, Guarantee::no_acked_loss, Verdict::violated);
  const std::string text = text_report(verdict(), {}, Detail::full);
  EXPECT_THAT(text, HasSubstr("p=0.038 [0.027, 0.052]  UNEXPECTED\n"));
  EXPECT_THAT(text, HasSubstr("expected to be violated, and no violation was found in 1,000 runs\n"));
  EXPECT_THAT(text, HasSubstr("0 of 2 expectations met, 2 failed;"));
}

TEST_F(Reports, WithoutExpectationsTheRestIsOneLine) {
  const std::string text = text_report(verdict(), {}, Detail::full);
  EXPECT_THAT(text, HasSubstr("VIOLATED no_acked_loss  38/1000 runs"));
  EXPECT_THAT(text, HasSubstr("holds    6 guarantees    0/1000 runs  p<=0.0030\n            no_silent_loss, "));
  EXPECT_THAT(text, HasSubstr("nothing is expected; 2,000 runs"));
  EXPECT_THAT(text, Not(HasSubstr("loss_detected"))) << "nobody checks sequence numbers";
}

TEST_F(Reports, QuietShowsOnlyWhatIsNotMet) {
  expect(0, Guarantee::no_acked_loss, Verdict::violated);
  expect(1, Guarantee::loss_detected, Verdict::holds);
  const std::string text = text_report(verdict(), {}, Detail::unmet_only);
  EXPECT_THAT(text, Not(HasSubstr("VIOLATED")));
  EXPECT_THAT(text, HasSubstr("inconclusive loss_detected  0/1000 runs    undecided\n"));
  EXPECT_THAT(text, HasSubstr("set consumers.application.sequence_check: true\n"));
}

TEST_F(Reports, ColoursStandAroundWordsAndChangeNoAlignment) {
  expect(0, Guarantee::no_acked_loss, Verdict::violated);
  std::string text = text_report(verdict(), terminal_palette(), Detail::full);
  EXPECT_THAT(text, HasSubstr("\x1b[32mexpected\x1b[0m\n"));
  for (std::size_t at = 0; (at = text.find('\x1b')) != std::string::npos;) text.erase(at, text.find('m', at) - at + 1);
  EXPECT_EQ(text, text_report(verdict(), {}, Detail::full));
}

TEST_F(Reports, TotalsAndMarksThatAreNotMetHaveLines) {
  expect(0, Guarantee::order, Verdict::holds);
  configuration(0).totals = {{"duplicates", 1, 5, 9}};
  configuration(1).required_marks = {"isr shrank to one"};
  const std::string text = text_report(verdict(), {}, Detail::full);
  EXPECT_THAT(text, HasSubstr("OUTSIDE      totals.duplicates       1000/1000 runs"));
  EXPECT_THAT(text, HasSubstr("duplicates is expected to be 1..5, and is 0 in seed 1 (1,000 of 1,000 runs differ)\n"));
  EXPECT_THAT(text, HasSubstr("inconclusive mark isr shrank to one     0/1000 runs"));
}

// --- JSON

TEST_F(Reports, JsonHasTheKeysOfTheSchema) {
  expect(0, Guarantee::no_acked_loss, Verdict::violated);
  expect(1, Guarantee::no_acked_loss, Verdict::violated);
  const auto json = nlohmann::json::parse(json_report(verdict()));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["expectations_met"], false);
  const auto& configuration = json["scenarios"][0]["configurations"][0];
  EXPECT_EQ(configuration["id"], "c1");
  EXPECT_EQ(configuration["parameters"]["producers.config.acks"], "1");
  EXPECT_EQ(configuration["runs"], 1000);
  EXPECT_EQ(configuration["evidence"], "random(N=1,000, p <= 0.0030)");
  const auto wanted = nlohmann::json::parse(
      R"({"verdict": "violated", "expected": "violated", "met": true, "runs": 1000, "violations": 38,
          "p_low": 0.02703, "p_high": 0.05179, "first_seed": 23,
          "stages": {"produce": 0, "store": 38, "consume": 0}})");
  EXPECT_EQ(configuration["guarantees"]["no_acked_loss"], wanted);
  EXPECT_EQ(configuration["guarantees"].size(), kGuarantees);
  EXPECT_EQ(configuration["totals"]["acked"], 5000);
  EXPECT_EQ(configuration["totals"].size(), 10U);
  EXPECT_EQ(configuration["faults"],
            nlohmann::json::parse(R"({"power_loss": {"armed": 1000, "fired": 1000, "effective": 1000}})"));
  EXPECT_EQ(configuration["marks"], nlohmann::json::parse(R"({"leader elected": 1000})"));
  const auto& unmet = json["scenarios"][0]["configurations"][1]["guarantees"]["no_acked_loss"];
  EXPECT_EQ(unmet["met"], false);
  EXPECT_EQ(unmet["first_seed"], nullptr);
  EXPECT_EQ(unmet["p_high"], 0.002991);
  EXPECT_EQ(configuration["guarantees"]["order"]["expected"], nullptr);
}

// --- GitHub

TEST(GitHub, EscapesWhatWouldEndACommand) {
  EXPECT_EQ(github_message("100%\r\na:b,c"), "100%25%0D%0Aa:b,c");
  EXPECT_EQ(github_property("100%\r\na:b,c"), "100%25%0D%0Aa%3Ab%2Cc");
}

TEST_F(Reports, AnnotationStandsAtTheExpectation) {
  expect(0, Guarantee::no_acked_loss, Verdict::holds);
  expect(1, Guarantee::loss_detected, Verdict::holds);
  EXPECT_EQ(github_annotations(verdict()),
            "::error file=scenarios/kafka acks.yaml,line=31,title=kafka-acks%3A no_acked_loss [acks=1 "
            "min.insync.replicas=2]::expected to hold, violated in 38 of 1,000 runs, first by seed 23%0A"
            "seed 23: producer-1/0/117 acknowledged at 1.004s, lost%0A"
            "reproduce: noloss replay 'scenarios/kafka acks.yaml' --only acks=1 --seed 23\n"
            "::warning file=scenarios/kafka acks.yaml,line=31,title=kafka-acks%3A loss_detected [acks=all "
            "min.insync.replicas=2]::no consumer checks sequence numbers; set consumers.application.sequence_check: "
            "true\n");
}

TEST_F(Reports, AtMostTenAnnotationsOfAKindTheWorstFirst) {
  for (int i = 0; i < 15; ++i) configuration(1).totals.push_back({"duplicates", 1, 5, 9});
  expect(0, Guarantee::no_acked_loss, Verdict::holds);
  const std::vector<Check> order = worst(checks(verdict()));
  EXPECT_EQ(order.front().violations, 1000);
  EXPECT_EQ(order.back().subject, "no_acked_loss");
  const std::string text = github_annotations(verdict());
  std::size_t errors = 0;
  for (std::size_t at = 0; (at = text.find("::error", at)) != std::string::npos; ++at) ++errors;
  EXPECT_EQ(errors, 10U);
}

TEST_F(Reports, SummaryIsATableWithTheUnmetFirst) {
  expect(0, Guarantee::no_acked_loss, Verdict::violated);
  expect(1, Guarantee::no_acked_loss, Verdict::violated);
  const std::string summary = github_summary(verdict());
  EXPECT_THAT(summary, HasSubstr("### noloss: 1 of 2 expectations met, 1 failed"));
  EXPECT_LT(summary.find("**UNEXPECTED**"), summary.find("as expected"));
}

// --- JUnit

TEST(Xml, EscapesMarkupAndControlCharacters) {
  EXPECT_EQ(xml_text("a<b>&\"c\"\x07\n"), "a&lt;b&gt;&amp;&quot;c&quot;\\x07\n");
  EXPECT_EQ(xml_attribute("a\nb\tc\x1b"), "a&#10;b&#9;c\\x1b");
  EXPECT_EQ(xml_text("h\xc3\xa9"), "h\xc3\xa9");
}

TEST_F(Reports, JUnitHasACaseForEachExpectation) {
  expect(0, Guarantee::no_acked_loss, Verdict::holds);
  expect(1, Guarantee::no_acked_loss, Verdict::holds);
  expect(1, Guarantee::loss_detected, Verdict::holds);
  const std::string xml = junit_report(verdict(), std::chrono::milliseconds{12'345});
  EXPECT_THAT(xml,
              HasSubstr(R"(<testsuites name="noloss" tests="3" failures="1" errors="1" skipped="0" time="12.345">)"));
  EXPECT_THAT(xml, HasSubstr("<testcase classname=\"kafka-acks\" name=\"no_acked_loss [acks=all "
                             "min.insync.replicas=2]\"/>\n"));
  EXPECT_THAT(xml,
              HasSubstr("<failure type=\"no_acked_loss\" message=\"expected to hold, violated in 38 of 1,000 runs"));
  EXPECT_THAT(xml,
              HasSubstr("\nreproduce: noloss replay 'scenarios/kafka acks.yaml' --only acks=1 --seed 23</failure>"));
  EXPECT_THAT(xml, HasSubstr("<error type=\"inconclusive\""));
}

// --- commands

TEST(Shell, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(shell_word("scenarios/kafka/acks.yaml"), "scenarios/kafka/acks.yaml");
  EXPECT_EQ(shell_word("it's 2"), "'it'\\''s 2'");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("$HOME"), "'$HOME'");
}

TEST_F(Reports, ShortNamesAreUniqueEnds) {
  for (auto& c : facts_.scenarios[0].configurations) {
    c.parameters.emplace_back("brokers.config.acks", "9");
    c.parameters.emplace_back("topic.replicas", "3");
    c.parameters.emplace_back("faults", "kill");
  }
  EXPECT_THAT(short_names_in(facts_.scenarios[0], 0), ElementsAre("producers.config.acks", "min.insync.replicas",
                                                                  "brokers.config.acks", "topic.replicas", "faults"));
}

TEST_F(Reports, CommandNamesSetsAndTheFewestParameters) {
  facts_.sets = {"drain=5 s"};
  EXPECT_EQ(replay_command(facts_, facts_.scenarios[0], 1, 7, 0),
            "noloss replay 'scenarios/kafka acks.yaml' --set 'drain=5 s' --only acks=all --seed 7");
}

// --- progress

TEST(ProgressLine, SaysHowFarHowFastAndHowLong) {
  EXPECT_EQ(progress_line({500, 0, 2000, 3}, std::chrono::milliseconds{10'000}, 8),
            "[##------]  500/2,000 runs  50/s  violations 3  31s left");
  EXPECT_EQ(progress_line({2000, 1000, 2000, 0}, std::chrono::milliseconds{100'000}, 0),
            "2,000/2,000 runs  10/s  violations 0");
  EXPECT_EQ(progress_line({0, 0, 0, 0}, std::chrono::milliseconds{0}, 4), "[----]  0/0 runs  violations 0");
}

TEST(ProgressLine, RunsOfAnEarlierStartDoNotCountForTheRate) {
  EXPECT_EQ(progress_line({1100, 1000, 2000, 0}, std::chrono::milliseconds{10'000}, 0),
            "1,100/2,000 runs  10/s  violations 0  1m31s left");
}

TEST(ProgressDisplay, ShowsNothingInAShortRun) {
  std::string shown;
  {
    ProgressDisplay display(ProgressStyle::lines, [&](std::string_view text) { shown += text; });
    display.show({1, 0, 2, 0});
  }
  EXPECT_EQ(shown, "");
}

}  // namespace
}  // namespace noloss::harness
