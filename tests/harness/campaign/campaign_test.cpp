// Whole campaigns over made-up runs: the same bytes for any threads and shards, what exit codes say, who is refused.
#include "harness/campaign/campaign.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "harness/campaign/folder.hpp"
#include "tests/harness/campaign/fake.hpp"

namespace noloss::harness::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Campaigns : public ::testing::Test {
 protected:
  Campaigns() {
    scenarios_.push_back(scenario("first", {"0", "40", "1000"}, {1, 150}));
    scenarios_.push_back(scenario("second", {"5"}, {7, 100}));
    scenarios_[1].configurations[0].parameters[0].first = "topic.config.p";
    options_.paths = {"scenarios"};
    options_.out = folder_ / "out";
  }

  CampaignOutcome run() { return run_campaign(scenarios_, options_, services(world_), printed_.console()); }
  CampaignOutcome run_into(const std::string& name) {
    options_.out = folder_ / name;
    return run();
  }
  CampaignOutcome merged(const std::vector<std::string>& names, const std::string& out) {
    MergeOptions options;
    for (const std::string& name : names) options.folders.push_back(folder_ / name);
    options.out = folder_ / out;
    return merge_campaign(options, printed_.console());
  }

  TemporaryFolder folder_;
  World world_;
  std::vector<Scenario> scenarios_;
  CampaignOptions options_;
  Printed printed_;
};

// --- determinism

TEST_F(Campaigns, ThreadsDoNotChangeAByte) {
  run_into("one");
  for (const unsigned jobs : {2U, 3U, 8U}) {
    options_.jobs = jobs;
    run_into("several" + std::to_string(jobs));
    EXPECT_EQ(contents(folder_ / "one"), contents(options_.out)) << jobs << " threads";
  }
}

TEST_F(Campaigns, ShardsTogetherAreTheWhole) {
  run_into("whole");
  const std::map<std::string, std::string> whole = contents(folder_ / "whole");
  const std::string shown = printed_.out;
  for (const std::uint32_t count : {2U, 3U, 7U}) {
    std::vector<std::string> names;
    for (std::uint32_t number = count; number >= 1; --number) {
      options_.shard = {number, count};
      options_.jobs = number;
      names.push_back("shard" + std::to_string(number) + "of" + std::to_string(count));
      EXPECT_EQ(run_into(names.back()).code, ExitCode::met) << "a complete shard is no failure";
    }
    const std::string out = "merged" + std::to_string(count);
    printed_.out.clear();
    merged(names, out);
    EXPECT_EQ(whole, contents(folder_ / out)) << count << " shards";
    EXPECT_EQ(shown.substr(0, shown.find("results:")), printed_.out.substr(0, printed_.out.find("results:")));
  }
}

TEST_F(Campaigns, ShardsMayShareAFolder) {
  run_into("whole");
  for (const std::uint32_t number : {2U, 3U, 1U}) {
    options_.shard = {number, 3};
    run_into("shared");
  }
  merged({"shared"}, "shared");
  for (const auto& [name, text] : contents(folder_ / "whole")) {
    EXPECT_EQ(text, text_of(fs::path(folder_ / "shared") / name)) << name;
  }
}

TEST_F(Campaigns, MoreShardsThanRuns) {
  scenarios_ = {scenario("tiny", {"0"}, {1, 2})};
  for (std::uint32_t number = 1; number <= 4; ++number) {
    options_.shard = {number, 4};
    EXPECT_EQ(run_into("shared").code, ExitCode::met);
  }
  EXPECT_EQ(merged({"shared"}, "all").verdict.configurations[0][0].runs, 2);
}

TEST_F(Campaigns, FirstOfEachConfigurationAndOneIn64RunsTwice) {
  run();
  // 544 runs: numbers 0, 64, ..., 512 are nine, and 150, 300, 450 begin configurations.
  EXPECT_EQ(world_.runs, 544U + 9U + 3U);
}

TEST_F(Campaigns, RunThatDiffersIsFoundWhateverTheThreads) {
  world_.nondeterministic_seed = 7;  // the first one of the second scenario
  for (const unsigned jobs : {1U, 4U}) {
    options_.jobs = jobs;
    const CampaignOutcome outcome = run_into("jobs" + std::to_string(jobs));
    EXPECT_EQ(outcome.code, ExitCode::diverged);
    EXPECT_THAT(outcome.error, HasSubstr("event 7: broker-1 append at 1.002s"));
    EXPECT_THAT(outcome.error, HasSubstr("noloss replay scenarios/second.yaml --seed 7"));
    EXPECT_FALSE(fs::exists(options_.out + "/runs.csv"));
  }
}

