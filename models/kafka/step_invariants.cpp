#include "models/kafka/step_invariants.hpp"

#include <algorithm>

namespace noloss::models::kafka {
namespace {

/// Records looked at before a limit; all were looked at when they were the last ones.
constexpr Offset kTail = 16;

bool contains(const std::vector<sim::NodeId>& nodes, sim::NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

/// Whether both have the same records before `limit`, as far back as the tail goes.
bool same_before(Offset limit, const ReplicaView& a, const ReplicaView& b) {
  const Offset from = std::max({a.start, b.start, limit - kTail});
  for (Offset offset = from; offset < limit; ++offset) {
    if (a.at(offset).number != b.at(offset).number) return false;
  }
  return true;
}

}  // namespace

StepInvariants::StepInvariants(const Behaviours& behaviours, sim::Duration producer_id_expiration)
    : sound_(behaviours.fetch_fenced_by_epoch && behaviours.join_needs_epoch_start &&
             !behaviours.counts_diverging_fetch),
      noticed_(behaviours.registration_cleans_isr),
      remembers_producers_(behaviours.state_outlives_retention),
      producer_id_expiration_(producer_id_expiration) {}

std::string_view StepInvariants::check(const PartitionView& partition) {
  Past& past = past_[partition.index];
  if (past.topic != partition.decided.topic) past = Past{};
  past.topic = partition.decided.topic;
  look_for_losses(past, partition);
  for (const ReplicaView& replica : partition.replicas) {
    if (replica.leads) past.committed = std::max(past.committed, replica.high_watermark);
  }
  if (!partition.decided.exists) return {};
  std::string_view breach = check_leaders(partition);
  for (const ReplicaView& replica : partition.replicas) {
    if (!replica.leads) continue;
    if (breach.empty()) breach = check_counted(partition, replica);
    if (breach.empty()) breach = check_isr(partition, replica);
    if (breach.empty()) breach = check_sequences(replica);
  }
  return breach.empty() ? check_committed(past, partition) : breach;
}

void StepInvariants::look_for_losses(Past& past, const PartitionView& partition) const {
  for (const ReplicaView& replica : partition.replicas) {
    Seen& seen = past.replicas[replica.node];
    if (seen.life != replica.life && replica.end < seen.end) past.broken_promise = true;
    seen = {replica.life, replica.end};
  }
  const PartitionMetadata& decided = partition.decided;
  const bool elected = decided.leader_epoch != past.decided_epoch && past.decided_epoch != kNoEpoch;
  if (elected && decided.leader != sim::kNoNode && !contains(past.may_lead, decided.leader)) past.broken_promise = true;
  past.decided_epoch = decided.leader_epoch;
  past.may_lead = decided.isr;
  past.may_lead.insert(past.may_lead.end(), decided.elr.begin(), decided.elr.end());
}

std::string_view StepInvariants::check_leaders(const PartitionView& partition) const {
  for (auto a = partition.replicas.begin(); a != partition.replicas.end(); ++a) {
    for (auto b = std::next(a); b != partition.replicas.end(); ++b) {
      if (a->leads && b->leads && a->epoch == b->epoch) return "two brokers lead a partition in one epoch";
    }
  }
  return {};
}

std::string_view StepInvariants::check_counted(const PartitionView& partition, const ReplicaView& leader) const {
  if (!sound_ || !noticed_) return {};
  for (const KnownFollower& known : leader.followers) {
    const auto follower = std::find_if(partition.replicas.begin(), partition.replicas.end(),
                                       [&](const ReplicaView& replica) { return replica.node == known.node; });
    const bool there = follower != partition.replicas.end() && known.end != kNoOffset;
    if (!there || follower->epoch != leader.epoch || follower->broker_epoch != known.life) continue;
    if (follower->end < known.end) return "a follower has less than its leader counts";
    if (!same_before(known.end, leader, *follower)) return "a follower has other records than its leader counts";
  }
  return {};
}

std::string_view StepInvariants::check_isr(const PartitionView& partition, const ReplicaView& leader) const {
  if (!noticed_ || leader.epoch != partition.decided.leader_epoch || leader.node != partition.decided.leader) return {};
  for (const sim::NodeId member : partition.decided.isr) {
    if (member == leader.node) continue;
    const auto known = std::find_if(leader.followers.begin(), leader.followers.end(),
                                    [member](const KnownFollower& follower) { return follower.node == member; });
    if (known == leader.followers.end() || !known->in_maximal_isr) return "a leader reckons without an ISR member";
  }
  return {};
}

std::string_view StepInvariants::check_sequences(const ReplicaView& leader) const {
  if (leader.start > 0 && !remembers_producers_) return {};
  struct Last {
    std::int64_t sequence = -1;
    sim::VirtualTime appended{};
  };
  std::map<std::pair<ProducerId, std::int32_t>, Last> last;
  for (Offset offset = std::max(leader.start, leader.high_watermark - 4 * kTail); offset < leader.high_watermark;
       ++offset) {
    const LogRecord& record = leader.at(offset);
    if (!record.producer.idempotent() || record.kind != RecordKind::message) continue;
    const std::int64_t sequence = record.producer.base_sequence + record.index_in_batch;
    Last& before = last[{record.producer.id, record.producer.epoch}];
    const bool forgotten = before.sequence >= 0 && record.appended >= before.appended + producer_id_expiration_;
    if (!forgotten && sequence <= before.sequence) return "a producer's sequence fell in the committed log";
    before = {sequence, record.appended};
  }
  return {};
}

std::string_view StepInvariants::check_committed(const Past& past, const PartitionView& partition) const {
  if (!sound_ || !noticed_ || past.broken_promise || partition.unclean) return {};
  const auto leader = std::find_if(
      partition.replicas.begin(), partition.replicas.end(),
      [&](const ReplicaView& replica) { return replica.leads && replica.epoch == partition.decided.leader_epoch; });
  for (const ReplicaView& replica : partition.replicas) {
    if (!contains(past.may_lead, replica.node)) continue;
    if (replica.end < past.committed) return "a replica that may lead lacks a committed record";
    const bool comparable = leader != partition.replicas.end() && leader->end >= past.committed;
    if (comparable && !same_before(past.committed, *leader, replica)) {
      return "a replica that may lead has another record in place of a committed one";
    }
  }
  return {};
}

std::string_view StepInvariants::check_committed_offset(PartitionIndex partition, Offset position) const {
  const auto past = past_.find(partition);
  // Offsets of a topic that was deleted may outlive it, and are then those of the next one that has its name.
  if (past != past_.end() && past->second.topic > 1) return {};
  const Offset committed = past == past_.end() ? 0 : past->second.committed;
  return position > committed ? "a group committed an offset above every high watermark" : std::string_view{};
}

}  // namespace noloss::models::kafka
