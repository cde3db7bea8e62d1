// What a classic queue keeps on disk, in both versions, with the moments at which a message counts as written.
//
// Version 1 (rabbit_queue_index): a journal of publishes and acknowledgements; smaller messages lie in it. Its sync,
// 200 ms after something became dirty, writes the buffer and calls fsync. Version 2 (rabbit_classic_queue_index_v2 and
// _store_v2): an index with a slot for each message, and a store of bodies; 200 ms after the first confirm that is
// owed, or when the store's buffer is full, both are written and never synced; acknowledgements alone wait until the
// process hibernates. Larger messages lie in the node's MessageStore; they are safe when both have said so. Recovery
// drops an entry whose body is missing or damaged, and version 2 marks it so in the index. Not modelled: journal to
// segments, several segment files, compaction.
//
// volatile, lost on kill: the buffers. durable: journal, or index and store, as far as written and synced.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "models/rabbitmq/message_store.hpp"
#include "models/rabbitmq/protocol.hpp"
#include "sim/disk.hpp"

namespace noloss::models::rabbitmq {

class Broker;
class Mailbox;

/// An entry of journal or index.
struct IndexRecord final : Record {
  SeqId seq = 0;
  bool acknowledged = false;
  sim::VirtualTime expires = sim::kNever;
  bool embedded = false;  ///< the body lies in the journal, or in the queue's own store
  ContentPtr content;     ///< version 2 and larger messages: only its number counts, the body lies elsewhere
};

class ClassicStorage {
 public:
  struct Recovered {
    SeqId seq = 0;
    ContentPtr content;
    sim::VirtualTime expires = sim::kNever;
    bool on_disk = false;  ///< only the index was read, not the body
  };

  ClassicStorage(Broker& broker, QueueId queue, Mailbox& mailbox);

  /// Empty files of a new queue.
  void create();
  /// The queue is gone.
  void discard();
  /// What is there after a restart; waits for the disk.
  [[nodiscard]] std::vector<Recovered> recover();
  /// For the run and its checkers: what recover() would find, without doing anything about the rest.
  [[nodiscard]] std::vector<MessageRef> left_on_disk() const;
  /// After recover(): behind every number that lies on disk, with or without a message that is still there.
  [[nodiscard]] SeqId first_free() const { return first_free_; }
  /// Writes and syncs everything.
  void close();
  /// The queue's process is no more, and its buffers with it.
  void crashed();

  void publish(SeqId seq, ContentPtr content, sim::VirtualTime expires, bool wants_confirm);
  void acknowledge(SeqId seq, const Content& content);
  /// Reads a body that recover() has found. False: the device or its checksum says no, or it is not where it was.
  [[nodiscard]] bool readable(const Content& content);

  [[nodiscard]] sim::VirtualTime next_flush() const;
  [[nodiscard]] bool due() const;
  /// Writes what is buffered; version 1 waits for fsync. Returns what is safe now and wants a confirm.
  [[nodiscard]] std::vector<SeqId> flush();
  /// The node's store has the body. The queue's process learns of it through its mailbox.
  void body_written(SeqId seq);
  /// Safe since then.
  [[nodiscard]] std::vector<SeqId> take_written() { return std::exchange(written_, {}); }

 private:
  struct Missing {
    bool entry = true;
    bool body = true;
  };
  struct Entry {
    boost::intrusive_ptr<IndexRecord> record;
    boost::intrusive_ptr<BodyRecord> body;  ///< for the queue's own store; else null
  };

  [[nodiscard]] bool first_version() const { return version_ == 1; }
  [[nodiscard]] sim::File& open(const std::string& name);
  void write_buffers();
  void write(const Entry& entry);
  void sync_journal();
  void entry_written(SeqId seq, std::vector<SeqId>& safe);
  using Entries = std::map<SeqId, const IndexRecord*>;
  /// Those of an index, or of a journal up to `end`, that are not acknowledged.
  [[nodiscard]] Entries live_entries(const std::vector<sim::StoredRecord>& content, std::int64_t& end) const;
  void find_bodies();
  /// recover() has not found the body of this entry: the entry is marked as acknowledged.
  void drop(const IndexRecord& record);
  /// Ends the process.
  [[noreturn]] void fail();

  Broker& broker_;
  QueueId queue_;
  Mailbox& mailbox_;
  std::int64_t version_;
  std::string index_name_;
  std::string store_name_;
  std::vector<Entry> buffer_;
  std::int64_t buffered_ = 0;  ///< bytes of bodies for the queue's own store
  std::map<SeqId, Missing> missing_;
  std::map<SeqId, std::int64_t> slots_;  ///< version 2: byte of the entry in the index
  struct Place {
    std::int64_t offset = 0;
    std::int64_t bytes = 0;
  };
  std::map<std::uint64_t, Place> bodies_;  ///< version 2: in the queue's own store, by copy, as recover() found them
  SeqId first_free_ = 0;
  std::vector<SeqId> written_;
  sim::VirtualTime sync_timer_ = sim::kNever;
  sim::VirtualTime idle_timer_ = sim::kNever;
};

}  // namespace noloss::models::rabbitmq
