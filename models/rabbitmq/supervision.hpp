// What starts the processes of a node's classic queues and of its message store again when they crash (rabbit_prequeue,
// rabbit_amqqueue_sup, rabbit_vhost_sup_wrapper).
//
// Modelled: a queue's process that meets a file it cannot write, sync or read ends without having written its buffers.
// Whoever dealt with it gets a DOWN: what it owed is refused, its consumers have to look for it again. Its supervisor
// starts it again on the same node, where it reads its files as after an unclean shutdown; the sixth crash within 10 s
// is the last one, and the queue stays down until its node starts again. A message store that crashes takes its virtual
// host along: all classic queues of the node and all connections to it; the third crash within 5 minutes is the last
// one, and nobody can open a connection on that node any more (vhost_restart_strategy continue). Letters that were
// sent to a process which is no more get lost. Not modelled: vhost_restart_strategy stop_node, restart_vhost by hand,
// several virtual hosts, errors that a file system makes go away when the same call is repeated.
//
// A replica of a mirrored queue that crashes ends its node instead.
//
// volatile, lost on kill: everything.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "models/rabbitmq/protocol.hpp"
#include "models/rabbitmq/queue_process.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::rabbitmq {

class Broker;

/// Between nodes: a queue's process on the sender's node has ended. The answer is the same letter back: what the
/// receiver sent before it was for the process that is no more.
struct QueueProcessDown final : sim::Payload {
  QueueId queue = kNoQueue;
  bool given_up = false;  ///< it is not started again, or with its virtual host only
};

class Supervision {
 public:
  explicit Supervision(Broker& broker);

  /// At the start of the node. A queue that crashes over it is started again by run_queue().
  void recover_queue(QueueId id, QueueProcess& queue);
  /// The fiber of a queue's process.
  void run_queue(QueueId id, QueueProcess& queue);
  /// The fiber of the message store.
  void run_store();
  /// In the queue's own fiber, before it acts on anything: ends it if its virtual host is gone.
  void check(QueueId id) const {
    if (ended_.contains(id)) throw QueueCrash{};
  }

  /// As far as this node knows, and whether or not there is a link: false where a supervisor has given up, or the
  /// virtual host is not up.
  [[nodiscard]] bool has_process(QueueId queue, sim::NodeId node) const { return !given_up_.contains({node, queue}); }
  [[nodiscard]] bool virtual_host_up() const { return virtual_host_up_; }

  // --- the other nodes ---
  void told(sim::NodeId peer, const QueueProcessDown& letter);
  void told_back(sim::NodeId peer, const QueueProcessDown& letter);
  void node_changed(sim::NodeId peer, LetterKind what);
  /// A letter from `peer` that has just arrived was sent to a process that is no more.
  [[nodiscard]] bool outdated(sim::NodeId peer, QueueId queue) const { return untold_.contains({peer, queue}); }

 private:
  /// When a child crashed; full: the supervisor gives up.
  class Crashes {
   public:
    Crashes(std::size_t allowed, sim::Duration within) : allowed_(allowed), within_(within) {}
    [[nodiscard]] bool too_many(sim::VirtualTime now);
    void clear() { at_.clear(); }

   private:
    std::size_t allowed_;
    sim::Duration within_;
    std::deque<sim::VirtualTime> at_;
  };

  void queue_ended(QueueId id, QueueProcess& queue, bool given_up);
  void tell(sim::NodeId peer, QueueId queue, bool given_up);
  void tell_all(QueueId queue, bool given_up);
  void end_virtual_host();

  Broker& broker_;
  sim::WaitQueue restarts_;  ///< queues that wait for their virtual host
  bool virtual_host_up_ = true;
  std::uint64_t host_starts_ = 0;
  std::set<QueueId> unrecovered_;
  std::set<QueueId> ended_;                                          ///< with the virtual host
  std::set<std::pair<sim::NodeId, QueueId>> given_up_;               ///< on this node and others
  std::map<std::pair<sim::NodeId, QueueId>, std::uint32_t> untold_;  ///< DOWNs under way to a node
};

}  // namespace noloss::models::rabbitmq
