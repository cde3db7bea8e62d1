// A leader's part in transactions: batches that belong to one, and the markers that end it.
//
// Modelled (ReplicaManager, UnifiedLog, VerificationGuard): from 3.6 on a batch that would open a transaction here is
// appended only if the coordinator said so, and no marker came in between.
#include "models/kafka/broker.hpp"
#include "models/kafka/replica.hpp"
#include "models/kafka/replica_lock.hpp"
#include "sim/planted.hpp"

namespace noloss::models::kafka {

bool Replica::in_transaction(const ProducerStamp& stamp) const {
  return log_.transactions().open(stamp.id) && log_.producers().has_epoch(stamp.id, stamp.epoch);
}

bool Replica::must_verify(const ProducerStamp& stamp) const {
  if (NOLOSS_BUG("kafka: no check of the transaction at the append")) return false;
  return stamp.transactional && broker_.config().verifies_transactions() && !in_transaction(stamp);
}

std::uint64_t Replica::begin_verification(ProducerId producer) {
  const auto [guard, added] = verifying_.try_emplace(producer, guards_ + 1);
  if (added) ++guards_;
  return guard->second;
}

bool Replica::verified(const ProducerStamp& stamp, std::uint64_t guard) {
  if (!must_verify(stamp)) return true;
  const auto known = verifying_.find(stamp.id);
  if (known != verifying_.end() && known->second == guard) return true;
  broker_.simulation().mark("batch outside of a transaction refused");
  return false;
}

Error Replica::append_in_transaction(std::vector<boost::intrusive_ptr<LogRecord>> records, std::uint64_t guard,
                                     sim::Duration timeout) {
  const ProducerStamp stamp = records.front()->producer;
  Offset last = kNoOffset;
  {
    const Lock lock(*this);
    if (!leads()) return Error::not_leader_or_follower;
    if (metadata_.isr.size() < min_isr()) return Error::not_enough_replicas;
    if (log_.producers().has_later_epoch(stamp.id, stamp.epoch)) return Error::invalid_producer_epoch;
    if (broker_.topology().behaviours.verifies_offsets && !verified(stamp, guard)) return Error::invalid_txn_state;
    if (guard != 0) verifying_.erase(stamp.id);
    const Error error = append_as_leader(std::move(records));
    if (error != Error::none) return error;
    last = log_.end() - 1;
  }
  return wait_until_committed(last, timeout);
}

Error Replica::end_transaction(const WriteTxnMarkersRequest& request, sim::Duration timeout) {
  boost::intrusive_ptr<LogRecord> marker{new LogRecord};
  marker->kind = request.result == TxnResult::commit ? RecordKind::commit_marker : RecordKind::abort_marker;
  marker->producer = {request.producer, request.epoch, true, -1};
  marker->coordinator_epoch = request.coordinator_epoch;
  marker->bytes = kHeaderBytes;
  Offset last = kNoOffset;
  {
    const Lock lock(*this);
    if (!leads()) return Error::not_leader_or_follower;
    const Error error = log_.producers().check_marker(marker->producer, request.coordinator_epoch);
    if (error != Error::none) return error;
    if (metadata_.isr.size() < min_isr()) return Error::not_enough_replicas;
    verifying_.erase(request.producer);
    const Error appended = append_as_leader({std::move(marker)});
    if (appended != Error::none) return appended;
    last = log_.end() - 1;
  }
  return wait_until_committed(last, timeout);
}

}  // namespace noloss::models::kafka
