// The folder that a campaign writes into: names of its files, whose it is, how far it has come.
//
// A shard's files carry its number, so that all shards may share one folder. Opening destroys nothing: a folder that
// belongs to another campaign is refused before anything in it changes.
#pragma once

#include <filesystem>
#include <string>

#include "harness/campaign/campaign.hpp"
#include "harness/campaign/header.hpp"

namespace noloss::harness {

class Folder {
 public:
  Folder(std::filesystem::path path, Shard shard) : path_(std::move(path)), shard_(shard) {}

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] Shard shard() const { return shard_; }

  [[nodiscard]] std::filesystem::path runs() const { return file("runs", ".csv"); }
  [[nodiscard]] std::filesystem::path summary() const { return file("summary", ".csv"); }
  [[nodiscard]] std::filesystem::path faults() const { return file("faults", ".csv"); }
  [[nodiscard]] std::filesystem::path manifest() const { return file("manifest", ".json"); }
  [[nodiscard]] std::filesystem::path plans() const { return file("plans", ""); }
  [[nodiscard]] std::filesystem::path journal() const { return file("runs", ".journal"); }
  [[nodiscard]] std::filesystem::path part() const { return file("runs", ".journal.part"); }

  /// Creates it where it is missing. Throws FileError if it belongs to another campaign, or cannot be made.
  void claim(const CampaignFacts& facts) const;
  /// Whether every file of a finished campaign is there.
  [[nodiscard]] bool complete() const;

 private:
  [[nodiscard]] std::filesystem::path file(std::string_view stem, std::string_view ending) const;

  std::filesystem::path path_;
  Shard shard_;
};

/// "results/NAME-HASH".
[[nodiscard]] std::filesystem::path default_folder(const std::string& name, const CampaignFacts& facts);
/// Points `latest`, beside the folder, at it. Does nothing where that is impossible.
void point_latest_at(const std::filesystem::path& folder);
/// The text with every character that a file name may not have replaced by '-'.
[[nodiscard]] std::string file_name(std::string_view text);
/// The journals in a folder, finished or not, sorted by name.
[[nodiscard]] std::vector<std::filesystem::path> journals_in(const std::filesystem::path& folder);

}  // namespace noloss::harness
