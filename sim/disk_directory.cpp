#include "sim/disk_directory.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "sim/random.hpp"

namespace noloss::sim {
namespace {

bool named_before(const DiskDirectory::Entry& entry, std::string_view name) { return entry.name < name; }

}  // namespace

File* DiskDirectory::find(const std::vector<Entry>& entries, std::string_view name) {
  const auto at = std::lower_bound(entries.begin(), entries.end(), name, named_before);
  return at != entries.end() && at->name == name ? at->file : nullptr;
}

void DiskDirectory::set(std::vector<Entry>& entries, std::string_view name, File* file) {
  const auto at = std::lower_bound(entries.begin(), entries.end(), name, named_before);
  const bool found = at != entries.end() && at->name == name;
  if (found && file == nullptr) {
    entries.erase(at);
  } else if (found) {
    at->file = file;
  } else if (file != nullptr) {
    entries.insert(at, {std::string(name), file});
  }
}

void DiskDirectory::apply(std::vector<Entry>& entries, const Change& change) {
  if (change.what == Change::What::rename) set(entries, change.to, change.file);
  set(entries, change.name, change.what == Change::What::create ? change.file : nullptr);
}

bool DiskDirectory::Change::builds_on(const Change& earlier) const {
  return earlier.touches(name) || (!to.empty() && earlier.touches(to));
}

bool DiskDirectory::holds(const File& file) const {
  const auto is_file = [&](const auto& entry) { return entry.file == &file; };
  return std::any_of(seen_.begin(), seen_.end(), is_file) || std::any_of(stored_.begin(), stored_.end(), is_file) ||
         std::any_of(pending_.begin(), pending_.end(), is_file);
}

void DiskDirectory::create(std::string_view name, File& file) {
  assert(find(name) == nullptr && !name.empty());
  pending_.push_back({Change::What::create, std::string(name), {}, &file});
  apply(seen_, pending_.back());
}

void DiskDirectory::rename(std::string_view from, std::string_view to) {
  assert(find(from) != nullptr && from != to && !to.empty());
  pending_.push_back({Change::What::rename, std::string(from), std::string(to), find(from)});
  apply(seen_, pending_.back());
}

void DiskDirectory::unlink(std::string_view name) {
  assert(find(name) != nullptr);
  pending_.push_back({Change::What::unlink, std::string(name), {}, find(name)});
  apply(seen_, pending_.back());
}

void DiskDirectory::reached(std::uint64_t upto, bool honest) {
  if (upto <= on_medium_) return;
  const auto count = static_cast<std::size_t>(upto - on_medium_);
  assert(count <= pending_.size());
  if (!honest) {
    lied_ = std::max(lied_, count);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) apply(stored_, pending_[i]);
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
  lied_ -= std::min(lied_, count);
  on_medium_ = upto;
}

void DiskDirectory::flush_write_cache() { reached(on_medium_ + lied_, true); }

std::vector<bool> DiskDirectory::survivors(const LossRule& rule) const {
  std::vector<bool> survives(pending_.size(), false);
  if (!rule.kept && rule.unsynced == Unsynced::lose_all) return survives;
  const std::uint64_t seed = derive_seed(rule.draw, "directory");
  if (!rule.kept && rule.unsynced == Unsynced::prefix) {
    if (lied_ > 0) return survives;
    const std::uint64_t kept = RandomStream{seed}.below(pending_.size() + 1);
    std::fill_n(survives.begin(), kept, true);
    return survives;
  }
  for (std::size_t i = lied_; i < pending_.size(); ++i) {
    // The choice depends on how often this name changed before, not on how many other names did.
    const Change& change = pending_[i];
    const std::uint64_t times = times_before(i);
    bool founded = true;
    for (std::size_t before = 0; before < i; ++before) {
      if (!survives[before] && change.builds_on(pending_[before])) founded = false;
    }
    const bool chosen = rule.kept ? rule.keeps(change.name, UnsyncedItem::Kind::name, times)
                                  : (derive_seed(derive_seed(seed, change.name), times) & 1U) != 0;
    survives[i] = founded && chosen;
  }
  return survives;
}

std::uint64_t DiskDirectory::times_before(std::size_t index) const {
  const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(index);
  return static_cast<std::uint64_t>(std::count_if(
      pending_.begin(), end, [&](const Change& earlier) { return earlier.touches(pending_[index].name); }));
}

void DiskDirectory::add_unsynced(std::vector<UnsyncedItem>& items) const {
  for (std::size_t i = lied_; i < pending_.size(); ++i) {
    items.push_back({pending_[i].name, UnsyncedItem::Kind::name, times_before(i)});
  }
}

void DiskDirectory::lose(const LossRule& rule) {
  const std::vector<bool> survives = survivors(rule);
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    if (survives[i]) apply(stored_, pending_[i]);
  }
  on_medium_ += pending_.size();
  pending_.clear();
  lied_ = 0;
  seen_ = stored_;
}

void DiskDirectory::clear() {
  on_medium_ += pending_.size();
  seen_.clear();
  stored_.clear();
  pending_.clear();
  lied_ = 0;
}

}  // namespace noloss::sim
