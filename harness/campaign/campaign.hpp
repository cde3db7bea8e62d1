// The main job: runs every unit (scenario, configuration, seed) of a command, keeps the results, gives the verdicts.
//
// A campaign is known by its scenarios' hashes, its configurations, its seeds and the kind of search. Everything that
// it writes but manifest.json is the same, byte for byte, for any number of threads, shards and interruptions.
// Results go to Console::out, progress and messages to Console::log; nothing is printed behind their backs.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/report/palette.hpp"
#include "harness/report/progress.hpp"
#include "harness/run/runner.hpp"
#include "harness/scenario/scenario.hpp"
#include "harness/verdict/verdict.hpp"

namespace noloss::harness {

enum class ExitCode : int { met = 0, failed = 1, usage = 2, inconclusive = 3, diverged = 4, interrupted = 130 };
enum class OutputFormat : std::uint8_t { text, json, github };
enum class Verbosity : std::uint8_t { normal, quiet };
enum class OnViolation : std::uint8_t { go_on, stop };

/// `--only PATH=VALUE`; PATH is any end of one dotted path of the matrix.
struct ParameterFilter {
  std::string path;
  std::string value;
};

/// `--shard number/count`, from 1.
struct Shard {
  std::uint32_t number = 1;
  std::uint32_t count = 1;
  [[nodiscard]] bool whole() const { return count == 1; }
  friend bool operator==(const Shard&, const Shard&) = default;
};

/// "3/8". Empty if it is not of that form, or names no shard.
[[nodiscard]] std::optional<Shard> parse_shard(std::string_view text);
/// "acks=1". Empty without a path.
[[nodiscard]] std::optional<ParameterFilter> parse_filter(std::string_view text);

/// The program, for the manifest and the header of the journal. A journal of another version is refused.
struct ToolInfo {
  std::string version = "0.1.0";
  std::string revision;  ///< git; empty: unknown
};

/// How results are shown; the same for run and merge.
struct ShowOptions {
  OutputFormat format = OutputFormat::text;
  std::string junit;         ///< file to write; empty: none
  std::string step_summary;  ///< file to append Markdown to ($GITHUB_STEP_SUMMARY); empty: none
  Verbosity verbosity = Verbosity::normal;
  ProgressStyle progress = ProgressStyle::none;
  Palette palette;
};

struct CampaignOptions {
  std::string name;                  ///< of the default folder; empty: the scenario's, or "campaign" for several
  std::vector<std::string> paths;    ///< as typed
  std::vector<std::string> sets;     ///< "path=value" of each --set; the scenarios have been read with them
  std::vector<std::string> command;  ///< argv, for the manifest
  std::optional<SeedRange> seeds;    ///< --seeds, --seed: replaces those of every scenario
  std::vector<ParameterFilter> only;
  std::optional<double> confidence;  ///< 0 < p < 1; without `seeds` it chooses their number
  std::uint32_t faults = 0;          ///< exhaustive search with at most so many faults; 0: random seeds
  std::vector<sim::Action> kinds;    ///< exhaustive search: only these; empty: all that the scenario lists
  Shard shard;
  unsigned jobs = 1;
  std::string out;  ///< empty: results/NAME-HASH, and results/latest points there
  std::optional<std::chrono::milliseconds> time_budget;
  OnViolation on_violation = OnViolation::go_on;
  ShowOptions show;
  ToolInfo tool;
};

struct MergeOptions {
  std::vector<std::string> folders;
  std::string out;
  std::vector<std::string> command;
  ShowOptions show;
  ToolInfo tool;
};

/// Where text goes. The defaults drop it.
struct Console {
  std::function<void(std::string_view)> out = [](std::string_view) {};
  std::function<void(std::string_view)> log = [](std::string_view) {};
};

/// Carries out single runs for one thread: the Runner, or what a test puts in its place.
class RunPort {
 public:
  virtual ~RunPort() = default;
  [[nodiscard]] virtual RunResult run(const RunRequest& request) = 0;
  [[nodiscard]] virtual ReplayReport replay(const RunRequest& request) = 0;
  [[nodiscard]] virtual std::string first_difference(const ReplayReport& one, const ReplayReport& other,
                                                     const Scenario& scenario) = 0;
  /// As Runner::explore().
  [[nodiscard]] virtual std::shared_ptr<const PlanSpace> explore(const RunRequest& request,
                                                                 const std::vector<sim::Action>& kinds,
                                                                 const SearchScope& scope,
                                                                 const std::function<bool(std::uint64_t)>& go_on) = 0;
};

/// Makes the file that plans/ keeps for a violation, for one thread: explain(), or what a test puts in its place.
class Explainer {
 public:
  virtual ~Explainer() = default;
  [[nodiscard]] virtual std::string explain(const RunRequest& request, Guarantee guarantee,
                                            const std::string& about) = 0;
};

struct CampaignServices {
  /// Called once in each thread that runs.
  std::function<std::unique_ptr<RunPort>()> make_port;
  /// Called once in each thread that explains. Empty: no plans are written.
  std::function<std::unique_ptr<Explainer>()> make_explainer;
  /// Set from a signal handler: finish the runs that have begun, keep what is finished, return `interrupted`.
  const std::atomic<bool>* stop = nullptr;
};

/// Services with the real Runner.
[[nodiscard]] CampaignServices real_services();

struct CampaignOutcome {
  ExitCode code = ExitCode::met;
  std::string error;   ///< set for `usage` and `diverged`; has been written to the log
  std::string folder;  ///< where the results are
  CampaignVerdict verdict;
};

/// The scenarios live as long as the call. Never throws on what a user can do wrong; that is `usage`.
[[nodiscard]] CampaignOutcome run_campaign(std::span<const Scenario> scenarios, const CampaignOptions& options,
                                           const CampaignServices& services, const Console& console);
/// Joins the shards found in the folders. Byte-identical to the run without shards.
[[nodiscard]] CampaignOutcome merge_campaign(const MergeOptions& options, const Console& console);

/// The configurations that `--only` leaves, with the number of each; shared by replay and shrink.
/// `error` is set when a path is unknown or ambiguous, or nothing is left.
struct Selection {
  std::vector<std::size_t> configurations;
  std::string error;
  bool ambiguous = false;  ///< the error is that a path can mean several parameters
};
[[nodiscard]] Selection select_configurations(const Scenario& scenario, std::span<const ParameterFilter> only);

}  // namespace noloss::harness