// --- exit codes

TEST_F(Campaigns, NoExpectationsAreMet) { EXPECT_EQ(run().code, ExitCode::met); }

TEST_F(Campaigns, ExpectedViolationIsMet) {
  expect(scenarios_[0], 1, Guarantee::no_acked_loss, Verdict::violated);
  expect(scenarios_[0], 0, Guarantee::no_acked_loss, Verdict::holds);
  EXPECT_EQ(run().code, ExitCode::met);
  EXPECT_THAT(printed_.out, HasSubstr("2 of 2 expectations met"));
}

TEST_F(Campaigns, FailureIsWorseThanDoubt) {
  expect(scenarios_[0], 0, Guarantee::loss_detected, Verdict::holds);
  EXPECT_EQ(run_into("doubt").code, ExitCode::inconclusive);
  expect(scenarios_[0], 2, Guarantee::no_acked_loss, Verdict::holds);
  EXPECT_EQ(run_into("failure").code, ExitCode::failed);
}

TEST_F(Campaigns, WrongOptionsAreRefusedBeforeAnythingIsWritten) {
  options_.only = {{"q", "1"}};
  EXPECT_EQ(run().code, ExitCode::usage);
  options_.only = {};
  options_.seeds = SeedRange{5, 4};
  EXPECT_EQ(run().code, ExitCode::usage);
  options_.seeds.reset();
  options_.confidence = 1.5;
  EXPECT_EQ(run().code, ExitCode::usage);
  EXPECT_FALSE(fs::exists(options_.out));
}

TEST_F(Campaigns, TwoScenariosOfOneNameAreRefused) {
  scenarios_.push_back(scenarios_[0]);
  EXPECT_THAT(run().error, HasSubstr("another scenario has the name 'first'"));
}

// --- choosing runs

TEST_F(Campaigns, SeedsReplaceThoseOfTheScenario) {
  options_.seeds = SeedRange{5, 9};
  const CampaignOutcome outcome = run();
  EXPECT_EQ(outcome.verdict.configurations[1][0].runs, 5);
  EXPECT_THAT(text_of(options_.out + "/runs.csv"), HasSubstr("\nsecond,c0000001,,5,9,"));
}

TEST_F(Campaigns, OnlyTakesAnyUniqueEndOfAPath) {
  options_.only = {{"brokers.config.p", "40"}};
  EXPECT_EQ(run_into("long").verdict.configurations.size(), 1U) << "the other scenario has no such parameter";
  options_.only = {{"p", "40"}};
  EXPECT_EQ(run_into("short").verdict.configurations[0].size(), 1U);
  EXPECT_EQ(contents(folder_ / "long").at("runs.csv"), contents(folder_ / "short").at("runs.csv"));
}

TEST_F(Campaigns, ReproducesWithWhatTellsTheConfigurationFromAllOthersOfTheFile) {
  options_.only = {{"p", "1000"}};
  run();
  EXPECT_THAT(printed_.out, HasSubstr("reproduce: noloss replay scenarios/first.yaml --only p=1000 --seed 1\n"));
}

TEST_F(Campaigns, ConfidenceChoosesTheNumberOfSeeds) {
  scenarios_ = {scenario("sure", {"0"}, {10, 11})};
  expect(scenarios_[0], 0, Guarantee::no_acked_loss, Verdict::holds);
  options_.confidence = 0.05;
  const CampaignOutcome outcome = run();
  EXPECT_EQ(outcome.verdict.configurations[0][0].runs, 59);
  EXPECT_EQ(outcome.code, ExitCode::met);
  options_.seeds = SeedRange{1, 58};
  EXPECT_EQ(run_into("few").code, ExitCode::inconclusive);
}

// --- stopping

TEST_F(Campaigns, StopsAtAViolation) {
  options_.on_violation = OnViolation::stop;
  const CampaignOutcome outcome = run();
  EXPECT_EQ(outcome.verdict.ended, Ended::on_violation);
  EXPECT_LT(world_.runs, 200U);
  EXPECT_THAT(printed_.out, HasSubstr("stopped at a violation"));
}

