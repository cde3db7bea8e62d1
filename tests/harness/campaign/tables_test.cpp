// The tables byte by byte, quoting, the numbers of units, and the options that name a part of the work.
#include "harness/campaign/tables.hpp"

#include <gmock/gmock.h>

#include "harness/campaign/csv.hpp"
#include "harness/campaign/units.hpp"
#include "harness/run/columns.hpp"
#include "tests/harness/campaign/fake.hpp"

namespace noloss::harness::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Csv, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(csv_field("plain text; 1|2 'x'"), "plain text; 1|2 'x'");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(csv_row({"", "a,b", ""}), ",\"a,b\",\n");
}

CampaignFacts two_scenarios() {
  CampaignFacts facts;
  ConfigurationFacts one;
  one.id = "c1";
  one.parameters = {{"topic.config.min.insync.replicas", "2"}, {"producers.config.acks", "all, or 1"}};
  ConfigurationFacts other;
  other.parameters = {{"queue.type", "quorum"}};
  other.id = "c2";
  facts.scenarios.push_back({"one", "one.yaml", 1, {1, 2}, {one}});
  facts.scenarios.push_back({"other", "other.yaml", 2, {5, 7}, {other}});
  return facts;
}

TEST(Tables, ParametersAreTheSortedUnionOverScenarios) {
  EXPECT_THAT(parameter_columns(two_scenarios()),
              ElementsAre("producers.config.acks", "queue.type", "topic.config.min.insync.replicas"));
}

TEST(Tables, RunsHaveTheColumnsOfTheContract) {
  EXPECT_EQ(RunsTable(two_scenarios()).header(),
            "scenario,config_id,producers.config.acks,queue.type,topic.config.min.insync.replicas,seed,plan,"
            "no_acked_loss,no_silent_loss,no_duplicates,order,no_phantom,available,replicas_agree,loss_detected,"
            "sent,acked,failed,uncertain,processed,lost_acked,lost_silent,lost_in_produce,lost_in_store,"
            "lost_in_consume,lost_by_policy,duplicates,reordered,phantom,detected,false_alarms,min_durable_copies,"
            "ack_latency_p50_us,ack_latency_p99_us,end_to_end_p50_us,end_to_end_p99_us,throughput_per_s,"
            "unavailable_ms,virtual_time_s,events,faults_fired,faults_effective,digest\n");
}

TEST(Tables, RowOfARun) {
  RunResult run;
  run.seed = 6;
  run.of(Guarantee::order).verdict = Verdict::violated;
  run.totals.acked = 12;
  run.ack_latency_p99_us = 2345;
  run.virtual_time_ns = 10'002'003'999;
  run.digest = 0x12345e67;
  run.faults[0] = {3, 2, 1};
  run.faults[9] = {1, 1, 1};
  const RunsTable table(two_scenarios());
  EXPECT_EQ(table.row({0, 0}, run),
            "one,c1,\"all, or 1\",,2,6,,holds,holds,holds,violated,holds,holds,holds,holds,0,12,0,0,0,0,0,0,0,0,0,0,0,"
            "0,0,0,,,2345,,,0,0,10.002003,0,3,2,xxh3:0000000012345e67\n");
  EXPECT_THAT(table.row({1, 0}, run), StartsWith("other,c2,,quorum,,6,,"));
}

TEST(Tables, SummaryHasARowForEachGuarantee) {
  CampaignFacts facts = two_scenarios();
  facts.scenarios.pop_back();
  facts.scenarios[0].configurations[0].expectations = {{Guarantee::order, Verdict::violated, "", 1}};
  Aggregator sums(facts);
  RunResult run;
  run.seed = 1;
  run.totals.sent = run.totals.processed = 1;
  sums.add({0, 0}, run);
  run.seed = 2;
  run.of(Guarantee::order) = {Verdict::violated, "store", ""};
  sums.add({0, 0}, run);
  const std::string table = summary_table(sums.finish(Ended::complete));
  EXPECT_THAT(table, StartsWith("scenario,config_id,producers.config.acks,topic.config.min.insync.replicas,guarantee,"
                                "expected,verdict,met,evidence,runs,violations,p,p_low,p_high,first_seed,stage\n"));
  EXPECT_THAT(table, HasSubstr("one,c1,\"all, or 1\",2,order,violated,violated,true,\"random(N=2, 1 violation, "
                               "0.013 <= p <= 0.99)\",2,1,0.5,0.01258,0.9874,2,store\n"));
  EXPECT_THAT(table,
              HasSubstr("one,c1,\"all, or 1\",2,no_silent_loss,,holds,,\"random(N=2, p <= 0.78)\",2,0,0,0,0.7764,,\n"));
}

