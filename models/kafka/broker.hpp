// A broker: its replicas, its metadata, its background work, and a fiber for each connection that it serves.
//
// Modelled (KafkaServer, BrokerServer, SocketServer, ReplicaManager, LogManager): requests of one connection are
// handled one after the other, the next only when the answer to the one before is sent; recovery before registration;
// checkpoints of recovery points and high watermarks; flush.ms, which only log.flush.scheduler.interval.ms evaluates;
// retention; controlled shutdown, which hands leadership over, flushes and leaves a marker. A failed log directory ends
// the process, since a broker has one. Not modelled: quotas, request threads and their number, several directories.
//
// volatile, lost on kill: everything here. durable: what logs and checkpoints have on disk.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "models/history.hpp"
#include "models/kafka/broker_channel.hpp"
#include "models/kafka/checkpoint.hpp"
#include "models/kafka/controller_link.hpp"
#include "models/kafka/fetcher.hpp"
#include "models/kafka/group_coordinator.hpp"
#include "models/kafka/replica.hpp"
#include "models/kafka/topology.hpp"
#include "models/kafka/transaction_coordinator.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {

/// Numbers that are given out once in a run, by whomever: the run's, not a broker's.
struct RunNumbers {
  std::uint64_t records = 0;
  ProducerId producers = 0;    ///< real brokers get blocks of them from the controller
  std::function<void()> step;  ///< called after each append, answer and piece of metadata; empty: nobody looks
};

/// A connection that a client or a follower opened.
class Session {
 public:
  Session(sim::Scheduler& scheduler, sim::ConnectionPtr connection)
      : connection_(std::move(connection)), arrived_(scheduler) {}

  [[nodiscard]] const sim::ConnectionPtr& connection() const { return connection_; }
  void push(const sim::Arrival& request) {
    read_ = read_ || waiting_;
    waiting_ = false;
    requests_.push_back(request);
    arrived_.notify_one();
  }
  void close() {
    closed_ = true;
    arrived_.notify_one();
  }
  /// Waits for the next request; false: the connection is gone. What had been read before it broke is handled all the
  /// same; what waited behind a request in progress was in the socket, and is lost.
  [[nodiscard]] bool next(sim::Arrival& request);

 private:
  sim::ConnectionPtr connection_;
  std::deque<sim::Arrival> requests_;
  bool closed_ = false;
  bool waiting_ = false;  ///< for a request, and none has come
  bool read_ = false;     ///< the first of the requests was read at once
  sim::WaitQueue arrived_;
};

class Broker final : public sim::Program {
 public:
  Broker(sim::Process& process, const Topology& topology, RunNumbers& numbers, History& history);

  void run() override;
  void stop() override;

  [[nodiscard]] sim::Process& process() const { return process_; }
  [[nodiscard]] sim::Simulation& simulation() const { return process_.simulation(); }
  [[nodiscard]] const Topology& topology() const { return topology_; }
  [[nodiscard]] sim::NodeId node() const { return process_.node(); }
  [[nodiscard]] BrokerEpoch epoch() const { return link_.epoch(); }
  /// Null if the partition has no replica here.
  [[nodiscard]] Replica* replica(PartitionIndex partition) {
    return partition < replicas_.size() ? replicas_[partition].get() : nullptr;
  }
  [[nodiscard]] const Replica* replica(PartitionIndex partition) const {
    return partition < replicas_.size() ? replicas_[partition].get() : nullptr;
  }
  [[nodiscard]] const GroupCoordinator& groups() const { return groups_; }
  /// A replica that it has, for the invariants.
  [[nodiscard]] ReplicaView view(PartitionIndex partition) const;
  [[nodiscard]] const TransactionCoordinator& transactions() const { return transactions_; }
  /// Recovered, and answering requests.
  [[nodiscard]] bool serving() const { return serving_; }

  // --- for its parts ---
  [[nodiscard]] const MetadataImage& metadata() const { return *metadata_; }
  /// The configuration as this broker knows it.
  [[nodiscard]] const ClusterConfig& config() const {
    return metadata_->config ? *metadata_->config : *topology_.config;
  }
  [[nodiscard]] const BrokerMetadata& metadata_of(sim::NodeId broker) const {
    return metadata_->brokers[sim::index(broker)];
  }
  [[nodiscard]] std::uint64_t next_record_number() { return ++numbers_.records; }
  [[nodiscard]] ProducerId next_producer_id() { return ++numbers_.producers; }
  /// Asks the leader of the partition to end a transaction there, and waits until that is committed.
  [[nodiscard]] Error write_marker(boost::intrusive_ptr<WriteTxnMarkersRequest> request);
  [[nodiscard]] std::vector<boost::intrusive_ptr<LogRecord>> batch_of(const ProduceRequest& request) const;
  /// Something was done: for who looks at the invariants.
  void step() const {
    if (numbers_.step) numbers_.step();
  }
  void learn(MetadataImagePtr image);
  /// An administrator deletes all committed records of a partition that this broker leads. False: it does not.
  bool delete_records(PartitionIndex partition);
  /// From now on `replica` is copied from `leader`; kNoNode: from nobody.
  void fetch_from(Replica& replica, sim::NodeId leader);
  void leads_now(Replica& replica);
  void leads_no_more(Replica& replica);
  /// A log is shorter: the recovery point on disk must not lie beyond its end. Waits.
  void truncated(const Replica& replica);
  void alter_partition(boost::intrusive_ptr<AlterPartitionRequest> request) {
    link_.alter_partition(std::move(request));
  }
  void propose_again();
  /// What lies before the log's active segment is flushed soon, by another fiber.
  void segment_closed(Replica& replica);
  /// A log directory that fails takes the broker with it.
  void must_succeed(sim::IoResult result);

