// Every file of tests/golden/scenario_errors against the exact text that a user sees.
#include <gtest/gtest.h>

#include "golden.hpp"
#include "harness/scenario/reader.hpp"

namespace noloss::harness {
namespace {

class WrongFile : public ::testing::TestWithParam<std::string> {};

TEST_P(WrongFile, SaysWhatIsWrong) {
  const std::string file = GetParam() + ".yaml";
  const std::filesystem::path folder = testing::golden("scenario_errors");
  const ReadResult result = read_scenario(file, testing::read_text(folder / file));
  EXPECT_FALSE(result.scenario);
  std::string text;
  for (const Problem& problem : result.problems) text += format(problem) + "\n";
  const std::filesystem::path expected = folder / (GetParam() + ".expected");
  if (testing::update_golden()) testing::write_text(expected, text);
  EXPECT_EQ(text, testing::read_text(expected));
}
INSTANTIATE_TEST_SUITE_P(Golden, WrongFile, ::testing::ValuesIn(testing::yaml_names("scenario_errors")),
                         [](const auto& test) { return test.param; });

TEST(WrongFiles, EachExpectedTextHasItsFile) {
  for (const auto& entry : std::filesystem::directory_iterator{testing::golden("scenario_errors")}) {
    std::filesystem::path yaml = entry.path();
    EXPECT_TRUE(std::filesystem::exists(yaml.replace_extension(".yaml"))) << entry.path();
  }
}

TEST(FormatProblem, PutsTheCaretUnderTheCulprit) {
  EXPECT_EQ(format({"f.yaml", 12, 3, 5, "unknown key", "  cuont: 3"}),
            "f.yaml:12:3: error: unknown key\n"
            " 12 |   cuont: 3\n"
            "    |   ^~~~~");
}

TEST(FormatProblem, CountsCharactersOnTheScreen) {
  EXPECT_EQ(format({"f", 1, 6, 3, "x",
                    "a\t\xC3\xBC"
                    " bcd"}),
            "f:1:6: error: x\n 1 | a \xC3\xBC bcd\n   |     ^~~");
}

TEST(FormatProblem, WithoutASource) { EXPECT_EQ(format({"f", 1, 1, 1, "x", ""}), "f:1:1: error: x"); }

}  // namespace
}  // namespace noloss::harness
