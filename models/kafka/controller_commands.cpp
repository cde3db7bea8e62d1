// What an administrator has the controller do: topics that come and go, options that a running cluster takes other
// values of.
#include <algorithm>
#include <utility>

#include "models/kafka/controller.hpp"

namespace noloss::models::kafka {

void Controller::carry_out(const AdminCommand& command) {
  switch (command.kind) {
    case AdminCommand::Kind::set: set(command.changes); return;
    case AdminCommand::Kind::create: create_topic(command); return;
    case AdminCommand::Kind::remove: delete_topic(command.entity); return;
  }
}

void Controller::set(const std::vector<OptionChange>& changes) {
  boost::intrusive_ptr<ClusterConfig> config{new ClusterConfig(*config_)};
  config->change(changes);
  const ClusterConfigPtr before = std::exchange(config_, std::move(config));
  dirty_ = true;
  process_.simulation().mark("configuration changed");
  const Behaviours& behaviours = topology_.behaviours;
  for (PartitionIndex index = 0; index < partitions_.size(); ++index) {
    const std::uint32_t entity = topology_.partitions[index].entity;
    const TopicOptions& was = before->topic(entity);
    const TopicOptions& is = config_->topic(entity);
    if (was.min_insync_replicas != is.min_insync_replicas) clear_elr(index);
    if (was.unclean_leader_election || !is.unclean_leader_election) continue;
    const bool of_brokers = std::any_of(changes.begin(), changes.end(), [](const OptionChange& change) {
      return change.scope == OptionScope::broker && change.name == "unclean.leader.election.enable";
    });
    const bool at_once = of_brokers ? behaviours.unclean_for_brokers_at_once : behaviours.unclean_for_topics_at_once;
    if (at_once) elect_if_leaderless(index);
  }
}

void Controller::create_topic(const AdminCommand& command) {
  const PartitionIndex first = topology_.first_partition[command.entity];
  if (partitions_[first].exists) {
    process_.simulation().mark("operation refused");
    return;
  }
  const TopicId topic = partitions_[first].topic + 1;
  for (PartitionIndex index = first; index < first + command.partitions; ++index) begin(index, topic);
  boost::intrusive_ptr<ClusterConfig> config{new ClusterConfig(*config_)};
  config->reset_topic(command.entity, command.config);
  config_ = std::move(config);
  process_.simulation().mark("topic created");
}

void Controller::delete_topic(std::uint32_t entity) {
  const std::vector<PartitionIndex> partitions = topology_.partitions_of(entity, partitions_.size());
  if (!partitions_[partitions.front()].exists) {
    process_.simulation().mark("operation refused");
    return;
  }
  for (const PartitionIndex index : partitions) {
    PartitionMetadata gone;
    gone.topic = partitions_[partitions.front()].topic;
    gone.exists = false;
    partitions_[index] = gone;
  }
  dirty_ = true;
  process_.simulation().roles_changed();
  process_.simulation().mark("topic deleted");
}

/// Who was eligible under the old minimum need not have all that is committed under the new one.
void Controller::clear_elr(PartitionIndex index) {
  if (!topology_.options.eligible_leader_replicas || partitions_[index].elr.empty()) return;
  partitions_[index].elr.clear();
  changed(index);
}

void Controller::sweep_leaderless() {
  const sim::VirtualTime now = process_.simulation().now();
  if (now < sweep_at_) return;
  sweep_at_ = now + kSweepInterval;
  elect_where_leaderless();
}

}  // namespace noloss::models::kafka
