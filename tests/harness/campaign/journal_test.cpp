// The journal: lines that read back to the same run, torn ends, damage, order; and processes killed at any moment.
#include "harness/campaign/journal.hpp"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "harness/campaign/units.hpp"
#include "tests/harness/campaign/fake.hpp"

namespace noloss::harness::test {
namespace {

using ::testing::HasSubstr;

// --- lines

RunResult odd_run() {
  RunResult run;
  run.seed = (std::uint64_t{1} << 53U) - 1;
  run.plan = "2;kill|power_loss\t#1";
  run.of(Guarantee::available) = {Verdict::violated, "isr below minimum; 1|2", "line one\nline two\\ \r end"};
  run.of(Guarantee::loss_detected) = {Verdict::inconclusive, "", "no check"};
  run.totals.sent = -1;
  run.totals.false_alarms = INT64_MAX;
  run.end_to_end_p99_us = 0;
  run.virtual_time_ns = INT64_MAX;
  run.faults.back() = {3, 2, 1};
  run.marks = {"a;b", "", "c|d"};
  run.digest = 0xffff0000ffff0000U;
  return run;
}

TEST(Record, ReadsBackToTheSameLine) {
  const std::string line = encode(77, odd_run());
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const std::optional<Record> record = decode(line);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->unit, 77U);
  EXPECT_EQ(record->result.of(Guarantee::available).story, odd_run().of(Guarantee::available).story);
  EXPECT_EQ(record->result.of(Guarantee::available).detail, "isr below minimum; 1|2");
  EXPECT_EQ(record->result.plan, odd_run().plan);
  EXPECT_EQ(record->result.marks, odd_run().marks);
  EXPECT_EQ(record->result.end_to_end_p99_us, 0);
  EXPECT_FALSE(record->result.end_to_end_p50_us);
  EXPECT_EQ(encode(77, record->result), line);
}

RC_GTEST_PROP(Record, AnyStoryReadsBack, (const std::string& story, const std::vector<std::string>& marks)) {
  RunResult run;
  run.of(Guarantee::order) = {Verdict::violated, story, story};
  run.marks = marks;
  const std::optional<Record> record = decode(encode(1, run));
  RC_ASSERT(record.has_value());
  RC_ASSERT(record->result.of(Guarantee::order).story == story);
  RC_ASSERT(record->result.marks == marks);
}

RC_GTEST_PROP(Record, AnyChangedByteIsNoticed, ()) {
  std::string line = encode(5, odd_run());
  const auto at = *rc::gen::inRange<std::size_t>(0, line.size());
  line[at] = static_cast<char>(line[at] ^ *rc::gen::inRange(1, 128));
  RC_ASSERT(!decode(line));
}

TEST(Header, ReadsBackToTheSameLine) {
  Header header;
  header.shard = {3, 8};
  header.facts.confidence = 1e-4;
  header.facts.arguments = {"scenarios/a b.yaml", "--set", "x=\"1\""};
  ConfigurationFacts configuration;
  configuration.id = "c12345678";
  configuration.parameters = {{"producers.config.acks", "all"}};
  configuration.selector = {"acks=all"};
  configuration.expectations = {{Guarantee::no_acked_loss, Verdict::violated, "store", 9}};
  configuration.totals = {{"acked", 1, INT64_MAX, 10}};
  configuration.required_marks = {"leader_elected"};
  configuration.lists_faults = true;
  header.facts.scenarios.push_back({"name", "file.yaml", 0xfedcba9876543210U, {1, 1000}, {configuration}});
  const std::string line = encode(header);
  const std::optional<Header> read = decode_header(line);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode(*read), line);
  EXPECT_EQ(difference(read->facts, header.facts), "");
}

// --- files

class Journals : public ::testing::Test {
 protected:
  Journals() {
    facts_.scenarios.push_back({"s", "s.yaml", 1, {0, 99}, {ConfigurationFacts{}}});
    path_ = folder_ / "runs.journal";
  }
  void write(const std::vector<std::uint64_t>& units, const std::string& end = "") {
    std::ofstream file(path_, std::ios::binary);
    file << encode(Header{facts_, {}}) << '\n';
    for (const std::uint64_t unit : units) file << encode(unit, run_of(unit)) << '\n';
    file << end;
  }
  static RunResult run_of(std::uint64_t unit) {
    RunResult run;
    run.seed = unit;
    return run;
  }
  std::vector<std::uint64_t> read() const {
    JournalReader reader(path_);
    std::vector<std::uint64_t> units;
    while (const std::optional<Record> record = reader.next()) units.push_back(record->unit);
    return units;
  }

  TemporaryFolder folder_;
  CampaignFacts facts_;
  std::string path_;
};

using Numbers = std::vector<std::uint64_t>;

TEST_F(Journals, AreReadInOrderOfUnits) {
  write({2, 0, 1, 5, 4, 3});
  EXPECT_EQ(read(), (Numbers{0, 1, 2, 3, 4, 5}));
}

TEST_F(Journals, UnitWrittenTwiceCountsOnce) {
  write({0, 1, 1, 0, 2, 2});
  EXPECT_EQ(read(), (Numbers{0, 1, 2}));
}

TEST_F(Journals, GapsStayGaps) {
  write({4, 0, 2});
  EXPECT_EQ(read(), (Numbers{0, 2, 4}));
}

TEST_F(Journals, TornLastLineDoesNotCount) {
  const std::string line = encode(2, run_of(2));
  for (const std::size_t bytes : {std::size_t{1}, line.size() / 2, line.size()}) {
    write({0, 1}, line.substr(0, bytes));
    EXPECT_EQ(read(), (Numbers{0, 1})) << bytes << " bytes of the line";
    JournalLines lines(path_);
    while (lines.next()) continue;
    EXPECT_EQ(lines.whole_bytes(), std::filesystem::file_size(path_) - bytes);
  }
}

