#include "models/kafka/replica.hpp"

#include <algorithm>

#include "models/kafka/broker.hpp"
#include "models/kafka/replica_lock.hpp"
#include "sim/planted.hpp"

namespace noloss::models::kafka {
namespace {

/// Before the run began by more than any replica.lag.time.max.ms.
constexpr sim::VirtualTime kLongAgo = sim::kStart - std::chrono::hours{24 * 365};

}  // namespace

Replica::Replica(Broker& broker, PartitionIndex partition, TopicId topic)
    : broker_(broker),
      partition_(partition),
      topic_(topic),
      info_(broker.topology().partitions[partition]),
      log_(broker.process(), broker.topology(), partition, topic),
      unlocked_(broker.simulation().scheduler()) {
  for (const sim::NodeId node : info_.replicas) {
    if (node != broker.node()) followers_.push_back({.node = node});
  }
}

const TopicOptions& Replica::options() const { return broker_.config().topic(info_.entity); }

std::size_t Replica::min_isr() const { return broker_.topology().min_isr(partition_, broker_.config()); }

void Replica::create(const PartitionMetadata& initial) {
  log_.create();
  metadata_ = initial;
  role_ = initial.leader == broker_.node() ? Role::leader : Role::follower;
  log_.begin_epoch(initial.leader_epoch);
  for (Follower& known : followers_) {
    known.end = 0;
    known.caught_up = sim::kStart;
  }
}

void Replica::begin_with(const std::vector<LogRecordPtr>& records) {
  log_.begin_with(records);
  high_watermark_ = log_.end();
  for (Follower& known : followers_) known.end = log_.end();
}

void Replica::restore_high_watermark(Offset checkpointed) {
  high_watermark_ = std::clamp(checkpointed, log_.start(), log_.end());
}

void Replica::changed(Change change) {
  for (Watcher* watcher : watchers(change)) watcher->notify();
}

// --- roles ---

void Replica::apply(const PartitionMetadata& metadata) {
  const bool first = role_ == Role::none;
  const bool new_epoch = first || metadata.leader_epoch > metadata_.leader_epoch;
  const bool newer = new_epoch || (metadata.leader_epoch == metadata_.leader_epoch &&
                                   metadata.partition_epoch > metadata_.partition_epoch);
  if (!newer) return;
  if (!new_epoch) {
    adopt(metadata);
    return;
  }
  metadata_ = metadata;
  pending_isr_.reset();
  if (metadata.leader == broker_.node()) {
    become_leader();
  } else if (metadata.leader == sim::kNoNode) {
    become_leaderless();
  } else {
    become_follower();
  }
}

void Replica::become_leader() {
  sim::Simulation& simulation = broker_.simulation();
  role_ = Role::leader;
  epoch_start_ = log_.end();
  log_.begin_epoch(metadata_.leader_epoch);
  for (Follower& known : followers_) {
    known = {.node = known.node, .caught_up = in_isr(known.node) ? simulation.now() : kLongAgo};
  }
  broker_.fetch_from(*this, sim::kNoNode);
  simulation.mark("leader_elected");
  simulation.roles_changed();
  simulation.moment(broker_.node(), events().common.elected, partition_,
                    static_cast<std::uint64_t>(metadata_.leader_epoch));
  advance_high_watermark();
  changed(Change::high_watermark);
  broker_.leads_now(*this);
}

void Replica::become_leaderless() {
  resign();
  role_ = Role::follower;
  broker_.fetch_from(*this, sim::kNoNode);
}

void Replica::become_follower() {
  resign();
  role_ = Role::follower;
  const bool to_watermark = broker_.topology().behaviours.truncation == Truncation::high_watermark;
  if (to_watermark || NOLOSS_BUG("truncate to the high watermark")) truncate_to_high_watermark();
  broker_.fetch_from(*this, metadata_.leader);
}

void Replica::resign() {
  if (!leads()) return;
  role_ = Role::none;
  ++terms_;
  pending_isr_.reset();
  broker_.simulation().roles_changed();
  changed(Change::log_end);
  changed(Change::high_watermark);
  broker_.leads_no_more(*this);
}

std::vector<LogRecordPtr> Replica::retire() {
  broker_.fetch_from(*this, sim::kNoNode);
  resign();
  role_ = Role::none;
  std::vector<LogRecordPtr> gone = log_.remove();
  high_watermark_ = log_.start();
  return gone;
}

// --- the log ---

void Replica::flush_as_configured() {
  if (log_.recovery_point() < log_.active_base() && flushed_base_ < log_.active_base()) {
    flushed_base_ = log_.active_base();
    broker_.segment_closed(*this);
  }
  if (log_.unflushed() < options().flush_messages) return;
  broker_.must_succeed(log_.flush(log_.end()));
}

void Replica::flush_all() { broker_.must_succeed(log_.flush(log_.end())); }

void Replica::truncate(Offset end) {
  if (end >= log_.end()) {
    log_.forget_empty_epochs();
    return;
  }
  sim::Simulation& simulation = broker_.simulation();
  simulation.mark(end < high_watermark_ ? "committed records truncated" : "follower truncated");
  high_watermark_ = std::min(high_watermark_, end);
  broker_.must_succeed(log_.truncate(end));
  broker_.truncated(*this);
}

void Replica::flush_if_older(sim::Duration age) {
  if (log_.unflushed() == 0 || age == sim::Duration::max()) return;
  const Offset first = std::max(log_.recovery_point(), log_.start());
  if (log_.at(first).appended + age <= broker_.simulation().now()) flush_all();
}

// --- following ---

void Replica::truncate_to_high_watermark() { truncate(high_watermark_); }

bool Replica::truncate_by_epoch(const EpochEnd& leader) {
  if (leader.end == kNoOffset) {
    truncate_to_high_watermark();  // the leader knows nothing of that epoch
    return true;
  }
  const bool rounds = broker_.topology().behaviours.truncation != Truncation::epoch_once;
  const Offset limit = std::min(leader.end, log_.end());
  const EpochEnd mine = rounds && leader.epoch != kNoEpoch ? log_.end_of_epoch(leader.epoch) : EpochEnd{};
  if (mine.end == kNoOffset) {
    truncate(limit);
    return true;
  }
  truncate(std::min(mine.end, limit));
  return mine.epoch == leader.epoch;
}

void Replica::append_fetched(const FetchedPartition& fetched, Epoch followed) {
  sim::Simulation& simulation = broker_.simulation();
  {
    const Lock lock(*this);
    if (!follows() || metadata_.leader_epoch != followed) return;
    if (!fetched.records.empty()) {
      if (fetched.records.front()->offset != log_.end()) return;
      broker_.must_succeed(log_.append(fetched.records, options().segment_bytes));
      flush_as_configured();
      if (!follows() || metadata_.leader_epoch != followed) return;
    }
  }
  // May fall: a new leader knows less of it than the old one did.
  high_watermark_ = std::clamp(fetched.high_watermark, log_.start(), log_.end());
  static_cast<void>(log_.delete_before(std::min(fetched.log_start, high_watermark_)));
  broker_.step();  // before it tells the leader that it has them
  for (const LogRecordPtr& record : fetched.records) {
    simulation.moment(broker_.node(), events().common.replicated, static_cast<std::uint64_t>(record->message));
  }
}

void Replica::out_of_range(const FetchedPartition& fetched) {
  if (fetched.log_end < log_.end()) {
    if (broker_.topology().behaviours.follower_exits_out_of_range && !options().unclean_leader_election) {
      broker_.simulation().mark("follower exits, log truncation not allowed");
      broker_.process().crash();
    }
    truncate(fetched.log_end);
  } else if (fetched.log_start > log_.end()) {
    high_watermark_ = fetched.log_start;
    broker_.must_succeed(log_.restart_at(fetched.log_start));
  }
}

}  // namespace noloss::models::kafka
