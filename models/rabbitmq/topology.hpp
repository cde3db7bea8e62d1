// What every node of a RabbitMQ cluster knows from its definitions: queues, exchanges, bindings. Constant during a run.
//
// Definitions are cluster-wide and taken for granted here; what changes while the cluster runs (which nodes are up,
// whether a transient queue still exists) each node finds out for itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/rabbitmq/protocol.hpp"
#include "models/rabbitmq/release.hpp"
#include "models/setup.hpp"
#include "sim/ids.hpp"

namespace noloss::models::rabbitmq {

enum class QueueType : std::uint8_t { classic, quorum, stream };
enum class Overflow : std::uint8_t { drop_head, reject_publish, reject_publish_dlx };

enum class PartitionHandling : std::uint8_t { ignore, pause_minority, autoheal };

struct QueueInfo {
  std::string name;
  QueueType type = QueueType::classic;
  bool durable = true;
  std::int64_t storage_version = 2;  ///< classic
  std::vector<sim::NodeId> members;  ///< the home node, or the group, first leader first
  bool mirrored = false;             ///< classic, by policy; `members` are then all nodes, the first leader first
  std::int64_t replicas = 1;         ///< mirrored: leader and mirrors
  bool sync_automatically = false;
  bool promote_on_failure = true;    ///< also a mirror that is not synchronised
  bool promote_on_shutdown = false;  ///< the same, when the leader stops in an orderly way
  ExchangeId exchange = 0;           ///< that its publishers use
  std::int64_t max_length = -1;      ///< ready messages; -1: no limit
  Overflow overflow = Overflow::drop_head;
  sim::Duration ttl{-1};               ///< of its messages; negative: none
  std::int64_t delivery_limit = -1;    ///< -1: none
  bool dead_letters = false;           ///< has a dead letter exchange
  bool dead_letter_confirmed = false;  ///< at-least-once
  Route dead_letter_route;             ///< a missing exchange or queue: kNoQueue without exchange
};

struct ExchangeInfo {
  std::string name;             ///< empty: the default exchange, which routes by queue name
  std::vector<QueueId> queues;  ///< bound to it; it is a fanout exchange
  std::string alternate;        ///< name of the alternate exchange; empty: none
};

struct Topology {
  const Release* release = nullptr;
  std::vector<sim::NodeId> brokers;
  std::vector<QueueInfo> queues;
  std::vector<ExchangeInfo> exchanges;  ///< the first is the default exchange

  PartitionHandling partition_handling = PartitionHandling::ignore;
  sim::Duration net_ticktime{0};
  sim::Duration heartbeat{0};         ///< AMQP
  sim::Duration consumer_timeout{0};  ///< the longest there is: none
  std::int64_t disk_limit = 0;        ///< bytes; 0: no alarm
  std::int64_t memory_limit = -1;     ///< bytes of messages; -1: no alarm
  std::int64_t embed_below = 4096;    ///< bytes: smaller messages are embedded in a queue's own files
  bool any_raft = false;              ///< a quorum queue or a stream
  bool any_stream = false;

  /// The stream coordinator's place behind the queues.
  [[nodiscard]] QueueId coordinator() const { return static_cast<QueueId>(queues.size()); }
  /// Queues, and the coordinator if there is one.
  [[nodiscard]] std::size_t processes() const { return queues.size() + (any_stream ? 1 : 0); }

  [[nodiscard]] const ExchangeInfo* exchange_named(std::string_view name) const;
  /// Queues that a message reaches from `route`, alternate exchanges included; duplicates removed.
  [[nodiscard]] std::vector<QueueId> route(Route route) const;
};

/// Node ids are those that build() gives: brokers first.
[[nodiscard]] Topology make_topology(const Setup& setup);

}  // namespace noloss::models::rabbitmq
