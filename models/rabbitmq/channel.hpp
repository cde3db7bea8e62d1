// A channel on the node where its client is connected (rabbit_channel, rabbit_confirms).
//
// Modelled: routing with mandatory and alternate exchanges; the confirm state machine: which queues still owe a
// publish, every way in which it becomes an ack or a nack, coalesced answers; tx mode; consumers, delivery tags,
// acknowledgements, a consumer's timeout; flow control towards publishers of quorum queues; connection.blocked: while
// there is a resource alarm nothing is read from a connection that has published. One channel a connection.
// Not modelled: several channels, basic.get, basic.recover, consumer acknowledgements within a transaction.
//
// Invariant: a sequence number is in exactly one of unconfirmed, confirmed, rejected, or was answered.
//
// volatile, lost with the connection or the node: everything; unsettled confirms simply vanish.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "models/rabbitmq/fifo_client.hpp"
#include "models/rabbitmq/protocol.hpp"
#include "models/rabbitmq/stream_client.hpp"
#include "sim/network.hpp"
#include "sim/time.hpp"

namespace noloss::models::rabbitmq {

class Broker;

/// Who publishes on a channel that has no client: a part of the broker itself.
class ChannelOwner {
 public:
  virtual ~ChannelOwner() = default;
  /// Not accepted: refused by a queue, or without a route.
  virtual void settled(PublishSeq seq, bool accepted) = 0;
};

class Channel {
 public:
  Channel(Broker& broker, sim::ConnectionPtr connection, std::uint64_t number);
  /// In confirm mode, and every message mandatory.
  Channel(Broker& broker, ChannelOwner& owner, std::uint64_t number);

  [[nodiscard]] const ChannelId& id() const { return id_; }
  [[nodiscard]] const sim::ConnectionPtr& connection() const { return connection_; }
  /// A method from the client. Answers are sent before it returns.
  void handle(const sim::Arrival& arrival);
  /// A letter from a queue, on this node or another.
  void receive(sim::EventId kind, const ToChannel& letter);
  void node_changed(sim::NodeId peer, LetterKind what);
  void alarms_changed();
  void leader_changed(QueueId queue);
  /// DOWN: the process of a classic queue on `node` has ended.
  void queue_down(QueueId queue, sim::NodeId node);
  /// The broker closes the connection.
  void expel() { finished_ = true; }
  /// It was deleted, whether or not there is another one of its name by now.
  void queue_gone(QueueId queue);
  /// The connection is gone: the queues take back what this channel held.
  void close();
  /// The client was silent for too long, or broke the protocol; the broker then drops the channel.
  [[nodiscard]] bool finished() const { return finished_; }
  void timers();
  [[nodiscard]] sim::VirtualTime next_timer() const;

  // --- for an owner ---
  [[nodiscard]] PublishSeq next_seq() const { return next_seq_; }
  void publish(const Route& route, const ContentPtr& content);

  /// Kept where the client is the broker itself.
  [[nodiscard]] sim::NodeId client() const;
  void stream_writer_changed(QueueId stream);

  // --- for FifoClient and StreamClient ---
  [[nodiscard]] Broker& broker() { return broker_; }
  void queue_confirms(QueueId queue, PublishSeq seq, bool accepted);
  void queue_delivers(QueueId queue, std::uint64_t delivery, bool redelivered, const ContentPtr& content);
  void fail(std::uint32_t code);

 private:
  struct Unacked {
    QueueId queue = kNoQueue;
    std::uint64_t delivery = 0;
    sim::VirtualTime since{};
  };

  void act_on(const sim::Arrival& arrival);
  void block_publisher();
  void mirrors_ended(QueueId queue);
  void declare(QueueId queue);

  // channel.cpp: publishing and confirms
  void publish(const BasicPublish& publish);
  void route(const BasicPublish& publish, PublishSeq seq);
  void distribute(const ContentPtr& content, const std::vector<QueueId>& targets, PublishSeq seq);
  void publish_to_replicas(QueueId queue, PublishSeq seq, const ContentPtr& content);
  void commit();
  /// `replica` has settled it, or is gone.
  void settled_by(PublishSeq seq, QueueId queue, sim::NodeId replica, bool confirmed);
  void accept(PublishSeq seq, QueueId from);
  void reject(PublishSeq seq);
  /// What it owes for `queue`, or for any if that is kNoQueue, it will never settle.
  void give_up_on(sim::NodeId replica, QueueId queue);
  void answer();
  void answer_transaction();
  void send_confirm(sim::MessageKind kind, PublishSeq tag, bool multiple);
  void drain_backlog();
  [[nodiscard]] bool blocked() const;
  [[nodiscard]] FifoClient& fifo(QueueId queue);
  [[nodiscard]] StreamClient& stream(QueueId queue);

  // channel_consumer.cpp
  void consume(const BasicConsume& request);
  void settle(const BasicConfirm& confirm, Disposition disposition);

  Broker& broker_;
  sim::ConnectionPtr connection_;  ///< null: has an owner
  ChannelOwner* owner_ = nullptr;
  ChannelId id_;
  bool confirms_ = false;
  bool transactional_ = false;
  bool finished_ = false;
  bool published_ = false;           ///< the connection has sent a basic.publish
  bool throttled_ = false;           ///< by an alarm: connection.blocked was sent
  std::deque<sim::Arrival> unread_;  ///< in the socket meanwhile
  sim::VirtualTime heard_{};
  sim::VirtualTime beat_{};

  PublishSeq next_seq_ = 1;
  /// Replicas of a queue that have not settled a publish. Empty nodes: a quorum queue, which answers as one.
  struct Owed {
    std::set<sim::NodeId> replicas;
    bool confirmed = false;  ///< by one of them
  };
  std::map<PublishSeq, std::map<QueueId, Owed>> unconfirmed_;
  std::vector<PublishSeq> confirmed_;
  std::vector<PublishSeq> rejected_;
  std::deque<boost::intrusive_ptr<const BasicPublish>> backlog_;  ///< while flow control holds the publisher
  std::vector<boost::intrusive_ptr<const BasicPublish>> transaction_;
  bool committing_ = false;
  bool commit_failed_ = false;

  std::map<QueueId, std::unique_ptr<FifoClient>> fifos_;      ///< by quorum queue
  std::map<QueueId, std::unique_ptr<StreamClient>> streams_;  ///< by stream
  std::map<QueueId, sim::NodeId> used_;                       ///< classic queues that it consumes from, and where
  std::map<QueueId, boost::intrusive_ptr<const BasicConsume>> consumes_;
  std::map<std::uint64_t, Unacked> unacked_;  ///< by delivery tag
  std::uint64_t next_tag_ = 1;
  sim::VirtualTime timeout_scan_ = sim::kNever;
};

}  // namespace noloss::models::rabbitmq
