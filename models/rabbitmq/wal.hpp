// The write-ahead log that all Raft groups of a node share (ra_log_wal), and what is recovered from it.
//
// Modelled: entries gather while a batch is being synced; a batch is written, then fdatasynced, and only then do its
// members hear that their entries are written. At the start the entries found are written to a new file and synced
// before anybody uses them, as the segment writer does. An entry at an index that is already there, of another term,
// replaces it and all behind it. Recovery ends at the first record that cannot be read. Not modelled: segments,
// snapshots, truncation of the log, several files at a time.
//
// A sync that fails ends the node: nothing that was acknowledged depends on it.
// volatile, lost on kill: what waits for its batch. durable: the file, up to the last sync.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "models/rabbitmq/log_command.hpp"
#include "models/rabbitmq/protocol.hpp"
#include "sim/disk.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::rabbitmq {

class Broker;

using Term = std::uint64_t;
/// A place in a Raft log, from 1.
using LogIndex = std::uint64_t;

struct LogEntry {
  Term term = 0;
  LogCommandPtr command;
};
struct WalRecord final : Record {
  QueueId queue = kNoQueue;
  LogIndex index = 0;
  LogEntry entry;
};
using WalRecordPtr = boost::intrusive_ptr<const WalRecord>;

/// Entries up to `index`, which is of `term`, are synced.
struct WalWritten final : sim::Payload {
  LogIndex index = 0;
  Term term = 0;
};

class Wal {
 public:
  explicit Wal(Broker& broker);

  void loop();
  /// Before the queues recover.
  void recover();
  /// An entry that is there as the run begins.
  void create(QueueId queue, LogIndex index, const LogEntry& entry);
  void write(QueueId queue, LogIndex index, const LogEntry& entry);
  /// What recover() found for a queue.
  [[nodiscard]] std::vector<LogEntry> take_recovered(QueueId queue) { return std::move(recovered_[queue]); }

 private:
  [[nodiscard]] static WalRecordPtr make_record(QueueId queue, LogIndex index, const LogEntry& entry);
  [[nodiscard]] sim::File& file();
  void write_batch();
  void rewrite();
  [[nodiscard]] static std::int64_t bytes_of(const LogEntry& entry);

  Broker& broker_;
  std::uint32_t number_ = 1;  ///< of the file
  std::string name_;
  std::vector<WalRecordPtr> waiting_;
  std::vector<std::vector<LogEntry>> recovered_;  ///< by queue
  sim::WaitQueue work_;
};

}  // namespace noloss::models::rabbitmq
