// What differs between the releases of RabbitMQ, in one table: nothing else in the model asks for a release.
//
// Sources: release notes and documentation of each release, and the files of rabbitmq-server named at each field.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "sim/time.hpp"

namespace noloss::models::rabbitmq {

/// What counts against a quorum queue's delivery limit.
enum class DeliveryCounter : std::uint8_t {
  returned,  ///< every return, whatever its reason
  acquired,  ///< every time the message was handed out
  failed,    ///< only rejections and consumers that crashed
};

struct Release {
  std::string_view name;

  // --- classic queues (rabbit_classic_queue_index_v2, rabbit_queue_index, rabbit_msg_store) ---
  bool storage_v1 = true;                 ///< removed in 4.0
  bool storage_v2 = true;                 ///< opt-in from 3.10
  bool shared_store_syncs = true;         ///< rabbit_msg_store calls fsync before it confirms; only write() from 3.13
  sim::Duration shared_store_interval{};  ///< its sync timer
  /// It compacts its files in place, which came with the same rework (pull request 6090).
  [[nodiscard]] bool store_compacts() const { return !shared_store_syncs; }
  bool mirroring = true;           ///< removed in 4.0
  bool partition_handling = true;  ///< with Mnesia; the strategies are ignored from 4.3 on
  bool transient_queues = true;    ///< non-durable, non-exclusive queues may be declared without permission

  // --- routing (rabbit_amqqueue) ---
  /// The route to a durable classic queue goes away while its node is down: publishing to it is then unroutable.
  bool routes_follow_node = false;

  // --- quorum queues (rabbit_fifo) ---
  std::int64_t delivery_limit = -1;  ///< default; -1: none
  DeliveryCounter delivery_counter = DeliveryCounter::returned;
  /// Without a delivery limit a message that is given back goes behind the others, not before them.
  bool requeues_at_back = false;
  bool quorum_ttl = true;                 ///< they have a message TTL
  sim::Duration disconnected_timeout{0};  ///< messages of an unreachable consumer are kept for it that long

  // --- streams ---
  bool streams = true;  ///< from 3.9

  // --- consumers ---
  bool timeout_of_classic = true;  ///< consumer_timeout also concerns classic queues

  // --- since 3.8 ---
  bool lost_node_refuses = true;  ///< what a lost node owed is a nack (pull request 1893); before, it was an ack
  bool quorum_queues = true;      ///< and consumer_timeout, reject-publish-dlx
};

/// Oldest first.
[[nodiscard]] std::span<const std::string_view> release_names();
/// Precondition: one of release_names(); an empty name means the newest.
[[nodiscard]] const Release& release_named(std::string_view name);

}  // namespace noloss::models::rabbitmq
