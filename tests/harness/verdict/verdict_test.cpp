// From runs to verdicts, one rule a test, and from verdicts to expectations, as a table.
#include <gmock/gmock.h>

#include "harness/verdict/aggregator.hpp"
#include "harness/verdict/judge.hpp"

namespace noloss::harness {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A run in which everything went well and one fault had an effect.
RunResult good_run(std::uint64_t seed) {
  RunResult run;
  run.seed = seed;
  run.totals.sent = 10;
  run.totals.acked = 10;
  run.totals.processed = 10;
  run.faults[static_cast<std::size_t>(sim::Action::kill)] = {1, 1, 1};
  return run;
}

RunResult violating(std::uint64_t seed, Guarantee guarantee, const std::string& detail) {
  RunResult run = good_run(seed);
  run.of(guarantee) = {Verdict::violated, detail, "story of " + std::to_string(seed)};
  return run;
}

/// One scenario with one configuration.
class Verdicts : public ::testing::Test {
 protected:
  Verdicts() {
    facts_.scenarios.push_back({"s", "s.yaml", 1, {1, 4}, {}});
    facts_.scenarios[0].configurations.emplace_back().lists_faults = true;
  }
  ConfigurationFacts& configuration() { return facts_.scenarios[0].configurations[0]; }

  void expect(Guarantee guarantee, Verdict verdict, const std::string& detail = "") {
    configuration().expectations.push_back({guarantee, verdict, detail, 7});
  }
  CampaignVerdict judged(const std::vector<RunResult>& runs, Ended ended = Ended::complete) {
    Aggregator sums(facts_);
    for (const RunResult& run : runs) sums.add({0, 0}, run);
    return sums.finish(ended);
  }
  GuaranteeVerdict of(Guarantee guarantee, const std::vector<RunResult>& runs, Ended ended = Ended::complete) {
    return judged(runs, ended).configurations[0][0].of(guarantee);
  }
  static std::vector<RunResult> good(std::uint64_t runs) {
    std::vector<RunResult> all;
    for (std::uint64_t seed = 1; seed <= runs; ++seed) all.push_back(good_run(seed));
    return all;
  }

