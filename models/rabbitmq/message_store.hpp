// The store that all classic queues of a node share for larger messages (rabbit_msg_store).
//
// Modelled: messages gather in a buffer of the process and are written when its sync timer fires or the buffer is full;
// through 3.12 an fsync follows, from 3.13 nothing does (commit 985f4e8a68); whoever wrote them learns of it then.
// Not modelled: reference counts, compaction, files of limited size, removal of messages.
//
// volatile, lost on kill: the buffer. durable: one file.
#pragma once

#include <cstdint>
#include <map>
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
  /// Everything written and synced.
  void close();
  void write(ClassicStorage& owner, QueueId queue, SeqId seq, ContentPtr content);
  /// After recover(): whether the body is there.
  [[nodiscard]] bool holds(QueueId queue, std::uint64_t copy) const { return bodies_.contains({queue, copy}); }

 private:
  struct Pending {
    ClassicStorage* owner = nullptr;
    SeqId seq = 0;
    boost::intrusive_ptr<BodyRecord> record;
  };
  void flush(bool sync);
  [[nodiscard]] sim::File& file();

  Broker& broker_;
  Mailbox mailbox_;
  std::vector<Pending> buffer_;
  std::int64_t buffered_ = 0;  ///< bytes
  sim::VirtualTime due_ = sim::kNever;
  std::map<std::pair<QueueId, std::uint64_t>, ContentPtr> bodies_;
};

}  // namespace noloss::models::rabbitmq
