// The process's side of a file: writes and truncations in the page cache, and what reads find.
#include "sim/disk_content.hpp"

#include <algorithm>
#include <cassert>

#include "sim/simulation.hpp"

namespace noloss::sim {
namespace {

std::size_t sector_of(std::int64_t offset) { return static_cast<std::size_t>(offset / kSectorBytes); }
std::size_t sectors_in(std::int64_t bytes) {
  return static_cast<std::size_t>((bytes + kSectorBytes - 1) / kSectorBytes);
}

}  // namespace

void DiskCopies::written(const PayloadPtr& record) const {
  DiskListener* listener = simulation_->disk_listener();
  if (listener != nullptr && record) listener->written(node_, *record);
}

void DiskCopies::durable(const PayloadPtr& record) const {
  DiskListener* listener = simulation_->disk_listener();
  if (listener != nullptr && record) listener->durable(node_, *record);
}

void DiskCopies::undurable(const PayloadPtr& record) const {
  DiskListener* listener = simulation_->disk_listener();
  if (listener != nullptr && record) listener->undurable(node_, *record);
}

void DiskCopies::gone(const PayloadPtr& record) const {
  DiskListener* listener = simulation_->disk_listener();
  if (listener != nullptr && record) listener->gone(node_, *record);
}

std::int64_t DiskContent::durable_prefix() const {
  std::int64_t durable = 0;
  for (const DiskRecord& record : records_) {
    if (!record.durable || record.offset != durable) break;
    durable = record.end();
  }
  return durable;
}

std::size_t DiskContent::first_behind(std::int64_t offset) const {
  // Nearly every question is about the end of the file.
  if (records_.empty() || records_.back().end() <= offset) return records_.size();
  const auto found = std::partition_point(records_.begin(), records_.end(),
                                          [offset](const DiskRecord& record) { return record.end() <= offset; });
  return static_cast<std::size_t>(found - records_.begin());
}

bool DiskContent::reflected(const DiskRecord& record, Place place) const {
  const std::size_t last = sector_of(record.end() - 1);
  for (std::size_t sector = sector_of(record.offset); sector <= last; ++sector) {
    if (write_at(place, sector) < record.id) return false;
  }
  return true;
}

bool DiskContent::replaced(const Shadow& shadow, Place place) const {
  if (shadow.cut != 0 && length(place).cut >= shadow.cut) return true;
  return std::any_of(shadow.covers.begin(), shadow.covers.end(), [&](const Cover& cover) {
    for (std::size_t sector = cover.first; sector <= cover.last; ++sector) {
      if (write_at(place, sector) >= cover.by) return true;
    }
    return false;
  });
}

bool DiskContent::intact(const Shadow& shadow, Place place) const {
  return !shadow.record.damaged && !replaced(shadow, place) && reflected(shadow.record, place);
}

void DiskContent::tell(DiskRecord& record, bool exists, bool durable) const {
  assert(exists || !durable);
  if (exists && !record.known) copies_.written(record.payload);
  if (durable && !record.durable) copies_.durable(record.payload);
  if (!durable && record.durable) copies_.undurable(record.payload);
  if (!exists && record.known) copies_.gone(record.payload);
  record.known = exists;
  record.durable = durable;
}

void DiskContent::dirty_sectors(VirtualTime now, std::int64_t offset, std::int64_t bytes, WriteId id) {
  const std::size_t last = sector_of(offset + bytes - 1);
  const std::size_t last_page = last / kSectorsPerPage;
  if (dirty_since_.size() <= last_page) {
    dirty_since_.resize(last_page + 1, kNever);
    pages_.resize(last_page + 1);
  }
  for (std::size_t sector = sector_of(offset); sector <= last; ++sector) write_at(Place::cache, sector) = id;
  dirty_pages_of(now, offset, bytes);
}

void DiskContent::dirty_pages_of(VirtualTime now, std::int64_t offset, std::int64_t bytes) {
  const std::size_t last_page = sector_of(offset + bytes - 1) / kSectorsPerPage;
  for (std::size_t page = sector_of(offset) / kSectorsPerPage; page <= last_page; ++page) {
    if (dirty_since_[page] != kNever) continue;
    dirty_since_[page] = now;
    dirty_.push_back(static_cast<PageIndex>(page));
  }
}

void DiskContent::cover(Shadow& shadow, std::int64_t offset, std::int64_t bytes, WriteId by) {
  const std::int64_t begin = std::max(offset, shadow.record.offset);
  const std::int64_t end = std::min(offset + bytes, shadow.record.end());
  if (shadow.whole || begin >= end) return;
  shadow.covers.push_back({by, sector_of(begin), sector_of(end - 1)});
  shadow.whole = begin == shadow.record.offset && end == shadow.record.end();
}

void DiskContent::remember(Shadow&& shadow) {
  if (shadow.record.damaged) return;
  const bool on_medium = intact(shadow, Place::medium);
  tell(shadow.record, on_medium || intact(shadow, Place::device), on_medium);
  shadows_.push_back(std::move(shadow));
}

void DiskContent::shade(DiskRecord&& record, std::int64_t offset, std::int64_t bytes, WriteId by) {
  if (record.offset < offset || record.end() > offset + bytes) suspect_ = true;
  Shadow shadow;
  shadow.record = std::move(record);
  cover(shadow, offset, bytes, by);
  remember(std::move(shadow));
}

void DiskContent::shade_cut(DiskRecord&& record, WriteId cut) {
  Shadow shadow;
  shadow.record = std::move(record);
  shadow.cut = cut;
  remember(std::move(shadow));
}

void DiskContent::write(VirtualTime now, std::int64_t offset, std::int64_t bytes, PayloadPtr payload) {
  assert(offset >= 0 && bytes > 0);
  const std::size_t first = first_behind(offset);
  if (payload && first < records_.size() && records_[first].same_bytes(offset, bytes, payload)) {
    // Whatever part of this reaches the medium, the old sectors and the new ones are the same.
    unsynced_bytes_ += bytes;
    dirty_pages_of(now, offset, bytes);
    return;
  }
  const WriteId id = ++last_write_;
  if (offset > size()) suspect_ = true;  // a hole
  for (Shadow& shadow : shadows_) cover(shadow, offset, bytes, id);
  std::size_t behind = first;
  for (; behind < records_.size() && records_[behind].offset < offset + bytes; ++behind) {
    shade(std::move(records_[behind]), offset, bytes, id);
  }
  durable_records_ = std::min(durable_records_, first);
  const auto at = records_.erase(records_.begin() + static_cast<std::ptrdiff_t>(first),
                                 records_.begin() + static_cast<std::ptrdiff_t>(behind));
  DiskRecord record{offset, bytes, std::move(payload), id};
  tell(record, true, false);
  if (at == records_.end()) {
    records_.push_back(std::move(record));
  } else {
    records_.insert(at, std::move(record));
  }
  length(Place::cache).size = std::max(size(), offset + bytes);
  unsynced_bytes_ += bytes;
  dirty_sectors(now, offset, bytes, id);
}

void DiskContent::drop_pages_behind(std::int64_t size) {
  const auto first = static_cast<std::size_t>((size + kPageBytes - 1) / kPageBytes);
  std::erase_if(dirty_, [&](PageIndex page) {
    if (page < first) return false;
    dirty_since_[page] = kNever;
    return true;
  });
}

void DiskContent::truncate(VirtualTime now, std::int64_t size) {
  assert(size >= 0 && size <= this->size());
  const std::int64_t before = this->size();
  if (size == before) return;
  const WriteId id = ++last_write_;
  for (Shadow& shadow : shadows_) {
    if (shadow.cut == 0 && shadow.record.end() > size) shadow.cut = id;
  }
  const std::size_t first = first_behind(size);
  for (std::size_t i = first; i < records_.size(); ++i) {
    if (records_[i].offset < size) suspect_ = true;
    shade_cut(std::move(records_[i]), id);
  }
  records_.erase(records_.begin() + static_cast<std::ptrdiff_t>(first), records_.end());
  durable_records_ = std::min(durable_records_, first);
  for (std::size_t sector = sectors_in(size); sector < sectors_in(before); ++sector) write_at(Place::cache, sector) = 0;
  drop_pages_behind(size);
  length(Place::cache) = {size, id};
  unsynced_bytes_ = std::min(unsynced_bytes_, size);
  cuts_.push_back({id, size, now});
}

bool DiskContent::unreadable(std::int64_t offset, std::int64_t bytes) const {
  const auto found =
      std::lower_bound(unreadable_.begin(), unreadable_.end(), static_cast<PageIndex>(offset / kPageBytes));
  return found != unreadable_.end() && *found <= static_cast<PageIndex>((offset + bytes - 1) / kPageBytes);
}

std::vector<StoredRecord> DiskContent::read() const {
  std::vector<StoredRecord> found;
  found.reserve(records_.size());
  const auto add = [&](std::int64_t offset, std::int64_t end, const PayloadPtr& payload, bool intact) {
    RecordState state = intact ? RecordState::intact : RecordState::damaged;
    if (unreadable(offset, end - offset)) state = RecordState::unreadable;
    found.push_back({offset, end - offset, payload, state});
  };
  std::int64_t read = 0;
  for (const DiskRecord& record : records_) {
    if (record.offset > read) add(read, record.offset, nullptr, false);
    add(record.offset, record.end(), record.payload, !record.damaged);
    read = record.end();
  }
  if (read < size()) add(read, size(), nullptr, false);
  return found;
}

RecordState DiskContent::check(std::int64_t offset, std::int64_t bytes) const {
  assert(offset >= 0 && bytes > 0);
  if (offset + bytes > size()) return RecordState::damaged;
  if (!suspect_) return RecordState::intact;
  if (unreadable(offset, bytes)) return RecordState::unreadable;
  std::int64_t checked = offset;
  for (std::size_t i = first_behind(offset); checked < offset + bytes; ++i) {
    if (i == records_.size() || records_[i].damaged || records_[i].offset > checked) return RecordState::damaged;
    checked = records_[i].end();
  }
  return RecordState::intact;
}

}  // namespace noloss::sim
