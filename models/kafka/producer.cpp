#include "models/kafka/producer.hpp"

#include <algorithm>
#include <utility>

#include "models/kafka/options.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {
namespace {

constexpr std::int64_t kRecordBytes = 70;  // of a record's frame in a batch
constexpr std::size_t kMostInFlight = 5;

}  // namespace

ProducerOptions producer_options(const OptionValues& config, const Behaviours& behaviours) {
  ProducerOptions options;
  options.acks = acks_of(config);
  options.retries = config.integer("retries");
  options.request_timeout = config.duration("request.timeout.ms");
  if (behaviours.delivery_timeout) options.delivery_timeout = config.duration("delivery.timeout.ms");
  options.max_in_flight = static_cast<std::size_t>(config.integer("max.in.flight.requests.per.connection"));
  options.linger = config.duration("linger.ms");
  options.batch_bytes = config.integer("batch.size");
  options.buffer_bytes = config.integer("buffer.memory");
  options.max_block = config.duration("max.block.ms");
  options.retry_backoff = config.duration("retry.backoff.ms");
  options.metadata_max_age = config.duration("metadata.max.age.ms");
  options.idempotence = false;
  if (!behaviours.idempotence_exists) return options;
  if (config.at("enable.idempotence").text == kFromOthers && transactional_id(config).empty()) {
    const bool fits = options.acks == Acks::all && options.retries > 0 && options.max_in_flight <= kMostInFlight;
    options.idempotence = behaviours.idempotence_by_default && fits;
  } else {
    options.idempotence = config.flag("enable.idempotence") || !transactional_id(config).empty();
  }
  return options;
}

namespace {

TransactionOptions transaction_options(const OptionValues& config, const Topology& topology) {
  if (!topology.behaviours.idempotence_exists) return {};
  return {.id = transactional_id(config),
          .timeout = config.duration("transaction.timeout.ms"),
          .max_block = config.duration("max.block.ms"),
          .retry_backoff = config.duration("retry.backoff.ms"),
          .version_2 = topology.options.transactions_v2,
          .bumps_epoch = topology.behaviours.producer_bumps_epoch};
}

}  // namespace

Producer::Producer(sim::Process& process, const Topology& topology, std::uint32_t entity, const OptionValues& config,
                   const std::vector<std::string>& connect, History* attempts)
    : process_(process),
      topology_(topology),
      entity_(entity),
      options_(producer_options(config, topology.behaviours)),
      attempts_(attempts),
      network_(process, topology,
               {bootstrap_of(connect, topology), options_.request_timeout, options_.metadata_max_age,
                options_.retry_backoff}),
      transactions_(process, network_, transaction_options(config, topology),
                    [this](ProducerId id, std::int32_t epoch) {
                      id_ = id;
                      epoch_ = epoch;
                    }),
      space_(process.simulation().scheduler()) {
  learn_partitions(topology.initial_partitions);
}

// --- the accumulator ---

void Producer::send(MessagePtr message, SendMode mode, Done done) {
  const std::int64_t bytes = message->bytes + kRecordBytes;
  const sim::VirtualTime deadline = process_.simulation().now() + options_.max_block;
  const auto unknown = [&] {
    const bool known = network_.knows_metadata() && message->id.partition < lanes_.size();
    return !known || !network_.exists(lanes_[message->id.partition].partition);
  };
  while (unknown() || held_bytes_ + bytes > options_.buffer_bytes) {
    if (process_.simulation().now() >= deadline) {
      done(mode == SendMode::oneway ? Outcome::none : Outcome::failed);
      return;
    }
    const bool no_topic = unknown() && network_.knows_metadata();
    if (no_topic) {
      ++without_topic_;
      network_.request_update();
      network_.wake();
    }
    space_.wait_until(deadline);
    if (no_topic) --without_topic_;
  }
  held_bytes_ += bytes;
  Lane& lane = lanes_[message->id.partition];
  const bool fits = !lane.queue.empty() && lane.queue.back()->attempts == 0 &&
                    lane.queue.back()->bytes + bytes <= options_.batch_bytes;
  if (!fits) {
    lane.queue.push_back(std::make_shared<Batch>());
    lane.queue.back()->partition = lane.partition;
    lane.queue.back()->created = process_.simulation().now();
  }
  Batch& batch = *lane.queue.back();
  batch.bytes += bytes;
  ++batch.record_count;
  batch.records.push_back({std::move(message), mode, std::move(done)});
  if (transactions_.enabled()) transactions_.partition_used(lane.partition);
  network_.wake();
}