TEST_F(Campaigns, TimeBudgetKeepsWhatIsDoneAndTheNextTimeGoesOn) {
  options_.time_budget = std::chrono::milliseconds{0};
  world_.each = [](std::uint64_t) { std::this_thread::sleep_for(std::chrono::milliseconds{2}); };
  const CampaignOutcome cut = run_into("cut");
  EXPECT_EQ(cut.verdict.ended, Ended::time_budget);
  EXPECT_TRUE(fs::exists(folder_ / "cut/runs.csv"));
  EXPECT_FALSE(fs::exists(folder_ / "cut/runs.journal"));
  options_.time_budget.reset();
  world_.each = nullptr;
  world_.runs = 0;
  run_into("cut");
  EXPECT_LT(world_.runs, 550U);
  run_into("whole");
  EXPECT_EQ(contents(folder_ / "cut"), contents(folder_ / "whole"));
}

TEST_F(Campaigns, InterruptedGoesOnLater) {
  std::atomic<bool> stop = false;
  CampaignServices interruptible = services(world_);
  interruptible.stop = &stop;
  world_.each = [&](std::uint64_t run) { stop = run >= 100; };
  options_.jobs = 3;
  const CampaignOutcome outcome = run_campaign(scenarios_, options_, interruptible, printed_.console());
  EXPECT_EQ(outcome.code, ExitCode::interrupted);
  EXPECT_FALSE(fs::exists(options_.out + "/runs.csv"));
  world_.each = nullptr;
  world_.runs = 0;
  EXPECT_EQ(run().code, ExitCode::met);
  EXPECT_LT(world_.runs, 470U) << "what was finished is not run again";
  EXPECT_THAT(printed_.log, HasSubstr("going on after"));
  const auto resumed = contents(options_.out);
  run_into("whole");
  EXPECT_EQ(resumed, contents(options_.out));
}

TEST_F(Campaigns, ARunThatThrowsIsNamed) {
  world_.each = [](std::uint64_t run) {
    if (run == 30) throw std::runtime_error("broken invariant");
  };
  const CampaignOutcome outcome = run();
  EXPECT_EQ(outcome.code, ExitCode::usage);
  EXPECT_THAT(outcome.error, HasSubstr("broken invariant"));
  EXPECT_THAT(outcome.error, HasSubstr("noloss replay scenarios/first.yaml --only p=0 --seed"));
}

// --- folders

TEST_F(Campaigns, RepeatedCommandIsUpToDateAndSaysTheVerdictAgain) {
  expect(scenarios_[0], 2, Guarantee::no_acked_loss, Verdict::holds);
  EXPECT_EQ(run().code, ExitCode::failed);
  const std::string first = printed_.out;
  const auto before = contents(options_.out);
  printed_ = {};
  world_.runs = 0;
  EXPECT_EQ(run().code, ExitCode::failed);
  EXPECT_EQ(world_.runs, 0U);
  EXPECT_EQ(printed_.out, first);
  EXPECT_THAT(printed_.log, HasSubstr("up to date"));
  EXPECT_EQ(before, contents(options_.out));
}

TEST_F(Campaigns, LostTableIsMadeAgainFromTheJournal) {
  run();
  const auto before = contents(options_.out);
  fs::remove(options_.out + "/summary.csv");
  fs::remove_all(options_.out + "/plans");
  world_.runs = 0;
  run();
  EXPECT_EQ(world_.runs, 0U);
  EXPECT_EQ(before, contents(options_.out));
}

/// What a folder of another campaign differs in, and a part of the message.
struct Change {
  std::string name;
  std::function<void(std::vector<Scenario>&, CampaignOptions&)> change;
  std::string message;
};

class Refusals : public Campaigns, public ::testing::WithParamInterface<Change> {};

TEST_P(Refusals, AnotherCampaignIsRefusedAndNothingIsTouched) {
  run();
  const auto before = contents(options_.out);
  GetParam().change(scenarios_, options_);
  const CampaignOutcome outcome = run();
  EXPECT_EQ(outcome.code, ExitCode::usage);
  EXPECT_THAT(outcome.error, HasSubstr(GetParam().message));
  EXPECT_THAT(outcome.error, HasSubstr("nothing was changed"));
  EXPECT_EQ(before, contents(options_.out));
}

