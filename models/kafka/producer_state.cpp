#include "models/kafka/producer_state.hpp"

#include <algorithm>

namespace noloss::models::kafka {

ProducerStates::Decision ProducerStates::check(const ProducerStamp& stamp, std::int64_t records, sim::VirtualTime now,
                                               sim::Duration expiration) const {
  if (!stamp.idempotent()) return {};
  const auto known = producers_.find(stamp.id);
  if (known == producers_.end() || known->second.last_append + expiration <= now) return {};
  const Producer& producer = known->second;
  if (stamp.epoch < producer.epoch) return {Error::invalid_producer_epoch, {}};
  if (stamp.epoch > producer.epoch) {
    return {stamp.base_sequence == 0 ? Error::none : Error::out_of_order_sequence_number, {}};
  }
  const std::int64_t last = stamp.base_sequence + records - 1;
  const auto same = std::find_if(producer.batches.begin(), producer.batches.end(), [&](const Batch& batch) {
    return batch.base_sequence == stamp.base_sequence && batch.last_sequence == last;
  });
  if (same != producer.batches.end()) return {Error::none, *same};
  const std::int64_t known_last = producer.batches.empty() ? -1 : producer.batches.back().last_sequence;
  const bool follows = stamp.base_sequence == known_last + 1;
  return {follows ? Error::none : Error::out_of_order_sequence_number, {}};
}

Error ProducerStates::check_marker(const ProducerStamp& stamp, Epoch coordinator_epoch) const {
  const auto known = producers_.find(stamp.id);
  if (known == producers_.end()) return Error::none;
  if (stamp.epoch < known->second.epoch) return Error::invalid_producer_epoch;
  return coordinator_epoch < known->second.coordinator_epoch ? Error::transaction_coordinator_fenced : Error::none;
}

void ProducerStates::appended(const LogRecord& last) {
  if (!last.producer.idempotent()) return;
  Producer& producer = producers_[last.producer.id];
  if (producer.epoch != last.producer.epoch) producer.batches.clear();
  producer.epoch = last.producer.epoch;
  producer.last_append = last.appended;
  producer.last_offset = last.offset;
  if (is_marker(last.kind)) {
    producer.coordinator_epoch = last.coordinator_epoch;
    return;
  }
  if (last.kind != RecordKind::message) return;  // what a coordinator writes has no sequences
  const std::int64_t base = last.producer.base_sequence;
  producer.batches.push_back({base, base + last.batch_records - 1, last.offset - last.index_in_batch, last.offset});
  if (producer.batches.size() > kBatches) producer.batches.pop_front();
}

void ProducerStates::forget_below(Offset offset) {
  std::erase_if(producers_, [offset](const auto& entry) { return entry.second.last_offset < offset; });
}

}  // namespace noloss::models::kafka
