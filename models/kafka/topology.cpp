#include "models/kafka/topology.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "models/kafka/options.hpp"

namespace noloss::models::kafka {
namespace {

constexpr std::int64_t kTransactionsV2 = 2;  // of the feature transaction.version

BrokerOptions broker_options(const OptionValues& config, const Topology& topology) {
  BrokerOptions options;
  options.replica_lag = config.duration("replica.lag.time.max.ms");
  options.replica_fetch_wait = config.duration("replica.fetch.wait.max.ms");
  options.replica_fetch_bytes = config.integer("replica.fetch.max.bytes");
  options.replica_socket_timeout = config.duration("replica.socket.timeout.ms");
  options.high_watermark_checkpoint = config.duration("replica.high.watermark.checkpoint.interval.ms");
  options.recovery_point_checkpoint = config.duration("log.flush.offset.checkpoint.interval.ms");
  options.flush_scheduler = config.duration("log.flush.scheduler.interval.ms");
  options.retention_check = config.duration("log.retention.check.interval.ms");
  options.controlled_shutdown = config.flag("controlled.shutdown.enable");
  options.leader_rebalance = config.flag("auto.leader.rebalance.enable");
  options.leader_rebalance_interval = config.duration("leader.imbalance.check.interval.seconds");
  options.offsets_commit_timeout = config.duration("offsets.commit.timeout.ms");
  options.offsets_retention = config.duration("offsets.retention.minutes");
  options.offsets_retention_check = config.duration("offsets.retention.check.interval.ms");
  options.initial_rebalance_delay = config.duration("group.initial.rebalance.delay.ms");
  if (topology.behaviours.kraft) {
    options.session_timeout = config.duration("broker.session.timeout.ms");
    options.heartbeat = config.duration("broker.heartbeat.interval.ms");
  } else {
    options.session_timeout = config.duration("zookeeper.session.timeout.ms");
    options.heartbeat = options.session_timeout / 3;  // as ZooKeeper's client pings
  }
  options.eligible_leader_replicas = config.all().contains("eligible.leader.replicas.version") &&
                                     config.integer("eligible.leader.replicas.version") > 0;
  const auto has = [&](std::string_view name) { return config.all().contains(name); };
  if (!topology.behaviours.idempotence_exists) return options;
  options.transaction_timeout_check = config.duration("transaction.abort.timed.out.transaction.cleanup.interval.ms");
  options.transactions_v2 = has("transaction.version") && config.integer("transaction.version") >= kTransactionsV2;
  return options;
}

void add_partition(Topology& topology, PartitionInfo info, std::uint32_t first, std::uint32_t replicas) {
  const auto brokers = static_cast<std::uint32_t>(topology.brokers.size());
  for (std::uint32_t i = 0; i < replicas && info.replicas.size() < replicas; ++i) {
    info.replicas.push_back(topology.brokers[(first + i) % brokers]);
  }
  topology.partitions.push_back(std::move(info));
}

/// __transaction_state is made when the first producer asks for its coordinator.
void add_transaction_state(Topology& topology, const Setup& setup) {
  const auto transactional = [](const ProducersSetup& group) { return !transactional_id(group.config).empty(); };
  const auto forwards = [](const ConsumersSetup& group) {
    return group.forward.enabled && !transactional_id(group.forward.config).empty();
  };
  const bool used = std::any_of(setup.producers.begin(), setup.producers.end(), transactional) ||
                    std::any_of(setup.consumers.begin(), setup.consumers.end(), forwards);
  if (!used) return;
  const OptionValues& config = setup.brokers.config;
  PartitionInfo state;
  state.entity = static_cast<std::uint32_t>(setup.entities.size()) + 1;
  state.name = "__transaction_state-0";
  state.transactions = true;
  const auto replicas = static_cast<std::uint32_t>(config.integer("transaction.state.log.replication.factor"));
  topology.transactions_partition = static_cast<PartitionIndex>(topology.partitions.size());
  const PartitionIndex first = *topology.transactions_partition;
  add_partition(topology, std::move(state), first, std::min(replicas, setup.brokers.count));
}

}  // namespace

bool PartitionInfo::has(sim::NodeId node) const {
  return std::find(replicas.begin(), replicas.end(), node) != replicas.end();
}

std::size_t Topology::min_isr(PartitionIndex partition, const ClusterConfig& known) const {
  const PartitionInfo& info = partitions[partition];
  const auto configured = static_cast<std::size_t>(known.topic(info.entity).min_insync_replicas);
  return behaviours.effective_min_isr ? std::min(configured, info.replicas.size()) : configured;
}

std::vector<PartitionIndex> Topology::partitions_of(std::uint32_t entity, std::size_t known) const {
  std::vector<PartitionIndex> found;
  for (PartitionIndex index = 0; index < std::min(known, partitions.size()); ++index) {
    if (partitions[index].entity == entity) found.push_back(index);
  }
  return found;
}

std::vector<PartitionIndex> Topology::partitions_of(std::uint32_t entity) const {
  std::vector<PartitionIndex> found = partitions_of(entity, initial_partitions);
  std::erase_if(found, [this](PartitionIndex index) { return !partitions[index].initially; });
  return found;
}

Topology make_topology(const Setup& setup) {
  Topology topology;
  topology.release = parse_release(setup.release);
  topology.behaviours = behaviours(topology.release);
  topology.options = broker_options(setup.brokers.config, topology);
  for (std::uint32_t i = 0; i < setup.brokers.count; ++i) topology.brokers.push_back(sim::NodeId{i});
  topology.controller = sim::NodeId{setup.brokers.count};
  topology.config = ClusterConfigPtr{new ClusterConfig(setup)};
  for (std::uint32_t entity = 0; entity < setup.entities.size(); ++entity) {
    const EntitySetup& topic = setup.entities[entity];
    topology.first_partition.push_back(static_cast<std::uint32_t>(topology.partitions.size()));
    for (std::uint32_t number = 0; number < topic.partitions; ++number) {
      PartitionInfo info;
      info.entity = entity;
      info.number = number;
      info.name = fmt::format("{}-{}", topic.name, number);
      info.initially = topic.exists;
      if (number < topic.assignment.size()) {
        for (const std::uint32_t broker : topic.assignment[number]) info.replicas.push_back(sim::NodeId{broker - 1});
      }
      add_partition(topology, std::move(info), number, topic.replicas);
    }
  }
  topology.offsets_partition = static_cast<PartitionIndex>(topology.partitions.size());
  PartitionInfo offsets;
  offsets.entity = static_cast<std::uint32_t>(setup.entities.size());
  offsets.name = "__consumer_offsets-0";
  offsets.offsets = true;
  const auto replicas = static_cast<std::uint32_t>(setup.brokers.config.integer("offsets.topic.replication.factor"));
  const std::uint32_t first = topology.offsets_partition;
  add_partition(topology, std::move(offsets), first, std::min(replicas, setup.brokers.count));
  add_transaction_state(topology, setup);
  topology.initial_partitions = topology.partitions.size();
  return topology;
}

void add_partitions(Topology& topology, const Setup& setup, std::uint32_t entity, std::uint32_t count) {
  const EntitySetup& topic = setup.entities[entity];
  const auto present = topology.partitions_of(entity, topology.partitions.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    PartitionInfo info;
    info.entity = entity;
    info.number = static_cast<std::uint32_t>(present.size()) + i;
    info.name = fmt::format("{}-{}", topic.name, info.number);
    const std::uint32_t first = info.number;
    add_partition(topology, std::move(info), first, topic.replicas);
  }
}

}  // namespace noloss::models::kafka
