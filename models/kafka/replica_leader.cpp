// What a leader does for producers, for consumers and for followers that read.
#include <algorithm>
#include <utility>

#include "models/kafka/broker.hpp"
#include "models/kafka/replica.hpp"
#include "models/kafka/replica_lock.hpp"
#include "sim/planted.hpp"

namespace noloss::models::kafka {

Error Replica::check_epoch(Epoch current_leader_epoch) const {
  if (!leads()) return Error::not_leader_or_follower;
  const bool checked = broker_.topology().behaviours.fetch_fenced_by_epoch && current_leader_epoch != kNoEpoch;
  if (!checked) return Error::none;
  if (current_leader_epoch < metadata_.leader_epoch) return Error::fenced_leader_epoch;
  if (current_leader_epoch > metadata_.leader_epoch) return Error::unknown_leader_epoch;
  return Error::none;
}

// --- appending ---

void Replica::produce(const ProduceRequest& request, ProduceResponse& response, std::uint64_t guard) {
  response.partition = partition_;
  const auto enough = [&] { return request.acks != Acks::all || metadata_.isr.size() >= min_isr(); };
  Offset last = kNoOffset;
  {
    const Lock lock(*this);
    if (!leads()) {
      response.error = Error::not_leader_or_follower;
      return;
    }
    if (!enough()) {
      response.error = Error::not_enough_replicas;
      return;
    }
    const auto records = static_cast<std::int64_t>(request.messages.size());
    const auto decision = log_.producers().check(request.producer, records, broker_.simulation().now(),
                                                 broker_.config().producer_id_expiration());
    response.error = decision.error;
    if (decision.error != Error::none) return;
    if (decision.duplicate_of && !NOLOSS_BUG("append duplicates")) {
      broker_.simulation().mark("duplicate batch answered");
      response.base_offset = decision.duplicate_of->base_offset;
      last = decision.duplicate_of->last_offset;
    } else if (!verified(request.producer, guard)) {
      response.error = Error::invalid_txn_state;
    } else {
      if (guard != 0) verifying_.erase(request.producer.id);
      response.base_offset = log_.end();
      response.error = append_as_leader(broker_.batch_of(request));
      last = log_.end() - 1;
    }
  }
  if (response.error != Error::none || request.acks != Acks::all) return;
  response.error = wait_until_committed(last, request.timeout);
}

Error Replica::append_internal(std::vector<boost::intrusive_ptr<LogRecord>> records, sim::Duration timeout) {
  Offset last = kNoOffset;
  {
    const Lock lock(*this);
    if (!leads()) return Error::not_leader_or_follower;
    if (metadata_.isr.size() < min_isr()) return Error::not_enough_replicas;
    const Error error = append_as_leader(std::move(records));
    if (error != Error::none) return error;
    last = log_.end() - 1;
  }
  return wait_until_committed(last, timeout);
}

Error Replica::append_as_leader(std::vector<boost::intrusive_ptr<LogRecord>> records) {
  Offset offset = log_.end();
  std::vector<LogRecordPtr> batch;
  for (auto& record : records) {
    record->offset = offset++;
    record->epoch = metadata_.leader_epoch;
    record->index_in_batch = static_cast<std::int32_t>(batch.size());
    record->batch_records = static_cast<std::int32_t>(records.size());
    record->appended = broker_.simulation().now();
    record->number = broker_.next_record_number();
    batch.push_back(std::move(record));
  }
  broker_.must_succeed(log_.append(batch, options().segment_bytes));
  changed(Change::log_end);
  const std::uint64_t term = terms_;
  flush_as_configured();
  if (term != terms_) return Error::not_leader_or_follower;
  advance_high_watermark();
  return Error::none;
}

Error Replica::wait_until_committed(Offset last, sim::Duration timeout) {
  const sim::VirtualTime deadline = broker_.simulation().now() + timeout;
  const std::uint64_t term = terms_;
  Watcher watcher(broker_.simulation().scheduler());
  const Watch watch(*this, Change::high_watermark, watcher);
  for (;;) {
    if (!leads() || term != terms_) return Error::not_leader_or_follower;
    if (high_watermark_ > last || NOLOSS_BUG("acknowledge all before it is committed")) {
      const bool enough = maximal_isr_size() >= min_isr();
      return enough ? Error::none : Error::not_enough_replicas_after_append;
    }
    if (broker_.simulation().now() >= deadline) return Error::request_timed_out;
    watcher.wait_until(deadline);
  }
}

// --- reading ---

bool Replica::read(const FetchPartition& fetch, const FetchRequest& request, FetchedPartition& out) {
  out.partition = partition_;
  const bool another_topic = fetch.topic != 0 && fetch.topic != topic_;
  out.error = another_topic ? Error::unknown_topic_id : check_epoch(fetch.current_leader_epoch);
  if (out.error != Error::none) return true;
  out.leader_epoch = metadata_.leader_epoch;
  out.high_watermark = high_watermark_;
  out.log_start = log_.start();
  const bool compares = broker_.topology().behaviours.truncation == Truncation::on_fetch;
  if (request.follower && compares && fetch.last_fetched_epoch != kNoEpoch) {
    const EpochEnd mine = log_.end_of_epoch(fetch.last_fetched_epoch);
    const bool diverges = mine.end != kNoOffset && (mine.epoch < fetch.last_fetched_epoch || mine.end < fetch.offset);
    if (diverges) {
      out.diverging = mine;
      return true;
    }
  }
  if (fetch.offset < log_.start() || fetch.offset > log_.end()) {
    out.error = Error::offset_out_of_range;
    out.log_end = log_.end();
    return true;
  }
  const Offset end = request.follower ? log_.end() : request.read_committed ? last_stable_offset() : high_watermark_;
  std::int64_t bytes = 0;
  for (Offset offset = fetch.offset; offset < end; ++offset) {
    const LogRecord& record = log_.at(offset);
    const bool begins = record.index_in_batch == 0 || offset == fetch.offset;
    if (begins && bytes >= request.max_bytes) break;  // at least one batch, however large
    if (!log_.readable(offset)) {
      if (out.records.empty()) {
        out.error = Error::corrupt_message;
        broker_.simulation().mark("damaged record served");
      }
      break;
    }
    out.records.push_back(log_.pointer(offset));
    bytes += record.bytes;
  }
  if (request.read_committed && !out.records.empty()) {
    out.aborted = log_.transactions().aborted_between(fetch.offset, out.records.back()->offset + 1);
  }
  while (request.follower && !out.records.empty() && !out.records.back()->ends_batch()) out.records.pop_back();
  return !out.records.empty() || out.error != Error::none;
}

}  // namespace noloss::models::kafka
