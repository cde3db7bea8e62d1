#include "models/textbook/topology.hpp"

namespace noloss::models::textbook {

Topology make_topology(const Setup& setup) {
  Topology topology;
  for (std::uint32_t i = 0; i < setup.brokers.count; ++i) topology.brokers.push_back(sim::NodeId{i});
  topology.coordinator = sim::NodeId{setup.brokers.count};
  for (std::uint32_t entity = 0; entity < setup.entities.size(); ++entity) {
    const EntitySetup& topic = setup.entities[entity];
    topology.first_partition.push_back(static_cast<std::uint32_t>(topology.partitions.size()));
    for (std::uint32_t number = 0; number < topic.partitions; ++number) {
      PartitionInfo partition{entity, number, {}};
      if (number < topic.assignment.size()) {
        for (const std::uint32_t broker : topic.assignment[number])
          partition.replicas.push_back(sim::NodeId{broker - 1});
      } else {
        for (std::uint32_t i = 0; i < topic.replicas; ++i) {
          partition.replicas.push_back(sim::NodeId{(number + i) % setup.brokers.count});
        }
      }
      topology.partitions.push_back(std::move(partition));
    }
  }
  const OptionValues& config = setup.brokers.config;
  topology.flush_sync = config.at("flush").text == "sync";
  topology.flush_interval = config.duration("flush.interval");
  topology.required_copies = static_cast<std::uint32_t>(config.integer("replicas.acks"));
  topology.stop_on_fsync_error = config.at("on.fsync.error").text == "stop";
  topology.failover = config.duration("failover");
  return topology;
}

}  // namespace noloss::models::textbook
