#include "models/kafka/transaction_manager.hpp"

#include <algorithm>
#include <utility>

#include "sim/planted.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {
namespace {

/// While the transaction before is being completed; used for the first partition of the next one.
constexpr sim::Duration kFirstPartitionBackoff = std::chrono::milliseconds{20};

bool contains(const std::vector<PartitionIndex>& partitions, PartitionIndex partition) {
  return std::find(partitions.begin(), partitions.end(), partition) != partitions.end();
}

void move_all(std::vector<PartitionIndex>& from, std::vector<PartitionIndex>& to) {
  to.insert(to.end(), from.begin(), from.end());
  from.clear();
}

}  // namespace

TransactionManager::TransactionManager(sim::Process& process, NetworkClient& network, TransactionOptions options,
                                       Identified identified)
    : process_(process),
      network_(network),
      options_(std::move(options)),
      identified_(std::move(identified)),
      changed_(process.simulation().scheduler()) {}

// --- calls of the application ---

TxnAnswer TransactionManager::wait_for_end() {
  network_.wake();
  const sim::VirtualTime deadline = process_.simulation().now() + options_.max_block;
  while (completing() || state_ == State::initializing) {
    if (process_.simulation().now() >= deadline) return TxnAnswer::timed_out;
    changed_.wait_until(deadline);
  }
  if (state_ == State::ready) return TxnAnswer::done;
  return fatal() ? TxnAnswer::fatal : TxnAnswer::abortable;
}

TxnAnswer TransactionManager::init() {
  if (state_ == State::uninitialized) state_ = State::initializing;
  return wait_for_end();
}

TxnAnswer TransactionManager::commit() {
  if (state_ == State::in_transaction) state_ = State::committing;
  return wait_for_end();
}

TxnAnswer TransactionManager::abort() {
  if (state_ == State::in_transaction || state_ == State::abortable_error) {
    state_ = State::aborting;
    wanted_.clear();
  }
  return wait_for_end();
}

// --- the sender ---

void TransactionManager::partition_used(PartitionIndex partition) {
  if (options_.version_2) {
    started_ = true;
    return;
  }
  const bool known = contains(wanted_, partition) || contains(pending_, partition) || contains(added_, partition);
  if (!known) wanted_.push_back(partition);
}

bool TransactionManager::may_send_to(PartitionIndex partition) const {
  if (fatal()) return false;
  return options_.version_2 || contains(added_, partition);
}

void TransactionManager::batch_failed() {
  if (fatal()) return;
  if (!options_.version_2 && options_.bumps_epoch && !completing()) bump_ = true;
  if (state_ == State::in_transaction || state_ == State::committing) enter(State::abortable_error);
}

void TransactionManager::sequences_in_doubt() {
  if (fatal() || options_.version_2) return;  // with version 2 each end raises the epoch
  if (!options_.bumps_epoch) {                // without KIP-360 the sequences cannot be taken back
    enter(State::fatal_error);
    return;
  }
  bump_ = true;
  if (state_ == State::in_transaction || state_ == State::committing) enter(State::abortable_error);
}

void TransactionManager::enter(State state) {
  state_ = state;
  if (state == State::abortable_error || fatal()) offsets_.reset();
  changed_.notify_all();
}

bool TransactionManager::adds() const {
  const bool sends = state_ == State::in_transaction || state_ == State::committing || state_ == State::aborting;
  return sends && (!wanted_.empty() || !pending_.empty());
}

void TransactionManager::advance(bool incomplete) {
  const bool ends = completing() && !incomplete && !adds() && !offsets_;
  if (ends && !started_ && !asking_) {
    complete();
    if (state_ == State::ready) return;
  }
  const bool due = state_ == State::initializing || adds() || offsets_ || (ends && completing());
  if (asking_ || !due || process_.simulation().now() < not_before_) return;
  const bool of_group = state_ != State::initializing && !adds() && offsets_ready();
  Coordinator& asked = of_group ? group_coordinator_ : coordinator_;
  if (asked.node == sim::kNoNode) {
    find(asked);
  } else if (!ready(asked)) {
    return;
  } else if (state_ == State::initializing) {
    ask_for_id();
  } else if (adds()) {
    add_partitions();
  } else if (of_group) {
    commit_offsets();
  } else if (offsets_) {
    add_offsets();
  } else {
    end();
  }
}

bool TransactionManager::ready(Coordinator& coordinator) {
  if (network_.ready(coordinator.node)) {
    coordinator.connecting_until = sim::kNever;
    return true;
  }
  const sim::VirtualTime now = process_.simulation().now();
  if (coordinator.connecting_until == sim::kNever) coordinator.connecting_until = now + kConnectTimeout;
  if (now >= coordinator.connecting_until) {  // it may be another broker by now
    coordinator.connecting_until = sim::kNever;
    coordinator.node = sim::kNoNode;
  }
  retry_after(options_.retry_backoff);
  return false;
}