TEST(Tables, FaultsHaveARowForEachKindThatWasArmed) {
  CampaignFacts facts = two_scenarios();
  Aggregator sums(facts);
  RunResult run;
  run.seed = 1;
  run.faults[static_cast<std::size_t>(sim::Action::kill)] = {2, 1, 1};
  run.of(Guarantee::no_acked_loss).verdict = Verdict::violated;
  sums.add({0, 0}, run);
  EXPECT_THAT(faults_table(sums.finish(Ended::complete)),
              ::testing::EndsWith("violated_loss_detected\none,c1,\"all, or 1\",,2,kill,1,2,1,1,1,1,0,0,0,0,0,0,0\n"));
}

TEST(Tables, EveryColumnHasAMeaning) {
  for (const auto& [name, meaning] : runs_columns()) EXPECT_FALSE(meaning.empty()) << name;
}

TEST(Columns, EveryBoundableColumnIsMeasured) {
  for (const std::string_view name : {"sent", "lost_in_store", "min_durable_copies", "unavailable_ms", "virtual_time_s",
                                      "faults_fired", "faults_effective", "throughput_per_s"}) {
    EXPECT_NE(measure_column(name), nullptr) << name;
  }
  EXPECT_EQ(measure_column("nonsense"), nullptr);
}

// --- units

TEST(Units, AreOrderedByScenarioConfigurationAndSeed) {
  const Units units(two_scenarios());
  EXPECT_EQ(units.size(), 5U);
  EXPECT_EQ(units.at(1).seed, 2U);
  EXPECT_EQ(units.at(2).place, (ConfigurationKey{1, 0}));
  EXPECT_EQ(units.at(4).seed, 7U);
  for (std::uint64_t number = 0; number < units.size(); ++number) {
    EXPECT_EQ(units.number_of(units.at(number).place, units.at(number).seed), number);
  }
}

TEST(Units, EachBelongsToOneShard) {
  const Units units(two_scenarios());
  for (const std::uint32_t count : {1U, 2U, 3U, 5U, 9U}) {
    std::uint64_t all = 0;
    for (std::uint32_t number = 1; number <= count; ++number) {
      const Shard shard{number, count};
      all += units.count(shard);
      for (std::uint64_t k = 0; k < units.count(shard); ++k) {
        EXPECT_TRUE(Units::has(shard, Units::number(shard, k)));
        EXPECT_EQ(Units::ordinal(shard, Units::number(shard, k)), k);
        EXPECT_LT(Units::number(shard, k), units.size());
      }
    }
    EXPECT_EQ(all, units.size());
  }
}

// --- options

TEST(ParseShard, AcceptsAndRefuses) {
  EXPECT_EQ(parse_shard("3/8"), (Shard{3, 8}));
  EXPECT_EQ(parse_shard("1/1"), (Shard{1, 1}));
  for (const char* wrong : {"", "3", "3/", "/8", "0/8", "9/8", "-1/8", "3/8x", "3 / 8", "1/99999999999"}) {
    EXPECT_FALSE(parse_shard(wrong)) << wrong;
  }
}

TEST(ParseFilter, TakesTheFirstEqualsSign) {
  const std::optional<ParameterFilter> filter = parse_filter("a.b=c=d");
  ASSERT_TRUE(filter);
  EXPECT_EQ(filter->path, "a.b");
  EXPECT_EQ(filter->value, "c=d");
  EXPECT_EQ(parse_filter("a=")->value, "");
  EXPECT_FALSE(parse_filter("a"));
  EXPECT_FALSE(parse_filter("=a"));
}

class Select : public ::testing::Test {
 protected:
  Select() {
    for (const char* acks : {"1", "all"}) {
      for (const char* replicas : {"1", "3"}) {
        Configuration& configuration = scenario_.configurations.emplace_back();
        configuration.parameters = {
            {"producers.config.acks", acks}, {"topic.replicas", replicas}, {"topic.config.min.insync.replicas", "1"}};
      }
    }
  }
  Selection select(const std::vector<ParameterFilter>& only) { return select_configurations(scenario_, only); }

  Scenario scenario_;
};

TEST_F(Select, AllWithoutAFilter) { EXPECT_THAT(select({}).configurations, ElementsAre(0, 1, 2, 3)); }

TEST_F(Select, FiltersTogether) {
  EXPECT_THAT(select({{"acks", "all"}}).configurations, ElementsAre(2, 3));
  EXPECT_THAT(select({{"config.acks", "all"}, {"topic.replicas", "3"}}).configurations, ElementsAre(3));
}

TEST_F(Select, AmbiguousEndIsAnError) {
  EXPECT_EQ(
      select({{"replicas", "1"}}).error,
      "--only replicas=1: 'replicas' can mean topic.replicas, topic.config.min.insync.replicas; write more of it");
  EXPECT_TRUE(select({{"replicas", "1"}}).ambiguous);
}

TEST_F(Select, HalfAWordIsNoEnd) {
  EXPECT_EQ(select({{"cks", "1"}}).error, "--only cks=1: there is no parameter 'cks'; did you mean 'acks'?");
}

TEST_F(Select, UnknownValueListsThose) {
  EXPECT_EQ(select({{"acks", "0"}}).error,
            "--only acks=0: no configuration has producers.config.acks=0; its values are 1, all");
}

}  // namespace
}  // namespace noloss::harness::test
