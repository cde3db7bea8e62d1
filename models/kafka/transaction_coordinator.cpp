#include "models/kafka/transaction_coordinator.hpp"

#include <algorithm>
#include <utility>

#include "models/kafka/broker.hpp"
#include "sim/planted.hpp"

namespace noloss::models::kafka {
namespace {

bool contains(const std::vector<PartitionIndex>& partitions, PartitionIndex partition) {
  return std::find(partitions.begin(), partitions.end(), partition) != partitions.end();
}

boost::intrusive_ptr<LogRecord> record_of(const Transaction& transaction) {
  boost::intrusive_ptr<TransactionValue> value{new TransactionValue};
  value->transaction = transaction;
  boost::intrusive_ptr<LogRecord> record{new LogRecord};
  record->kind = RecordKind::transaction;
  record->transaction = std::move(value);
  record->bytes = kHeaderBytes;
  return record;
}

}  // namespace

bool TransactionCoordinator::version_2() const { return broker_.topology().options.transactions_v2; }

void TransactionCoordinator::load(Replica& replica) {
  unload();
  replica_ = &replica;
  epoch_ = replica.leader_epoch();
  const PartitionLog& log = replica.log();
  for (Offset offset = log.start(); offset < log.end(); ++offset) {
    const auto* value = static_cast<const TransactionValue*>(log.at(offset).transaction.get());
    if (value != nullptr) entries_[value->transaction.id].value = value->transaction;
  }
  for (const auto& [id, entry] : entries_) {
    if (!entry.value.prepared() || NOLOSS_BUG("kafka: a new coordinator sends no markers")) continue;
    broker_.simulation().mark("coordinator took over a transaction");
    send_markers(entry.value);
  }
}

void TransactionCoordinator::unload() {
  replica_ = nullptr;
  ++term_;
  entries_.clear();
}

bool TransactionCoordinator::idle() const {
  return std::all_of(entries_.begin(), entries_.end(), [](const auto& entry) {
    return !entry.second.pending && !entry.second.value.prepared() && entry.second.value.state != TxnState::ongoing;
  });
}

Error TransactionCoordinator::store(Entry& entry, Transaction next) {
  entry.pending = true;
  const std::uint64_t term = term_;
  const Error error = replica_->append_internal({record_of(next)}, kBrokerRequestTimeout);
  if (term != term_) return Error::not_coordinator;
  entry.pending = false;
  if (error == Error::not_leader_or_follower) return Error::not_coordinator;
  // It may be in the log all the same; who reads the log later goes by that.
  if (error != Error::none) return Error::coordinator_not_available;
  entry.value = std::move(next);
  return Error::none;
}

// --- a producer begins its life ---

void TransactionCoordinator::init_producer_id(const InitProducerIdRequest& request, InitProducerIdResponse& response) {
  if (!active()) {
    response.error = Error::not_coordinator;
    return;
  }
  const auto [place, added] = entries_.try_emplace(request.transactional_id);
  Entry& entry = place->second;
  if (added) {
    entry.value.id = request.transactional_id;
    entry.value.producer = broker_.next_producer_id();
  }
  Transaction next = entry.value;
  const bool goes_on = request.id != kNoProducerId;
  const bool repeated = goes_on && request.epoch == next.last_epoch;  // its answer was lost
  const bool known = request.id == next.producer && (repeated || request.epoch == next.epoch);
  if (entry.pending || next.prepared()) {
    response.error = Error::concurrent_transactions;
  } else if (goes_on && !known) {
    response.error = Error::producer_fenced;
  } else if (next.state == TxnState::ongoing) {
    const Error error = fence(entry);
    response.error = error == Error::none ? Error::concurrent_transactions : error;
  } else {
    if (!repeated) {
      next.last_epoch = goes_on ? next.epoch : -1;
      if (!entry.fence_failed && !NOLOSS_BUG("kafka: a new life keeps the epoch")) ++next.epoch;
      if (next.epoch < 0) next.epoch = 0;
    }
    next.timeout = request.transaction_timeout;
    next.state = TxnState::empty;
    next.partitions.clear();
    response.id = next.producer;
    response.epoch = next.epoch;
    response.error = store(entry, std::move(next));
  }
}

Error TransactionCoordinator::fence(Entry& entry) {
  // Should the record fail, nobody was told of the epoch: the next attempt uses the same.
  if (!entry.fence_failed) ++entry.value.epoch;
  entry.fence_failed = true;
  const std::uint64_t term = term_;
  const Error error = decide(entry, TxnResult::abort, entry.value);
  if (term == term_ && error == Error::none) entry.fence_failed = false;
  return error;
}

void TransactionCoordinator::abort_timed_out() {
  if (!active()) return;
  const sim::VirtualTime now = broker_.simulation().now();
  for (auto& [id, entry] : entries_) {
    const bool late = entry.value.state == TxnState::ongoing && entry.value.started + entry.value.timeout < now;
    if (!late || entry.pending) continue;
    broker_.simulation().mark("transaction timed out");
    const std::uint64_t term = term_;
    Entry* const mine = &entry;
    broker_.process().spawn([this, mine, term] {
      if (term == term_ && !mine->pending) static_cast<void>(fence(*mine));
    });
  }
}

// --- a transaction's course ---

Error TransactionCoordinator::check(const AddPartitionsToTxnRequest& request) const {
  if (!active()) return Error::not_coordinator;
  const auto found = entries_.find(request.transactional_id);
  if (found == entries_.end() || found->second.value.producer != request.producer) {
    return Error::invalid_producer_id_mapping;
  }
  const Entry& entry = found->second;
  if (entry.value.epoch != request.epoch) return Error::producer_fenced;
  if (entry.value.prepared()) return Error::concurrent_transactions;
  if (!request.verify_only) return entry.pending ? Error::concurrent_transactions : Error::none;
  const bool all = std::all_of(request.partitions.begin(), request.partitions.end(),
                               [&](PartitionIndex partition) { return contains(entry.value.partitions, partition); });
  return all ? Error::none : Error::invalid_txn_state;
}

Error TransactionCoordinator::add_partitions(const AddPartitionsToTxnRequest& request) {
  const Error error = check(request);
  if (error != Error::none || request.verify_only) return error;
  Entry& entry = entries_.at(request.transactional_id);
  Transaction next = entry.value;
  const bool begins = next.state != TxnState::ongoing;
  if (begins) {
    next.state = TxnState::ongoing;
    next.started = broker_.simulation().now();
    next.partitions.clear();
  }
  const std::size_t before = next.partitions.size();
  for (const PartitionIndex partition : request.partitions) {
    if (!contains(next.partitions, partition)) next.partitions.push_back(partition);
  }
  return !begins && next.partitions.size() == before ? Error::none : store(entry, std::move(next));
}

bool TransactionCoordinator::epoch_fits(const Entry& entry, std::int32_t epoch) const {
  const bool same = epoch == entry.value.epoch;
  if (!version_2() || entry.pending) return same;
  const bool repeated = epoch + 1 == entry.value.epoch;  // the decision has raised it
  switch (entry.value.state) {
    case TxnState::empty:
    case TxnState::ongoing: return same;
    case TxnState::prepare_commit:
    case TxnState::prepare_abort: return repeated;
    case TxnState::complete_commit:
    case TxnState::complete_abort: return same || repeated;
  }
  return false;
}

Error TransactionCoordinator::check(const Entry& entry, const EndTxnRequest& request, bool& decided) const {
  const Transaction& value = entry.value;
  decided = false;
  if (!epoch_fits(entry, request.epoch)) return Error::producer_fenced;
  if (entry.pending) return Error::concurrent_transactions;
  const bool commit = request.result == TxnResult::commit;
  const bool repeated = !version_2() || request.epoch != value.epoch;
  // With version 2 a producer may abort what it cannot know to have begun.
  const bool aborts_nothing = version_2() && !commit && !repeated;
  switch (value.state) {
    case TxnState::ongoing: return Error::none;
    case TxnState::empty: return aborts_nothing ? Error::none : Error::invalid_txn_state;
    case TxnState::prepare_commit: return commit ? Error::concurrent_transactions : Error::invalid_txn_state;
    case TxnState::prepare_abort: return commit ? Error::invalid_txn_state : Error::concurrent_transactions;
    case TxnState::complete_commit:
    case TxnState::complete_abort: break;
  }
  if (aborts_nothing) return Error::none;
  decided = repeated && commit == (value.state == TxnState::complete_commit);
  return decided ? Error::none : Error::invalid_txn_state;
}

void TransactionCoordinator::end(const EndTxnRequest& request, EndTxnResponse& response) {
  if (!active()) {
    response.error = Error::not_coordinator;
    return;
  }
  const auto found = entries_.find(request.transactional_id);
  if (found == entries_.end() || found->second.value.producer != request.producer) {
    response.error = Error::invalid_producer_id_mapping;
    return;
  }
  Entry& entry = found->second;
  bool decided = false;
  response.error = check(entry, request, decided);
  response.epoch = entry.value.epoch;
  if (response.error != Error::none || decided) return;
  Transaction next = entry.value;
  if (next.state != TxnState::ongoing) next.partitions.clear();
  if (version_2() && !NOLOSS_BUG("kafka: version 2 keeps the epoch")) {
    next.last_epoch = next.epoch;
    ++next.epoch;
  }
  response.epoch = next.epoch;
  response.error = decide(entry, request.result, std::move(next));
}

}  // namespace noloss::models::kafka