INSTANTIATE_TEST_SUITE_P(
    , Refusals,
    ::testing::Values(
        Change{"scenario", [](auto& scenarios, auto&) { ++scenarios[1].hash; }, "scenario 'second' has changed since"},
        Change{"seeds",
               [](auto&, auto& options) {
                 options.seeds = SeedRange{1, 9};
               },
               "seeds 1..150 of scenario 'first' there, 1..9 here"},
        Change{"only",
               [](auto& scenarios, auto& options) {
                 scenarios.pop_back();
                 options.only = {{"p", "0"}};
               },
               "2 scenarios there, 1 here"},
        Change{"configurations", [](auto& scenarios, auto&) { scenarios[0].configurations.pop_back(); },
               "3 configurations of scenario 'first' there, 2 here"},
        Change{"tool", [](auto&, auto& options) { options.tool.version = "0.2.0"; }, "made by noloss 0.1.0"},
        Change{"shard",
               [](auto& scenarios, auto& options) {
                 options.shard = {1, 2};
                 ++scenarios[0].hash;
               },
               "scenario 'first' has changed since"}),
    [](const auto& change) { return change.param.name; });

TEST_F(Campaigns, FilesOfSomebodyElseAreNotOverwritten) {
  fs::create_directories(options_.out);
  std::ofstream(options_.out + "/summary.csv") << "mine\n";
  EXPECT_THAT(run().error, HasSubstr("no journal that says what it belongs to"));
  EXPECT_EQ(text_of(options_.out + "/summary.csv"), "mine\n");
}

TEST_F(Campaigns, AFileIsNoFolder) {
  std::ofstream(options_.out) << "text";
  EXPECT_EQ(run().code, ExitCode::usage);
  EXPECT_THAT(printed_.log, HasSubstr("is a file, and the results need a folder"));
}

TEST_F(Campaigns, FolderThatCannotBeMadeIsSaid) {
  options_.out = "/proc/noloss/out";
  EXPECT_THAT(run().error, HasSubstr("cannot create the folder /proc/noloss/out"));
}

TEST_F(Campaigns, DefaultFolderHasNameAndHashAndLatestPointsThere) {
  const fs::path before = fs::current_path();
  fs::create_directories(folder_ / "project");
  fs::current_path(folder_ / "project");
  options_.out.clear();
  const CampaignOutcome first = run();
  ++scenarios_[0].hash;
  const CampaignOutcome second = run();
  EXPECT_THAT(first.folder, ::testing::MatchesRegex("results/scenarios-[0-9a-f]{10}"));
  EXPECT_NE(first.folder, second.folder) << "a changed scenario starts a new folder";
  EXPECT_EQ(fs::read_symlink("results/latest"), fs::path(second.folder).filename());
  fs::current_path(before);
}

// --- merge

TEST_F(Campaigns, MergeNamesWhatIsMissingAndTheCommandThatRunsIt) {
  options_.seeds = SeedRange{1, 20};
  options_.sets = {"drain=2 s"};
  for (const std::uint32_t number : {1U, 3U}) {
    options_.shard = {number, 3};
    run_into("shards");
  }
  const CampaignOutcome outcome = merged({"shards"}, "all");
  EXPECT_EQ(outcome.code, ExitCode::inconclusive);
  EXPECT_THAT(outcome.error,
              HasSubstr("shard 2/3 has 0 of 27 runs; run: noloss run scenarios --set 'drain=2 s' --seeds 1..20 "
                        "--shard 2/3 --out " +
                        (folder_ / "shards")));
  EXPECT_THAT(outcome.error, Not(HasSubstr("shard 1/3")));
  EXPECT_FALSE(fs::exists(folder_ / "all"));
}

TEST_F(Campaigns, MergeRefusesShardsOfAnotherCampaign) {
  options_.shard = {1, 2};
  run_into("one");
  ++scenarios_[0].hash;
  options_.shard = {2, 2};
  run_into("two");
  EXPECT_THAT(merged({"one", "two"}, "all").error, HasSubstr("has changed since"));
  options_.shard = {2, 3};
  run_into("three");
  EXPECT_THAT(merged({"two", "three"}, "all").error, HasSubstr("is one of 3 shards, those before it are of 2"));
}

TEST_F(Campaigns, MergeOfNothingIsRefused) {
  fs::create_directories(folder_ / "empty");
  EXPECT_THAT(merged({"empty"}, "all").error, HasSubstr("has no results of noloss run"));
  EXPECT_THAT(merged({"nowhere"}, "all").error, HasSubstr("is no folder"));
}

}  // namespace
}  // namespace noloss::harness::test
