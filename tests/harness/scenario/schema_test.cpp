// The schema accepts what the reader accepts; what it cannot see of a wrong file is listed in a golden file.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <nlohmann/json.hpp>

#include "golden.hpp"
#include "harness/scenario/fields.hpp"
#include "harness/scenario/reader.hpp"

namespace noloss::harness {
namespace {

/// Runs check_schema.py over a folder of golden files; exit status and output.
std::pair<int, std::string> check_folder(const std::string& folder) {
  const std::filesystem::path schema =
      std::filesystem::path{::testing::TempDir()} / ("noloss_schema_" + folder + ".json");
  testing::write_text(schema, scenario_schema());
  const std::filesystem::path script = std::filesystem::path{__FILE__}.parent_path() / "check_schema.py";
  const std::string command = "python3 -B '" + script.string() + "' '" + schema.string() + "' '" +
                              testing::golden(folder).string() + "' 2>/dev/null";
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {77, ""};
  std::string output;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) output += static_cast<char>(c);
  const int status = pclose(pipe);
  std::filesystem::remove(schema);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
}

TEST(Schema, IsJsonAndForbidsUnknownKeys) {
  const nlohmann::json schema = nlohmann::json::parse(scenario_schema());
  EXPECT_EQ(schema["$schema"], "http://json-schema.org/draft-07/schema#");
  EXPECT_EQ(schema["additionalProperties"], false);
  for (const auto& [name, definition] : schema["definitions"].items()) {
    if (name == "matrix") continue;
    EXPECT_EQ(definition["additionalProperties"], false) << name;
  }
}

TEST(Schema, HasEveryKeyOfTheTopWithItsSentence) {
  const nlohmann::json schema = nlohmann::json::parse(scenario_schema());
  for (const Field& field : fields(Section::top)) {
    const std::string key{field.key};
    const bool taken = field.refused.empty() || field.own;  // by every system, or by one that has it of its own
    EXPECT_EQ(schema["properties"].contains(key), taken) << key;
    const bool described = taken && field.spelled == Spelled::as_is && key != "system";
    if (!described) continue;
    EXPECT_EQ(schema["properties"][key]["description"], field.meaning) << key;
  }
}

TEST(Schema, ShippedFileIsCurrent) {
  const std::filesystem::path shipped = testing::golden("../../scenarios/scenario.schema.json");
  if (testing::update_golden()) testing::write_text(shipped, scenario_schema());
  EXPECT_EQ(testing::read_text(shipped), scenario_schema()) << "run: noloss schema > scenarios/scenario.schema.json";
}

TEST(Schema, AcceptsEveryValidFile) {
  const auto [status, output] = check_folder("scenarios_ok");
  if (status == 77) GTEST_SKIP() << "python3-jsonschema or python3-yaml is missing";
  EXPECT_EQ(status, 0);
  std::string expected;
  for (const std::string& name : testing::yaml_names("scenarios_ok")) expected += name + " accepted\n";
  EXPECT_EQ(output, expected);
}

TEST(Schema, RefusesWhatItCanExpress) {
  const auto [status, output] = check_folder("scenario_errors");
  if (status == 77) GTEST_SKIP() << "python3-jsonschema or python3-yaml is missing";
  EXPECT_EQ(status, 0);
  const std::filesystem::path expected = testing::golden("schema_verdicts.txt");
  if (testing::update_golden()) testing::write_text(expected, output);
  EXPECT_EQ(output, testing::read_text(expected));
}

}  // namespace
}  // namespace noloss::harness
