// Colour, progress and tables: who decides, and how it looks.
#include "cli/console.hpp"

#include <gtest/gtest.h>

#include "cli/replay_text.hpp"
#include "cli/table.hpp"

namespace noloss::cli {
namespace {

Environment plain() { return {.no_color = "", .clicolor_force = "", .term = "xterm", .ci = ""}; }

TEST(colour, follows_the_terminal) {
  EXPECT_TRUE(coloured(When::automatic, Terminal::yes, plain()));
  EXPECT_FALSE(coloured(When::automatic, Terminal::no, plain()));
}

TEST(colour, the_option_is_stronger_than_the_environment) {
  Environment environment = plain();
  environment.no_color = "1";
  EXPECT_TRUE(coloured(When::always, Terminal::no, environment));
  EXPECT_FALSE(coloured(When::automatic, Terminal::yes, environment));
  environment = plain();
  environment.clicolor_force = "1";
  EXPECT_TRUE(coloured(When::automatic, Terminal::no, environment));
  EXPECT_FALSE(coloured(When::never, Terminal::yes, environment));
}

TEST(colour, zero_forces_nothing_and_a_dumb_terminal_has_none) {
  Environment environment = plain();
  environment.clicolor_force = "0";
  EXPECT_FALSE(coloured(When::automatic, Terminal::no, environment));
  environment.term = "dumb";
  EXPECT_FALSE(coloured(When::automatic, Terminal::yes, environment));
}

TEST(progress, is_a_bar_only_for_a_person_at_a_terminal) {
  using harness::ProgressStyle;
  Environment environment = plain();
  EXPECT_EQ(progress_style(ProgressChoice::automatic, Terminal::yes, environment), ProgressStyle::bar);
  EXPECT_EQ(progress_style(ProgressChoice::automatic, Terminal::no, environment), ProgressStyle::lines);
  environment.ci = "true";
  EXPECT_EQ(progress_style(ProgressChoice::automatic, Terminal::yes, environment), ProgressStyle::lines);
  EXPECT_EQ(progress_style(ProgressChoice::bar, Terminal::no, environment), ProgressStyle::bar);
  EXPECT_EQ(progress_style(ProgressChoice::none, Terminal::yes, environment), ProgressStyle::none);
}

TEST(table, width_is_counted_in_characters_and_without_colours) {
  EXPECT_EQ(shown_width("abc"), 3U);
  EXPECT_EQ(shown_width("\x1b[1;31mabc\x1b[0m"), 3U);
  EXPECT_EQ(shown_width("é→"), 2U);
  EXPECT_EQ(shown_width("\x1b"), 0U);
}

TEST(table, cells_stand_below_each_other) {
  Table table({"name", "count", "empty", "what"});
  table.align_right(1, 1);
  table.add({"a", "5", "", "first"});
  table.add({"long", "12345", "", ""});
  EXPECT_EQ(table.text(),
            "name  count  what\n"
            "a         5  first\n"
            "long  12345\n");
}

TEST(table, the_last_column_is_wrapped_where_there_is_room) {
  Table table({"", ""});
  table.add({"a", "one two three four five six seven eight nine"});
  EXPECT_EQ(table.text(35, "  "), "  a  one two three four five six\n     seven eight nine\n");
  EXPECT_EQ(table.text(10), "a  one two three four five six seven eight nine\n");
  EXPECT_FALSE(table.fits(10));
}

TEST(table, a_word_longer_than_the_line_has_its_own) {
  EXPECT_EQ(wrapped("a abcdefgh b", 4), (std::vector<std::string>{"a", "abcdefgh", "b"}));
  EXPECT_EQ(wrapped("", 4), (std::vector<std::string>{""}));
}

TEST(seconds, have_as_many_decimals_as_they_need) {
  using std::chrono::nanoseconds;
  EXPECT_EQ(seconds_text(sim::kStart + nanoseconds{1'004'000'000}), "1.004s");
  EXPECT_EQ(seconds_text(sim::kStart + nanoseconds{23'000'017'000}), "23.000017s");
  EXPECT_EQ(seconds_text(sim::kStart + nanoseconds{5}), "0.000000005s");
  EXPECT_EQ(seconds_text(sim::kStart), "0.000s");
}

}  // namespace
}  // namespace noloss::cli
