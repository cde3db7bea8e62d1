// What the user asked for: the arguments of each command, typed, and nothing of how they were read.
//
// parse() knows every command, option and word; help, completion and "did you mean" derive from what it describes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "harness/campaign/campaign.hpp"

namespace noloss::cli {

enum class When : std::uint8_t { automatic, always, never };
enum class ProgressChoice : std::uint8_t { automatic, bar, lines, none };
enum class LogLevel : std::uint8_t { automatic, trace, debug, info, warning, error, off };

/// Options that every command has.
struct CommonArguments {
  When color = When::automatic;
  LogLevel log_level = LogLevel::automatic;
};

/// `--set PATH=VALUE`, one a pair.
using Sets = std::vector<std::pair<std::string, std::string>>;

struct RunArguments {
  std::vector<std::string> paths;
  std::optional<harness::SeedRange> seeds;
  std::vector<harness::ParameterFilter> only;
  Sets set;
  unsigned jobs = 0;  ///< 0: as many as there are cores
  harness::Shard shard;
  std::string out;
  std::string junit;
  harness::OutputFormat format = harness::OutputFormat::text;
  std::optional<std::chrono::milliseconds> time_budget;
  std::optional<double> confidence;
  std::uint32_t faults = 0;  ///< exhaustive search with at most so many; 0: random
  std::vector<sim::Action> kinds;
  bool stop_on_violation = false;
  bool quiet = false;
  ProgressChoice progress = ProgressChoice::automatic;
};

struct CheckArguments {
  std::vector<std::string> paths;
  std::vector<harness::ParameterFilter> only;
  Sets set;
  harness::OutputFormat format = harness::OutputFormat::text;
  bool expand = false;
};

/// Which one run.
struct RunChoice {
  std::string file;
  std::optional<std::uint64_t> seed;
  std::string plan;
  std::uint32_t faults = 0;  ///< `number` is one of a search with at most so many; 0: no number
  std::vector<sim::Action> kinds;
  std::uint64_t number = 0;
  std::vector<harness::ParameterFilter> only;
  Sets set;
};

struct ReplayArguments {
  RunChoice run;
  std::string trace;
  std::string plan_out;
  std::string history;
};

struct ShrinkArguments {
  RunChoice run;
  std::optional<harness::Guarantee> guarantee;  ///< none: the first violated one, those that the scenario names first
  std::string out;                              ///< empty: plans/NAME-GUARANTEE.yaml
};

enum class AuditFinding : std::uint8_t { silent_loss, duplicates, reordered, phantom };

struct AuditArguments {
  std::string file;
  harness::OutputFormat format = harness::OutputFormat::text;
  std::vector<AuditFinding> allow;  ///< shown, but no reason for exit code 1
};

struct MergeArguments {
  std::vector<std::string> folders;
  std::string out;
  std::string junit;
  harness::OutputFormat format = harness::OutputFormat::text;
  bool quiet = false;
};

enum class ListTopic : std::uint8_t { systems, options, waits, faults, guarantees, moments, columns, marks, events };

struct ListArguments {
  ListTopic topic = ListTopic::systems;
  std::string subject;  ///< the system, or the scenario file of `moments`
  std::vector<harness::ParameterFilter> only;
  Sets set;
  std::uint64_t seed = 1;
  harness::OutputFormat format = harness::OutputFormat::text;
};

struct SchemaArguments {};

enum class Shell : std::uint8_t { bash, zsh, fish };

struct CompletionArguments {
  Shell shell = Shell::bash;
};

using Command = std::variant<RunArguments, CheckArguments, ReplayArguments, ShrinkArguments, AuditArguments,
                             MergeArguments, ListArguments, SchemaArguments, CompletionArguments>;

/// Text that was asked for: help, the version.
struct Answer {
  std::string text;
};

/// What is wrong with the arguments: sentences without "noloss:" and without a line end.
struct UsageError {
  std::vector<std::string> messages;
  std::string command;  ///< whose help would tell; empty: the program's
};

struct Parsed {
  std::variant<Command, Answer, UsageError> result;
  CommonArguments common;
};

/// Without argv[0]. Never throws, never prints.
[[nodiscard]] Parsed parse(const std::vector<std::string>& arguments);

// --- the description that help and completion are made of ---

struct OptionDescription {
  std::vector<std::string> names;    ///< "-o", "--out"; of a positional "PATH"
  std::string value;                 ///< "A..B", "text|json"; empty: a flag
  std::vector<std::string> choices;  ///< the words of value, if it is a list of words
  std::string meaning;
  std::string group;
  bool positional = false;
  bool repeated = false;
};

struct CommandDescription {
  std::string name;
  std::string meaning;
  std::string epilogue;  ///< examples and exit codes
  std::vector<OptionDescription> options;
};

/// The first entry is the program itself, without a name.
[[nodiscard]] std::vector<CommandDescription> describe();

}  // namespace noloss::cli
