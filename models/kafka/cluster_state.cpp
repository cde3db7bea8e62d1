// What the harness asks of a Kafka cluster: whether it has settled, what it waits for, what is left at the end.
#include <algorithm>
#include <optional>
#include <vector>

#include "models/kafka/broker.hpp"
#include "models/kafka/cluster_impl.hpp"
#include "models/kafka/consumer.hpp"
#include "models/kafka/controller.hpp"

namespace noloss::models::kafka {

// --- settled ---

bool KafkaCluster::has_consumers(std::uint32_t entity) const {
  return std::any_of(consumers_.begin(), consumers_.end(),
                     [entity](const ConsumerNode& node) { return node.entity == entity; });
}

Offset KafkaCluster::readable_end(std::uint32_t entity, const Replica& leading) const {
  const bool committed = std::any_of(consumers_.begin(), consumers_.end(), [entity](const ConsumerNode& node) {
    return node.entity == entity && node.read_committed;
  });
  return committed ? leading.last_stable_offset() : leading.high_watermark();
}

std::optional<Offset> KafkaCluster::live_position(PartitionIndex partition) const {
  std::optional<Offset> position;
  for (const ConsumerNode& node : consumers_) {
    if (node.entity != topology_.partitions[partition].entity) continue;
    const Consumer* program = consumer(node);
    const auto mine = program == nullptr ? std::nullopt : program->next_offset(partition);
    if (mine && (!position || *mine > *position)) position = mine;
  }
  return position;
}

Offset KafkaCluster::group_position(PartitionIndex partition, const Replica& leading) const {
  if (const auto position = live_position(partition)) return *position;
  const GroupId group = topology_.partitions[partition].entity;
  for (const sim::NodeId node : topology_.brokers) {
    const Broker* known = broker(node);
    if (known == nullptr || !known->groups().active()) continue;
    const Offset committed = known->groups().committed(group, partition);
    if (committed != kNoOffset) return committed;
  }
  const bool begins_at_end = std::any_of(consumers_.begin(), consumers_.end(), [&](const ConsumerNode& node) {
    return node.entity == group && node.reset == "latest";
  });
  return begins_at_end ? leading.high_watermark() : leading.log().start();
}

bool KafkaCluster::producers_settled() const {
  return std::all_of(producers_.begin(), producers_.end(), [this](const ProducerNode& producer) {
    return simulation_.machine(producer.node).gone() || ProducerApplication::settled(producer.state, *producer.check);
  });
}

bool KafkaCluster::consumers_settled() const {
  return std::all_of(consumers_.begin(), consumers_.end(), [this](const ConsumerNode& node) {
    if (simulation_.machine(node.node).gone()) return true;
    const Consumer* program = consumer(node);
    return program != nullptr && !node.state.busy && program->idle();
  });
}

bool KafkaCluster::fully_committed(PartitionIndex partition) const {
  const Replica* leading = leader(partition);
  return leading != nullptr && leading->high_watermark() == leading->log().end();
}

bool KafkaCluster::fully_read(PartitionIndex partition) const {
  if (!has_consumers(topology_.partitions[partition].entity)) return true;
  const Replica* leading = leader(partition);
  if (leading == nullptr) return false;
  const bool somebody_left = std::any_of(consumers_.begin(), consumers_.end(), [&](const ConsumerNode& node) {
    return node.entity == topology_.partitions[partition].entity && !simulation_.machine(node.node).gone();
  });
  const auto position = somebody_left ? live_position(partition) : group_position(partition, *leading);
  return position && *position >= leading->high_watermark();
}

bool KafkaCluster::transactions_settled() const {
  if (!topology_.transactions_partition) return true;
  const std::vector<sim::NodeId> coordinator = holders("txn_coordinator");
  return !coordinator.empty() && broker(coordinator.front())->transactions().idle();
}

void KafkaCluster::check_invariants() const {
  std::vector<const Replica*> replicas;
  for (PartitionIndex i = 0; i < existing_partitions(); ++i) {
    replicas.clear();
    for (const sim::NodeId node : topology_.partitions[i].replicas) {
      const Broker* known = broker(node);
      if (known == nullptr || known->replica(i) == nullptr) continue;
      replicas.push_back(known->replica(i));
      invariants_.check(node, *replicas.back());
    }
    invariants_.check(replicas);
  }
}

PartitionView KafkaCluster::view_of(PartitionIndex partition, const MetadataImage& metadata) const {
  PartitionView view{partition, {}, metadata.partitions[partition], false};
  view.unclean = metadata.config->topic(topology_.partitions[partition].entity).unclean_leader_election;
  for (const sim::NodeId node : topology_.partitions[partition].replicas) {
    const Broker* known = broker(node);
    const Replica* replica = known == nullptr ? nullptr : known->replica(partition);
    if (replica != nullptr && replica->topic() == view.decided.topic) view.replicas.push_back(known->view(partition));
  }
  return view;
}

void KafkaCluster::check_step() {
  const MetadataImagePtr metadata = latest_metadata();
  if (!metadata) return;
  for (PartitionIndex i = 0; i < existing_partitions(); ++i) {
    const std::string_view breach = step_invariants_.check(view_of(i, *metadata));
    if (!breach.empty()) simulation_.broken(breach);
    for (const sim::NodeId node : topology_.brokers) {
      const Broker* known = broker(node);
      if (known == nullptr || !known->groups().active()) continue;
      const Offset position = known->groups().committed(topology_.partitions[i].entity, i);
      const std::string_view wrong = step_invariants_.check_committed_offset(i, position);
      if (!wrong.empty()) simulation_.broken(wrong);
    }
  }
}

bool KafkaCluster::settled() const {
  check_invariants();
  if (administrator_waits()) return false;
  if (!producers_settled() || !consumers_settled() || !transactions_settled()) return false;
  for (PartitionIndex i = 0; i < existing_partitions(); ++i) {
    if (topology_.internal(i) || !exists(i)) continue;
    if (!fully_committed(i) || !fully_read(i)) return false;
  }
  return true;
}

std::vector<std::string_view> KafkaCluster::blocking_waits() const {
  std::vector<std::string_view> waits;
  const auto add = [&](std::string_view wait) {
    if (std::find(waits.begin(), waits.end(), wait) == waits.end()) waits.push_back(wait);
  };
  if (administrator_waits()) add("administrator waits");
  bool all_read = true;
  for (PartitionIndex i = 0; i < existing_partitions(); ++i) {
    if (!exists(i)) {
      if (!producers_settled()) add("no topic");
      continue;
    }
    const bool internal = topology_.internal(i);
    const std::string_view nobody =
        topology_.partitions[i].transactions ? "no transaction coordinator" : "no coordinator";
    const Replica* leading = leader(i);
    if (leading == nullptr) {
      add(internal ? nobody : "no leader");
      continue;
    }
    const bool committed = fully_committed(i);
    const bool below = leading->metadata().isr.size() < topology_.min_isr(i, *latest_metadata()->config);
    if (below && (!committed || !producers_settled())) add(internal ? nobody : "isr below minimum");
    if (!committed && !below && !internal) add("high watermark behind");
    if (internal) continue;
    all_read = all_read && fully_read(i);
    const bool unstable = committed && leading->last_stable_offset() < leading->high_watermark();
    if (unstable && transactions_settled()) add("last stable offset behind");
  }
  if (!transactions_settled()) add("transaction open");
  for (const sim::NodeId node : topology_.brokers) {
    if (broker(node) == nullptr) add("broker down");
  }
  if (!consumers_settled() || !all_read) add("consumer waits");
  if (!producers_settled()) add("producer waits");
  return waits;
}

// --- the end ---

void KafkaCluster::describe_replicas(PartitionIndex index, PartitionState& partition) const {
  const PartitionInfo& info = topology_.partitions[index];
  const MetadataImagePtr metadata = latest_metadata();
  const Replica* leading = leader(index);
  AbortedFilter aborted(leading == nullptr ? std::vector<AbortedTransaction>{}
                                           : leading->log().transactions().aborted());
  const TopicId topic = metadata->partitions[index].topic;
  const bool unclean = metadata->config->topic(info.entity).unclean_leader_election;
  Offset common_start = 0;
  for (const sim::NodeId node : info.replicas) {
    const Broker* known = broker(node);
    if (known != nullptr && known->replica(index) != nullptr && known->replica(index)->topic() == topic) {
      common_start = std::max(common_start, known->replica(index)->log().start());
    }
  }
  for (const sim::NodeId node : info.replicas) {
    ReplicaState& replica = partition.replicas.emplace_back();
    replica.node = node;
    const Broker* known = broker(node);
    if (known == nullptr || known->replica(index) == nullptr || known->replica(index)->topic() != topic) continue;
    const Replica& theirs = *known->replica(index);
    const auto& isr = metadata->partitions[index].isr;
    replica.can_lead = unclean || std::find(isr.begin(), isr.end(), node) != isr.end();
    replica.leads = leading == &theirs;
    replica.commit = theirs.high_watermark();
    // Retention has not reached every replica yet: what one of them has deleted is not compared.
    for (Offset offset = 0; offset < theirs.log().end(); ++offset) {
      LogPosition& position = replica.log.emplace_back();
      if (offset < theirs.log().start()) continue;
      const LogRecord& record = theirs.log().at(offset);
      // What was aborted holds its place, and is no message any more.
      if (!replica.leads || !aborted.hides(record)) position.message = record.message;
      if (offset >= common_start) position.record = record.number;
    }
  }
}

FinalState KafkaCluster::final_state() {
  FinalState state;
  for (PartitionIndex i = 0; i < existing_partitions(); ++i) {
    if (topology_.internal(i) || !exists(i)) continue;
    const PartitionInfo& info = topology_.partitions[i];
    PartitionState& partition = state.partitions.emplace_back();
    partition.entity = info.entity;
    partition.partition = info.number;
    describe_replicas(i, partition);
    const Replica* leading = leader(i);
    if (leading == nullptr) continue;
    partition.group_position = group_position(i, *leading);
    partition.readable_end = readable_end(info.entity, *leading);
  }
  return state;
}

}  // namespace noloss::models::kafka
