// The tables of a campaign as CSV text: runs.csv, summary.csv, faults.csv. Columns: results/README.md.
//
// The columns of the parameters are the union over all scenarios, by dotted path, sorted; they are the only names with
// dots. Nothing here depends on time, host or the number of threads.
#pragma once

#include <string>
#include <vector>

#include "harness/verdict/aggregator.hpp"

namespace noloss::harness {

/// The dotted paths of all matrices, sorted, each once.
[[nodiscard]] std::vector<std::string> parameter_columns(const CampaignFacts& facts);

/// runs.csv, a row at a time.
class RunsTable {
 public:
  explicit RunsTable(const CampaignFacts& facts);
  [[nodiscard]] const std::string& header() const { return header_; }
  [[nodiscard]] std::string row(ConfigurationKey place, const RunResult& run) const;

 private:
  std::string header_;
  std::vector<std::vector<std::string>> fronts_;  ///< [scenario][configuration]: the fields before the seed
};

[[nodiscard]] std::string summary_table(const CampaignVerdict& verdict);
[[nodiscard]] std::string faults_table(const CampaignVerdict& verdict);

struct ColumnText {
  std::string name;
  std::string meaning;
};
/// The columns of runs.csv with their meaning, for `noloss list columns`; parameters are one line.
[[nodiscard]] std::vector<ColumnText> runs_columns();

}  // namespace noloss::harness
