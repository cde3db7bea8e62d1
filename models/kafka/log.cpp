#include "models/kafka/log.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "sim/machine.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {

std::string log_directory(const std::string& partition, TopicId topic) {
  return topic <= 1 ? partition : fmt::format("{}@{}", partition, topic);
}

PartitionLog::PartitionLog(sim::Process& process, const Topology& topology, PartitionIndex partition, TopicId topic)
    : process_(process), topology_(topology), directory_(log_directory(topology.partitions[partition].name, topic)) {}

void PartitionLog::create() { open_segment(0); }

void PartitionLog::begin_with(std::span<const LogRecordPtr> records) {
  for (const LogRecordPtr& record : records) {
    const std::int64_t byte = segments_.back().file->size();
    segments_.back().file->append(record->bytes, record);
    take(record, byte);
  }
  recovery_point_ = end();
}

std::string PartitionLog::file_name(Offset base) const { return fmt::format("{}/{:020}.log", directory_, base); }

void PartitionLog::open_segment(Offset base) {
  segments_.push_back({base, &process_.machine().disk().create(file_name(base), sim::FileClass::log)});
  directory_dirty_ = true;
}

const PartitionLog::Segment& PartitionLog::segment_of(Offset offset) const {
  const auto after = std::partition_point(segments_.begin(), segments_.end(),
                                          [offset](const Segment& segment) { return segment.base <= offset; });
  return *std::prev(after);
}

bool PartitionLog::readable(Offset offset) const {
  const Placed& record = placed(offset);
  return segment_of(offset).file->check(record.byte, record.record->bytes) == sim::RecordState::intact;
}

// --- leader epochs ---

void PartitionLog::begin_epoch(Epoch epoch) { note_epoch(epoch, end()); }

void PartitionLog::note_epoch(Epoch epoch, Offset offset) {
  if (epoch == latest_epoch()) return;
  std::erase_if(epochs_, [&](const auto& entry) { return entry.first >= epoch || entry.second >= offset; });
  epochs_.emplace(epoch, offset);
}

void PartitionLog::forget_empty_epochs() {
  std::erase_if(epochs_, [this](const auto& entry) { return entry.second >= end(); });
}

EpochEnd PartitionLog::end_of_epoch(Epoch epoch) const {
  if (epochs_.empty()) return {};
  if (epoch == latest_epoch()) return {epoch, end()};
  const auto higher = epochs_.upper_bound(epoch);
  if (higher == epochs_.end()) return {};
  const Epoch found = higher == epochs_.begin() ? epoch : std::prev(higher)->first;
  return {found, higher->second};
}

// --- writing ---

void PartitionLog::take(LogRecordPtr record, std::int64_t byte) {
  note_epoch(record->epoch, record->offset);
  if (record->ends_batch()) remember(*record);
  records_.push_back({std::move(record), byte});
}

void PartitionLog::remember(const LogRecord& last) {
  producers_.appended(last);
  transactions_.appended(last);
}

sim::IoResult PartitionLog::append(std::span<const LogRecordPtr> records, std::int64_t segment_bytes) {
  for (const LogRecordPtr& record : records) {
    const bool full = segments_.back().file->size() + record->bytes * record->batch_records > segment_bytes;
    if (record->index_in_batch == 0 && full && segments_.back().base < end()) open_segment(end());
    sim::File& file = *segments_.back().file;
    const std::int64_t byte = file.size();
    const sim::IoResult result = file.append(record->bytes, record);
    if (result != sim::IoResult::ok) return result;
    const auto message = static_cast<std::uint64_t>(record->message);
    const auto offset = static_cast<std::uint64_t>(record->offset);
    take(record, byte);
    process_.simulation().moment(process_.node(), events().common.append, message, offset);
  }
  return sim::IoResult::ok;
}

sim::IoResult PartitionLog::remove_segments_from(std::size_t index) {
  sim::Disk& disk = process_.machine().disk();
  while (segments_.size() > index) {
    const sim::IoResult result = disk.unlink(file_name(segments_.back().base));
    if (result != sim::IoResult::ok) return result;
    segments_.pop_back();
  }
  return sim::IoResult::ok;
}

sim::IoResult PartitionLog::truncate(Offset end) {
  ++truncations_;
  if (end <= start_) return restart_at(end);
  const auto later = std::partition_point(segments_.begin(), segments_.end(),
                                          [end](const Segment& segment) { return segment.base <= end; });
  const sim::IoResult removed = remove_segments_from(static_cast<std::size_t>(later - segments_.begin()));
  if (removed != sim::IoResult::ok) return removed;
  const sim::IoResult cut = segments_.back().file->truncate(placed(end).byte);
  if (cut != sim::IoResult::ok) return cut;
  records_.resize(static_cast<std::size_t>(end - base_));
  recovery_point_ = std::min(recovery_point_, end);
  std::erase_if(epochs_, [end](const auto& entry) { return entry.second >= end; });
  replay_producers();
  process_.simulation().moment(process_.node(), events().common.truncated, static_cast<std::uint64_t>(end));
  return sim::IoResult::ok;
}

