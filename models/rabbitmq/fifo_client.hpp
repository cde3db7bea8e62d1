// A channel's side of a quorum queue (rabbit_fifo_client).
//
// Modelled: commands in order, kept until the leader has applied them, sent again to a new leader or after 10 s; the
// enqueuer's own sequence numbers, so that what was sent twice is stored once; registration with the first publish,
// which is refused when nobody answers for net_ticktime and 5 s; at most 32 commands in flight before the publisher is
// held; deliveries in order, missed ones asked for. Not modelled: credit, timeouts of synchronous calls but the first.
//
// volatile, lost with the channel: everything.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "models/rabbitmq/quorum_queue.hpp"

namespace noloss::models::rabbitmq {

class Channel;

class FifoClient {
 public:
  FifoClient(Channel& channel, QueueId queue);

  void publish(PublishSeq seq, ContentPtr content);
  void consume(bool auto_ack, std::int64_t prefetch);
  void settle(Disposition disposition, std::vector<std::uint64_t> deliveries);
  void delivered(const QueueDeliver& letter);
  void receive(sim::EventId kind, const ToChannel& letter);
  void node_changed(sim::NodeId peer, LetterKind what);
  void close();
  /// The queue was deleted: nothing is owed, nothing is asked for any more.
  void queue_gone();
  void timers();
  [[nodiscard]] sim::VirtualTime next_timer() const { return std::min(resend_, registration_deadline_); }
  /// The publisher has to wait.
  [[nodiscard]] bool full() const;

 private:
  enum class Registration : std::uint8_t { none, asked, done };
  struct Pending {
    FifoCommandPtr command;
    PublishSeq publish = 0;  ///< of an enqueue
  };
  void enqueue(PublishSeq seq, ContentPtr content);
  void submit(FifoCommand command, PublishSeq publish = 0);
  void send(std::uint64_t seq, const FifoCommandPtr& command);
  void send_all();
  void applied(const RaftApplied& letter);
  /// Asks for what the leader holds for this channel beyond what has arrived.
  void fetch();
  void use_next_member();

  Channel& channel_;
  QueueId queue_;
  const QueueInfo& info_;
  sim::NodeId leader_;
  std::uint64_t next_seq_ = 1;
  std::uint64_t next_enqueue_ = 1;
  std::map<std::uint64_t, Pending> pending_;
  std::size_t enqueues_ = 0;  ///< of the pending ones
  sim::VirtualTime resend_ = sim::kNever;
  Registration registration_ = Registration::none;
  sim::VirtualTime registration_deadline_ = sim::kNever;
  std::vector<std::pair<PublishSeq, ContentPtr>> unregistered_;  ///< published while the registration is open
  bool refuses_ = false;                                         ///< the queue is full, with reject-publish
  bool consumes_ = false;
  bool auto_ack_ = false;
  std::uint64_t next_delivery_ = 1;
};

}  // namespace noloss::models::rabbitmq
