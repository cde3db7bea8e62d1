// What a power loss leaves of a file, and damage of the medium.
//
// Every choice is a pure function of the rule's draw, the file's name and the page or sector, so that the survival of
// one page tells nothing about another, and a stored plan acts alike although other files changed.
#include <algorithm>
#include <cassert>
#include <tuple>

#include "sim/disk_content.hpp"
#include "sim/planted.hpp"
#include "sim/random.hpp"

namespace noloss::sim {
namespace {

/// Of eight unsynced pages, this many are kept and lost as a whole; the others are half way.
constexpr std::uint64_t kEighths = 8;
constexpr std::uint64_t kKept = 3;
constexpr std::uint64_t kLost = 3;

enum class Fate : std::uint8_t { kept, lost, torn, garbage };

Fate fate(std::uint64_t page_seed, bool never_durable) {
  const std::uint64_t eighth = RandomStream{page_seed}.below(kEighths);
  if (eighth < kKept) return Fate::kept;
  if (eighth < kKept + kLost) return Fate::lost;
  return never_durable && eighth == kEighths - 1 ? Fate::garbage : Fate::torn;
}

std::size_t first_sector(PageIndex page) { return static_cast<std::size_t>(page) * kSectorsPerPage; }

}  // namespace

bool LossRule::keeps(std::string_view file, UnsyncedItem::Kind kind, std::uint64_t number) const {
  return std::any_of(kept->begin(), kept->end(), [&](const UnsyncedItem& item) {
    return item.kind == kind && item.number == number && item.file == file;
  });
}

void DiskContent::add_unsynced(std::string_view name, std::span<const DiskSnapshot* const> in_flight,
                               std::vector<UnsyncedItem>& items) const {
  if (!lied_about_truncation()) {
    for (std::size_t i = 0; i < cuts_.size(); ++i) {
      items.push_back({std::string{name}, UnsyncedItem::Kind::truncation, i});
    }
  }
  std::vector<PageIndex> pages = dirty_;
  for (const DiskSnapshot* snapshot : in_flight) {
    pages.insert(pages.end(), snapshot->pages.begin(), snapshot->pages.end());
  }
  std::sort(pages.begin(), pages.end());
  pages.erase(std::unique(pages.begin(), pages.end()), pages.end());
  for (const PageIndex page : pages) {
    if (static_cast<std::int64_t>(page) * kPageBytes >= size()) continue;  // cut off since
    items.push_back({std::string{name}, UnsyncedItem::Kind::page, page});
  }
}

std::int64_t DiskContent::lose(const LossRule& rule, std::string_view name,
                               std::span<const DiskSnapshot* const> in_flight) {
  for (const DiskSnapshot* snapshot : in_flight) {
    for (const PageIndex page : snapshot->pages) {
      if (dirty_since_[page] != kNever) continue;
      dirty_since_[page] = kStart;
      dirty_.push_back(page);
    }
  }
  const std::uint64_t seed = derive_seed(rule.draw, name);
  if (rule.kept) {
    lose_all_but(rule, name);
  } else if (rule.unsynced == Unsynced::any_subset) {
    lose_subset(seed);
  } else if (rule.unsynced == Unsynced::prefix) {
    lose_behind_prefix(seed);
  }
  for (Page& page : pages_) page[Place::device] = page[Place::medium];
  length(Place::device) = length(Place::medium);
  lied_ = false;
  cuts_.clear();
  const std::int64_t lost = rebuild_cache(Place::medium);
  assert(shadows_.empty());
  return lost;
}

void DiskContent::lose_subset(std::uint64_t seed) {
  std::uint64_t survive = 0;
  if (!lied_about_truncation()) survive = RandomStream{derive_seed(seed, "truncate")}.below(cuts_.size() + 1);
  const std::size_t limit = keep_truncations(survive);
  for (const PageIndex page : dirty_) keep_part_of_page(page, limit, derive_seed(seed, std::uint64_t{page}));
}

void DiskContent::lose_all_but(const LossRule& rule, std::string_view name) {
  std::uint64_t survive = 0;
  for (std::size_t i = 0; i < cuts_.size() && !lied_about_truncation(); ++i) {
    if (rule.keeps(name, UnsyncedItem::Kind::truncation, i)) survive = i + 1;
  }
  const std::size_t limit = keep_truncations(survive);
  for (const PageIndex page : dirty_) {
    if (rule.keeps(name, UnsyncedItem::Kind::page, page)) keep_page(page, limit);
  }
}

std::size_t DiskContent::keep_truncations(std::uint64_t survive) {
  // They survive in order, and what one that is lost had removed comes back: nothing is written over it.
  std::int64_t limit = (size() + kSectorBytes - 1) / kSectorBytes;
  for (std::size_t i = 0; i < cuts_.size(); ++i) {
    if (i < survive) {
      cut_at(Place::medium, cuts_[i]);
    } else {
      limit = std::min(limit, cuts_[i].size / kSectorBytes);
    }
  }
  return static_cast<std::size_t>(limit);
}

void DiskContent::keep_page(PageIndex page, std::size_t limit) {
  const std::size_t first = first_sector(page);
  const std::size_t end = std::min(first + kSectorsPerPage, limit);
  if (first >= end) return;
  for (std::size_t sector = first; sector < end; ++sector) {
    write_at(Place::medium, sector) = write_at(Place::cache, sector);
  }
  std::int64_t& length_after = length(Place::medium).size;
  length_after = std::max(length_after, std::min(size(), static_cast<std::int64_t>(end) * kSectorBytes));
}

void DiskContent::keep_part_of_page(PageIndex page, std::size_t limit, std::uint64_t seed) {
  const std::size_t first = first_sector(page);
  const std::size_t end = std::min(first + kSectorsPerPage, limit);
  if (first >= end) return;
  bool never_durable = true;
  for (std::size_t sector = first; sector < first + kSectorsPerPage; ++sector) {
    never_durable = never_durable && write_at(Place::medium, sector) == 0;
  }
  const Fate what = NOLOSS_BUG("forget nothing at a power loss") ? Fate::kept : fate(seed, never_durable);
  if (what == Fate::lost) return;
  if (what == Fate::kept) {
    keep_page(page, limit);
    return;
  }
  for (std::size_t sector = first; sector < end; ++sector) {
    // A sector that stays old although the page counts as written is zeros or junk where nothing was durable.
    const bool written = what == Fate::torn && (derive_seed(seed, sector - first + 1) & 1U) != 0;
    if (written) write_at(Place::medium, sector) = write_at(Place::cache, sector);
    if (!written && NOLOSS_BUG("tear what was durable")) write_at(Place::medium, sector) = 0;
  }
  std::int64_t& length_after = length(Place::medium).size;
  length_after = std::max(length_after, std::min(size(), static_cast<std::int64_t>(end) * kSectorBytes));
}

void DiskContent::lose_behind_prefix(std::uint64_t seed) {
  if (lied_about_truncation()) return;  // lost for certain, and all that came after it
  struct Step {
    WriteId id;
    std::size_t sector;  // or the index of a truncation
    std::int64_t end;    // of the write; -1: a truncation
  };
  std::vector<Step> steps;
  const auto add = [&](const DiskRecord& record) {
    if (record.damaged || record.durable) return;
    for (std::int64_t at = record.offset / kSectorBytes; at * kSectorBytes < record.end(); ++at) {
      const auto sector = static_cast<std::size_t>(at);
      if (dirty_since_[sector / kSectorsPerPage] == kNever || write_at(Place::medium, sector) >= record.id) continue;
      steps.push_back({record.id, sector, record.end()});
    }
  };
  for (const DiskRecord& record : records_) add(record);
  for (const Shadow& shadow : shadows_) add(shadow.record);
  for (std::size_t i = 0; i < cuts_.size(); ++i) steps.push_back({cuts_[i].id, i, -1});
  std::sort(steps.begin(), steps.end(), [](const Step& left, const Step& right) {
    return std::tie(left.id, left.sector) < std::tie(right.id, right.sector);
  });
  const std::uint64_t kept = RandomStream{derive_seed(seed, "prefix")}.below(steps.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) {
    const Step& step = steps[i];
    if (step.end < 0) {
      cut_at(Place::medium, cuts_[step.sector]);
      continue;
    }
    write_at(Place::medium, step.sector) = step.id;
    const std::int64_t sector_end = (static_cast<std::int64_t>(step.sector) + 1) * kSectorBytes;
    std::int64_t& length_after = length(Place::medium).size;
    length_after = std::max(length_after, std::min(step.end, sector_end));
  }
}

std::int64_t DiskContent::clear() {
  std::int64_t lost = 0;
  for (DiskRecord& record : records_) {
    if (!record.damaged) lost += record.bytes;
    tell(record, false, false);
  }
  for (Shadow& shadow : shadows_) tell(shadow.record, false, false);
  *this = DiskContent(copies_);
  return lost;
}

bool DiskContent::on_medium(PageIndex page) const {
  if (page >= pages_.size()) return false;
  const DiskSnapshot::Image& image = pages_[page][Place::medium];
  return std::any_of(image.begin(), image.end(), [](WriteId id) { return id != 0; });
}

void DiskContent::corrupt(PageIndex page) {
  const auto hit = [&](const DiskRecord& record) {
    const auto begin = std::max(record.offset, static_cast<std::int64_t>(page) * kPageBytes);
    const auto end = std::min(record.end(), (static_cast<std::int64_t>(page) + 1) * kPageBytes);
    for (std::int64_t at = begin / kSectorBytes; at * kSectorBytes < end; ++at) {
      if (write_at(Place::medium, static_cast<std::size_t>(at)) >= record.id) return true;
    }
    return false;
  };
  suspect_ = true;
  durable_records_ = 0;
  for (DiskRecord& record : records_) {
    if (record.damaged || !hit(record)) continue;
    tell(record, false, false);
    record.damaged = true;
  }
  std::erase_if(shadows_, [&](Shadow& shadow) {
    if (!hit(shadow.record)) return false;
    tell(shadow.record, false, false);
    return true;
  });
}

void DiskContent::make_unreadable(PageIndex page) {
  suspect_ = true;
  const auto at = std::lower_bound(unreadable_.begin(), unreadable_.end(), page);
  if (at == unreadable_.end() || *at != page) unreadable_.insert(at, page);
}

}  // namespace noloss::sim
