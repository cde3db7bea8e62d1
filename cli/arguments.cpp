#include "cli/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/grammar.hpp"
#include "cli/help.hpp"
#include "cli/values.hpp"

namespace noloss::cli {
namespace {

using Problems = std::vector<std::string>;

/// Reads the values of one command; what is wrong is collected with the option's name before it.
class Reader {
 public:
  Reader(const Words& words, Problems& problems) : words_(words), problems_(problems) {}

  template <typename T, typename Parse>
  [[nodiscard]] std::optional<T> one(std::string_view option, Parse parse) const {
    if (!words_.has(option)) return std::nullopt;
    return checked<T>(option, parse(words_.value(option)));
  }
  template <typename T, typename Parse>
  [[nodiscard]] std::vector<T> each(std::string_view option, Parse parse) const {
    std::vector<T> read;
    for (const std::string& text : words_.all(option)) {
      if (std::optional<T> value = checked<T>(option, parse(text))) read.push_back(std::move(*value));
    }
    return read;
  }
  /// A file or folder: any text but none.
  [[nodiscard]] std::string path(std::string_view option) const {
    if (words_.has(option) && words_.value(option).empty()) problem("--{} needs a value", option);
    return words_.value(option);
  }
  [[nodiscard]] std::vector<std::string> needed(std::string_view positional, std::string_view what) const {
    std::vector<std::string> given = words_.all(positional);
    if (given.empty()) problem("{}", what);
    if (std::find(given.begin(), given.end(), std::string{}) != given.end()) problem("{} is empty", positional);
    return given;
  }
  [[nodiscard]] std::string needed_one(std::string_view positional, std::string_view what) const {
    const std::vector<std::string> given = needed(positional, what);
    return given.empty() ? std::string{} : given.front();
  }
  template <typename... Arguments>
  void problem(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    problems_.push_back(fmt::format(text, std::forward<Arguments>(arguments)...));
  }
  [[nodiscard]] std::vector<harness::ParameterFilter> only() const {
    std::vector<harness::ParameterFilter> filters;
    for (const auto& part : each<std::vector<harness::ParameterFilter>>("only", parse_only)) {
      filters.insert(filters.end(), part.begin(), part.end());
    }
    return filters;
  }
  [[nodiscard]] Sets set() const { return each<Sets::value_type>("set", parse_set); }
  [[nodiscard]] std::optional<std::uint64_t> seed() const {
    return one<std::uint64_t>("seed", [](std::string_view text) { return parse_number(text, 0, kLargestSeed); });
  }
  [[nodiscard]] const Words& words() const { return words_; }

 private:
  template <typename T>
  std::optional<T> checked(std::string_view option, Value<T> read) const {
    if (!read.value) problem("--{}: {}", option, read.error);
    return std::move(read.value);
  }

