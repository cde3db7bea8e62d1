#include "harness/campaign/campaign.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "harness/campaign/driver.hpp"
#include "harness/campaign/explore.hpp"
#include "harness/campaign/folder.hpp"
#include "harness/campaign/prepare.hpp"
#include "harness/campaign/publish.hpp"
#include "harness/campaign/show.hpp"
#include "harness/campaign/witnesses.hpp"
#include "harness/report/commands.hpp"

namespace noloss::harness {
namespace {

namespace fs = std::filesystem;

class Campaign {
 public:
  Campaign(const PreparedCampaign& prepared, const CampaignOptions& options, const CampaignServices& services,
           const Console& console)
      : prepared_(prepared),
        options_(options),
        services_(services),
        console_(console),
        units_(prepared.facts),
        folder_(options.out.empty() ? default_folder(campaign_name(options, prepared.facts), prepared.facts)
                                    : fs::path(options.out),
                options.shard) {}

  CampaignOutcome run() {
    folder_.claim(prepared_.facts);
    outcome_.folder = folder_.path().string();
    if (units_.count(options_.shard) == 0) console_.log("this shard has no runs: there are fewer runs than shards\n");
    if (fs::exists(folder_.journal())) {
      repeat();
    } else {
      go_on();
    }
    if (options_.out.empty()) point_latest_at(folder_.path());
    return std::move(outcome_);
  }

 private:
  /// Everything has been run: gives the verdict again, and makes what is missing.
  void repeat() {
    console_.log(fmt::format("up to date: {}\n", folder_.path().string()));
    JournalReader records(folder_.journal());
    if (folder_.complete()) {
      outcome_.verdict = judge_records(records, prepared_.facts, units_, Ended::complete);
      read_witnesses(outcome_.verdict, folder_);
    } else {
      outcome_.verdict = publish(records, prepared_.facts, units_, Ended::complete, folder_, circumstances(0));
      write_witnesses(outcome_.verdict, job(), services_, folder_, options_.jobs);
    }
    conclude();
  }

  void go_on() {
    AppendFile journal(folder_.part());
    const Resumed resumed = resume(journal);
    const std::uint64_t had = resumed.done.count();
    if (had > 0) {
      console_.log(fmt::format("going on after {} of {} runs: {}\n", grouped(had),
                               grouped(units_.count(options_.shard)), folder_.path().string()));
    }
    const DriverOutcome driven = drive_units(journal, resumed);
    if (!driven.diverged.empty()) return stop(ExitCode::diverged, driven.diverged);
    if (!driven.error.empty()) return stop(ExitCode::usage, driven.error);
    JournalReader records(folder_.part());
    if (driven.ended == Ended::interrupted) {
      outcome_.verdict = judge_records(records, prepared_.facts, units_, driven.ended);
      return interrupted();
    }
    outcome_.verdict = publish(records, prepared_.facts, units_, driven.ended, folder_, circumstances(had));
    write_witnesses(outcome_.verdict, job(), services_, folder_, options_.jobs);
    if (driven.ended == Ended::complete) {
      JournalReader again(folder_.part());
      finish_journal(again, {prepared_.facts, options_.shard}, folder_);
    }
    conclude();
  }

  /// What an earlier start has finished. Cuts a torn end off, begins the journal where there is none.
  Resumed resume(AppendFile& journal) {
    Resumed resumed;
    JournalLines lines(folder_.part());
    if (!lines.header()) {
      journal.truncate(0);
      journal.append(encode(Header{prepared_.facts, options_.shard}));
      return resumed;
    }
    if (lines.header()->shard != options_.shard) {
      throw FileError(fmt::format("{} belongs to another shard", folder_.part().string()));
    }
    while (const std::optional<Record> record = lines.next()) {
      if (record->unit >= units_.size()) throw FileError(folder_.part().string() + " has a unit that does not exist");
      const std::uint64_t ordinal = Units::ordinal(options_.shard, record->unit);
      if (resumed.done.has(ordinal)) continue;
      resumed.done.add(ordinal);
      const ConfigurationKey place = units_.at(record->unit).place;
      const ConfigurationFacts& facts = prepared_.facts.scenarios[place.scenario].configurations[place.configuration];
      if (violates_expected(record->result, facts)) ++resumed.violating;
      if (violates_named(record->result, facts)) resumed.stopped_at_violation = true;
    }
    journal.truncate(lines.whole_bytes());
    return resumed;
  }

  DriverOutcome drive_units(AppendFile& journal, const Resumed& resumed) {
    ProgressDisplay progress(options_.show.progress, console_.log);
    const DriverOptions options{options_.jobs, options_.time_budget, options_.on_violation};
    return drive(job(), resumed, journal, services_, options, progress);
  }

  Job job() const {
    return {prepared_.scenarios, prepared_.selected, prepared_.spaces, prepared_.facts, units_, options_.shard};
  }

  Circumstances circumstances(std::uint64_t resumed) const {
    return {options_.tool, options_.command, options_.jobs, started_, watch_.elapsed().count(), resumed};
  }

  void stop(ExitCode code, const std::string& why) {
    outcome_.code = code;
    outcome_.error = why;
    console_.log(fmt::format("error: {}\n", why));
  }

  void interrupted() {
    outcome_.code = ExitCode::interrupted;
    if (options_.show.format == OutputFormat::text && options_.shard.whole()) {
      show(outcome_.verdict, options_.show, folder_.path(), watch_.elapsed(), console_);
    }
    console_.log("interrupted; the same command goes on from here\n");
  }

  void conclude() {
    if (options_.shard.whole()) {
      show(outcome_.verdict, options_.show, folder_.path(), watch_.elapsed(), console_);
      outcome_.code = exit_code(outcome_.verdict);
      return;
    }
    if (outcome_.verdict.ended != Ended::complete) return stop(ExitCode::inconclusive, "the shard is not complete");
    const auto& print = options_.show.format == OutputFormat::json ? console_.log : console_.out;
    print(fmt::format("shard {}/{} is complete: {} runs in {}; noloss merge gives the verdict\n", options_.shard.number,
                      options_.shard.count, grouped(units_.count(options_.shard)), folder_.path().string()));
  }

  const PreparedCampaign& prepared_;
  const CampaignOptions& options_;
  const CampaignServices& services_;
  const Console& console_;
  const Units units_;
  const Folder folder_;
  const Stopwatch watch_;
  const std::string started_ = utc_now();
  CampaignOutcome outcome_;
};

}  // namespace

CampaignOutcome run_campaign(std::span<const Scenario> scenarios, const CampaignOptions& options,
                             const CampaignServices& services, const Console& console) {
  const auto refuse = [&](const std::string& why) {
    console.log(fmt::format("error: {}\n", why));
    CampaignOutcome outcome;
    outcome.code = ExitCode::usage;
    outcome.error = why;
    return outcome;
  };
  PreparedCampaign prepared = prepare(scenarios, options);
  if (!prepared.error.empty()) return refuse(prepared.error);
  if (options.faults > 0 && !explore(prepared, options, services, console)) {
    if (!prepared.error.empty()) return refuse(prepared.error);
    console.log("interrupted; the same command begins anew\n");
    CampaignOutcome outcome;
    outcome.code = ExitCode::interrupted;
    return outcome;
  }
  try {
    return Campaign(prepared, options, services, console).run();
  } catch (const FileError& problem) {
    return refuse(problem.what());
  } catch (const fs::filesystem_error& problem) {
    return refuse(problem.what());
  }
}

}  // namespace noloss::harness