void Producer::give_up(Batch& batch, Outcome outcome) {
  if (batch.done) return;
  if (transactions_.enabled()) transactions_.batch_failed();
  finish(batch, outcome);
}

void Producer::finish(Batch& batch, Outcome outcome) {
  if (std::exchange(batch.done, true)) return;
  held_bytes_ -= batch.bytes;
  space_.notify_all();
  for (Record& record : std::exchange(batch.records, {})) {
    record.done(record.mode == SendMode::oneway ? Outcome::none : outcome);
  }
}

// --- the sender ---

void Producer::loop() {
  for (;;) {
    expire();
    if (transactions_.enabled()) advance_transaction();
    if (drain()) continue;
    if (without_topic_ > 0) network_.request_update();
    const std::uint64_t knew = network_.comings_and_goings();
    network_.poll(next_due());
    if (network_.comings_and_goings() == knew) continue;
    learn_partitions(network_.known_partitions());
    space_.notify_all();
  }
}

void Producer::expire() {
  const sim::VirtualTime now = process_.simulation().now();
  const auto overdue = [&](const BatchPtr& batch) { return !batch->done && expiry(*batch) <= now; };
  for (Lane& lane : lanes_) {
    for (const BatchPtr& batch : lane.unsettled) {
      if (!overdue(batch)) continue;
      // Of a transaction's batches, the client marks only those that it was to send again.
      if (!transactions_.enabled() || batch->attempts > 1 || waits_to_be_sent(lane, batch)) lane.unresolved = true;
      give_up(*batch, Outcome::uncertain);
    }
    if (transactions_.enabled()) std::erase_if(lane.unsettled, [](const BatchPtr& batch) { return batch->done; });
    for (const BatchPtr& batch : std::deque<BatchPtr>(lane.queue)) {
      if (overdue(batch)) give_up(*batch, batch->attempts > 0 ? Outcome::uncertain : Outcome::failed);
    }
    std::erase_if(lane.queue, [&](const BatchPtr& batch) {
      if (batch->done) std::erase(lane.unsettled, batch);
      return batch->done;
    });
    for (const BatchPtr& batch : std::deque<BatchPtr>(lane.on_their_way)) {
      if (overdue(batch)) give_up(*batch, Outcome::uncertain);
    }
    resolve(lane);
  }
}

bool Producer::waits_to_be_sent(const Lane& lane, const BatchPtr& batch) {
  return std::find(lane.queue.begin(), lane.queue.end(), batch) != lane.queue.end();
}

sim::VirtualTime Producer::expiry(const Batch& batch) const {
  if (topology_.behaviours.delivery_timeout) return batch.created + options_.delivery_timeout;
  // Before KIP-91 only a batch that was never sent expired.
  return batch.attempts > 0 ? sim::kNever : batch.created + options_.linger + options_.request_timeout;
}

bool Producer::batch_ready(const Lane& lane) const {
  const Batch& batch = *lane.queue.front();
  const sim::VirtualTime now = process_.simulation().now();
  if (batch.not_before > now) return false;
  const bool full = lane.queue.size() > 1 || batch.bytes >= options_.batch_bytes;
  const bool no_memory = held_bytes_ >= options_.buffer_bytes;
  const bool flushes = transactions_.completing();
  return batch.attempts > 0 || full || no_memory || flushes || batch.created + options_.linger <= now;
}

