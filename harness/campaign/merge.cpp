// Joins shards: reads their journals in turn, so that the tables come out as if one process had run all units.
#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "harness/campaign/campaign.hpp"
#include "harness/campaign/folder.hpp"
#include "harness/campaign/prepare.hpp"
#include "harness/campaign/publish.hpp"
#include "harness/campaign/show.hpp"
#include "harness/campaign/witnesses.hpp"
#include "harness/report/commands.hpp"

namespace noloss::harness {
namespace {

namespace fs = std::filesystem;

/// A shard that was found. Finished, or with some of its runs.
struct Found {
  fs::path journal;
  bool finished = false;
  std::uint64_t runs = 0;
};

struct Shards {
  Header header;                         ///< of the first one
  std::map<std::uint32_t, Found> found;  ///< by number
};

std::uint64_t runs_in(const fs::path& journal) {
  JournalReader reader(journal);
  std::uint64_t runs = 0;
  while (reader.next()) ++runs;
  return runs;
}

Header header_of(const fs::path& journal) {
  JournalLines lines(journal);
  return lines.header() ? *lines.header() : Header{};
}

/// Of several journals of one shard, the finished one, else the one with more runs.
void add(Shards& shards, const fs::path& journal, const Header& header) {
  const Found fresh{journal, journal.extension() == ".journal", runs_in(journal)};
  const auto [found, added] = shards.found.try_emplace(header.shard.number, fresh);
  if (added || found->second.finished) return;
  if (fresh.finished || fresh.runs > found->second.runs) found->second = fresh;
}

Shards find_shards(const std::vector<std::string>& folders) {
  Shards shards;
  bool first = true;
  for (const std::string& folder : folders) {
    if (!fs::is_directory(folder)) throw FileError(fmt::format("{} is no folder", folder));
    const std::vector<fs::path> journals = journals_in(folder);
    if (journals.empty()) throw FileError(fmt::format("{} has no results of noloss run", folder));
    for (const fs::path& journal : journals) {
      const Header header = header_of(journal);
      if (header.facts.scenarios.empty()) continue;  // begun, and not even its first line written
      if (first) shards.header = header;
      const std::string differs = difference(header.facts, shards.header.facts);
      if (!differs.empty()) {
        throw FileError(
            fmt::format("{} is of another campaign than the results before it ({})", journal.string(), differs));
      }
      if (header.shard.count != shards.header.shard.count) {
        throw FileError(fmt::format("{} is one of {} shards, those before it are of {}", journal.string(),
                                    header.shard.count, shards.header.shard.count));
      }
      first = false;
      add(shards, journal, header);
    }
  }
  if (first) throw FileError("nothing was run yet in these folders");
  return shards;
}

/// One line for each shard that lacks runs, with the command that runs them. Empty: all are there.
std::string missing_text(const Shards& shards, const Units& units) {
  const std::uint32_t count = shards.header.shard.count;
  std::string text;
  for (std::uint32_t number = 1; number <= count; ++number) {
    const Shard shard{number, count};
    const auto found = shards.found.find(number);
    const std::uint64_t has = found == shards.found.end() ? 0 : found->second.runs;
    const bool there = found != shards.found.end() && found->second.finished;
    if (there && has == units.count(shard)) continue;
    std::vector<std::string> words{"noloss", "run"};
    const auto& arguments = shards.header.facts.arguments;
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.insert(words.end(), {"--shard", fmt::format("{}/{}", number, count), "--out"});
    words.push_back(
        (found == shards.found.end() ? shards.found.begin()->second : found->second).journal.parent_path().string());
    text += fmt::format("  shard {}/{} has {} of {} runs; run: {}\n", number, count, grouped(has),
                        grouped(units.count(shard)), shell_words(words));
  }
  return text;
}

/// The records of all shards in order of units: each shard has every count-th.
class MergedSource : public RecordSource {
 public:
  explicit MergedSource(const Shards& shards) {
    for (const auto& [number, found] : shards.found) readers_.push_back(std::make_unique<JournalReader>(found.journal));
  }

  std::optional<Record> next() override {
    std::optional<Record> record = readers_[next_ % readers_.size()]->next();
    if (record && record->unit != next_) throw FileError(fmt::format("run {} is missing in its shard", next_));
    ++next_;
    return record;
  }

 private:
  std::vector<std::unique_ptr<JournalReader>> readers_;
  std::uint64_t next_ = 0;
};

/// Each plan is in the folder of the shard that has the run.
void copy_plans(const Shards& shards, const CampaignVerdict& verdict, const Units& units, const Folder& folder,
                const Console& console) {
  PlanFolder plans(folder.plans());
  const Shard of = shards.header.shard;
  for_each_violation(verdict, [&](ConfigurationKey place, Guarantee guarantee, const Finding& first) {
    const auto number =
        static_cast<std::uint32_t>(units.number_of(place, first.first_seed, first.first_plan) % of.count) + 1;
    const Folder shard(shards.found.at(number).journal.parent_path(), {number, of.count});
    const std::string file = plan_file_name(verdict.facts, place, guarantee);
    if (fs::exists(shard.plans() / file)) {
      plans.add(file, read_file(shard.plans() / file));
    } else {
      console.log(fmt::format("warning: {} is missing\n", (shard.plans() / file).string()));
    }
  });
  plans.finish();
}

CampaignOutcome refuse(const Console& console, ExitCode code, const std::string& why) {
  console.log(fmt::format("error: {}\n", why));
  CampaignOutcome outcome;
  outcome.code = code;
  outcome.error = why;
  return outcome;
}

CampaignOutcome merge(const MergeOptions& options, const Console& console) {
  const Stopwatch watch;
  const std::string started = utc_now();
  Shards shards = find_shards(options.folders);
  const CampaignFacts& facts = shards.header.facts;
  if (facts.tool != tool_name(options.tool)) {
    throw FileError(fmt::format("the results were made by {}, this is {}", facts.tool, tool_name(options.tool)));
  }
  const Units units(facts);
  const std::string missing = missing_text(shards, units);
  if (!missing.empty()) {
    return refuse(console, ExitCode::inconclusive, fmt::format("not everything has been run yet\n{}", missing));
  }
  const Folder folder(options.out, {});
  folder.claim(facts);
  MergedSource records(shards);
  const Circumstances circumstances{options.tool, options.command, 1, started, watch.elapsed().count(), 0};
  CampaignOutcome outcome;
  outcome.verdict = publish(records, facts, units, Ended::complete, folder, circumstances);
  copy_plans(shards, outcome.verdict, units, folder, console);
  read_witnesses(outcome.verdict, folder);
  MergedSource again(shards);
  finish_journal(again, {facts, {}}, folder);
  outcome.folder = folder.path().string();
  outcome.code = exit_code(outcome.verdict);
  show(outcome.verdict, options.show, folder.path(), watch.elapsed(), console);
  return outcome;
}

}  // namespace

CampaignOutcome merge_campaign(const MergeOptions& options, const Console& console) {
  try {
    return merge(options, console);
  } catch (const FileError& problem) {
    return refuse(console, ExitCode::usage, problem.what());
  } catch (const fs::filesystem_error& problem) {
    return refuse(console, ExitCode::usage, problem.what());
  }
}

}  // namespace noloss::harness
