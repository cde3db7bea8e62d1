// What a node sees of its queue processes, whatever their type.
#pragma once

#include <cstdint>
#include <vector>

#include "models/cluster.hpp"
#include "models/rabbitmq/mailbox.hpp"
#include "models/rabbitmq/protocol.hpp"

namespace noloss::models::rabbitmq {

/// Thrown by a queue's process or the message store, in their own fibers: the process ends by an error, such as a file
/// that cannot be written, synced or read. See supervision.hpp.
struct QueueCrash {};

class QueueProcess {
 public:
  virtual ~QueueProcess() = default;

  /// The process's fiber; recovery is over when it starts.
  virtual void loop() = 0;
  /// After a restart of the node, before it serves. May wait for the disk.
  virtual void recover() = 0;
  /// The process has crashed: what it held in memory is gone. Does not wait.
  virtual void crashed() {}
  /// It is started again, in the queue's fiber, from what is on disk. May crash as well.
  virtual void restart() {}
  /// The node stops in an orderly way; other replicas may have to know.
  virtual void leader_stops() {}
  /// Orderly: everything is written and synced.
  virtual void close() = 0;
  [[nodiscard]] virtual Mailbox& mailbox() = 0;

  // --- for the run and its checkers ---
  /// Clients are served here: the home node, or the leader.
  [[nodiscard]] virtual bool leads() const = 0;
  /// Of those that believe to lead, the one with the highest does.
  [[nodiscard]] virtual std::uint64_t epoch() const { return 0; }
  /// Nothing is ready and nothing is held by a consumer.
  [[nodiscard]] virtual bool drained() const = 0;
  /// Something waits to be stored often enough.
  [[nodiscard]] virtual bool waits_for_copies() const = 0;
  [[nodiscard]] virtual bool exists() const = 0;
  /// Of the messages that it holds in this node's memory; a stream's are in the page cache.
  [[nodiscard]] virtual std::int64_t bytes() const { return 0; }
  /// Messages that a consumer could still get.
  [[nodiscard]] virtual std::vector<MessageRef> messages() const = 0;
  /// Replicated queues: records up to the commit position, and that position.
  virtual void describe(ReplicaState& /*replica*/) const {}
};

}  // namespace noloss::models::rabbitmq