void TransactionManager::find(Coordinator& coordinator) {
  const sim::NodeId node = network_.any_ready();
  if (node == sim::kNoNode) return;
  asking_ = true;
  boost::intrusive_ptr<FindCoordinatorRequest> request{new FindCoordinatorRequest};
  request->of_transactions = coordinator.of_transactions;
  network_.send(node, events().find_coordinator, std::move(request), 0,
                [this, &coordinator](const sim::PayloadPtr& answer) {
                  asking_ = false;
                  const auto* response = static_cast<const FindCoordinatorResponse*>(answer.get());
                  if (response != nullptr && response->error == Error::none) {
                    coordinator.node = response->coordinator;
                  } else {
                    retry_after(options_.retry_backoff);
                  }
                });
}

void TransactionManager::ask(const Coordinator& coordinator, sim::MessageKind kind,
                             boost::intrusive_ptr<Request> request, Answered answered) {
  asking_ = true;
  network_.send(coordinator.node, kind, std::move(request), 0, [this, answered](const sim::PayloadPtr& answer) {
    asking_ = false;
    const auto* response = static_cast<const Response*>(answer.get());
    (this->*answered)(response == nullptr ? Error::disconnected : response->error, response);
  });
}

bool TransactionManager::passes(Error error, Coordinator& coordinator) {
  switch (error) {
    case Error::disconnected:
    case Error::not_coordinator:
    case Error::coordinator_not_available:
      coordinator.node = sim::kNoNode;
      network_.request_update();
      break;
    case Error::concurrent_transactions:
    case Error::coordinator_load_in_progress: break;
    default: return false;
  }
  const bool first = !options_.version_2 && state_ == State::in_transaction && added_.empty();
  const bool soon = error == Error::concurrent_transactions && first;
  retry_after(soon ? std::min(options_.retry_backoff, kFirstPartitionBackoff) : options_.retry_backoff);
  return true;
}

void TransactionManager::fenced_or_lost(Error error) {
  const bool fenced = error == Error::producer_fenced || error == Error::invalid_producer_epoch;
  if (fenced) process_.simulation().mark("producer fenced");
  enter(State::fatal_error);
}

// --- requests ---

void TransactionManager::ask_for_id() {
  boost::intrusive_ptr<InitProducerIdRequest> request{new InitProducerIdRequest};
  request->transactional_id = options_.id;
  request->transaction_timeout = options_.timeout;
  request->id = producer_;
  request->epoch = epoch_;
  ask(coordinator_, events().init_producer_id, std::move(request), &TransactionManager::id_answered);
}

void TransactionManager::id_answered(Error error, const Response* response) {
  if (error == Error::none) {
    const auto& answer = static_cast<const InitProducerIdResponse&>(*response);
    producer_ = answer.id;
    epoch_ = answer.epoch;
    identified_(producer_, epoch_);
    enter(State::ready);
  } else if (!passes(error, coordinator_)) {
    process_.simulation().mark("producer fenced");
    enter(State::fatal_error);
  }
}

void TransactionManager::add_partitions() {
  move_all(wanted_, pending_);
  boost::intrusive_ptr<AddPartitionsToTxnRequest> request{new AddPartitionsToTxnRequest};
  request->transactional_id = options_.id;
  request->producer = producer_;
  request->epoch = epoch_;
  request->partitions = pending_;
  ask(coordinator_, events().add_partitions_to_txn, std::move(request), &TransactionManager::add_answered);
}

void TransactionManager::add_answered(Error error, const Response* /*response*/) {
  if (error == Error::none) {
    move_all(pending_, added_);
    started_ = true;
  } else if (!passes(error, coordinator_)) {
    fenced_or_lost(error);
  }
}

void TransactionManager::end() {
  boost::intrusive_ptr<EndTxnRequest> request{new EndTxnRequest};
  request->transactional_id = options_.id;
  request->producer = producer_;
  request->epoch = epoch_;
  request->result = state_ == State::committing ? TxnResult::commit : TxnResult::abort;
  ask(coordinator_, events().end_txn, std::move(request), &TransactionManager::end_answered);
}

void TransactionManager::end_answered(Error error, const Response* response) {
  if (error == Error::none) {
    if (options_.version_2) {
      epoch_ = static_cast<const EndTxnResponse&>(*response).epoch;
      identified_(producer_, epoch_);
    }
    complete();
  } else if (!passes(error, coordinator_)) {
    fenced_or_lost(error);
  }
}

void TransactionManager::complete() {
  wanted_.clear();
  pending_.clear();
  added_.clear();
  offsets_.reset();
  started_ = false;
  enter(std::exchange(bump_, false) ? State::initializing : State::ready);
}

}  // namespace noloss::models::kafka
