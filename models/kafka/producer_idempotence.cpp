// Sequences of an idempotent producer, and what an answer means for them (TransactionManager).
#include <algorithm>
#include <utility>

#include "models/kafka/producer.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {

bool Producer::has_producer_id() {
  if (id_ != kNoProducerId) return true;
  if (asking_for_id_ || transactions_.enabled()) return false;  // initTransactions brings it
  const sim::NodeId node = network_.any_ready();
  if (node == sim::kNoNode) return false;
  asking_for_id_ = true;
  network_.send(node, events().init_producer_id, boost::intrusive_ptr<Request>{new InitProducerIdRequest}, 0,
                [this](const sim::PayloadPtr& answer) {
                  asking_for_id_ = false;
                  if (answer == nullptr) return;
                  id_ = static_cast<const InitProducerIdResponse&>(*answer).id;
                  epoch_ = 0;
                });
  return false;
}

void Producer::stamp(Lane& lane, const BatchPtr& batch) {
  if (batch->stamp.idempotent()) return;
  if (lane.epoch != epoch_) {
    lane.epoch = epoch_;
    lane.next_sequence = 0;
    lane.last_acked_sequence = -1;
  }
  batch->stamp = {id_, epoch_, transactions_.enabled(), lane.next_sequence};
  lane.next_sequence += static_cast<std::int64_t>(batch->records.size());
  lane.unsettled.push_back(batch);
}

void Producer::answered(Lane& lane, const BatchPtr& batch, const ProduceResponse* response) {
  const Error error = response == nullptr ? Error::disconnected : response->error;
  switch (error) {
    case Error::none: succeeded(lane, batch); return;
    case Error::disconnected:
    case Error::not_leader_or_follower:
    case Error::unknown_topic_or_partition: network_.request_update(); break;
    default: break;
  }
  const bool again = retriable(*batch) && may_retry(lane, *batch, error);
  if (again) {
    retry(lane, batch);
  } else {
    failed(lane, batch, error);
  }
}

void Producer::succeeded(Lane& lane, const BatchPtr& batch) {
  if (batch->stamp.idempotent() && batch->stamp.epoch == lane.epoch) {
    const auto records = static_cast<std::int64_t>(batch->record_count);
    lane.last_acked_sequence = std::max(lane.last_acked_sequence, batch->stamp.base_sequence + records - 1);
  }
  std::erase(lane.unsettled, batch);
  finish(*batch, Outcome::acked);
  resolve(lane);
}

void Producer::failed(Lane& lane, const BatchPtr& batch, Error error) {
  if (transactions_.enabled() && batch->done) return;  // given up before: its transaction knows
  const bool maybe_stored = batch->attempts > 1 || error == Error::disconnected || error == Error::request_timed_out ||
                            error == Error::not_enough_replicas_after_append;
  if (batch->stamp.idempotent()) {
    std::erase(lane.unsettled, batch);
    if (transactions_.enabled() && !maybe_stored) {
      take_back_sequences(lane, *batch);
    } else {
      lane.unresolved = true;
      resolve(lane);
    }
  }
  give_up(*batch, maybe_stored ? Outcome::uncertain : Outcome::failed);
}

bool Producer::may_retry(Lane& lane, const Batch& batch, Error error) {
  switch (error) {
    case Error::invalid_producer_epoch:
    case Error::invalid_producer_id_mapping:
    case Error::invalid_txn_state: return false;
    case Error::out_of_order_sequence_number: break;
    default: return true;
  }
  const bool is_next = batch.stamp.base_sequence == lane.last_acked_sequence + 1;
  // An earlier batch has not arrived yet: it will fit once that one has.
  if (!lane.unresolved && !is_next) return true;
  process_.simulation().mark("broker lost what a producer had stored");
  if (transactions_.enabled()) return false;
  if (!topology_.behaviours.producer_bumps_epoch) {
    forget_producer_id();
    return false;
  }
  bump_epoch(lane);
  return true;
}

void Producer::bump_epoch(Lane& lane) {
  process_.simulation().mark("producer epoch bumped");
  ++epoch_;
  lane.epoch = epoch_;
  lane.next_sequence = 0;
  lane.last_acked_sequence = -1;
  lane.unresolved = false;
  for (const BatchPtr& batch : lane.unsettled) {
    if (batch->done) continue;
    batch->stamp = {id_, epoch_, false, lane.next_sequence};
    lane.next_sequence += static_cast<std::int64_t>(batch->record_count);
  }
}

void Producer::forget_producer_id() {
  id_ = kNoProducerId;
  for (Lane& lane : lanes_) {
    lane.epoch = -1;
    lane.unresolved = false;
    // What was on its way under the old id cannot be sent again under it.
    for (const BatchPtr& batch : std::exchange(lane.unsettled, {})) {
      std::erase(lane.queue, batch);
      finish(*batch, Outcome::uncertain);
    }
  }
}

void Producer::resolve(Lane& lane) {
  const auto open = [this](const BatchPtr& batch) { return !transactions_.enabled() || !batch->done; };
  if (!lane.unresolved || std::any_of(lane.on_their_way.begin(), lane.on_their_way.end(), open)) return;
  std::erase_if(lane.unsettled, [](const BatchPtr& batch) { return batch->done; });
  if (!lane.unsettled.empty()) return;
  lane.unresolved = false;
  if (lane.last_acked_sequence + 1 == lane.next_sequence) return;
  if (transactions_.enabled()) return transactions_.sequences_in_doubt();
  if (topology_.behaviours.producer_bumps_epoch) {
    bump_epoch(lane);
  } else {
    forget_producer_id();
  }
}

}  // namespace noloss::models::kafka
