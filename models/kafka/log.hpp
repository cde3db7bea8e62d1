// A partition's log on one broker: segments, leader epochs, producer state, flushes, recovery.
//
// Modelled (UnifiedLog, LogLoader, LogSegment, LeaderEpochFileCache, ProducerStateManager): append to the page cache;
// segments that roll at segment.bytes, each a file; a recovery point that flushes move and that is checkpointed; after
// an unclean stop every segment from the one with the recovery point on is read, and the log is cut at the first batch
// whose checksum or offset is wrong, while older segments, and everything after a clean stop, are trusted unread.
// Leader epochs and producer state are rebuilt from the log at each start and after each truncation.
// The log's start may lie inside a segment (DeleteRecords, KIP-107): what is before it is out of everybody's sight, and
// is on the disk until its segment goes. Not modelled: index and snapshot files, time indexes, compaction, log
// directories.
//
// durable: the segment files. volatile, lost on kill: everything else here.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/kafka/log_transactions.hpp"
#include "models/kafka/producer_state.hpp"
#include "models/kafka/protocol.hpp"
#include "models/kafka/topology.hpp"
#include "sim/disk.hpp"
#include "sim/process.hpp"

namespace noloss::models::kafka {

/// The directory of a partition; its topic's id stands in a file there (partition.metadata), here in the name.
[[nodiscard]] std::string log_directory(const std::string& partition, TopicId topic);
/// The newest topic of which this disk has a log of the partition; 0: of none.
[[nodiscard]] TopicId topic_on_disk(const sim::Disk& disk, const std::string& partition);

class PartitionLog {
 public:
  PartitionLog(sim::Process& process, const Topology& topology, PartitionIndex partition, TopicId topic);

  /// An empty log, as a run begins with it or as a broker makes it that has none.
  void create();
  void begin_with(std::span<const LogRecordPtr> records);
  /// Reads what is on disk; waits. `trusted`: the last stop was clean. Everything from the segment of
  /// `recovery_point` on is verified otherwise. `log_start`: as checkpointed; 0: where the first segment begins.
  struct Recovered {
    bool damaged = false;     ///< something was cut off
    bool unreadable = false;  ///< the device answers EIO: the log directory is lost
  };
  [[nodiscard]] Recovered recover(Offset recovery_point, Offset log_start, bool trusted);

  [[nodiscard]] Offset start() const { return start_; }
  /// Whether the first segment does not say where the log starts.
  [[nodiscard]] bool starts_inside() const { return start_ > base_; }
  [[nodiscard]] Offset end() const { return base_ + static_cast<Offset>(records_.size()); }
  [[nodiscard]] const LogRecord& at(Offset offset) const { return *placed(offset).record; }
  [[nodiscard]] const LogRecordPtr& pointer(Offset offset) const { return placed(offset).record; }
  /// Whether the record can be read from its file and its checksum fits.
  [[nodiscard]] bool readable(Offset offset) const;
  /// Everything before it was flushed, as far as fsync said.
  [[nodiscard]] Offset recovery_point() const { return recovery_point_; }
  [[nodiscard]] Offset unflushed() const { return end() - recovery_point_; }

  // --- leader epochs ---
  /// kNoEpoch while there is none.
  [[nodiscard]] Epoch latest_epoch() const { return epochs_.empty() ? kNoEpoch : epochs_.rbegin()->first; }
  /// A new leader's epoch begins here, even if it never appends.
  void begin_epoch(Epoch epoch);
  /// Forgets epochs that begin at the end of the log: a leader that never appended has one, and may have been replaced.
  void forget_empty_epochs();
  /// The largest epoch of this log that is not above `epoch`, and where it ends. `epoch` itself and the log's start if
  /// all are above it; {kNoEpoch, kNoOffset} if all are below it: nobody here knows.
  [[nodiscard]] EpochEnd end_of_epoch(Epoch epoch) const;

  [[nodiscard]] const ProducerStates& producers() const { return producers_; }
  [[nodiscard]] const LogTransactions& transactions() const { return transactions_; }

  // --- writing; io_error and no_space mean that the log directory has failed ---
  /// Emits `append` for each. The records are of whole batches and begin at end(). A segment that would be
  /// larger than `segment_bytes` is closed first.
  [[nodiscard]] sim::IoResult append(std::span<const LogRecordPtr> records, std::int64_t segment_bytes);
  /// Cuts everything from `end` on. Emits `truncated`. Precondition: end < this->end().
  [[nodiscard]] sim::IoResult truncate(Offset end);
  /// Drops everything and begins at `offset`.
  [[nodiscard]] sim::IoResult restart_at(Offset offset);
  /// Waits for fsync of everything before `upto`. Does not wait if that was flushed before.
  [[nodiscard]] sim::IoResult flush(Offset upto);
  /// The first offset of the segment that is appended to; what lies before it is flushed in the background.
  [[nodiscard]] Offset active_base() const { return segments_.back().base; }
  /// The log starts at `offset`, if that is further on; at most at its end. Returns the records that are gone.
  std::vector<LogRecordPtr> delete_before(Offset offset);
  /// The partition is deleted, with all its files. Returns the records that it had.
  std::vector<LogRecordPtr> remove();
  /// Deletes closed segments below `limit` that lie before the start or whose last record was appended before
  /// `older_than`, and more while the log has over `max_bytes` (negative: no limit). Returns the records that went.
  std::vector<LogRecordPtr> retain(Offset limit, sim::VirtualTime older_than, std::int64_t max_bytes);

 private:
  struct Segment {
    Offset base = 0;
    sim::File* file = nullptr;
  };
  struct Placed {
    LogRecordPtr record;
    std::int64_t byte = 0;  ///< in its segment
  };

  [[nodiscard]] const Placed& placed(Offset offset) const { return records_[static_cast<std::size_t>(offset - base_)]; }
  [[nodiscard]] const Segment& segment_of(Offset offset) const;
  [[nodiscard]] std::string file_name(Offset base) const;
  void open_segment(Offset base);
  [[nodiscard]] sim::IoResult remove_segments_from(std::size_t index);
  void take(LogRecordPtr record, std::int64_t byte);
  void remember(const LogRecord& last);
  void note_epoch(Epoch epoch, Offset offset);
  void replay_producers();
  void start_moved();
  // log_recovery.cpp
  [[nodiscard]] std::deque<Segment> find_segments() const;
  /// Takes what is good in the segment; false if that is not all of it.
  [[nodiscard]] bool read_segment(const Segment& segment, bool trusted, Recovered& result);

  sim::Process& process_;
  const Topology& topology_;
  std::string directory_;
  std::deque<Segment> segments_;
  std::deque<Placed> records_;
  Offset base_ = 0;  ///< of records_.front(): where the first segment begins
  Offset start_ = 0;
  Offset recovery_point_ = 0;
  std::map<Epoch, Offset> epochs_;
  ProducerStates producers_;
  LogTransactions transactions_;
  std::uint64_t truncations_ = 0;
  bool directory_dirty_ = false;
};

}  // namespace noloss::models::kafka
