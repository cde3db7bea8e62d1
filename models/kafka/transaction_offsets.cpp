// Positions of a consumer that become part of a transaction (TransactionManager.sendOffsetsToTransaction, KIP-447).
#include <utility>

#include "models/kafka/transaction_manager.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {

TxnAnswer TransactionManager::send_offsets(std::vector<CommittedOffset> offsets, GroupMetadata member) {
  if (state_ == State::in_transaction && !offsets_) offsets_ = Offsets{std::move(offsets), std::move(member), false};
  network_.wake();
  const sim::VirtualTime deadline = process_.simulation().now() + options_.max_block;
  while (offsets_ && state_ == State::in_transaction) {
    if (process_.simulation().now() >= deadline) return TxnAnswer::timed_out;
    changed_.wait_until(deadline);
  }
  if (state_ == State::in_transaction) return TxnAnswer::done;
  return fatal() ? TxnAnswer::fatal : TxnAnswer::abortable;
}

void TransactionManager::add_offsets() {
  boost::intrusive_ptr<AddOffsetsToTxnRequest> request{new AddOffsetsToTxnRequest};
  request->transactional_id = options_.id;
  request->producer = producer_;
  request->epoch = epoch_;
  request->group = offsets_->member.group;
  ask(coordinator_, events().add_offsets_to_txn, std::move(request), &TransactionManager::offsets_added);
}

void TransactionManager::offsets_added(Error error, const Response* /*response*/) {
  if (error == Error::none) {
    started_ = true;
    if (offsets_) offsets_->added = true;
  } else if (!passes(error, coordinator_)) {
    fenced_or_lost(error);
  }
}

void TransactionManager::commit_offsets() {
  boost::intrusive_ptr<TxnOffsetCommitRequest> request{new TxnOffsetCommitRequest};
  request->transactional_id = options_.id;
  request->producer = producer_;
  request->epoch = epoch_;
  request->member = offsets_->member;
  request->offsets = offsets_->offsets;
  started_ = true;
  ask(group_coordinator_, events().txn_offset_commit, std::move(request), &TransactionManager::offsets_committed);
}

void TransactionManager::offsets_committed(Error error, const Response* /*response*/) {
  if (error == Error::none) {
    offsets_.reset();
    changed_.notify_all();
  } else if (error == Error::unknown_member_id || error == Error::illegal_generation) {
    offsets_.reset();  // CommitFailedException
    if (state_ == State::in_transaction || state_ == State::committing) enter(State::abortable_error);
  } else if (!passes(error, group_coordinator_)) {
    fenced_or_lost(error);
  }
}

}  // namespace noloss::models::kafka
