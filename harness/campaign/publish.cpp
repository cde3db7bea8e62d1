#include "harness/campaign/publish.hpp"

#include <fmt/format.h>

#include <system_error>

#include "harness/campaign/manifest.hpp"
#include "harness/campaign/tables.hpp"

namespace noloss::harness {
namespace {

namespace fs = std::filesystem;

/// Hands each record with its unit to `each`. Units and records must belong together.
template <typename Each>
void for_each_record(RecordSource& records, const Units& units, const Each& each) {
  while (std::optional<Record> record = records.next()) {
    if (record->unit >= units.size()) throw FileError("the journal has a unit that the campaign does not have");
    const RunUnit unit = units.at(record->unit);
    if (unit.seed != record->result.seed) throw FileError("the journal has another seed for a unit than the campaign");
    record->result.plan_number = unit.plan;
    each(unit, *record);
  }
}

}  // namespace

CampaignVerdict judge_records(RecordSource& records, const CampaignFacts& facts, const Units& units, Ended ended) {
  Aggregator sums(facts);
  for_each_record(records, units,
                  [&](const RunUnit& unit, const Record& record) { sums.add(unit.place, record.result); });
  return sums.finish(ended);
}

CampaignVerdict publish(RecordSource& records, const CampaignFacts& facts, const Units& units, Ended ended,
                        const Folder& folder, const Circumstances& circumstances) {
  AtomicFile runs(folder.runs());
  const RunsTable table(facts);
  runs.write(table.header());
  Aggregator sums(facts);
  for_each_record(records, units, [&](const RunUnit& unit, const Record& record) {
    sums.add(unit.place, record.result);
    runs.write(table.row(unit.place, record.result));
  });
  CampaignVerdict verdict = sums.finish(ended);
  runs.commit();
  write_file(folder.summary(), summary_table(verdict));
  write_file(folder.faults(), faults_table(verdict));
  write_file(folder.manifest(), manifest_text(verdict, folder.shard(), circumstances));
  return verdict;
}

void finish_journal(RecordSource& records, const Header& header, const Folder& folder) {
  AtomicFile journal(folder.journal(), AtomicFile::Sync::yes);
  journal.write(encode(header) + '\n');
  while (const std::optional<Record> record = records.next()) {
    journal.write(encode(record->unit, record->result) + '\n');
  }
  journal.commit();
  std::error_code error;
  fs::remove(folder.part(), error);
}

std::string plan_file_name(const CampaignFacts& facts, ConfigurationKey place, Guarantee guarantee) {
  const ScenarioFacts& scenario = facts.scenarios[place.scenario];
  return fmt::format("{}-{}-{}.yaml", file_name(scenario.name),
                     file_name(scenario.configurations[place.configuration].id), name(guarantee));
}

PlanFolder::PlanFolder(fs::path path) : path_(std::move(path)) { create_folders(path_); }

void PlanFolder::add(const std::string& name, std::string_view text) {
  write_file(path_ / name, text);
  names_.insert(name);
}

void PlanFolder::finish() {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_, error)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".yaml") && !names_.contains(name)) fs::remove(entry.path(), error);
  }
}

}  // namespace noloss::harness
