// What a broker finds when it reads a partition's log again.
#include <algorithm>
#include <charconv>
#include <utility>

#include "models/kafka/log.hpp"
#include "sim/machine.hpp"

namespace noloss::models::kafka {

TopicId topic_on_disk(const sim::Disk& disk, const std::string& partition) {
  TopicId newest = 0;
  for (const std::string& name : disk.list()) {
    if (!name.starts_with(partition) || name.size() == partition.size()) continue;
    TopicId topic = name[partition.size()] == '/' ? 1 : 0;
    if (name[partition.size()] == '@') {
      std::from_chars(name.data() + partition.size() + 1, name.data() + name.size(), topic);
    }
    newest = std::max(newest, topic);
  }
  return newest;
}

std::deque<PartitionLog::Segment> PartitionLog::find_segments() const {
  sim::Disk& disk = process_.machine().disk();
  const std::string prefix = directory_ + "/";
  std::deque<Segment> found;
  for (const std::string& name : disk.list()) {  // sorted, and the bases have leading zeros
    if (!name.starts_with(prefix)) continue;
    Segment segment{0, disk.find(name)};
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), segment.base);
    found.push_back(segment);
  }
  return found;
}

PartitionLog::Recovered PartitionLog::recover(Offset recovery_point, Offset log_start, bool trusted) {
  Recovered result;
  const std::deque<Segment> found = find_segments();
  records_.clear();
  if (found.empty()) {
    open_segment(0);
    return result;
  }
  base_ = start_ = found.front().base;
  Offset verified_from = base_;
  for (const Segment& segment : found) {
    if (segment.base <= recovery_point) verified_from = segment.base;
  }
  bool whole = true;
  for (const Segment& segment : found) {
    segments_.push_back(segment);
    const bool read_on = whole && segment.base == end();
    if (!read_on) {
      result.damaged = true;
      if (remove_segments_from(segments_.size() - 1) != sim::IoResult::ok) result.unreadable = true;
      continue;
    }
    whole = read_segment(segment, trusted || segment.base < verified_from, result);
    if (result.unreadable) return result;
  }
  if (log_start > end()) {  // what is left was deleted before
    result.unreadable = restart_at(log_start) != sim::IoResult::ok;
    return result;
  }
  start_ = std::max(base_, log_start);
  recovery_point_ = std::clamp(trusted ? end() : recovery_point, start_, end());
  return result;
}

bool PartitionLog::read_segment(const Segment& segment, bool trusted, Recovered& result) {
  std::int64_t bytes = 0;
  bool good = true;
  std::vector<Placed> batch;
  for (sim::StoredRecord& stored : segment.file->read_all()) {
    if (!trusted && stored.state == sim::RecordState::unreadable) {
      result.unreadable = true;
      return false;
    }
    const auto* record = static_cast<const LogRecord*>(stored.payload.get());
    const Offset expected = end() + static_cast<Offset>(batch.size());
    const bool in_place = record != nullptr && stored.offset == bytes && record->offset == expected;
    const bool verified = trusted || stored.state == sim::RecordState::intact;
    // A batch has one checksum: part of it is nothing.
    const bool same_batch = batch.empty() ? record != nullptr && record->index_in_batch == 0
                                          : record != nullptr && record->index_in_batch == std::ssize(batch);
    good = in_place && verified && same_batch;
    if (!good) break;
    bytes += stored.bytes;
    batch.push_back({boost::static_pointer_cast<const LogRecord>(stored.payload), stored.offset});
    if (!record->ends_batch()) continue;
    for (Placed& placed : batch) take(std::move(placed.record), placed.byte);
    batch.clear();
  }
  const std::int64_t kept = batch.empty() ? bytes : batch.front().byte;
  if (segment.file->size() == kept) return true;
  result.damaged = true;
  if (segment.file->truncate(kept) != sim::IoResult::ok) result.unreadable = true;
  return false;
}

}  // namespace noloss::models::kafka
