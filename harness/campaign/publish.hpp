// Makes the tables, verdicts and plans of a campaign out of its records; the last step of `run` and all of `merge`.
//
// Streams: no more than the sums of each configuration is kept. Each file is written under a temporary name; the
// journal is put in place last, so that a folder with a finished journal has everything else too.
#pragma once

#include <optional>
#include <string>

#include "harness/campaign/folder.hpp"
#include "harness/campaign/journal.hpp"
#include "harness/campaign/units.hpp"

namespace noloss::harness {

/// For the manifest; everything in it may differ from one time to the next.
struct Circumstances {
  ToolInfo tool;
  std::vector<std::string> command;
  unsigned jobs = 1;
  std::string started;  ///< UTC
  std::int64_t wall_ms = 0;
  std::uint64_t resumed = 0;  ///< units taken over from an earlier start
};

/// Only the verdicts.
[[nodiscard]] CampaignVerdict judge_records(RecordSource& records, const CampaignFacts& facts, const Units& units,
                                            Ended ended);
/// Verdicts, runs.csv, summary.csv, faults.csv and the manifest.
[[nodiscard]] CampaignVerdict publish(RecordSource& records, const CampaignFacts& facts, const Units& units,
                                      Ended ended, const Folder& folder, const Circumstances& circumstances);
/// The records once more, as the finished journal.
void finish_journal(RecordSource& records, const Header& header, const Folder& folder);

/// The file in `plans/` for the first violation of a guarantee.
[[nodiscard]] std::string plan_file_name(const CampaignFacts& facts, ConfigurationKey place, Guarantee guarantee);

/// Calls `each` for the first violation of each configuration and guarantee: the place, the guarantee, the finding.
template <typename Each>
void for_each_violation(const CampaignVerdict& verdict, const Each& each) {
  for (std::size_t s = 0; s < verdict.configurations.size(); ++s) {
    for (std::size_t c = 0; c < verdict.configurations[s].size(); ++c) {
      for (const GuaranteeVerdict& guarantee : verdict.configurations[s][c].guarantees) {
        if (const auto* first = guarantee.first()) each(ConfigurationKey{s, c}, guarantee.guarantee, first->second);
      }
    }
  }
}

/// What `plans/` shall hold: writes each text, removes plans of an earlier time.
class PlanFolder {
 public:
  explicit PlanFolder(std::filesystem::path path);
  void add(const std::string& name, std::string_view text);
  /// Removes what was not added.
  void finish();

 private:
  std::filesystem::path path_;
  std::set<std::string> names_;
};

}  // namespace noloss::harness