  const Words& words_;
  Problems& problems_;
};

constexpr std::string_view kNoPaths = "no scenario file or folder is named; try `noloss run scenarios`";
constexpr std::uint64_t kMostJobs = 4096;

constexpr std::uint64_t kMostFaults = 8;

void take_space(std::uint32_t& faults, std::vector<sim::Action>& kinds, const Reader& reader) {
  faults = static_cast<std::uint32_t>(
      reader.one<std::uint64_t>("faults", [](std::string_view text) { return parse_number(text, 1, kMostFaults); })
          .value_or(1));
  kinds = reader.one<std::vector<sim::Action>>("kinds", parse_kinds).value_or(std::vector<sim::Action>{});
}

void take_search(RunArguments& run, const Reader& reader) {
  const Words& words = reader.words();
  const std::string search = words.value("search");
  if (search == "lineage") reader.problem("'--search lineage' is not available yet in this version");
  const bool exhaustive = search == "exhaustive";
  for (const std::string_view option : {"faults", "kinds"}) {
    if (!exhaustive && words.has(option)) reader.problem("--{} belongs to --search exhaustive", option);
  }
  if (!exhaustive) return;
  take_space(run.faults, run.kinds, reader);
  if (words.has("seeds")) reader.problem("--seeds is for random runs; an exhaustive search takes one --seed");
  if (words.has("confidence")) reader.problem("--confidence is for random runs; an exhaustive search has no seeds");
}

void take(RunArguments& run, const Reader& reader) {
  const Words& words = reader.words();
  run.paths = reader.needed("PATH", kNoPaths);
  run.seeds = reader.one<harness::SeedRange>("seeds", parse_seeds);
  if (words.has("seeds") && words.has("seed")) reader.problem("--seeds and --seed exclude each other");
  if (const auto seed = reader.seed()) run.seeds = harness::SeedRange{*seed, *seed};
  run.only = reader.only();
  run.set = reader.set();
  run.jobs = static_cast<unsigned>(
      reader.one<std::uint64_t>("jobs", [](std::string_view text) { return parse_number(text, 1, kMostJobs); })
          .value_or(0));
  run.shard = reader.one<harness::Shard>("shard", parse_shard).value_or(harness::Shard{});
  run.out = reader.path("out");
  run.junit = reader.path("junit");
  run.format = words.choice("format", run.format);
  run.time_budget = reader.one<std::chrono::milliseconds>("time-budget", parse_time_budget);
  run.confidence = reader.one<double>("confidence", parse_confidence);
  if (run.confidence && run.seeds) reader.problem("--confidence chooses the seeds; --seeds and --seed exclude it");
  run.stop_on_violation = words.has("stop-on-violation");
  run.quiet = words.has("quiet");
  run.progress = words.choice("progress", run.progress);
  take_search(run, reader);
}

void take(CheckArguments& check, const Reader& reader) {
  check.paths = reader.needed("PATH", kNoPaths);
  check.only = reader.only();
  check.set = reader.set();
  check.format = reader.words().choice("format", check.format);
  check.expand = reader.words().has("expand");
}

void take_choice(RunChoice& run, const Reader& reader) {
  run.file = reader.needed_one("FILE", "no scenario file is named");
  run.seed = reader.seed();
  run.plan = reader.path("plan");
  const Words& words = reader.words();
  if (words.has("number")) {
    take_space(run.faults, run.kinds, reader);
    run.number =
        reader.one<std::uint64_t>("number", [](std::string_view text) { return parse_number(text, 0, kLargestSeed); })
            .value_or(0);
    if (words.has("plan")) reader.problem("--number and --plan exclude each other");
  } else if (words.has("faults") || words.has("kinds")) {
    reader.problem("--faults and --kinds belong to --number");
  } else if (!words.has("seed") && !words.has("plan")) {
    reader.problem("which run? --seed N, --plan FILE, or --number N of an exhaustive search");
  }
  run.only = reader.only();
  run.set = reader.set();
}

void take(ReplayArguments& replay, const Reader& reader) {
  take_choice(replay.run, reader);
  replay.trace = reader.path("trace");
  replay.plan_out = reader.path("plan-out");
  replay.history = reader.path("history");
}

void take(ShrinkArguments& shrink, const Reader& reader) {
  take_choice(shrink.run, reader);
  shrink.guarantee = reader.one<harness::Guarantee>("guarantee", parse_guarantee);
  shrink.out = reader.path("out");
}

void take(AuditArguments& audit, const Reader& reader) {
  audit.file = reader.needed_one("FILE", "no history file is named; '-' is standard input");
  audit.format = reader.words().choice("format", audit.format);
  for (const std::string& word : reader.words().all("allow")) {
    if (word == "silent_loss") audit.allow.push_back(AuditFinding::silent_loss);
    if (word == "duplicates") audit.allow.push_back(AuditFinding::duplicates);
    if (word == "reordered") audit.allow.push_back(AuditFinding::reordered);
    if (word == "phantom") audit.allow.push_back(AuditFinding::phantom);
  }
}

void take(MergeArguments& merge, const Reader& reader) {
  merge.folders = reader.needed("DIR", "no folder with results of shards is named");
  merge.out = reader.path("out");
  if (!reader.words().has("out")) reader.problem("where to? -o DIR");
  merge.junit = reader.path("junit");
  merge.format = reader.words().choice("format", merge.format);
  merge.quiet = reader.words().has("quiet");
}

void take(ListArguments& list, const Reader& reader) {
  const std::string topic = reader.needed_one("TOPIC", "what to list? `noloss list --help` names the topics");
  list.topic = reader.words().choice("TOPIC", list.topic);
  list.subject = reader.words().value("SUBJECT");
  list.only = reader.only();
  list.set = reader.set();
  list.seed = reader.seed().value_or(1);
  list.format = reader.words().choice("format", list.format);
  using enum ListTopic;
  const bool of_system = list.topic == options || list.topic == waits || list.topic == marks || list.topic == events;
  if (topic.empty()) return;
  if (of_system && list.subject.empty()) {
    reader.problem("of which system? `noloss list {} SYSTEM`; `noloss list systems` names them", topic);
  } else if (list.topic == moments && list.subject.empty()) {
    reader.problem("of which scenario? `noloss list moments FILE`");
  } else if (!of_system && list.topic != moments && !list.subject.empty()) {
    reader.problem("unexpected argument '{}': `noloss list {}` takes none", list.subject, topic);
  }
}

void take(SchemaArguments&, const Reader&) {}

void take(CompletionArguments& completion, const Reader& reader) {
  static_cast<void>(reader.needed("SHELL", "for which shell? bash, zsh or fish"));
  completion.shell = reader.words().choice("SHELL", completion.shell);
}

Command command_named(std::string_view name) {
  if (name == "run") return RunArguments{};
  if (name == "check") return CheckArguments{};
  if (name == "replay") return ReplayArguments{};
  if (name == "shrink") return ShrinkArguments{};
  if (name == "audit") return AuditArguments{};
  if (name == "merge") return MergeArguments{};
  if (name == "list") return ListArguments{};
  if (name == "completion") return CompletionArguments{};
  return SchemaArguments{};
}

}  // namespace

Parsed parse(const std::vector<std::string>& arguments) {
  Words words = split(arguments);
  Parsed parsed;
  parsed.common.color = words.choice("color", parsed.common.color);
  parsed.common.log_level = words.choice("log-level", parsed.common.log_level);
  if (words.has("help")) {
    parsed.result = Answer{help(words.command)};
  } else if (words.has("version")) {
    parsed.result = Answer{version_text()};
  } else if (!words.problems.empty()) {
    parsed.result = UsageError{std::move(words.problems), words.command};
  } else if (words.command.empty()) {
    parsed.result = Answer{help({})};
  } else {
    Problems problems;
    Command command = command_named(words.command);
    std::visit([&](auto& typed) { take(typed, Reader{words, problems}); }, command);
    if (problems.empty()) {
      parsed.result = std::move(command);
    } else {
      parsed.result = UsageError{std::move(problems), words.command};
    }
  }
  return parsed;
}

}  // namespace noloss::cli
