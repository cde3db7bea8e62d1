// A producer's side of its transactions: the calls that an application makes, and what they say.
//
// Modelled (TransactionManager, KafkaProducer): initTransactions, beginTransaction, commitTransaction,
// abortTransaction; a coordinator that is looked for again when it is lost; one request at a time, sent again until it
// has an answer; partitions that are added before their first batch (with transaction.version 2 their leaders do that);
// an end that waits until every batch has its outcome; errors after which the transaction can only be aborted, and
// errors after which the producer is of no use any more; an epoch that is raised after an abort that left batches in
// doubt (KIP-360), unless the batch was given up while commitTransaction waited for it, in its first attempt: then
// the client takes no notice, and goes on with its epoch; positions of a consumer that are sent along, which become
// part of the transaction first and then go to the coordinator of the group (KIP-447). Not modelled: prepared
// (two-phase) transactions.
//
// Belongs to a producer's program. The sender's fiber calls advance(); the application's fiber makes the calls.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "models/kafka/network_client.hpp"
#include "models/kafka/protocol.hpp"
#include "models/kafka/transaction_protocol.hpp"
#include "sim/process.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::kafka {

struct TransactionOptions {
  std::string id;  ///< empty: no transactions
  sim::Duration timeout{0};
  sim::Duration max_block{0};
  sim::Duration retry_backoff{0};
  bool version_2 = false;
  bool bumps_epoch = true;
};

/// What a call says to the application.
enum class TxnAnswer : std::uint8_t {
  done,
  abortable,  ///< an exception after which the application must abort
  fatal,      ///< an exception after which the producer must be closed: fenced, or a state that nobody understands
  timed_out,  ///< max.block.ms; the same call may be made again, and no other
};

class TransactionManager {
 public:
  /// The producer has this id and epoch from now on.
  using Identified = std::function<void(ProducerId, std::int32_t)>;

  TransactionManager(sim::Process& process, NetworkClient& network, TransactionOptions options, Identified identified);

  [[nodiscard]] bool enabled() const { return !options_.id.empty(); }
  [[nodiscard]] const std::string& id() const { return options_.id; }

  // --- calls of the application; all but begin() wait ---
  [[nodiscard]] TxnAnswer init();
  /// Precondition: the call before said done.
  void begin() { state_ = State::in_transaction; }
  /// sendOffsetsToTransaction. After timed_out the same call goes on with the same offsets.
  [[nodiscard]] TxnAnswer send_offsets(std::vector<CommittedOffset> offsets, GroupMetadata member);
  [[nodiscard]] TxnAnswer commit();
  [[nodiscard]] TxnAnswer abort();
  /// What send() would throw now.
  [[nodiscard]] bool may_append() const { return state_ == State::in_transaction; }

  // --- for the sender ---
  /// The application sends to it.
  void partition_used(PartitionIndex partition);
  [[nodiscard]] bool may_send_to(PartitionIndex partition) const;
  /// Batches go at once, without linger.ms.
  [[nodiscard]] bool completing() const { return state_ == State::committing || state_ == State::aborting; }
  /// Batches that were never sent are dropped.
  [[nodiscard]] bool drops() const { return state_ == State::abortable_error || state_ == State::aborting || fatal(); }
  [[nodiscard]] bool fatal() const { return state_ == State::fatal_error; }
  void batch_failed();
  /// Nobody knows which of a partition's sequences the broker has seen.
  void sequences_in_doubt();
  /// Sends what is due. `incomplete`: there are batches without an outcome.
  void advance(bool incomplete);
  /// When advance() has something to do that it cannot do now; kNever: nothing that time brings.
  [[nodiscard]] sim::VirtualTime next_due() const { return not_before_; }

 private:
  enum class State : std::uint8_t {
    uninitialized,
    initializing,
    ready,
    in_transaction,
    committing,
    aborting,
    abortable_error,
    fatal_error,
  };
  using Answered = void (TransactionManager::*)(Error, const Response*);
  /// A broker that is looked for, and again when it is lost.
  struct Coordinator {
    bool of_transactions = true;  ///< else of groups
    sim::NodeId node = sim::kNoNode;
    sim::VirtualTime connecting_until = sim::kNever;
  };
  /// Positions on their way into the transaction.
  struct Offsets {
    std::vector<CommittedOffset> offsets;
    GroupMetadata member;
    bool added = false;  ///< the coordinator knows that the transaction has some
  };

  [[nodiscard]] bool adds() const;
  [[nodiscard]] bool ready(Coordinator& coordinator);
  void find(Coordinator& coordinator);
  void ask_for_id();
  void add_partitions();
  void end();
  void ask(const Coordinator& coordinator, sim::MessageKind kind, boost::intrusive_ptr<Request> request,
           Answered answered);
  /// Whether the request is made again: errors that pass.
  [[nodiscard]] bool passes(Error error, Coordinator& coordinator);
  void id_answered(Error error, const Response* response);
  void add_answered(Error error, const Response* response);
  void end_answered(Error error, const Response* response);
  void fenced_or_lost(Error error);
  void complete();

  // transaction_offsets.cpp
  [[nodiscard]] bool offsets_ready() const { return offsets_ && (options_.version_2 || offsets_->added); }
  void add_offsets();
  void commit_offsets();
  void offsets_added(Error error, const Response* response);
  void offsets_committed(Error error, const Response* response);
  void enter(State state);
  void retry_after(sim::Duration pause) { not_before_ = process_.simulation().now() + pause; }
  [[nodiscard]] TxnAnswer wait_for_end();

  sim::Process& process_;
  NetworkClient& network_;
  TransactionOptions options_;
  Identified identified_;
  State state_ = State::uninitialized;
  ProducerId producer_ = kNoProducerId;
  std::int32_t epoch_ = 0;
  bool bump_ = false;                    ///< the epoch must be raised once the transaction is aborted
  bool started_ = false;                 ///< the coordinator may know of the transaction
  std::vector<PartitionIndex> wanted_;   ///< used, nobody was asked yet
  std::vector<PartitionIndex> pending_;  ///< asked for
  std::vector<PartitionIndex> added_;
  std::optional<Offsets> offsets_;
  Coordinator coordinator_{true};
  Coordinator group_coordinator_{false};
  bool asking_ = false;
  sim::VirtualTime not_before_{};
  sim::WaitQueue changed_;  ///< calls wait
};

}  // namespace noloss::models::kafka