bool Producer::may_send(const Lane& lane, sim::NodeId leader) const {
  if (network_.in_flight(leader) >= options_.max_in_flight) return false;
  // One in flight keeps the order: the partition is muted meanwhile.
  if (options_.max_in_flight == 1 && !lane.on_their_way.empty()) return false;
  if (!options_.idempotence) return true;
  if (transactions_.enabled() && !transactions_.may_send_to(lane.partition)) return false;
  const Batch& batch = *lane.queue.front();
  if (!batch.stamp.idempotent()) {
    const bool stale_epoch = lane.epoch != epoch_ && !lane.unsettled.empty();
    return !lane.unresolved && !stale_epoch;
  }
  // Of those that are sent again, only the first: its outcome decides about the others.
  return lane.unsettled.empty() || lane.unsettled.front().get() == &batch;
}

bool Producer::drain() {
  if (!network_.knows_metadata()) return false;
  bool sent = false;
  for (Lane& lane : lanes_) {
    if (lane.queue.empty() || !batch_ready(lane)) continue;
    const sim::NodeId leader = network_.leader(lane.partition);
    if (leader == sim::kNoNode) {
      network_.request_update();
      continue;
    }
    if (!network_.ready(leader) || !may_send(lane, leader)) continue;
    if (options_.idempotence && !has_producer_id()) continue;
    transmit(lane, leader);
    sent = true;
  }
  return sent;
}

sim::VirtualTime Producer::next_due() const {
  const sim::VirtualTime now = process_.simulation().now();
  sim::VirtualTime next = sim::kNever;
  const auto at = [&](sim::VirtualTime time) {
    if (time > now) next = std::min(next, time);
  };
  if (transactions_.enabled()) at(transactions_.next_due());
  for (const Lane& lane : lanes_) {
    if (!lane.queue.empty()) {
      at(lane.queue.front()->not_before);
      at(lane.queue.front()->created + options_.linger);
    }
    for (const auto* batches : {&lane.queue, &lane.on_their_way}) {
      if (!batches->empty()) at(expiry(*batches->front()));
    }
  }
  return next;
}

void Producer::transmit(Lane& lane, sim::NodeId leader) {
  const BatchPtr batch = lane.queue.front();
  lane.queue.pop_front();
  ++batch->attempts;
  if (options_.idempotence) stamp(lane, batch);
  boost::intrusive_ptr<ProduceRequest> request{new ProduceRequest};
  request->partition = lane.partition;
  request->acks = options_.acks;
  request->timeout = options_.request_timeout;
  request->producer = batch->stamp;
  request->transactional_id = transactions_.id();
  for (const Record& record : batch->records) {
    request->messages.push_back(record.message);
    const bool notes = attempts_ != nullptr && record.message->ref != kNoMessage;
    if (notes) attempts_->attempted(process_.node(), record.message->ref);
  }
  const auto first = static_cast<std::uint64_t>(request->messages.front()->ref);
  if (options_.acks == Acks::none) {
    network_.send_oneway(leader, events().produce, std::move(request), batch->bytes, first);
    finish(*batch, Outcome::acked);  // it was handed to the socket, and that is all that is asked
    return;
  }
  lane.on_their_way.push_back(batch);
  network_.send(
      leader, events().produce, std::move(request), batch->bytes,
      [this, &lane, batch](const sim::PayloadPtr& answer) {
        std::erase(lane.on_their_way, batch);
        answered(lane, batch, static_cast<const ProduceResponse*>(answer.get()));
      },
      first);
}

bool Producer::retriable(const Batch& batch) const {
  const bool in_time = process_.simulation().now() < expiry(batch);
  return !batch.done && in_time && batch.attempts <= options_.retries;
}

void Producer::retry(Lane& lane, const BatchPtr& batch) {
  batch->not_before = process_.simulation().now() + options_.retry_backoff;
  if (!batch->stamp.idempotent()) {
    lane.queue.push_front(batch);
    return;
  }
  const auto behind = std::find_if(lane.queue.begin(), lane.queue.end(), [&](const BatchPtr& other) {
    return !other->stamp.idempotent() || other->stamp.base_sequence > batch->stamp.base_sequence;
  });
  lane.queue.insert(behind, batch);
}

}  // namespace noloss::models::kafka