  CampaignFacts facts_;
};

TEST_F(Verdicts, HoldsWithItsBound) {
  const GuaranteeVerdict verdict = of(Guarantee::no_acked_loss, good(4));
  EXPECT_EQ(verdict.verdict, Verdict::holds);
  EXPECT_EQ(verdict.evidence, "random(N=4, p <= 0.53)");
  EXPECT_THAT(verdict.why, IsEmpty());
}

TEST_F(Verdicts, OneViolationIsEnough) {
  const auto runs = {good_run(1), violating(4, Guarantee::order, ""), violating(2, Guarantee::order, "")};
  const GuaranteeVerdict verdict = of(Guarantee::order, runs);
  EXPECT_EQ(verdict.verdict, Verdict::violated);
  EXPECT_EQ(verdict.violations, 2);
  EXPECT_EQ(verdict.first()->second.first_seed, 2U);
  EXPECT_EQ(verdict.first()->second.story, "story of 2");
}

TEST_F(Verdicts, ViolationCountsWithoutAnEffectiveFault) {
  RunResult run = violating(1, Guarantee::no_acked_loss, "store");
  run.faults = {};
  EXPECT_EQ(of(Guarantee::no_acked_loss, {run}).verdict, Verdict::violated);
}

TEST_F(Verdicts, HoldsNeedsAnEffectiveFaultInSomeRun) {
  std::vector<RunResult> runs = good(3);
  for (RunResult& run : runs) run.faults[static_cast<std::size_t>(sim::Action::kill)] = {2, 1, 0};
  const GuaranteeVerdict none = of(Guarantee::no_acked_loss, runs);
  EXPECT_EQ(none.verdict, Verdict::inconclusive);
  EXPECT_THAT(none.why, HasSubstr("no fault had an effect in 3 runs (6 armed, 3 fired)"));
  runs.push_back(good_run(4));
  EXPECT_EQ(of(Guarantee::no_acked_loss, runs).verdict, Verdict::holds);
}

TEST_F(Verdicts, NoFaultsListedNeedNoEffect) {
  configuration().lists_faults = false;
  RunResult run = good_run(1);
  run.faults = {};
  EXPECT_EQ(of(Guarantee::no_acked_loss, {run}).verdict, Verdict::holds);
}

TEST_F(Verdicts, NothingAcknowledgedIsNoEvidence) {
  RunResult run = good_run(1);
  run.totals.acked = 0;
  run.totals.failed = 10;
  const GuaranteeVerdict verdict = of(Guarantee::no_acked_loss, {run});
  EXPECT_EQ(verdict.verdict, Verdict::inconclusive);
  EXPECT_THAT(verdict.why, HasSubstr("nothing was acknowledged in any run"));
}

TEST_F(Verdicts, WhoNeverAsksIsOwedNoAcknowledgement) {
  RunResult run = good_run(1);
  run.totals.acked = 0;
  EXPECT_EQ(of(Guarantee::no_acked_loss, {run}).verdict, Verdict::holds);
}

TEST_F(Verdicts, OnewayProducersAreOwedNoAcknowledgement) {
  configuration().only_oneway = true;
  RunResult run = good_run(1);
  run.totals.acked = 0;
  run.totals.failed = 1;
  EXPECT_EQ(of(Guarantee::no_acked_loss, {run}).verdict, Verdict::holds);
}

TEST_F(Verdicts, NothingProcessedIsNoEvidenceForOrder) {
  RunResult run = good_run(1);
  run.totals.processed = 0;
  EXPECT_EQ(of(Guarantee::order, {run}).verdict, Verdict::inconclusive);
  EXPECT_EQ(of(Guarantee::no_duplicates, {run}).verdict, Verdict::inconclusive);
}

TEST_F(Verdicts, LossDetectedNeedsACheck) {
  EXPECT_THAT(of(Guarantee::loss_detected, good(2)).why, HasSubstr("sequence_check: true"));
  configuration().sequence_check = true;
  EXPECT_EQ(of(Guarantee::loss_detected, good(2)).verdict, Verdict::holds) << "there was no false alarm";
  RunResult run = good_run(3);
  run.totals.lost_acked = 1;
  EXPECT_EQ(of(Guarantee::loss_detected, {run}).verdict, Verdict::holds);
}

TEST_F(Verdicts, RequiredMarkHasToBeReachedInSomeRun) {
  configuration().required_marks = {"leader elected"};
  const CampaignVerdict without = judged(good(2));
  EXPECT_EQ(without.configurations[0][0].of(Guarantee::order).verdict, Verdict::inconclusive);
  EXPECT_THAT(without.configurations[0][0].of(Guarantee::order).why, HasSubstr("'leader elected'"));
  EXPECT_EQ(without.inconclusive, 1) << "the mark itself is expected";
  std::vector<RunResult> runs = good(2);
  runs[1].marks = {"leader elected"};
  EXPECT_EQ(judged(runs).configurations[0][0].of(Guarantee::order).verdict, Verdict::holds);
  EXPECT_EQ(judged(runs).met, 1);
}

TEST_F(Verdicts, TooFewRunsForTheConfidence) {
  facts_.confidence = 0.05;
  const GuaranteeVerdict few = of(Guarantee::order, good(58));
  EXPECT_EQ(few.verdict, Verdict::inconclusive);
  EXPECT_EQ(few.why, "58 runs bound the probability by 0.051, and 0.050 was asked for; 59 runs are needed");
  EXPECT_EQ(of(Guarantee::order, good(59)).verdict, Verdict::holds);
}

TEST_F(Verdicts, UndecidedRunsDoNotCountForTheBound) {
  std::vector<RunResult> runs = good(4);
  runs[2].of(Guarantee::no_acked_loss) = {Verdict::inconclusive, "", "the consumer waits"};
  const GuaranteeVerdict verdict = of(Guarantee::no_acked_loss, runs);
  EXPECT_EQ(verdict.verdict, Verdict::holds);
  EXPECT_EQ(verdict.runs, 3);
  EXPECT_EQ(verdict.unsure.runs, 1);
}

TEST_F(Verdicts, AllRunsUndecidedSaysWhy) {
  RunResult run = good_run(9);
  run.of(Guarantee::no_acked_loss) = {Verdict::inconclusive, "", "the consumer waits"};
  EXPECT_EQ(of(Guarantee::no_acked_loss, {run}).why, "no run gave a verdict: seed 9: the consumer waits");
}

TEST_F(Verdicts, NoRunsAreNoVerdict) {
  const GuaranteeVerdict verdict = of(Guarantee::order, {}, Ended::time_budget);
  EXPECT_EQ(verdict.verdict, Verdict::inconclusive);
  EXPECT_FALSE(verdict.bound);
  EXPECT_EQ(verdict.evidence, "random(N=0 of 4, stopped by --time-budget)");
}

TEST_F(Verdicts, TimeBudgetIsSaidInTheEvidence) {
  EXPECT_EQ(of(Guarantee::order, good(3), Ended::time_budget).evidence,
            "random(N=3 of 4, p <= 0.64, stopped by --time-budget)");
}

TEST_F(Verdicts, StoppedAtAViolationGivesNoBound) {
  const auto runs = {good_run(1), violating(2, Guarantee::order, "")};
  const GuaranteeVerdict violated = of(Guarantee::order, runs, Ended::on_violation);
  EXPECT_EQ(violated.evidence, "random(N=2 of 4, 1 violation, stopped at a violation: no bound)");
  EXPECT_FALSE(violated.bound);
  EXPECT_EQ(of(Guarantee::no_acked_loss, runs, Ended::on_violation).verdict, Verdict::inconclusive);
}

TEST_F(Verdicts, SumsOfTotalsFaultsAndMarks) {
  std::vector<RunResult> runs = good(2);
  runs[0].marks = {"a", "b"};
  runs[1].marks = {"b"};
  runs[1].of(Guarantee::order).verdict = Verdict::violated;
  const ConfigurationVerdict sum = judged(runs).configurations[0][0];
  EXPECT_EQ(sum.sums.sent, 20);
  const FaultVerdict& kill = sum.faults[static_cast<std::size_t>(sim::Action::kill)];
  EXPECT_EQ(kill.sum.fired, 2);
  EXPECT_EQ(kill.runs_effective, 2);
  EXPECT_EQ(kill.violated[static_cast<std::size_t>(Guarantee::order)], 1);
  EXPECT_EQ(sum.marks, (std::map<std::string, std::int64_t>{{"a", 1}, {"b", 2}}));
}

TEST_F(Verdicts, SmallestSeedComesFirstInWhateverOrderRunsArrive) {
  const auto runs = {violating(3, Guarantee::no_acked_loss, "store"), violating(1, Guarantee::no_acked_loss, "produce"),
                     violating(2, Guarantee::no_acked_loss, "store")};
  const GuaranteeVerdict verdict = of(Guarantee::no_acked_loss, runs);
  EXPECT_EQ(verdict.first()->first, "produce");
  EXPECT_EQ(verdict.findings.at("store").first_seed, 2U);
  EXPECT_EQ(verdict.in_stage(Stage::store), 2);
  EXPECT_EQ(verdict.in_stage(Stage::consume), 0);
}

// --- expectations

struct Row {
  std::string name;
  Guarantee guarantee;
  Verdict expected;
  std::string expected_detail;
  std::vector<std::string> violations;  ///< their details
  Met met;
  std::string reason;  ///< a part of it
};

class Expectations : public Verdicts, public ::testing::WithParamInterface<Row> {};

TEST_P(Expectations, AreMatched) {
  const Row& row = GetParam();
  expect(row.guarantee, row.expected, row.expected_detail);
  std::vector<RunResult> runs = good(4 - row.violations.size());
  for (const std::string& detail : row.violations) runs.push_back(violating(runs.size() + 1, row.guarantee, detail));
  const CampaignVerdict verdict = judged(runs);
  const GuaranteeVerdict& guarantee = verdict.configurations[0][0].of(row.guarantee);
  EXPECT_EQ(guarantee.met, row.met) << guarantee.reason;
  EXPECT_THAT(guarantee.reason, HasSubstr(row.reason));
  EXPECT_EQ(verdict.expectations_met(), row.met == Met::met);
}

INSTANTIATE_TEST_SUITE_P(
    , Expectations,
    ::testing::Values(
        Row{"holds", Guarantee::order, Verdict::holds, "", {}, Met::met, ""},
        Row{"holds_but_violated",
            Guarantee::order,
            Verdict::holds,
            "",
            {"", ""},
            Met::failed,
            "violated in 2 of 4 runs, first by seed 3"},
        Row{"holds_but_undecided", Guarantee::loss_detected, Verdict::holds, "", {}, Met::inconclusive, "sequence"},
        Row{"violated", Guarantee::order, Verdict::violated, "", {""}, Met::met, ""},
        Row{"violated_but_never_found",
            Guarantee::order,
            Verdict::violated,
            "",
            {},
            Met::failed,
            "no violation was found in 4 runs"},
        Row{"violated_in_the_stage",
            Guarantee::no_acked_loss,
            Verdict::violated,
            "store",
            {"produce", "store"},
            Met::met,
            ""},
        Row{"violated_in_another_stage",
            Guarantee::no_acked_loss,
            Verdict::violated,
            "store",
            {"produce"},
            Met::failed,
            "expected to be violated by 'store', found 'produce' in 1"},
        Row{"any_policy", Guarantee::no_acked_loss, Verdict::violated, "policy", {"policy: ttl"}, Met::met, ""},
        Row{"a_stage_is_no_policy",
            Guarantee::no_acked_loss,
            Verdict::violated,
            "policy",
            {"store"},
            Met::failed,
            "found 'store'"},
        Row{"the_wait", Guarantee::available, Verdict::violated, "no leader", {"no leader"}, Met::met, ""},
        Row{"another_wait",
            Guarantee::available,
            Verdict::violated,
            "no leader",
            {"isr below minimum"},
            Met::failed,
            "found 'isr below minimum' in 1"}),
    [](const auto& row) { return row.param.name; });

TEST_F(Verdicts, ExpectedStageDecidesWhichViolationIsShown) {
  expect(Guarantee::no_acked_loss, Verdict::violated, "store");
  const auto runs = {violating(1, Guarantee::no_acked_loss, "produce"),
                     violating(2, Guarantee::no_acked_loss, "store")};
  const GuaranteeVerdict verdict = of(Guarantee::no_acked_loss, runs);
  EXPECT_EQ(verdict.first()->second.first_seed, 1U);
  EXPECT_EQ(verdict.shown()->second.first_seed, 2U);
}

TEST_F(Verdicts, ViolationNotFoundBeforeTheTimeWasUpIsUndecided) {
  expect(Guarantee::order, Verdict::violated);
  EXPECT_EQ(of(Guarantee::order, good(3), Ended::time_budget).met, Met::inconclusive);
}

// --- bounds of totals

TEST_F(Verdicts, TotalsBoundEachRun) {
  configuration().totals = {{"duplicates", 0, 0, 5},
                            {"sent", 5, INT64_MAX, 6},
                            {"unavailable_ms", 0, 100, 7},
                            {"min_durable_copies", 1, 3, 8},
                            {"virtual_time_s", 0, 9, 9}};
  std::vector<RunResult> runs = good(3);
  runs[1].totals.duplicates = 2;
  runs[2].totals.duplicates = 3;
  runs[2].unavailable_ms = 101;
  runs[0].virtual_time_ns = 9'999'999'999;
  const CampaignVerdict verdict = judged(runs);
  const std::vector<TotalVerdict>& totals = verdict.configurations[0][0].totals;
  EXPECT_EQ(totals[0].met, Met::failed);
  EXPECT_EQ(totals[0].reason, "duplicates is expected to be 0, and is 2 in seed 2 (2 of 3 runs differ)");
  EXPECT_EQ(totals[1].met, Met::met) << "an open end";
  EXPECT_EQ(totals[2].first.first_seed, 3U);
  EXPECT_EQ(totals[3].met, Met::inconclusive) << "no run measured it";
  EXPECT_EQ(totals[4].met, Met::met) << "whole seconds";
  EXPECT_EQ(verdict.failed, 2);
  EXPECT_EQ(verdict.inconclusive, 1);
}

}  // namespace
}  // namespace noloss::harness
