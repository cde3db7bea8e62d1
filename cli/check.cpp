// `noloss check`: reads and validates scenarios, runs nothing.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/scenario_files.hpp"
#include "cli/selection.hpp"
#include "cli/table.hpp"

namespace noloss::cli {
namespace {

using harness::OutputFormat;

struct Checked {
  const harness::Scenario* scenario = nullptr;
  std::vector<std::size_t> configurations;  ///< that --only leaves

  [[nodiscard]] std::uint64_t units() const { return configurations.size() * scenario->seeds.size(); }
};

/// Applies --only; a scenario of several that has no such parameter is left out, as `run` does.
std::vector<Checked> selected(ReadFiles& read, const CheckArguments& arguments) {
  std::vector<Checked> checked;
  std::string refused;
  for (const harness::Scenario& scenario : read.scenarios) {
    harness::Selection selection = harness::select_configurations(scenario, arguments.only);
    if (selection.error.empty()) {
      checked.push_back({&scenario, std::move(selection.configurations)});
    } else {
      refused = selection.error;
    }
  }
  if (checked.empty() && !refused.empty()) read.errors.push_back(refused);
  return checked;
}

std::string expanded(const Checked& checked) {
  Table table({"", "", ""});
  const std::vector<std::string> parameters = parameters_texts(*checked.scenario);
  for (const std::size_t at : checked.configurations) {
    const harness::Configuration& configuration = checked.scenario->configurations[at];
    table.add({configuration.id, parameters[at], plural(checked.scenario->seeds.size(), "seed")});
  }
  return table.text(0, "    ");
}

std::string text_of(const std::vector<Checked>& checked, const CheckArguments& arguments,
                    const harness::Palette& palette) {
  std::string text;
  for (const Checked& one : checked) {
    text += fmt::format("{}ok{}  {}  {}: {}, {}\n", palette.good, palette.reset, one.scenario->file, one.scenario->name,
                        plural(one.configurations.size(), "configuration"), plural(one.units(), "unit"));
    if (arguments.expand) text += expanded(one);
  }
  return text;
}

std::string json_text(const std::vector<Checked>& checked, const ReadFiles& read, const CheckArguments& arguments) {
  nlohmann::ordered_json object{{"schema", 1}, {"files", nlohmann::json::array()}};
  for (const Checked& one : checked) {
    nlohmann::ordered_json file{{"file", one.scenario->file},
                                {"name", one.scenario->name},
                                {"configurations", one.configurations.size()},
                                {"units", one.units()}};
    if (arguments.expand) {
      file["expanded"] = nlohmann::json::array();
      for (const std::size_t at : one.configurations) {
        const harness::Configuration& configuration = one.scenario->configurations[at];
        nlohmann::ordered_json parameters = nlohmann::ordered_json::object();
        for (const auto& [path, value] : configuration.parameters) parameters[path] = value;
        file["expanded"].push_back({{"id", configuration.id}, {"parameters", std::move(parameters)}});
      }
    }
    object["files"].push_back(std::move(file));
  }
  object["errors"] = nlohmann::ordered_json::parse(problems_text(read, OutputFormat::json))["errors"];
  return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

ExitCode check(const CheckArguments& arguments, Console& console) {
  ReadFiles read = read_scenario_files(arguments.paths, arguments.set);
  const std::vector<Checked> checked = selected(read, arguments);
  if (arguments.format == OutputFormat::json) {
    console.out(json_text(checked, read, arguments));
  } else {
    console.out(text_of(checked, arguments, console.out_palette()));
    console.err(problems_text(read, arguments.format));
  }
  return read.good() ? ExitCode::met : ExitCode::usage;
}

}  // namespace noloss::cli
