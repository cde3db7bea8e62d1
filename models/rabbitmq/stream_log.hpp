// One member's log of a stream on its disk (osiris_log).
//
// Modelled: chunks of records, written to the page cache and never synced; recovery that keeps everything before the
// first chunk that is torn or damaged; the epochs of the log and the offset where each ends; truncation to what a new
// leader's epochs confirm; deduplication sequences and stored offsets, which are read from the log itself. Source:
// rabbitmq/osiris osiris_log.erl (init, init_acceptor, truncate_to, recover_tracking). Not modelled: the index file
// (the real recovery searches backwards from the index for a chunk whose checksum fits), segments of limited size,
// retention, snapshots of the tracking data, bloom filters.
//
// Invariants: (1) chunks follow each other without a gap from offset 0; (2) an offset has one record.
// volatile, lost on kill: nothing that the file has not. durable: the file, as far as the kernel has written it back.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/rabbitmq/protocol.hpp"
#include "sim/disk.hpp"

namespace noloss::models::rabbitmq {

class Broker;

/// A record's place in a stream, from 0. A chunk is named by its first one.
using Offset = std::int64_t;
inline constexpr Offset kNoOffset = -1;
/// Counts the elections of a stream's writer.
using Epoch = std::uint64_t;

/// A chunk; as a default none, which is less than any. What an election compares.
struct ChunkId {
  Epoch epoch = 0;
  Offset first = kNoOffset;
  friend auto operator<=>(const ChunkId&, const ChunkId&) = default;
};

struct StreamRecord final : Record {
  ChunkId chunk;
  Offset offset = 0;
  std::size_t chunk_records = 1;
  std::uint64_t number = 0;  ///< distinct for each record of the run
  ContentPtr content;        ///< null: an offset that a consumer stored
  std::string reference;     ///< of a writer that deduplicates, or of the consumer; empty: none
  std::uint64_t value = 0;   ///< the writer's number for the message, or the stored offset
};
using StreamRecordPtr = boost::intrusive_ptr<const StreamRecord>;

struct StreamChunk {
  ChunkId id;
  std::int64_t byte = 0;  ///< where it begins in the file
  std::vector<StreamRecordPtr> records;

  [[nodiscard]] Offset end() const { return id.first + static_cast<Offset>(records.size()); }
};

/// What a writer knows from the log about its publishers and consumers.
struct StreamTracking {
  struct Sequence {
    std::uint64_t last = 0;
    Offset chunk = 0;  ///< that holds it
  };
  std::map<std::string, Sequence> sequences;
  std::map<std::string, Offset> offsets;
};

class StreamLog {
 public:
  StreamLog(Broker& broker, QueueId queue);

  /// As the run begins.
  void create() { (void)file(); }
  /// Reads the file, and cuts it off where it cannot be read. Waits for the disk.
  void recover();
  /// In the page cache when it returns. False: it could not be written, and nothing of it is there.
  [[nodiscard]] bool append(StreamChunk chunk);
  /// Cuts off whatever the leader's log, by the last chunk of each of its epochs, does not have.
  void truncate_to(std::vector<ChunkId> leader_ends);

  [[nodiscard]] ChunkId tail() const { return chunks_.empty() ? ChunkId{} : chunks_.back().id; }
  [[nodiscard]] Offset end() const { return chunks_.empty() ? 0 : chunks_.back().end(); }
  /// The last chunk of each epoch, oldest first.
  [[nodiscard]] std::vector<ChunkId> epoch_ends() const;
  [[nodiscard]] const std::vector<StreamChunk>& chunks() const { return chunks_; }
  /// Place in chunks() of the chunk that holds `offset`, or of the first behind it.
  [[nodiscard]] std::size_t find(Offset offset) const;
  [[nodiscard]] bool holds(const ChunkId& chunk) const;
  /// End of the last chunk whose first offset is at most `committed`.
  [[nodiscard]] Offset end_of(Offset committed) const;
  /// Its checksum still fits.
  [[nodiscard]] bool readable(const StreamChunk& chunk) const;
  [[nodiscard]] StreamTracking tracking() const;

 private:
  [[nodiscard]] sim::File& file() const;
  /// Keeps the first `count` chunks.
  void keep(std::size_t count);

  Broker& broker_;
  QueueId queue_;
  std::string name_;
  std::vector<StreamChunk> chunks_;
};

}  // namespace noloss::models::rabbitmq
