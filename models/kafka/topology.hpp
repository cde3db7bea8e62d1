// What every node of a Kafka cluster knows from its configuration: partitions, their options, the brokers' options.
// Constant during a run. Units: nanoseconds, bytes, records.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "models/kafka/config.hpp"
#include "models/kafka/protocol.hpp"
#include "models/kafka/release.hpp"
#include "models/setup.hpp"
#include "sim/ids.hpp"

namespace noloss::models::kafka {

/// Pause before a node connects again.
inline constexpr sim::Duration kReconnectDelay = std::chrono::milliseconds{100};
/// request.timeout.ms of a broker, for what it asks of others.
inline constexpr sim::Duration kBrokerRequestTimeout = std::chrono::seconds{30};
/// One handshake. The kernel repeats a SYN after a second; here the program tries again instead.
inline constexpr sim::Duration kConnectTimeout = std::chrono::seconds{1};

struct PartitionInfo {
  std::uint32_t entity = 0;           ///< the number of the setup's topics: __consumer_offsets
  std::uint32_t number = 0;           ///< within its topic
  std::string name;                   ///< topic-partition
  std::vector<sim::NodeId> replicas;  ///< in assignment order; the first one is preferred and leads at the start
  bool initially = true;              ///< exists when the run begins
  bool offsets = false;               ///< of __consumer_offsets
  bool transactions = false;          ///< of __transaction_state

  [[nodiscard]] bool has(sim::NodeId node) const;
};

/// What a broker reads when it starts.
struct BrokerOptions {
  sim::Duration replica_lag{0};
  sim::Duration replica_fetch_wait{0};
  std::int64_t replica_fetch_bytes = 0;
  sim::Duration replica_socket_timeout{0};
  sim::Duration high_watermark_checkpoint{0};
  sim::Duration recovery_point_checkpoint{0};
  sim::Duration flush_scheduler{0};
  sim::Duration retention_check{0};
  sim::Duration session_timeout{0};
  sim::Duration heartbeat{0};
  bool controlled_shutdown = true;
  bool leader_rebalance = true;
  sim::Duration leader_rebalance_interval{0};
  sim::Duration offsets_commit_timeout{0};
  sim::Duration offsets_retention{0};
  sim::Duration offsets_retention_check{0};
  sim::Duration initial_rebalance_delay{0};
  bool eligible_leader_replicas = false;
  sim::Duration transaction_timeout_check{0};
  bool transactions_v2 = false;
};

/// A consumer as its group knows it when the run begins.
struct ConsumerInfo {
  sim::NodeId node{};
  GroupId group = 0;
  std::string client;
  sim::Duration session_timeout{0};
  sim::Duration rebalance_timeout{0};
  bool assigns = false;           ///< takes its partitions itself, is no member
  std::uint32_t forwards_to = 0;  ///< topic, if its application sends on what it processed
};

/// The partitions of the first image of the metadata, and those that operations have added since: an entry says where
/// a partition is if it exists. Whether it does, a node knows from metadata alone.
struct Topology {
  Release release;
  Behaviours behaviours;
  BrokerOptions options;
  ClusterConfigPtr config;  ///< from the start; what `set` makes of it is in the metadata
  /// Of all topics, one after the other, the internal ones, then those that were added. Nodes keep references.
  std::deque<PartitionInfo> partitions;
  std::size_t initial_partitions = 0;          ///< those from the start
  std::vector<std::uint32_t> first_partition;  ///< of each topic, in `partitions`
  PartitionIndex offsets_partition = 0;        ///< of the one consumer group
  /// Of all transactional ids. Empty: no producer has one, and the topic does not exist.
  std::optional<PartitionIndex> transactions_partition;
  std::vector<sim::NodeId> brokers;
  sim::NodeId controller{};
  std::vector<ConsumerInfo> consumers;

  /// Partitions of a topic, as who knows the first `known` of all sees them.
  [[nodiscard]] std::vector<PartitionIndex> partitions_of(std::uint32_t entity, std::size_t known) const;
  /// Those that exist at the start.
  [[nodiscard]] std::vector<PartitionIndex> partitions_of(std::uint32_t entity) const;
  [[nodiscard]] bool internal(PartitionIndex partition) const {
    return partitions[partition].offsets || partitions[partition].transactions;
  }
  /// What acks=all demands of the ISR of that partition, for who knows that configuration.
  [[nodiscard]] std::size_t min_isr(PartitionIndex partition, const ClusterConfig& known) const;
};

/// Brokers, partitions and options of `setup`; node ids are those that build() gives: brokers first.
[[nodiscard]] Topology make_topology(const Setup& setup);
/// Gives a client's `lanes` one for each partition of the topic that it knows of and has none for yet.
template <class Lanes>
void add_lanes(Lanes& lanes, const Topology& topology, std::uint32_t entity, std::size_t known) {
  const std::vector<PartitionIndex> partitions = topology.partitions_of(entity, known);
  while (lanes.size() < partitions.size()) {
    const PartitionIndex next = partitions[lanes.size()];
    lanes.emplace_back().partition = next;
  }
}

/// Gives a topic `count` more partitions, which exist once the controller says so.
void add_partitions(Topology& topology, const Setup& setup, std::uint32_t entity, std::uint32_t count);

}  // namespace noloss::models::kafka