sim::IoResult PartitionLog::restart_at(Offset offset) {
  ++truncations_;
  const sim::IoResult result = remove_segments_from(0);
  if (result != sim::IoResult::ok) return result;
  records_.clear();
  epochs_.clear();
  producers_.clear();
  transactions_.clear();
  base_ = start_ = offset;
  recovery_point_ = offset;
  open_segment(offset);
  process_.simulation().moment(process_.node(), events().common.truncated, static_cast<std::uint64_t>(offset));
  return sim::IoResult::ok;
}

void PartitionLog::replay_producers() {
  producers_.clear();
  transactions_.clear();
  for (const Placed& record : records_) {
    if (record.record->ends_batch()) remember(*record.record);
  }
}

sim::IoResult PartitionLog::flush(Offset upto) {
  if (upto <= recovery_point_) return sim::IoResult::ok;
  const std::uint64_t truncations = truncations_;
  if (std::exchange(directory_dirty_, false)) {
    const sim::IoResult result = process_.machine().disk().sync_directory();
    if (result != sim::IoResult::ok) return result;
  }
  // By base: while this waits, others may open segments or remove them.
  for (Offset base = segment_of(recovery_point_).base; base < upto;) {
    sim::File* file = process_.machine().disk().find(file_name(base));
    if (file == nullptr) break;
    const sim::IoResult result = file->sync();
    if (result != sim::IoResult::ok) return result;
    const auto next = std::find_if(segments_.begin(), segments_.end(),
                                   [base](const Segment& segment) { return segment.base > base; });
    if (next == segments_.end()) break;
    base = next->base;
  }
  // A truncation meanwhile may have put other records where the flush began; the next one covers them.
  if (truncations == truncations_) recovery_point_ = std::max(recovery_point_, upto);
  return sim::IoResult::ok;
}

std::vector<LogRecordPtr> PartitionLog::retain(Offset limit, sim::VirtualTime older_than, std::int64_t max_bytes) {
  std::vector<LogRecordPtr> gone;
  std::int64_t total = 0;
  for (const Segment& segment : segments_) total += segment.file->size();
  while (!records_.empty()) {
    const Offset next = segments_.size() > 1 ? segments_[1].base : end();
    const std::int64_t bytes = segments_.front().file->size();
    const bool old = pointer(next - 1)->appended < older_than;
    const bool beyond = max_bytes >= 0 && total - max_bytes >= bytes;
    const bool before_start = next <= start_;
    if (next > limit || !(old || beyond || before_start)) break;
    if (segments_.size() == 1) open_segment(end());
    if (process_.machine().disk().unlink(file_name(segments_.front().base)) != sim::IoResult::ok) break;
    segments_.pop_front();
    total -= bytes;
    for (; base_ < next; ++base_) {
      if (base_ >= start_) gone.push_back(std::move(records_.front().record));
      records_.pop_front();
    }
    start_ = std::max(start_, base_);
  }
  if (!gone.empty()) start_moved();
  return gone;
}

std::vector<LogRecordPtr> PartitionLog::delete_before(Offset offset) {
  std::vector<LogRecordPtr> gone;
  for (; start_ < std::min(offset, end()); ++start_) gone.push_back(pointer(start_));
  if (!gone.empty()) start_moved();
  return gone;
}

std::vector<LogRecordPtr> PartitionLog::remove() {
  std::vector<LogRecordPtr> gone;
  for (Offset offset = start_; offset < end(); ++offset) gone.push_back(pointer(offset));
  ++truncations_;
  static_cast<void>(remove_segments_from(0));
  base_ = start_ = recovery_point_ = end();
  records_.clear();
  segments_.push_back({start_, nullptr});
  return gone;
}

void PartitionLog::start_moved() {
  recovery_point_ = std::max(recovery_point_, start_);
  // Epochs that lie wholly below the start are forgotten; the one that it cuts begins at the start.
  while (epochs_.size() > 1 && std::next(epochs_.begin())->second <= start_) epochs_.erase(epochs_.begin());
  if (!epochs_.empty()) epochs_.begin()->second = std::max(epochs_.begin()->second, start_);
  if (!topology_.behaviours.state_outlives_retention) producers_.forget_below(start_);
}

}  // namespace noloss::models::kafka
