// One partition on one broker: its log, its role, its high watermark, and what a leader does for everybody else.
//
// Modelled (Partition, ReplicaManager, Replica, UnifiedLog): the high watermark as the smallest log end of the maximal
// ISR and of whoever is about to join it; strict min ISR; ISR shrink and expand as proposals to the controller, one at
// a time; acks 0, 1 and all; duplicates answered once the original is committed; reads of consumers below the high
// watermark only; followers that are told where their log diverges. What a release does otherwise is asked of
// Behaviours. Not modelled: reading from followers, reassignment, tiered storage.
//
// Invariants: (1) a leader's high watermark never falls within its epoch; (2) nothing at or past it is shown to
// consumers or acknowledged to acks=all; (3) the maximal ISR contains the committed one.
//
// volatile, lost on kill: everything but the log's files. Fields are grouped by the role that uses them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "models/kafka/log.hpp"
#include "models/kafka/protocol.hpp"
#include "models/kafka/step_invariants.hpp"
#include "models/kafka/topology.hpp"
#include "models/kafka/transaction_protocol.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::kafka {

class Broker;

enum class Role : std::uint8_t { none, follower, leader };

/// A fiber that waits for something to change on one or more replicas.
class Watcher {
 public:
  explicit Watcher(sim::Scheduler& scheduler) : queue_(scheduler) {}
  /// Returns when notified or at the deadline.
  void wait_until(sim::VirtualTime deadline) {
    if (!std::exchange(notified_, false)) queue_.wait_until(deadline);
    notified_ = false;
  }
  void notify() {
    notified_ = true;
    queue_.notify_all();
  }

 private:
  sim::WaitQueue queue_;
  bool notified_ = false;  ///< before it began to wait
};

/// What changes on a replica.
enum class Change : std::uint8_t { log_end, high_watermark };

class Replica {
 public:
  Replica(Broker& broker, PartitionIndex partition, TopicId topic);

  [[nodiscard]] PartitionIndex partition() const { return partition_; }
  [[nodiscard]] TopicId topic() const { return topic_; }
  [[nodiscard]] const PartitionInfo& info() const { return info_; }
  [[nodiscard]] const TopicOptions& options() const;
  [[nodiscard]] PartitionLog& log() { return log_; }
  [[nodiscard]] const PartitionLog& log() const { return log_; }
  [[nodiscard]] Offset high_watermark() const { return high_watermark_; }
  /// What read_committed consumers see lies below.
  [[nodiscard]] Offset last_stable_offset() const {
    return std::max(log_.start(), log_.transactions().last_stable(high_watermark_));
  }
  [[nodiscard]] const PartitionMetadata& metadata() const { return metadata_; }
  [[nodiscard]] bool leads() const { return role_ == Role::leader; }
  [[nodiscard]] bool follows() const { return role_ == Role::follower; }
  /// Times that it ceased to lead.
  [[nodiscard]] std::uint64_t term() const { return terms_; }
  [[nodiscard]] Epoch leader_epoch() const { return metadata_.leader_epoch; }
  /// Consumers see what is below: a leader shows nothing new while its high watermark is behind its epoch's start.
  [[nodiscard]] bool latest_offset_known() const { return high_watermark_ >= epoch_start_; }

  /// What this leader knows of its followers; for the invariants.
  [[nodiscard]] std::vector<KnownFollower> known_followers() const;

  // --- starting ---
  void create(const PartitionMetadata& initial);
  /// Of a partition that was added while the broker runs; metadata gives it its role.
  void create_empty() { log_.create(); }
  /// Records that the run begins with, after create(); they are committed everywhere.
  void begin_with(const std::vector<LogRecordPtr>& records);
  /// As read from the checkpoint, within the log.
  void restore_high_watermark(Offset checkpointed);

  // --- roles ---
  /// The controller has decided. May make this replica leader or follower, or confirm or replace its ISR.
  void apply(const PartitionMetadata& metadata);
  /// The broker's process ends in order, or knows that it must not lead: requests that wait get an error.
  void resign();
  /// Its topic is deleted: it is nothing any more. Returns the records that it had.
  [[nodiscard]] std::vector<LogRecordPtr> retire();

  // --- leader: replica_leader.cpp ---
  /// Appends and waits as `acks` says; the answer's error and offset are filled in. `guard`: of a verification that
  /// succeeded, 0 if there was none.
  void produce(const ProduceRequest& request, ProduceResponse& response, std::uint64_t guard = 0);
  /// Appends what the broker itself writes (offsets, groups), with the semantics of acks=all.
  [[nodiscard]] Error append_internal(std::vector<boost::intrusive_ptr<LogRecord>> records, sim::Duration timeout);
  /// The answer to a fetch. False: nothing to say yet.
  [[nodiscard]] bool read(const FetchPartition& fetch, const FetchRequest& request, FetchedPartition& out);
  /// A follower's fetch, which was answered with `answer`, says how far it has come; unless its log diverges.
  void note_fetch(const FetchPartition& fetch, const FetchRequest& request, sim::NodeId from,
                  const FetchedPartition& answer);
  [[nodiscard]] Error check_epoch(Epoch current_leader_epoch) const;

