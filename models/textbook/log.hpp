// A replica's log: records in memory, the file under them, and its recovery.
//
// Modelled: append to the page cache, truncation, sync; a checkpoint file that tells up to which byte the log was
// synced and whether the last stop was orderly; recovery that cuts the log at the first record whose checksum fails and
// writes and syncs again everything past the checkpoint, since the kernel may hold pages as clean that never reached
// the disk. Not modelled: segments, indexes, retention.
//
// durable: the two files. volatile, lost on kill: everything else here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/textbook/protocol.hpp"
#include "sim/disk.hpp"
#include "sim/process.hpp"

namespace noloss::models::textbook {

class ReplicaLog {
 public:
  ReplicaLog(sim::Process& process, std::uint32_t partition);

  /// The log as a run begins with it: one epoch record.
  void create(LogRecordPtr first);
  enum class Recovery : std::uint8_t { recovered, unreadable, failed };
  /// Reads the file and makes it trustworthy again; waits. `damaged`: a record was cut off that failed its checksum.
  Recovery recover(bool retry_sync, bool& damaged);

  [[nodiscard]] Offset end() const { return static_cast<Offset>(records_.size()); }
  /// Everything before it was synced, as far as fsync said.
  [[nodiscard]] Offset synced() const { return synced_; }
  [[nodiscard]] const LogRecord& at(Offset offset) const { return *records_[static_cast<std::size_t>(offset)].record; }
  [[nodiscard]] const LogRecordPtr& pointer(Offset offset) const {
    return records_[static_cast<std::size_t>(offset)].record;
  }
  [[nodiscard]] Epoch last_epoch() const { return records_.empty() ? 0 : records_.back().record->epoch; }
  /// The first offset whose record is of a later epoch than `epoch`.
  [[nodiscard]] Offset end_of_epoch(Epoch epoch) const;
  /// Whether the record can be read from the file and its checksum fits.
  [[nodiscard]] bool readable(Offset offset);

  /// Emits `append`.
  [[nodiscard]] sim::IoResult append(LogRecordPtr record);
  /// Waits when it reaches below the checkpoint, which must come down first. Emits `truncated`.
  [[nodiscard]] sim::IoResult truncate(Offset end);
  /// Waits for fsync. What was appended before the call is then synced.
  [[nodiscard]] sim::IoResult sync(sim::OnKill on_kill = sim::OnKill::unwind);
  /// After a sync: an orderly stop.
  void close_cleanly();

 private:
  struct Placed {
    LogRecordPtr record;
    std::int64_t byte = 0;
  };

  [[nodiscard]] std::int64_t bytes() const;
  [[nodiscard]] sim::IoResult write_checkpoint(std::int64_t upto, bool clean);

  sim::Process& process_;
  std::string name_;
  std::string checkpoint_name_;
  sim::File* file_ = nullptr;
  std::vector<Placed> records_;
  Offset synced_ = 0;
  std::int64_t checkpoint_ = 0;  ///< byte
  std::uint64_t truncations_ = 0;
};

}  // namespace noloss::models::textbook
