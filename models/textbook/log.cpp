#include "models/textbook/log.hpp"

#include <algorithm>
#include <utility>

#include "sim/machine.hpp"
#include "sim/planted.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::textbook {
namespace {

constexpr std::int64_t kCheckpointBytes = 32;  // within one sector: atomic

struct Checkpoint final : Record {
  std::int64_t upto = 0;
  bool clean = false;
};

}  // namespace

ReplicaLog::ReplicaLog(sim::Process& process, std::uint32_t partition)
    : process_(process),
      name_("log-" + std::to_string(partition)),
      checkpoint_name_("checkpoint-" + std::to_string(partition)) {}

std::int64_t ReplicaLog::bytes() const {
  return records_.empty() ? 0 : records_.back().byte + records_.back().record->bytes;
}

void ReplicaLog::create(LogRecordPtr first) {
  sim::Disk& disk = process_.machine().disk();
  file_ = &disk.create(name_, sim::FileClass::log);
  disk.create(checkpoint_name_, sim::FileClass::metadata);
  const std::int64_t size = first->bytes;
  file_->append(size, first);
  records_.push_back({std::move(first), 0});
  synced_ = end();
}

sim::IoResult ReplicaLog::write_checkpoint(std::int64_t upto, bool clean) {
  sim::Disk& disk = process_.machine().disk();
  sim::File* file = disk.find(checkpoint_name_);
  if (file == nullptr) {
    file = &disk.create(checkpoint_name_, sim::FileClass::metadata);
    if (const sim::IoResult result = disk.sync_directory(); result != sim::IoResult::ok) return result;
  }
  auto* checkpoint = new Checkpoint;
  const sim::PayloadPtr payload{checkpoint};
  checkpoint->upto = upto;
  checkpoint->clean = clean;
  checkpoint_ = upto;
  if (const sim::IoResult result = file->write(0, kCheckpointBytes, payload); result != sim::IoResult::ok)
    return result;
  return file->sync();
}

ReplicaLog::Recovery ReplicaLog::recover(bool retry_sync, bool& damaged) {
  sim::Disk& disk = process_.machine().disk();
  bool clean = false;
  std::int64_t checkpoint = 0;
  if (sim::File* file = disk.find(checkpoint_name_); file != nullptr) {
    const auto content = file->read_all();
    if (!content.empty() && content.front().state == sim::RecordState::intact) {
      const auto& stored = static_cast<const Checkpoint&>(*content.front().payload);
      checkpoint = stored.upto;
      clean = stored.clean;
    }
  }
  file_ = disk.find(name_);
  if (file_ == nullptr) {
    file_ = &disk.create(name_, sim::FileClass::log);
    if (disk.sync_directory() != sim::IoResult::ok) return Recovery::failed;
  }
  records_.clear();
  damaged = false;
  for (sim::StoredRecord& stored : file_->read_all()) {
    if (stored.state == sim::RecordState::unreadable) return Recovery::unreadable;
    damaged = stored.state != sim::RecordState::intact || stored.offset != bytes();
    if (damaged) break;
    records_.push_back({boost::static_pointer_cast<const LogRecord>(stored.payload), stored.offset});
  }
  if (file_->size() > bytes() && file_->truncate(bytes()) != sim::IoResult::ok) return Recovery::failed;
  if (!clean && !NOLOSS_BUG("recover without writing again")) {
    for (const Placed& placed : records_) {
      if (placed.byte < checkpoint) continue;
      if (file_->write(placed.byte, placed.record->bytes, placed.record) != sim::IoResult::ok) return Recovery::failed;
    }
  }
  sim::IoResult result = file_->sync();
  if (result == sim::IoResult::io_error && retry_sync) result = file_->sync();
  if (result == sim::IoResult::ok) result = write_checkpoint(bytes(), /*clean=*/false);
  if (result != sim::IoResult::ok) return Recovery::failed;
  synced_ = end();
  return Recovery::recovered;
}

Offset ReplicaLog::end_of_epoch(Epoch epoch) const {
  const auto later = std::partition_point(records_.begin(), records_.end(),
                                          [epoch](const Placed& placed) { return placed.record->epoch <= epoch; });
  return later - records_.begin();
}

bool ReplicaLog::readable(Offset offset) {
  const Placed& placed = records_[static_cast<std::size_t>(offset)];
  return file_->check(placed.byte, placed.record->bytes) == sim::RecordState::intact;
}

sim::IoResult ReplicaLog::append(LogRecordPtr record) {
  const std::int64_t at = bytes();
  // At its place, not at the end of the file, which a failed sync may have cut off: then a hole is found there.
  const sim::IoResult result = file_->write(at, record->bytes, record);
  if (result != sim::IoResult::ok) return result;
  const auto message = static_cast<std::uint64_t>(record->message);
  records_.push_back({std::move(record), at});
  process_.simulation().moment(process_.node(), events().common.append, message, static_cast<std::uint64_t>(end() - 1));
  return sim::IoResult::ok;
}

sim::IoResult ReplicaLog::truncate(Offset end) {
  const std::int64_t cut = records_[static_cast<std::size_t>(end)].byte;
  if (cut < checkpoint_) {
    const sim::IoResult lowered = write_checkpoint(cut, /*clean=*/false);
    if (lowered != sim::IoResult::ok) return lowered;
  }
  const sim::IoResult result = file_->truncate(cut);
  if (result != sim::IoResult::ok) return result;
  records_.resize(static_cast<std::size_t>(end));
  synced_ = std::min(synced_, end);
  ++truncations_;
  process_.simulation().moment(process_.node(), events().common.truncated, static_cast<std::uint64_t>(end));
  return result;
}

sim::IoResult ReplicaLog::sync(sim::OnKill on_kill) {
  const Offset target = end();
  const std::uint64_t truncations = truncations_;
  const sim::IoResult result = file_->sync(on_kill);
  // A truncation meanwhile may have put other records where the sync began; the next one covers them.
  if (result == sim::IoResult::ok && truncations == truncations_) synced_ = std::max(synced_, target);
  return result;
}

void ReplicaLog::close_cleanly() {
  if (write_checkpoint(bytes(), /*clean=*/true) != sim::IoResult::ok) return;  // then the next start recovers
}

}  // namespace noloss::models::textbook