 private:
  // broker.cpp
  void create_initial_state();
  void recover();
  void background(sim::Duration interval, void (Broker::*task)());
  void start_background();
  void checkpoint_high_watermarks();
  void checkpoint_recovery_points();
  void checkpoint_log_starts();
  void flush_old();
  void apply_retention();
  void expire_offsets();
  void abort_timed_out();
  void shrink_isrs();
  template <class Act>
  void each_replica(Act&& act);
  [[nodiscard]] TopicId topic_at_start(const PartitionInfo& info) const;
  void replace_replicas();
  void delete_replica(std::unique_ptr<Replica> replica);
  void forget_deleted(const MetadataImage& before);
  /// The answer to who asks for a partition that has no replica here.
  [[nodiscard]] Error why_not_here(PartitionIndex partition) const;

  // broker_requests.cpp
  void accept_loop();
  void serve(std::uint64_t id);
  void handle(const sim::Arrival& request);
  void respond(const sim::Arrival& to, sim::MessageKind kind, boost::intrusive_ptr<Response> response,
               std::int64_t bytes = 0, std::uint64_t first = 0);
  void produce(const sim::Arrival& arrival);
  void fetch(const sim::Arrival& arrival);
  [[nodiscard]] bool read_all(const FetchRequest& request, FetchResponse& response);
  void offset_for_leader_epoch(const sim::Arrival& arrival);
  void list_offsets(const sim::Arrival& arrival);
  void init_producer_id(const sim::Arrival& arrival);
  void metadata_request(const sim::Arrival& arrival);
  void find_coordinator(const sim::Arrival& arrival);
  void join_group(const sim::Arrival& arrival);
  void group_heartbeat(const sim::Arrival& arrival);
  void leave_group(const sim::Arrival& arrival);
  void offset_commit(const sim::Arrival& arrival);
  void offset_fetch(const sim::Arrival& arrival);

  // broker_transactions.cpp
  void add_partitions_to_txn(const sim::Arrival& arrival);
  void end_txn(const sim::Arrival& arrival);
  void write_txn_markers(const sim::Arrival& arrival);
  void add_offsets_to_txn(const sim::Arrival& arrival);
  void txn_offset_commit(const sim::Arrival& arrival);
  /// Makes sure that the partition is part of the transaction before a batch opens one here; waits for the coordinator.
  [[nodiscard]] Error join_transaction(const std::string& id, const ProducerStamp& producer, Replica& mine,
                                       std::uint64_t& guard);
  [[nodiscard]] Error ask_coordinator(boost::intrusive_ptr<AddPartitionsToTxnRequest> request);
  /// Ends a transaction in a partition that this broker leads.
  [[nodiscard]] Error end_transaction(const WriteTxnMarkersRequest& request);

  sim::Process& process_;
  const Topology& topology_;
  RunNumbers& numbers_;
  History& history_;
  sim::Inbox inbox_;
  std::map<std::uint64_t, std::unique_ptr<Session>> sessions_;
  std::uint64_t session_ids_ = 0;
  MetadataImagePtr metadata_;
  std::vector<std::unique_ptr<Replica>> replicas_;  ///< by PartitionIndex; null where there is none here
  std::vector<std::unique_ptr<Replica>> deleted_;   ///< those that it had
  std::vector<std::unique_ptr<ReplicaFetcher>> fetchers_;
  ControllerLink link_;
  GroupCoordinator groups_;
  TransactionCoordinator transactions_;
  std::unique_ptr<BrokerChannel> channel_;  ///< null where there are no transactions
  Checkpoint recovery_points_;
  Checkpoint high_watermarks_;
  Checkpoint log_starts_;
  Checkpoint clean_shutdown_;
  bool initial_ = false;
  bool serving_ = false;
  bool log_starts_written_ = false;  ///< there may be a file that says where logs start
};

/// The metadata that a run begins with: every broker registered, every replica in sync, the preferred one leading.
[[nodiscard]] MetadataImagePtr initial_metadata(sim::Simulation& simulation, const Topology& topology);

}  // namespace noloss::models::kafka
