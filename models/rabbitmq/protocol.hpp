// What travels between the nodes of a RabbitMQ cluster and its clients, and how the nodes name things.
//
// Between client and broker: AMQP 0-9-1 methods, one channel a connection. Between brokers: Erlang messages between
// channel and queue processes, named here for what they carry. A channel or a queue answers for itself; whoever holds
// the letter finds it by ChannelId or QueueId.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/events.hpp"
#include "models/message.hpp"
#include "sim/ids.hpp"
#include "sim/network.hpp"
#include "sim/payload.hpp"
#include "sim/time.hpp"

namespace noloss::models::rabbitmq {

/// A queue's place in the topology.
using QueueId = std::uint32_t;
inline constexpr QueueId kNoQueue = 0xffffffff;
/// An exchange's place in the topology; 0 is the default exchange.
using ExchangeId = std::uint32_t;
/// A routing key's and a message's headers' place among those of the run; 0 of the latter: no headers.
using KeyId = std::uint32_t;
using HeadersId = std::uint32_t;
/// A publisher's sequence number on its channel, from 1; 0: no confirmation wanted.
using PublishSeq = std::uint64_t;

/// A channel process: it lives on one node, and no two in a run are the same.
struct ChannelId {
  sim::NodeId node = sim::kNoNode;
  std::uint32_t incarnation = 0;  ///< of the node
  std::uint64_t number = 0;
  friend auto operator<=>(const ChannelId&, const ChannelId&) = default;
};

/// Exchange, routing key and headers; with the default exchange the key is a queue's name, whose number is the queue's.
struct Route {
  ExchangeId exchange = 0;
  KeyId key = kNoQueue;
  HeadersId headers = 0;
};

/// A message as queues hold it.
struct Content final : sim::Payload {
  MessagePtr message;
  bool persistent = false;
  sim::Duration expiration{-1};  ///< its own TTL; negative: none
  Route route;                   ///< by which it came to the queue
  std::uint64_t copy = 0;        ///< distinct for each publish of the run
  std::vector<QueueId> deaths;   ///< x-death: queues that dead-lettered it, oldest first
  bool rejected_before = false;  ///< one of these deaths was a rejection
};
using ContentPtr = boost::intrusive_ptr<const Content>;

// --- AMQP 0-9-1 ---

struct BasicPublish final : sim::Payload {
  Route route;
  MessagePtr message;
  sim::Duration expiration{-1};  ///< the property; negative: none
  bool persistent = false;
  bool mandatory = false;
};
/// basic.ack and basic.nack in either direction, and a consumer's basic.reject.
struct BasicConfirm final : sim::Payload {
  std::uint64_t tag = 0;
  bool multiple = false;
  bool requeue = false;  ///< a consumer's basic.nack or basic.reject
};
struct BasicReturn final : sim::Payload {
  PublishSeq seq = 0;  ///< AMQP returns the message itself; the client knows it by this
};
struct BasicConsume final : sim::Payload {
  QueueId queue = kNoQueue;
  bool auto_ack = false;
  std::int64_t prefetch = 0;
  std::string stream_offset;  ///< x-stream-offset
};
struct BasicDeliver final : sim::Payload {
  std::uint64_t tag = 0;
  std::int64_t offset = -1;  ///< of a stream
  bool redelivered = false;
  MessagePtr message;
};
/// confirm.select or tx.select; declares what the client uses, as an application does when it starts.
struct ChannelOpen final : sim::Payload {
  bool confirms = false;
  bool transactions = false;
  bool stream_protocol = false;  ///< not AMQP: a stream client opens its connection
  QueueId declares = kNoQueue;
};
[[nodiscard]] inline ChannelOpen stream_connection_to(QueueId stream) {
  ChannelOpen open;
  open.declares = stream;
  open.stream_protocol = true;
  return open;
}
/// Reply codes: no such queue or its home node is down; unknown delivery tag or a consumer's timeout; a commit failed.
inline constexpr std::uint32_t kNotFound = 404;
inline constexpr std::uint32_t kPreconditionFailed = 406;
inline constexpr std::uint32_t kInternalError = 541;
struct ChannelClose final : sim::Payload {
  std::uint32_t code = 0;
};
struct Empty final : sim::Payload {};

// --- to a queue ---

struct ToQueue : sim::Payload {
  QueueId queue = kNoQueue;
  ChannelId channel;
};
struct QueuePublish final : ToQueue {
  PublishSeq seq = 0;
  ContentPtr content;
};
struct QueueConsume final : ToQueue {
  bool auto_ack = false;
  std::int64_t prefetch = 0;
};
/// What a consumer says about messages that it holds.
/// requeued: not processed; failed: processed without success; both come back. rejected: given up.
enum class Disposition : std::uint8_t { acknowledged, requeued, failed, rejected };
struct QueueSettle final : ToQueue {
  Disposition disposition = Disposition::acknowledged;
  std::vector<std::uint64_t> deliveries;  ///< numbers of QueueDeliver
};
/// queue.declare: makes the queue if there is none.
struct QueueDeclare final : ToQueue {};
/// Everything that is ready is thrown away.
struct QueuePurge final : ToQueue {};
/// The channel is no more; everything it held comes back.
struct QueueChannelDown final : ToQueue {};

// --- to a channel ---

struct ToChannel : sim::Payload {
  ChannelId channel;
  QueueId queue = kNoQueue;
};
struct QueueConfirm final : ToChannel {
  sim::NodeId replica{};  ///< of a mirrored queue; else the only one
  bool accepted = true;   ///< false: the queue took none of them
  std::vector<PublishSeq> seqs;
};
struct QueueDeliver final : ToChannel {
  std::uint64_t delivery = 0;  ///< the queue's number for it
  bool redelivered = false;
  bool resumes = false;  ///< quorum queues: nothing between the last one that arrived and this one is held any more
  ContentPtr content;
};

// --- between nodes ---

struct NodeHello final : sim::Payload {
  std::uint32_t incarnation = 0;
  bool answers = false;
  std::uint64_t clients = 0;  ///< connected to the nodes that the sender was together with
  std::uint64_t nodes = 0;    ///< these nodes
};
struct NodeTick final : sim::Payload {
  std::uint64_t clients = 0;  ///< connected to the sender
};

/// Events and message kinds, resolved once.
struct Events {
  CommonEvents common;
  sim::EventId routed, written, confirmed, returned, node_down, dead_lettered, dropped, requeued;
  sim::MessageKind channel_open, channel_close, basic_publish, basic_ack, basic_nack, basic_reject, basic_return,
      basic_consume, basic_deliver, tx_commit, tx_commit_ok, heartbeat;
  sim::EventId promoted, synchronised, paused, queue_crashed;
  sim::MessageKind queue_down, queue_down_seen;
  sim::MessageKind node_hello, node_tick, node_restarts;
  sim::MessageKind queue_view, mirror_publish, mirror_forget, mirror_join, mirror_sync, mirror_stop;
  sim::MessageKind queue_publish, queue_consume, queue_settle, queue_channel_down, queue_declare, queue_confirm,
      queue_deliver;
  sim::MessageKind raft_command, raft_fetch, raft_applied, raft_not_leader, append_entries, append_entries_reply,
      request_vote, vote;
  sim::MessageKind stream_write, stream_written, stream_track, stream_query, stream_answer, stream_monitor, stream_gone,
      stream_readable, stream_overview, stream_overview_reply, stream_attach, stream_chunks, stream_ack, stream_closed,
      stream_action, stream_action_done, stream_process_down;
  sim::MessageKind declare_publisher, query_publisher_sequence, publish, publish_confirm, query_offset, store_offset,
      subscribe, deliver, credit, metadata_update, stream_response;
  sim::EventId alarm_set, alarm_cleared;
  sim::MessageKind queue_definition, queue_purge;
  sim::MessageKind node_alarm, connection_blocked, connection_unblocked;
};
[[nodiscard]] const Events& events();

/// Bytes of a method or an Erlang message without its content.
inline constexpr std::int64_t kMethodBytes = 64;

}  // namespace noloss::models::rabbitmq
