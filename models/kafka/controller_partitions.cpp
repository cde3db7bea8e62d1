// What the controller decides about partitions: their ISR, their eligible leader replicas, their leaders.
#include <algorithm>
#include <utility>

#include "models/kafka/controller.hpp"

namespace noloss::models::kafka {
namespace {

bool contains(const std::vector<sim::NodeId>& nodes, sim::NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

}  // namespace

void Controller::changed(PartitionIndex index) {
  ++partitions_[index].partition_epoch;
  dirty_ = true;
}

void Controller::set_isr(PartitionIndex index, std::vector<sim::NodeId> isr) {
  PartitionMetadata& partition = partitions_[index];
  if (topology_.options.eligible_leader_replicas) {
    if (isr.size() >= topology_.min_isr(index, *config_)) {
      partition.elr.clear();
      partition.last_known_leader = sim::kNoNode;
    } else {
      // Who leaves an ISR that is too small for a commit still has everything that was committed.
      for (const sim::NodeId node : partition.isr) {
        if (!contains(partition.elr, node)) partition.elr.push_back(node);
      }
      std::erase_if(partition.elr, [&](sim::NodeId node) { return contains(isr, node); });
      if (isr.empty() && partition.leader != sim::kNoNode) partition.last_known_leader = partition.leader;
    }
  }
  partition.isr = std::move(isr);
}

void Controller::remove_from_isrs(sim::NodeId node, Leaving why) {
  for (PartitionIndex index = 0; index < partitions_.size(); ++index) {
    PartitionMetadata& partition = partitions_[index];
    const PartitionMetadata before = partition;
    if (contains(partition.isr, node)) {
      std::vector<sim::NodeId> isr = partition.isr;
      std::erase(isr, node);
      // Without eligible leader replicas the last one stays: nobody else may ever lead.
      if (!isr.empty() || topology_.options.eligible_leader_replicas) set_isr(index, std::move(isr));
    }
    if (why == Leaving::unclean_shutdown) std::erase(partition.elr, node);
    if (partition.leader == node || partition.leader == sim::kNoNode) elect(index);
    if (partition != before) changed(index);
  }
}

void Controller::elect_where_leaderless() {
  for (PartitionIndex index = 0; index < partitions_.size(); ++index) elect_if_leaderless(index);
}

void Controller::elect_if_leaderless(PartitionIndex index) {
  if (partitions_[index].leader != sim::kNoNode) return;
  elect(index);
  if (partitions_[index].leader != sim::kNoNode) changed(index);
}

bool Controller::acceptable(sim::NodeId node) const {
  const BrokerMetadata& metadata = broker(node).metadata;
  return metadata.registered && !metadata.fenced && !metadata.shutting_down;
}

sim::NodeId Controller::choose_leader(PartitionIndex index, Election election) {
  const PartitionInfo& info = topology_.partitions[index];
  PartitionMetadata& partition = partitions_[index];
  const bool eligible = topology_.options.eligible_leader_replicas;
  const auto clean = [&](sim::NodeId node) {
    const bool from_elr = eligible && partition.isr.empty() && contains(partition.elr, node);
    return (contains(partition.isr, node) || from_elr) && acceptable(node);
  };
  if (partition.leader != sim::kNoNode && clean(partition.leader)) return partition.leader;
  for (const sim::NodeId node : info.replicas) {
    if (clean(node)) return node;
  }
  if (eligible && partition.isr.empty() && partition.elr.empty() && partition.last_known_leader != sim::kNoNode) {
    const bool fenced_too = topology_.behaviours.elects_fenced_last_leader;
    if (acceptable(partition.last_known_leader) || fenced_too) {
      process_.simulation().mark("last known leader elected");
      return partition.last_known_leader;
    }
  }
  if (!config_->topic(info.entity).unclean_leader_election && election != Election::unclean) return sim::kNoNode;
  for (const sim::NodeId node : info.replicas) {
    if (!acceptable(node)) continue;
    process_.simulation().mark("leader elected from outside the ISR");
    return node;
  }
  return sim::kNoNode;
}

void Controller::elect(PartitionIndex index, Election election) {
  if (partitions_[index].exists) set_leader(index, choose_leader(index, election));
}

void Controller::set_leader(PartitionIndex index, sim::NodeId leader) {
  PartitionMetadata& partition = partitions_[index];
  if (leader == partition.leader) return;
  partition.leader = leader;
  ++partition.leader_epoch;
  if (leader == sim::kNoNode || contains(partition.isr, leader)) return;
  if (contains(partition.elr, leader)) process_.simulation().mark("leader elected from the ELR");
  partition.isr = {leader};
  std::erase(partition.elr, leader);
}

void Controller::prefer_preferred() {
  const sim::VirtualTime now = process_.simulation().now();
  if (now < rebalance_at_) return;
  rebalance_at_ = now + topology_.options.leader_rebalance_interval;
  for (PartitionIndex index = 0; index < partitions_.size(); ++index) prefer(index);
}

void Controller::prefer(PartitionIndex index) {
  const PartitionMetadata& partition = partitions_[index];
  const sim::NodeId preferred = topology_.partitions[index].replicas.front();
  const bool possible = contains(partition.isr, preferred) && acceptable(preferred);
  if (!possible || partition.leader == preferred || partition.leader == sim::kNoNode) return;
  set_leader(index, preferred);
  changed(index);
}

void Controller::request_election(sim::NodeId node, bool unclean) {
  requests_.push_back({node, unclean});
  inbox_.interrupt();
}

/// An administrator repeats the command until the controller has carried it out.
void Controller::create_partitions() {
  while (partitions_.size() < topology_.partitions.size()) {
    const auto index = static_cast<PartitionIndex>(partitions_.size());
    const PartitionMetadata& first = partitions_[topology_.first_partition[topology_.partitions[index].entity]];
    const TopicId topic = first.topic;
    const bool exists = first.exists;
    partitions_.emplace_back();
    dirty_ = true;
    if (exists) {
      begin(index, topic);
      process_.simulation().mark("partition added");
    } else {
      partitions_[index].topic = topic;
      partitions_[index].exists = false;
      process_.simulation().mark("operation refused");
    }
  }
}

void Controller::begin(PartitionIndex index, TopicId topic) {
  const PartitionInfo& info = topology_.partitions[index];
  PartitionMetadata& partition = partitions_[index] = PartitionMetadata{};
  partition.topic = topic;
  for (const sim::NodeId node : info.replicas) {
    if (acceptable(node)) partition.isr.push_back(node);
  }
  // Nobody is there: whoever comes first has all that there is.
  if (partition.isr.empty()) partition.isr = info.replicas;
  elect(index);
  partition.leader_epoch = 0;
  dirty_ = true;
}

void Controller::carry_out_requests() {
  create_partitions();
  while (const AdminCommand* command = administrator_.next()) {
    carry_out(*command);
    commit();
    administrator_.done();  // who does not live to say so is asked again
  }
  for (const ElectionRequest& request : std::exchange(requests_, {})) {
    for (PartitionIndex index = 0; index < partitions_.size(); ++index) {
      const PartitionInfo& info = topology_.partitions[index];
      if (!request.unclean) {
        if (info.replicas.front() == request.node) prefer(index);
      } else if (info.has(request.node) && partitions_[index].leader == sim::kNoNode) {
        elect(index, Election::unclean);
        if (partitions_[index].leader != sim::kNoNode) changed(index);
      }
    }
  }
}

}  // namespace noloss::models::kafka
