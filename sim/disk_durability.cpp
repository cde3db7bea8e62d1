// The kernel's side of a file: what syncs and writeback bring to the device, and the way back into the cache.
#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

#include "sim/disk_content.hpp"
#include "sim/planted.hpp"

namespace noloss::sim {
namespace {

std::int64_t page_end(PageIndex page) { return (static_cast<std::int64_t>(page) + 1) * kPageBytes; }

}  // namespace

VirtualTime DiskContent::dirty_since() const {
  const VirtualTime page = dirty_.empty() ? kNever : dirty_since_[dirty_.front()];
  if (!cuts_pending()) return page;
  const auto cut = std::find_if(cuts_.begin(), cuts_.end(),
                                [this](const Cut& pending) { return pending.id > length(Place::device).cut; });
  return std::min(page, cut->since);
}

std::size_t DiskContent::pages_dirty_since(VirtualTime limit) const {
  const auto young =
      std::find_if(dirty_.begin(), dirty_.end(), [&](PageIndex page) { return dirty_since_[page] > limit; });
  return static_cast<std::size_t>(young - dirty_.begin());
}

void DiskContent::take(std::size_t pages, DiskSnapshot& into) {
  assert(pages <= dirty_.size());
  into.pages.clear();
  into.size = size();
  into.upto = last_write_;
  if (pages == dirty_.size()) {
    std::swap(into.pages, dirty_);
  } else {
    const auto end = dirty_.begin() + static_cast<std::ptrdiff_t>(pages);
    into.pages.assign(dirty_.begin(), end);
    dirty_.erase(dirty_.begin(), end);
  }
  const std::int64_t left = std::min(unsynced_bytes_, static_cast<std::int64_t>(dirty_.size()) * kPageBytes);
  into.bytes = unsynced_bytes_ - left;
  unsynced_bytes_ = left;
  into.images.clear();
  for (const PageIndex page : into.pages) {
    into.images.push_back(pages_[page][Place::cache]);
    dirty_since_[page] = kNever;
  }
}

void DiskContent::cut_at(Place place, const Cut& cut) {
  const auto kept = static_cast<std::size_t>((cut.size + kSectorBytes - 1) / kSectorBytes);
  for (std::size_t sector = kept; sector < pages_.size() * kSectorsPerPage; ++sector) write_at(place, sector) = 0;
  length(place) = {std::min(length(place).size, cut.size), cut.id};
}

void DiskContent::store(Place place, const DiskSnapshot& snapshot) {
  for (const Cut& cut : cuts_) {
    if (cut.id > length(place).cut && cut.id <= snapshot.upto) cut_at(place, cut);
  }
  std::int64_t& size = length(place).size;
  for (std::size_t i = 0; i < snapshot.pages.size(); ++i) {
    pages_[snapshot.pages[i]][place] = snapshot.images[i];
    size = std::max(size, std::min(snapshot.size, page_end(snapshot.pages[i])));
  }
}

void DiskContent::reached(const DiskSnapshot& snapshot, bool honest) {
  const WriteId cut_before = length(Place::device).cut;
  store(Place::device, snapshot);
  if (!honest) {
    lied_ = lied_ || !snapshot.pages.empty() || length(Place::device).cut != cut_before;
    reconcile_shadows();
    return;
  }
  if (!NOLOSS_BUG("sync nothing")) store(Place::medium, snapshot);
  std::erase_if(cuts_, [this](const Cut& cut) { return cut.id <= length(Place::medium).cut; });
  for (std::size_t i = 0; i < snapshot.pages.size();) {
    const std::size_t first = i++;
    while (i < snapshot.pages.size() && snapshot.pages[i] == snapshot.pages[i - 1] + 1) ++i;
    tell_durable(page_end(snapshot.pages[first]) - kPageBytes, page_end(snapshot.pages[i - 1]));
  }
  reconcile_shadows();
}

void DiskContent::dropped(const DiskSnapshot& snapshot) {
  // What was wholly overwritten before it reached the device is in no page any more.
  std::erase_if(shadows_, [&](const Shadow& shadow) {
    return !shadow.record.known && shadow.whole && shadow.covers.back().by <= snapshot.upto;
  });
}

bool DiskContent::lied_about_truncation() const { return length(Place::device).cut != length(Place::medium).cut; }

void DiskContent::flush_write_cache() {
  if (!lied_) return;
  for (Page& page : pages_) page[Place::medium] = page[Place::device];
  length(Place::medium) = length(Place::device);
  lied_ = false;
  std::erase_if(cuts_, [this](const Cut& cut) { return cut.id <= length(Place::medium).cut; });
  tell_durable(0, size());
  reconcile_shadows();
}

void DiskContent::make_durable() {
  for (Shadow& shadow : shadows_) tell(shadow.record, false, false);
  shadows_.clear();
  cuts_.clear();
  for (Page& page : pages_) page.at.fill(DiskSnapshot::Image{page[Place::cache]});
  lengths_.fill(length(Place::cache));
  lied_ = false;
  clean_all();
  tell_durable(0, size());
}

void DiskContent::tell_durable(std::int64_t begin, std::int64_t end) {
  std::size_t i = durable_records_;
  if (i < records_.size() && records_[i].end() <= begin) i = first_behind(begin);
  for (; i < records_.size() && records_[i].offset < end; ++i) {
    DiskRecord& record = records_[i];
    if (!record.durable && !record.damaged && reflected(record, Place::medium)) tell(record, true, true);
  }
  while (durable_records_ < records_.size() && records_[durable_records_].durable) ++durable_records_;
}

void DiskContent::reconcile_shadows() {
  if (shadows_.empty()) return;
  std::erase_if(shadows_, [this](Shadow& shadow) {
    const bool on_medium = intact(shadow, Place::medium);
    tell(shadow.record, on_medium || intact(shadow, Place::device), on_medium);
    return replaced(shadow, Place::medium);
  });
}

void DiskContent::clean_all() {
  for (const PageIndex page : dirty_) dirty_since_[page] = kNever;
  dirty_.clear();
  unsynced_bytes_ = 0;
}

void DiskContent::revert() {
  std::erase_if(cuts_, [this](const Cut& cut) { return cut.id > length(Place::device).cut; });
  rebuild_cache(Place::device);
}

std::int64_t DiskContent::rebuild_cache(Place place) {
  std::vector<DiskRecord> kept;
  std::vector<DiskRecord> lost;
  std::int64_t lost_bytes = 0;
  for (DiskRecord& record : records_) {
    if (!record.damaged && reflected(record, place)) {
      kept.push_back(std::move(record));
      continue;
    }
    if (!record.damaged) lost_bytes += record.bytes;
    tell(record, false, false);
    record.damaged = true;
    lost.push_back(std::move(record));
  }
  take_back_shadows(place, kept);
  for (DiskRecord& record : kept) tell(record, true, reflected(record, Place::medium));
  for (Page& page : pages_) page[Place::cache] = page[place];
  length(Place::cache) = length(place);
  clean_all();
  merge_damaged(std::move(kept), std::move(lost));
  return lost_bytes;
}

void DiskContent::take_back_shadows(Place place, std::vector<DiskRecord>& kept) {
  const std::size_t before = kept.size();
  std::vector<Shadow> still;
  for (Shadow& shadow : shadows_) {
    if (intact(shadow, place)) {
      kept.push_back(std::move(shadow.record));
    } else if (intact(shadow, Place::medium)) {
      // Writes that were taken back no longer count as replacing it.
      std::erase_if(shadow.covers, [&](const Cover& cover) {
        for (std::size_t sector = cover.first; sector <= cover.last; ++sector) {
          if (write_at(place, sector) >= cover.by) return false;
        }
        return true;
      });
      if (shadow.cut > length(place).cut) shadow.cut = 0;
      shadow.whole = false;
      still.push_back(std::move(shadow));
    } else {
      tell(shadow.record, false, false);
    }
  }
  shadows_ = std::move(still);
  if (kept.size() == before) return;
  std::sort(kept.begin(), kept.end(),
            [](const DiskRecord& left, const DiskRecord& right) { return left.offset < right.offset; });
}

void DiskContent::merge_damaged(std::vector<DiskRecord>&& kept, std::vector<DiskRecord>&& lost) {
  records_.clear();
  durable_records_ = 0;
  auto next_kept = kept.begin();
  for (DiskRecord& record : lost) {
    for (; next_kept != kept.end() && next_kept->offset < record.end(); ++next_kept) {
      records_.push_back(std::move(*next_kept));
    }
    record.bytes = std::min(record.end(), size()) - record.offset;
    if (record.bytes <= 0) continue;
    if (!records_.empty() && records_.back().end() > record.offset) continue;
    records_.push_back(std::move(record));
  }
  std::move(next_kept, kept.end(), std::back_inserter(records_));
  suspect_ = !unreadable_.empty();
  std::int64_t whole = 0;
  for (const DiskRecord& record : records_) {
    suspect_ = suspect_ || record.damaged || record.offset != whole;
    whole = record.end();
  }
  suspect_ = suspect_ || whole != size();
}

}  // namespace noloss::sim
