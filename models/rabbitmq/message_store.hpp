// The store that all classic queues of a node share for larger messages (rabbit_msg_store).
//
// Modelled: messages gather in a buffer of the process and are written when its sync timer fires or the buffer is full;
// through 3.12 an fsync follows, from 3.13 nothing does (commit 985f4e8a68); whoever wrote them learns of it then.
// Files of 16 MiB, one after the other; an index in memory, found again by scanning the files at the start. What
// queues have done with is garbage: a file without anything else is deleted, and from 3.13 one that is half garbage is
// compacted 15 s later (pull requests 6090, 10696): messages from its end are copied into holes before them, synced,
// then the file is cut. A file that cannot be written or synced ends the process; see supervision.hpp. Not modelled:
// one copy for several queues and its reference count; through 3.12 the merging of two files; read caches.
//
// volatile, lost on kill: the buffer and the index. durable: the files, as far as written and synced.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "models/rabbitmq/mailbox.hpp"
#include "models/rabbitmq/protocol.hpp"
#include "sim/disk.hpp"

namespace noloss::models::rabbitmq {

class Broker;
class ClassicStorage;
/// A queue's number for a message, in publish order.
using SeqId = std::uint64_t;

/// A message as it lies in a store. Found again by queue and copy.
struct BodyRecord final : Record {
  QueueId queue = kNoQueue;
  ContentPtr content;
};

class MessageStore {
 public:
  explicit MessageStore(Broker& broker);

  void loop();
  void recover();
  /// After a crash of the process: the buffer is gone, the files are read again.
  void restart();
  /// Everything written and synced.
  void close();
  void write(ClassicStorage& owner, QueueId queue, SeqId seq, ContentPtr content);
  void remove(QueueId queue, std::uint64_t copy);
  /// The owner's process is no more; what it has written stays.
  void forget(const ClassicStorage& owner);
  /// After recover(): whether the body is there, as far as the index knows.
  [[nodiscard]] bool holds(QueueId queue, std::uint64_t copy) const { return index_.contains({queue, copy}); }
  /// Reads it.
  [[nodiscard]] bool readable(QueueId queue, std::uint64_t copy);

 private:
  using Key = std::pair<QueueId, std::uint64_t>;  ///< queue and copy
  struct Pending {
    ClassicStorage* owner = nullptr;  ///< null: it is no more
    SeqId seq = 0;
    boost::intrusive_ptr<BodyRecord> record;
  };
  struct Location {
    std::uint32_t file = 0;
    std::int64_t offset = 0;
    std::int64_t bytes = 0;
  };
  struct Valid {
    Location at;
    Key key;
    sim::PayloadPtr record;
  };
  void flush(bool sync);
  void append(const Pending& pending);
  /// What is written from now on goes to a new file.
  void roll_over();
  [[nodiscard]] sim::File& file(std::uint32_t number);
  void garbage_in(std::uint32_t number);
  void compact(std::uint32_t number);
  /// The messages of a file that the index places there, by offset.
  [[nodiscard]] std::vector<Valid> scan(std::uint32_t number);

  Broker& broker_;
  Mailbox mailbox_;
  std::vector<Pending> buffer_;
  std::int64_t buffered_ = 0;  ///< bytes
  sim::VirtualTime due_ = sim::kNever;
  std::map<Key, Location> index_;
  std::map<std::uint32_t, std::int64_t> files_;  ///< bytes that are no garbage, by number; the last one is written to
  std::map<std::uint32_t, sim::VirtualTime> compactions_;
  std::optional<std::uint32_t> compacted_;  ///< this file at present
};

}  // namespace noloss::models::rabbitmq
