// What every node of a RabbitMQ cluster knows from its definitions as a run begins: queues, exchanges, bindings.
//
// What changes while the cluster runs (which nodes are up, whether a queue still exists, its policy) each node finds
// out for itself; a node keeps a topology of its own for that.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "models/rabbitmq/protocol.hpp"
#include "models/rabbitmq/release.hpp"
#include "models/rabbitmq/routing.hpp"
#include "models/setup.hpp"
#include "sim/ids.hpp"

namespace noloss::models::rabbitmq {

enum class QueueType : std::uint8_t { classic, quorum, stream };
enum class Overflow : std::uint8_t { drop_head, reject_publish, reject_publish_dlx };

enum class PartitionHandling : std::uint8_t { ignore, pause_minority, autoheal, pause_if_all_down };

/// A TTL of a queue or a message: of two the lower one; negative: none.
[[nodiscard]] inline sim::VirtualTime expiry(sim::VirtualTime now, sim::Duration of_queue, sim::Duration of_message) {
  if (of_queue.count() < 0 && of_message.count() < 0) return sim::kNever;
  if (of_queue.count() < 0) return now + of_message;
  return now + (of_message.count() < 0 ? of_queue : std::min(of_queue, of_message));
}

/// What a policy says of a queue, together with the arguments of its declaration. It may change during a run.
struct QueuePolicy {
  std::int64_t max_length = -1;  ///< ready messages; -1: no limit
  std::int64_t max_bytes = -1;   ///< of their bodies; -1: no limit
  Overflow overflow = Overflow::drop_head;
  sim::Duration ttl{-1};                ///< of its messages; negative: none
  sim::Duration expires{-1};            ///< of the queue, when nobody uses it; negative: none
  std::int64_t delivery_limit = -1;     ///< -1: none
  bool dead_letters = false;            ///< has a dead letter exchange
  bool dead_letter_confirmed = false;   ///< at-least-once
  ExchangeId dead_letter_exchange = 0;  ///< a missing one: behind all that there are
  KeyId dead_letter_key = kNoQueue;     ///< kNoQueue: the key that the message came with
  bool mirrored = false;                ///< classic; once it was, it stays so, with one replica
  std::int64_t replicas = 1;            ///< mirrored: leader and mirrors
  bool sync_automatically = false;
  bool promote_on_failure = true;    ///< also a mirror that is not synchronised
  bool promote_on_shutdown = false;  ///< the same, when the leader stops in an orderly way
};

struct QueueInfo : QueuePolicy {
  std::string name;
  QueueType type = QueueType::classic;
  bool durable = true;
  bool exists_at_start = true;       ///< false: an administrator makes it, and no client declares it
  std::int64_t storage_version = 2;  ///< classic
  std::vector<sim::NodeId> members;  ///< the home node, or the group, first leader first; mirrored: all nodes
  ExchangeId exchange = 0;           ///< that its publishers use
};

struct Topology {
  const Release* release = nullptr;
  std::vector<sim::NodeId> brokers;
  std::vector<QueueInfo> queues;
  std::vector<ExchangeInfo> exchanges;  ///< the first is the default exchange
  Routes routes;

  PartitionHandling partition_handling = PartitionHandling::ignore;
  std::vector<sim::NodeId> preferred_nodes;  ///< pause_if_all_down: a node that sees none of them pauses
  bool heals_by_itself = false;              ///< autoheal, also as what pause_if_all_down recovers with
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

  /// By which a publisher with these options sends messages for a queue.
  [[nodiscard]] Route publishing_route(QueueId to, const OptionValues& config) const;
  /// By which a message leaves a queue for its dead letter exchange.
  [[nodiscard]] Route dead_letter_route(QueueId from, const Content& content) const;
};

/// The policy of a queue with these options.
[[nodiscard]] QueuePolicy make_policy(const Topology& topology, const EntitySetup& entity, const Setup& setup);
/// All nodes, beginning with the queue's first leader.
[[nodiscard]] std::vector<sim::NodeId> mirrored_members(const Topology& topology, QueueId queue);
/// Node ids are those that build() gives: brokers first.
[[nodiscard]] Topology make_topology(const Setup& setup);

}  // namespace noloss::models::rabbitmq
