// What a transaction means for a producer's batches (Sender, RecordAccumulator).
#include <algorithm>
#include <utility>

#include "models/kafka/producer.hpp"

namespace noloss::models::kafka {

void Producer::advance_transaction() {
  if (transactions_.drops()) drop_batches();
  transactions_.advance(incomplete());
}

bool Producer::incomplete() const {
  return std::any_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) {
    const auto open = [](const BatchPtr& batch) { return !batch->done; };
    return !lane.queue.empty() || std::any_of(lane.on_their_way.begin(), lane.on_their_way.end(), open);
  });
}

void Producer::drop_batches() {
  for (Lane& lane : lanes_) {
    // What was sent once goes on until it has an answer; after a fatal error nothing does.
    const auto dropped = [this](const BatchPtr& batch) { return transactions_.fatal() || !batch->stamp.idempotent(); };
    for (const auto* batches : {&lane.queue, &lane.on_their_way}) {
      for (const BatchPtr& batch : std::deque<BatchPtr>(*batches)) {
        if (dropped(batch)) finish(*batch, batch->attempts > 0 ? Outcome::uncertain : Outcome::failed);
      }
    }
    std::erase_if(lane.queue, dropped);
  }
}

void Producer::take_back_sequences(Lane& lane, const Batch& batch) {
  if (batch.stamp.epoch != lane.epoch) return;
  const auto records = static_cast<std::int64_t>(batch.record_count);
  lane.next_sequence -= records;
  for (const BatchPtr& later : lane.unsettled) {
    if (later->stamp.base_sequence > batch.stamp.base_sequence) later->stamp.base_sequence -= records;
  }
}

}  // namespace noloss::models::kafka