  /// DeleteRecords up to the high watermark. Followers learn of the new start as they fetch. Returns what is gone.
  [[nodiscard]] std::vector<LogRecordPtr> delete_records() { return log_.delete_before(high_watermark_); }

  // --- leader: replica_transactions.cpp ---
  /// Whether the coordinator must be asked before this batch is appended.
  [[nodiscard]] bool must_verify(const ProducerStamp& stamp) const;
  /// Void once a marker of that producer comes by.
  [[nodiscard]] std::uint64_t begin_verification(ProducerId producer);
  /// Appends what a group coordinator stores in a transaction, as append_internal() does.
  [[nodiscard]] Error append_in_transaction(std::vector<boost::intrusive_ptr<LogRecord>> records, std::uint64_t guard,
                                            sim::Duration timeout);
  /// Appends the marker and waits until it is committed.
  [[nodiscard]] Error end_transaction(const WriteTxnMarkersRequest& request, sim::Duration timeout);

  // --- leader: replica_isr.cpp ---
  /// Removes from the ISR who has not caught up for replica.lag.time.max.ms.
  void shrink_isr();
  void alter_partition_answered(const AlterPartitionResponse& response);
  /// Sends a proposal that has no answer again: the request or its answer may be lost.
  void propose_again();
  /// Brokers were fenced, unfenced or registered: who may join has changed.
  void brokers_changed() { advance_high_watermark(); }

  // --- follower: replica_follower.cpp, called by the fetcher ---
  /// What a leader answered to a fetch in the epoch that this replica follows. The answer's own epoch is not looked at:
  /// a leader that fences fetches has compared them, and one that does not may live in another one.
  void append_fetched(const FetchedPartition& fetched, Epoch followed);
  void truncate_to_high_watermark();
  /// What the leader said of an epoch. False: ask again about latest_epoch().
  [[nodiscard]] bool truncate_by_epoch(const EpochEnd& leader);
  void out_of_range(const FetchedPartition& fetched);

  void watch(Change change, Watcher& watcher) { watchers(change).push_back(&watcher); }
  void unwatch(Change change, Watcher& watcher) { std::erase(watchers(change), &watcher); }
  /// Waits for fsync as flush.messages says, and ends the process if the log directory fails.
  void flush_as_configured();
  void flush_all();
  /// Flushes if there is something that was appended longer ago.
  void flush_if_older(sim::Duration age);
  std::vector<LogRecordPtr> retain(sim::VirtualTime older_than, std::int64_t max_bytes) {
    return log_.retain(high_watermark_, older_than, max_bytes);
  }

 private:
  struct Follower {
    sim::NodeId node{};
    Offset end = kNoOffset;  ///< kNoOffset: it has not fetched in this epoch
    Offset leader_end_at_fetch = 0;
    sim::VirtualTime fetched{};
    sim::VirtualTime caught_up{};
    BrokerEpoch broker_epoch = 0;
  };
  /// The log's lock: appends and their flushes come one after the other.
  class Lock;

  void become_leader();
  void become_follower();
  void become_leaderless();
  /// Another state of the same epoch.
  void adopt(const PartitionMetadata& metadata);
  void changed(Change change);
  std::vector<Watcher*>& watchers(Change change) { return change == Change::log_end ? on_log_end_ : on_watermark_; }

  [[nodiscard]] std::size_t min_isr() const;
  [[nodiscard]] bool in_isr(sim::NodeId node) const;
  [[nodiscard]] bool in_maximal_isr(sim::NodeId node) const;
  [[nodiscard]] std::size_t maximal_isr_size() const;
  [[nodiscard]] bool may_join(const Follower& follower) const;
  void advance_high_watermark();
  void expand_isr(const Follower& follower);
  void propose(std::vector<sim::NodeId> isr);
  void send_proposal();
  [[nodiscard]] Follower* follower(sim::NodeId node);

  [[nodiscard]] Error append_as_leader(std::vector<boost::intrusive_ptr<LogRecord>> records);
  [[nodiscard]] Error wait_until_committed(Offset last, sim::Duration timeout);
  void truncate(Offset end);
  [[nodiscard]] bool in_transaction(const ProducerStamp& stamp) const;
  [[nodiscard]] bool verified(const ProducerStamp& stamp, std::uint64_t guard);

  Broker& broker_;
  PartitionIndex partition_;
  TopicId topic_;
  const PartitionInfo& info_;
  PartitionLog log_;
  Role role_ = Role::none;
  PartitionMetadata metadata_;
  Offset high_watermark_ = 0;
  Offset flushed_base_ = 0;  ///< segments before it were handed over for a flush
  std::uint64_t terms_ = 0;  ///< times that it ceased to lead
  bool locked_ = false;      ///< an append is in progress; a flush inside it waits
  sim::WaitQueue unlocked_;
  std::vector<Watcher*> on_log_end_;
  std::vector<Watcher*> on_watermark_;

  // leader
  Offset epoch_start_ = 0;
  std::vector<Follower> followers_;
  std::optional<std::vector<sim::NodeId>> pending_isr_;  ///< a proposal that the controller has not answered
  std::map<ProducerId, std::uint64_t> verifying_;        ///< a number for each that a coordinator is asked about
  std::uint64_t guards_ = 0;
};

}  // namespace noloss::models::kafka
