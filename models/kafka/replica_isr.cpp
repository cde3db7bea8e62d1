// The leader's view of its followers: who is in sync, and how far everything is committed.
#include <algorithm>

#include "models/kafka/broker.hpp"
#include "models/kafka/replica.hpp"
#include "sim/planted.hpp"

namespace noloss::models::kafka {

Replica::Follower* Replica::follower(sim::NodeId node) {
  const auto known =
      std::find_if(followers_.begin(), followers_.end(), [node](const Follower& f) { return f.node == node; });
  return known == followers_.end() ? nullptr : &*known;
}

bool Replica::in_isr(sim::NodeId node) const {
  return std::find(metadata_.isr.begin(), metadata_.isr.end(), node) != metadata_.isr.end();
}

bool Replica::in_maximal_isr(sim::NodeId node) const {
  if (in_isr(node)) return true;
  const bool applied_on_reply = NOLOSS_BUG("apply the ISR when the controller answers");
  if (!pending_isr_ || applied_on_reply) return false;
  return std::find(pending_isr_->begin(), pending_isr_->end(), node) != pending_isr_->end();
}

std::size_t Replica::maximal_isr_size() const {
  std::size_t size = in_isr(broker_.node()) ? 1 : 0;
  for (const Follower& known : followers_) size += in_maximal_isr(known.node) ? 1 : 0;
  return size;
}

std::vector<KnownFollower> Replica::known_followers() const {
  std::vector<KnownFollower> known;
  for (const Follower& follower : followers_) {
    known.push_back({follower.node, follower.end, follower.broker_epoch, in_maximal_isr(follower.node)});
  }
  return known;
}

bool Replica::may_join(const Follower& known) const {
  const Behaviours& behaviours = broker_.topology().behaviours;
  const BrokerMetadata& broker = broker_.metadata_of(known.node);
  if (behaviours.fenced_cannot_join && (broker.fenced || broker.shutting_down)) return false;
  const bool same_life = known.broker_epoch == broker.epoch || NOLOSS_BUG("no check of broker epochs");
  return !behaviours.stale_broker_epoch_cannot_join || same_life;
}

void Replica::advance_high_watermark() {
  if (!leads()) return;
  const Topology& topology = broker_.topology();
  // A leader that writes its ISR to ZooKeeper holds its lock meanwhile.
  if (pending_isr_ && !topology.behaviours.isr_through_controller) return;
  const bool below = metadata_.isr.size() < min_isr();
  if (topology.behaviours.strict_min_isr && below && !NOLOSS_BUG("commit below min ISR")) {
    if (high_watermark_ < log_.end()) broker_.simulation().mark("high watermark frozen");
    return;
  }
  const sim::VirtualTime now = broker_.simulation().now();
  Offset committed = log_.end();
  for (const Follower& known : followers_) {
    const bool caught_up = known.end == log_.end() || now - known.caught_up <= topology.options.replica_lag;
    const bool about_to_join = known.end != kNoOffset && caught_up && may_join(known);
    if (in_maximal_isr(known.node) || about_to_join) committed = std::min(committed, known.end);
  }
  if (committed <= high_watermark_) return;
  high_watermark_ = committed;
  changed(Change::high_watermark);
  broker_.simulation().moment(broker_.node(), events().committed, partition_, static_cast<std::uint64_t>(committed));
}

void Replica::note_fetch(const FetchPartition& fetch, const FetchRequest& request, sim::NodeId from,
                         const FetchedPartition& answer) {
  Follower* known = follower(from);
  if (known == nullptr || answer.error != Error::none) return;
  const bool counts = broker_.topology().behaviours.counts_diverging_fetch || NOLOSS_BUG("count a diverging fetch");
  if (answer.diverging && !counts) return;
  const sim::VirtualTime now = broker_.simulation().now();
  if (fetch.offset >= log_.end()) {
    known->caught_up = std::max(known->caught_up, now);
  } else if (fetch.offset >= known->leader_end_at_fetch) {
    known->caught_up = std::max(known->caught_up, known->fetched);
  }
  known->end = fetch.offset;
  known->fetched = now;
  known->leader_end_at_fetch = log_.end();
  known->broker_epoch = request.broker_epoch;
  expand_isr(*known);
  advance_high_watermark();
}

void Replica::expand_isr(const Follower& known) {
  if (pending_isr_ || in_isr(known.node) || known.end < high_watermark_ || !may_join(known)) return;
  const bool needs_epoch_start =
      broker_.topology().behaviours.join_needs_epoch_start && !NOLOSS_BUG("join the ISR below the epoch's start");
  if (needs_epoch_start && known.end < epoch_start_) return;
  std::vector<sim::NodeId> isr = metadata_.isr;
  isr.push_back(known.node);
  propose(std::move(isr));
}

void Replica::shrink_isr() {
  propose_again();
  if (!leads() || pending_isr_) return;
  const sim::VirtualTime now = broker_.simulation().now();
  const sim::Duration lag = broker_.topology().options.replica_lag;
  std::vector<sim::NodeId> isr = metadata_.isr;
  std::erase_if(isr, [&](sim::NodeId node) {
    const Follower* known = follower(node);
    return known != nullptr && known->end != log_.end() && now - known->caught_up > lag;
  });
  if (isr.size() < metadata_.isr.size()) propose(std::move(isr));
}

void Replica::propose(std::vector<sim::NodeId> isr) {
  pending_isr_ = std::move(isr);
  send_proposal();
}

void Replica::propose_again() {
  if (leads() && pending_isr_) send_proposal();
}

void Replica::send_proposal() {
  boost::intrusive_ptr<AlterPartitionRequest> request{new AlterPartitionRequest};
  request->partition = partition_;
  request->leader_epoch = metadata_.leader_epoch;
  request->partition_epoch = metadata_.partition_epoch;
  request->topic = topic_;
  for (const sim::NodeId node : *pending_isr_) {
    const Follower* known = follower(node);
    request->isr.push_back({node, known == nullptr ? broker_.epoch() : known->broker_epoch});
  }
  broker_.alter_partition(std::move(request));
}

void Replica::alter_partition_answered(const AlterPartitionResponse& response) {
  if (!leads() || !pending_isr_ || response.leader_epoch != metadata_.leader_epoch) return;
  switch (response.error) {
    case Error::none: break;
    case Error::fenced_leader_epoch:
    case Error::invalid_update_version: return;  // pending until the metadata arrives that explains it
    case Error::ineligible_replica: pending_isr_.reset(); return;
    default: return;  // sent again with the next look at the ISR
  }
  if (response.state.partition_epoch > metadata_.partition_epoch) adopt(response.state);
}

void Replica::adopt(const PartitionMetadata& metadata) {
  const std::size_t before = metadata_.isr.size();
  metadata_ = metadata;
  pending_isr_.reset();
  sim::Simulation& simulation = broker_.simulation();
  const std::size_t after = metadata_.isr.size();
  if (leads() && after != before) {
    if (after == 1) simulation.mark("isr shrank to one");
    simulation.note(broker_.node(), after < before ? events().isr_shrunk : events().isr_expanded, partition_, after);
  }
  advance_high_watermark();
  changed(Change::high_watermark);
  simulation.scheduler().check_killed();
}

}  // namespace noloss::models::kafka