TEST_F(Journals, TornHeaderIsNoHeader) {
  std::ofstream(path_) << encode(Header{facts_, {}}).substr(0, 20);
  EXPECT_FALSE(JournalLines(path_).header());
}

TEST_F(Journals, DamageWithinIsAnErrorThatNamesTheLine) {
  write({0, 1, 2});
  std::string text = text_of(path_);
  text[text.find("\n1\t") + 1] = '7';
  std::ofstream(path_, std::ios::binary) << text;
  try {
    (void)read();
    FAIL() << "read a damaged journal";
  } catch (const FileError& error) {
    EXPECT_THAT(error.what(), HasSubstr("runs.journal:3 is damaged"));
  }
}

TEST_F(Journals, SomethingElseIsRefused) {
  std::ofstream(path_) << "seed,verdict\n1,holds\n";
  EXPECT_THROW(JournalLines{path_}, FileError);
}

TEST_F(Journals, AreWrittenByOneProcessAtATime) {
  const AppendFile first(path_);
  EXPECT_THROW(AppendFile{path_}, FileError);
}

TEST(Progress, KeepsAFrontierAndWhatIsAheadOfIt) {
  Progress progress;
  for (const std::uint64_t ordinal : {1U, 3U, 0U, 1U}) progress.add(ordinal);
  EXPECT_EQ(progress.frontier(), 2U);
  EXPECT_EQ(progress.count(), 3U);
  EXPECT_TRUE(progress.has(0) && progress.has(3));
  EXPECT_FALSE(progress.has(2));
}

// --- killed processes

/// Runs the campaign in a child process that is killed with SIGKILL at its `moment`-th run. True if it got so far.
bool killed_at(std::uint64_t moment, const std::vector<Scenario>& scenarios, const CampaignOptions& options) {
  const pid_t child = ::fork();
  if (child == 0) {
    World world;
    world.each = [&](std::uint64_t run) {
      if (run == moment) ::kill(::getpid(), SIGKILL);
    };
    (void)run_campaign(scenarios, options, services(world), Console{});
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status);
}

TEST(Killed, AtAnyMomentLosesNoFinishedRunAndEndsWithTheSameBytes) {
  const TemporaryFolder folder;
  const std::vector<Scenario> scenarios{scenario("killed", {"0", "100"}, {1, 120})};
  CampaignOptions options;
  options.jobs = 3;
  options.out = folder / "whole";
  World world;
  (void)run_campaign(scenarios, options, services(world), Console{});
  const auto whole = contents(options.out);

  for (std::uint64_t round = 0; round < 6; ++round) {
    options.out = folder / ("killed" + std::to_string(round));
    std::uint64_t finished = 0;
    for (std::uint64_t attempt = 0; killed_at(1 + mixed(round * 100 + attempt) % 150, scenarios, options); ++attempt) {
      JournalReader reader(options.out + "/runs.journal.part");
      std::uint64_t now = 0;
      while (reader.next()) ++now;
      EXPECT_GE(now, finished) << "a finished run was lost";
      finished = now;
      if (attempt % 2 == 1) std::ofstream(options.out + "/runs.journal.part", std::ios::app) << "torn 1\t2\t";
    }
    EXPECT_EQ(contents(options.out), whole) << "round " << round;
  }
}

TEST(Killed, WhileTheTablesAreWritten) {
  const TemporaryFolder folder;
  const std::vector<Scenario> scenarios{scenario("killed", {"500"}, {1, 50})};
  CampaignOptions options;
  World world;
  options.out = folder / "whole";
  (void)run_campaign(scenarios, options, services(world), Console{});
  options.out = folder / "killed";
  if (const pid_t child = ::fork(); child == 0) {
    CampaignServices killing = services(world);
    killing.make_explainer = []() -> std::unique_ptr<Explainer> {
      ::kill(::getpid(), SIGKILL);
      return {};
    };
    (void)run_campaign(scenarios, options, killing, Console{});
    ::_exit(0);
  } else {
    ::waitpid(child, nullptr, 0);
  }
  EXPECT_TRUE(std::filesystem::exists(options.out + "/runs.csv"));
  EXPECT_FALSE(std::filesystem::exists(options.out + "/runs.journal")) << "it comes last";
  world.runs = 0;
  (void)run_campaign(scenarios, options, services(world), Console{});
  EXPECT_EQ(world.runs, 0U);
  EXPECT_EQ(contents(options.out), contents(folder / "whole"));
}

// --- memory

/// Peak memory in KiB of a child process that runs that many seeds.
std::int64_t peak_kib(std::uint64_t seeds, const std::string& out) {
  const pid_t child = ::fork();
  if (child == 0) {
    World world;
    CampaignOptions options;
    options.jobs = 2;
    options.out = out;
    (void)run_campaign(std::vector<Scenario>{scenario("memory", {"20"}, {1, seeds})}, options, services(world),
                       Console{});
    ::_exit(0);
  }
  rusage usage{};
  ::wait4(child, nullptr, 0, &usage);
  return usage.ru_maxrss;
}

TEST(Memory, DoesNotGrowWithTheNumberOfSeeds) {
  const TemporaryFolder folder;
  const std::int64_t few = peak_kib(2'000, folder / "few");
  const std::int64_t many = peak_kib(20'000, folder / "many");
  EXPECT_LT(many - few, 2'000) << "KiB for 18,000 more runs, whose journal has 4 MB";
}

}  // namespace
}  // namespace noloss::harness::test
