// What stands on the command line becomes typed arguments, or sentences about what is wrong.
#include "cli/arguments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "cli/grammar_table.hpp"

namespace noloss::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

template <typename Arguments>
Arguments parsed(const std::vector<std::string>& words) {
  const Parsed result = parse(words);
  if (const auto* error = std::get_if<UsageError>(&result.result)) {
    ADD_FAILURE() << (error->messages.empty() ? "no message" : error->messages.front());
    return {};
  }
  return std::get<Arguments>(std::get<Command>(result.result));
}

std::vector<std::string> errors(const std::vector<std::string>& words) {
  const Parsed result = parse(words);
  const auto* error = std::get_if<UsageError>(&result.result);
  return error == nullptr ? std::vector<std::string>{} : error->messages;
}

std::string error(const std::vector<std::string>& words) {
  const std::vector<std::string> all = errors(words);
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? std::string{} : all.front();
}

TEST(arguments, run_takes_many_paths_and_every_option) {
  const auto run = parsed<RunArguments>({"run",
                                         "a.yaml",
                                         "--seeds",
                                         "5..9",
                                         "b",
                                         "--only",
                                         "acks=1,x=2",
                                         "--only=y=3",
                                         "--set",
                                         "duration=1s",
                                         "-j",
                                         "4",
                                         "--shard",
                                         "2/3",
                                         "-o",
                                         "out",
                                         "--junit",
                                         "j.xml",
                                         "--format",
                                         "json",
                                         "--time-budget",
                                         "90s",
                                         "--stop-on-violation",
                                         "-q",
                                         "--progress",
                                         "none",
                                         "c.yaml"});
  EXPECT_THAT(run.paths, ElementsAre("a.yaml", "b", "c.yaml"));
  EXPECT_EQ(run.seeds, (harness::SeedRange{5, 9}));
  ASSERT_EQ(run.only.size(), 3U);
  EXPECT_EQ(run.only[1].path + run.only[1].value, "x2");
  EXPECT_EQ(run.only[2].path + run.only[2].value, "y3");
  EXPECT_THAT(run.set, ElementsAre(std::pair<std::string, std::string>{"duration", "1s"}));
  EXPECT_EQ(run.jobs, 4U);
  EXPECT_EQ(run.shard, (harness::Shard{2, 3}));
  EXPECT_EQ(run.out, "out");
  EXPECT_EQ(run.junit, "j.xml");
  EXPECT_EQ(run.format, harness::OutputFormat::json);
  EXPECT_EQ(run.time_budget, std::chrono::milliseconds{90'000});
  EXPECT_TRUE(run.stop_on_violation);
  EXPECT_TRUE(run.quiet);
  EXPECT_EQ(run.progress, ProgressChoice::none);
}

TEST(arguments, one_seed_is_a_range_of_one) {
  EXPECT_EQ(parsed<RunArguments>({"run", "a", "--seed", "23"}).seeds, (harness::SeedRange{23, 23}));
}

TEST(arguments, options_that_exclude_each_other_are_refused) {
  EXPECT_THAT(error({"run", "a", "--seed", "1", "--seeds", "1..2"}), HasSubstr("exclude"));
  EXPECT_THAT(error({"run", "a", "--seed", "1", "--confidence", "0.1"}), HasSubstr("exclude"));
}

TEST(arguments, every_wrong_value_is_reported_at_once) {
  EXPECT_THAT(errors({"run", "--seeds", "9..5", "--jobs", "0", "--shard", "4/3", "--time-budget", "5", "--confidence",
                      "2", "--only", "x", "--set", "=y"}),
              testing::SizeIs(8));  // no PATH; --confidence with --seeds is not asked where one of them is wrong
}

TEST(arguments, a_wrong_word_gets_the_nearest_right_one) {
  EXPECT_EQ(error({"rnu", "scenarios"}), "unknown command 'rnu'; did you mean 'run'?");
  EXPECT_EQ(error({"run", "--sede", "4", "a.yaml"}), "unknown option '--sede'; did you mean '--seed'?");
  EXPECT_EQ(error({"run", "--shrad=1/2", "a.yaml"}), "unknown option '--shrad'; did you mean '--shard'?");
  EXPECT_EQ(error({"run", "a", "--format", "jsn"}), "unknown --format 'jsn'; did you mean 'json'?");
  EXPECT_EQ(error({"list", "foults"}), "unknown TOPIC 'foults'; did you mean 'faults'?");
}

TEST(arguments, a_word_that_is_near_to_nothing_gets_the_list) {
  EXPECT_THAT(error({"frobnicate"}), HasSubstr("commands: run, check, replay"));
  EXPECT_THAT(error({"schema", "--frobnicate"}), HasSubstr("options: --color"));
}

TEST(arguments, what_comes_later_is_told_from_a_typing_mistake) {
  for (const char* word : {"report", "export"}) EXPECT_THAT(error({word, "x"}), HasSubstr("not available yet"));
  EXPECT_THAT(error({"run", "a", "--search", "lineage"}), HasSubstr("not available yet"));
}

TEST(arguments, an_exhaustive_search_has_faults_and_kinds) {
  const auto run =
      parsed<RunArguments>({"run", "a", "--search", "exhaustive", "--faults", "2", "--kinds", "kill+pause"});
  EXPECT_EQ(run.faults, 2U);
  EXPECT_THAT(run.kinds, ElementsAre(sim::Action::kill, sim::Action::pause));
  EXPECT_EQ(parsed<RunArguments>({"run", "a", "--search", "exhaustive"}).faults, 1U);
  EXPECT_EQ(parsed<RunArguments>({"run", "a"}).faults, 0U);
  EXPECT_THAT(error({"run", "a", "--faults", "2"}), HasSubstr("--faults belongs to --search exhaustive"));
  EXPECT_THAT(error({"run", "a", "--search", "exhaustive", "--kinds", "kil"}), HasSubstr("did you mean 'kill'"));
}

TEST(arguments, shrink_needs_a_run_and_takes_a_guarantee) {
  EXPECT_THAT(error({"shrink", "a"}), HasSubstr("which run? --seed N"));
  const auto shrink = parsed<ShrinkArguments>({"shrink", "a", "--seed", "7", "--guarantee", "no_duplicates"});
  EXPECT_EQ(shrink.run.seed, 7U);
  EXPECT_EQ(shrink.guarantee, harness::Guarantee::no_duplicates);
  EXPECT_THAT(error({"shrink", "a", "--seed", "7", "--guarantee", "no_dups"}), HasSubstr("there is no guarantee"));
}

TEST(arguments, an_option_without_its_value_says_so) {
  EXPECT_EQ(error({"run", "a", "--seeds"}), "'--seeds' needs a value");
  EXPECT_EQ(error({"run", "a", "--out", "--quiet"}), "'--out' needs a value");
  EXPECT_EQ(error({"run", "a", "--quiet=3"}), "'--quiet' takes no value");
  EXPECT_EQ(error({"run", "a", "--seed", "1", "--seed", "2"}), "'--seed' is given 2 times");
}

TEST(arguments, positionals_that_are_needed_and_those_too_many) {
  EXPECT_THAT(error({"run"}), HasSubstr("noloss run scenarios"));
  EXPECT_THAT(error({"audit"}), HasSubstr("no history file"));
  EXPECT_THAT(error({"merge", "-o", "x"}), HasSubstr("no folder"));
  EXPECT_THAT(error({"completion"}), HasSubstr("which shell"));
  EXPECT_EQ(error({"audit", "a", "b"}), "unexpected argument 'b'");
  EXPECT_THAT(error({"list", "options"}), HasSubstr("of which system"));
  EXPECT_THAT(error({"list", "faults", "textbook"}), HasSubstr("unexpected argument 'textbook'"));
}

TEST(arguments, a_command_can_also_be_a_folder) {
  EXPECT_THAT(parsed<CheckArguments>({"check", "run", "list"}).paths, ElementsAre("run", "list"));
  EXPECT_THAT(parsed<CheckArguments>({"check", "--", "--odd"}).paths, ElementsAre("--odd"));
}

TEST(arguments, replay_needs_a_seed_or_a_plan) {
  EXPECT_THAT(error({"replay", "a"}), HasSubstr("--seed N, --plan FILE, or --number N"));
  EXPECT_EQ(parsed<ReplayArguments>({"replay", "a", "--seed", "7"}).run.seed, 7U);
  const auto both = parsed<ReplayArguments>({"replay", "a", "--plan", "p", "--seed", "7", "--trace", "t"});
  EXPECT_EQ(both.run.plan + both.trace, "pt");
}

TEST(arguments, merge_needs_a_target) { EXPECT_THAT(error({"merge", "a"}), HasSubstr("-o DIR")); }

TEST(arguments, audit_allows_several_findings) {
  EXPECT_THAT(parsed<AuditArguments>({"audit", "-", "--allow", "duplicates", "--allow", "reordered"}).allow,
              ElementsAre(AuditFinding::duplicates, AuditFinding::reordered));
}

TEST(arguments, help_wins_over_mistakes) {
  const Parsed result = parse({"run", "--sede", "--help"});
  ASSERT_TRUE(std::holds_alternative<Answer>(result.result));
  EXPECT_THAT(std::get<Answer>(result.result).text, StartsWith("Usage: noloss run"));
  EXPECT_TRUE(std::holds_alternative<Answer>(parse({}).result));
  EXPECT_THAT(std::get<Answer>(parse({"--version"}).result).text, StartsWith("noloss "));
}

TEST(arguments, common_options_stand_before_or_behind_the_command) {
  EXPECT_EQ(parse({"--color", "never", "schema"}).common.color, When::never);
  EXPECT_EQ(parse({"schema", "--color=always", "--log-level", "debug"}).common.color, When::always);
  EXPECT_EQ(parse({"schema", "--log-level", "debug"}).common.log_level, LogLevel::debug);
}

TEST(description, has_every_row_of_the_table) {
  const std::vector<CommandDescription> commands = describe();
  ASSERT_EQ(commands.size(), kCommandRows.size() + 1);
  for (const CommandDescription& command : commands) {
    EXPECT_FALSE(command.options.empty());
    EXPECT_FALSE(command.meaning.empty());
    for (const OptionDescription& option : command.options) {
      EXPECT_FALSE(option.names.empty());
      EXPECT_FALSE(option.meaning.empty()) << option.names.front();
      EXPECT_FALSE(option.group.empty()) << option.names.front();
    }
  }
}

RC_GTEST_PROP(arguments, no_words_make_the_parser_fall, ()) {
  const std::vector<std::string> pieces{"run",  "check", "--seed", "--only",  "-o",      "-q",      "--",
                                        "-",    "",      "=",      "a=b",     "--out=",  "--help=", "-jx",
                                        "list", "[a]",   "[",      "moments", "--color", "auto",    "-qo",
                                        "---",  "--=x",  "'",      "\n",      "\xff"};
  const auto words = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces));
  const Parsed result = parse(words);
  if (const auto* error = std::get_if<UsageError>(&result.result)) RC_ASSERT(!error->messages.empty());
}

}  // namespace
}  // namespace noloss::cli
