#include "cli/scenario_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "cli/log.hpp"
#include "harness/scenario/suggest.hpp"

namespace noloss::cli {
namespace {

namespace fs = std::filesystem;

/// Names beside the path that does not exist, to find the one that was meant.
std::string missing_path(const std::string& path) {
  const fs::path wanted{path};
  const fs::path folder = wanted.has_parent_path() ? wanted.parent_path() : fs::path{"."};
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at{folder, error}, end; !error && at != end; at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  const std::vector<std::string_view> known{names.begin(), names.end()};
  const std::string_view meant = harness::nearest(wanted.filename().string(), known);
  if (meant.empty()) return fmt::format("there is no file or folder '{}'", path);
  const std::string whole = wanted.has_parent_path() ? (folder / meant).string() : std::string{meant};
  return fmt::format("there is no file or folder '{}'; did you mean '{}'?", path, whole);
}

bool hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

void add_folder(const std::string& folder, FoundFiles& found) {
  std::vector<std::string> inside;
  std::error_code error;
  for (fs::recursive_directory_iterator at{folder, error}, end; !error && at != end; at.increment(error)) {
    std::error_code unknown;
    if (at->is_directory(unknown)) {
      if (hidden(at->path())) at.disable_recursion_pending();
    } else if (at->path().extension() == ".yaml" && !hidden(at->path())) {
      inside.push_back(at->path().string());
    }
  }
  if (error) found.errors.push_back(fmt::format("the folder '{}' cannot be read: {}", folder, error.message()));
  if (!error && inside.empty()) found.errors.push_back(fmt::format("no *.yaml file below the folder '{}'", folder));
  std::sort(inside.begin(), inside.end());
  found.files.insert(found.files.end(), inside.begin(), inside.end());
}

nlohmann::ordered_json json_of(const harness::Problem& problem) {
  return {{"file", problem.file},     {"line", problem.line},       {"column", problem.column},
          {"length", problem.length}, {"message", problem.message}, {"source", problem.source}};
}

/// GitHub's workflow commands: percent signs and line ends, in properties also colons and commas.
std::string escaped(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    const bool special = c == '%' || c == '\n' || c == '\r' || (property && (c == ':' || c == ','));
    out += special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return out;
}

std::string github_text(const ReadFiles& read) {
  std::string text;
  for (const harness::Problem& problem : read.problems) {
    text += fmt::format("::error file={},line={},col={},title=noloss::{}\n", escaped(problem.file, true), problem.line,
                        problem.column, escaped(problem.message, false));
  }
  for (const std::string& error : read.errors) text += fmt::format("::error title=noloss::{}\n", escaped(error, false));
  return text;
}

std::string plain_text(const ReadFiles& read) {
  std::string text;
  for (const harness::Problem& problem : read.problems) {
    text += harness::format(problem);
    if (!text.ends_with('\n')) text += '\n';
  }
  for (const std::string& error : read.errors) text += fmt::format("noloss: error: {}\n", error);
  const std::size_t errors = read.problems.size();
  if (errors > 0) {
    text += fmt::format("noloss: {} error{} in {} of {} file{}\n", errors, errors == 1 ? "" : "s", read.bad_files,
                        read.files, read.files == 1 ? "" : "s");
  }
  return text;
}

}  // namespace

FoundFiles find_scenario_files(const std::vector<std::string>& paths) {
  FoundFiles found;
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_directory(status)) {
      add_folder(path, found);
    } else if (fs::exists(status)) {
      found.files.push_back(path);
    } else {
      found.errors.push_back(missing_path(path));
    }
  }
  std::set<std::string> seen;
  std::erase_if(found.files, [&](const std::string& file) {
    return !seen.insert(fs::path{file}.lexically_normal().string()).second;
  });
  return found;
}

ReadFiles read_scenario_files(const std::vector<std::string>& paths, const Sets& set) {
  FoundFiles found = find_scenario_files(paths);
  ReadFiles read;
  read.errors = std::move(found.errors);
  read.files = found.files.size();
  for (const std::string& file : found.files) {
    log_debug(fmt::format("reading {}", file));
    harness::ReadResult result = harness::read_scenario_file(file, {.set = set});
    if (result.scenario) read.scenarios.push_back(std::move(*result.scenario));
    if (!result.problems.empty()) ++read.bad_files;
    read.problems.insert(read.problems.end(), result.problems.begin(), result.problems.end());
  }
  return read;
}

std::string problems_text(const ReadFiles& read, harness::OutputFormat format) {
  if (format == harness::OutputFormat::github) return github_text(read);
  if (format == harness::OutputFormat::text) return plain_text(read);
  nlohmann::ordered_json object{{"schema", 1}, {"errors", nlohmann::json::array()}};
  for (const harness::Problem& problem : read.problems) object["errors"].push_back(json_of(problem));
  for (const std::string& error : read.errors) object["errors"].push_back(nlohmann::ordered_json{{"message", error}});
  return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::optional<harness::Scenario> read_one_scenario(const std::string& file, const Sets& set, Console& console) {
  ReadFiles read;
  read.files = 1;
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (fs::is_directory(status)) {
    console.error(fmt::format("'{}' is a folder; one scenario file is needed", file));
    return std::nullopt;
  }
  if (!fs::exists(status)) {
    console.error(missing_path(file));
    return std::nullopt;
  }
  harness::ReadResult result = harness::read_scenario_file(file, {.set = set});
  if (result.scenario) return std::move(result.scenario);
  read.bad_files = 1;
  read.problems = std::move(result.problems);
  console.err(problems_text(read, harness::OutputFormat::text));
  return std::nullopt;
}

}  // namespace noloss::cli
