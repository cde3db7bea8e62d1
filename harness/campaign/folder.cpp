#include "harness/campaign/folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "harness/campaign/file.hpp"
#include "harness/campaign/journal.hpp"

namespace noloss::harness {
namespace {

namespace fs = std::filesystem;

void refuse_another(const fs::path& folder, const CampaignFacts& wanted) {
  for (const fs::path& path : journals_in(folder)) {
    const JournalLines found(path);
    if (!found.header()) continue;
    const std::string differs = difference(found.header()->facts, wanted);
    if (differs.empty()) continue;
    throw FileError(
        fmt::format("{} holds the results of another campaign ({}); nothing was changed: choose another "
                    "--out, or remove the folder",
                    folder.string(), differs));
  }
}

void refuse_unknown(const Folder& folder) {
  if (!journals_in(folder.path()).empty()) return;
  for (const fs::path& path : {folder.runs(), folder.summary(), folder.faults(), folder.manifest()}) {
    if (!fs::exists(path)) continue;
    throw FileError(
        fmt::format("{} is there, but no journal that says what it belongs to; nothing was changed: choose "
                    "another --out, or remove it",
                    path.string()));
  }
}

}  // namespace

fs::path Folder::file(std::string_view stem, std::string_view ending) const {
  if (shard_.whole()) return path_ / fmt::format("{}{}", stem, ending);
  return path_ / fmt::format("{}-{:05}-of-{:05}{}", stem, shard_.number, shard_.count, ending);
}

void Folder::claim(const CampaignFacts& facts) const {
  std::error_code error;
  if (fs::exists(path_, error) && !fs::is_directory(path_, error)) {
    throw FileError(fmt::format("{} is a file, and the results need a folder", path_.string()));
  }
  create_folders(path_);
  refuse_another(path_, facts);
  refuse_unknown(*this);
}

bool Folder::complete() const {
  // After a power loss, a file that was not synced may be there and empty.
  const auto there = [](const fs::path& path) { return fs::exists(path) && fs::file_size(path) > 0; };
  return there(journal()) && there(runs()) && there(summary()) && there(faults()) && there(manifest()) &&
         fs::is_directory(plans());
}

fs::path default_folder(const std::string& name, const CampaignFacts& facts) {
  return fs::path("results") / fmt::format("{}-{}", file_name(name), identity_hash(facts));
}

void point_latest_at(const fs::path& folder) {
  const fs::path link = folder.parent_path() / "latest";
  const fs::path fresh = folder.parent_path() / ".latest.tmp";
  std::error_code error;
  if (fs::exists(fs::symlink_status(link, error)) && !fs::is_symlink(fs::symlink_status(link, error))) return;
  fs::remove(fresh, error);
  fs::create_directory_symlink(folder.filename(), fresh, error);
  if (!error) fs::rename(fresh, link, error);
}

std::string file_name(std::string_view text) {
  std::string name{text};
  const auto plain = [](char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '.' || c == '_';
  };
  std::replace_if(
      name.begin(), name.end(), [&](char c) { return !plain(c); }, '-');
  if (name.empty() || name.front() == '.') name.insert(0, "-");
  return name;
}

std::vector<fs::path> journals_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("runs") && (name.ends_with(".journal") || name.ends_with(".journal.part"))) {
      found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace noloss::harness
