#include "models/kafka/librdkafka.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "models/kafka/options.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kRecordBytes = 9;         // of a record's frame in a batch
constexpr std::int64_t kBatchBytes = 61;         // of a batch's own frame
constexpr sim::Duration kTimeoutScan = 1s;       // rd_kafka_broker_producer_serve
constexpr sim::Duration kLongestSleep = 1s;      // rd_kafka_max_block_ms
constexpr sim::Duration kLeastPatience = 100ms;  // for a request whose first message has no time left

}  // namespace

LibrdkafkaOptions librdkafka_options(const OptionValues& config) {
  LibrdkafkaOptions options;
  options.acks = acks_of(config);
  options.retries = config.integer("retries");
  options.message_timeout = config.duration("message.timeout.ms");
  options.request_timeout = config.duration("request.timeout.ms");
  options.max_in_flight = static_cast<std::size_t>(config.integer("max.in.flight.requests.per.connection"));
  options.linger = config.duration("linger.ms");
  options.batch_messages = static_cast<std::size_t>(config.integer("batch.num.messages"));
  options.batch_bytes = config.integer("batch.size");
  options.queue_messages = static_cast<std::size_t>(config.integer("queue.buffering.max.messages"));
  options.queue_bytes = config.integer("buffer.memory");
  options.retry_backoff = config.duration("retry.backoff.ms");
  options.first_reconnect = config.duration("reconnect.backoff.ms");
  options.longest_reconnect = config.duration("reconnect.backoff.max.ms");
  options.metadata_max_age = config.duration("metadata.max.age.ms");
  return options;
}

LibrdkafkaProducer::LibrdkafkaProducer(sim::Process& process, const Topology& topology, std::uint32_t entity,
                                       const ProducersSetup& setup, const SequenceCheckSetup& check,
                                       ProducerState& state, History& history)
    : process_(process),
      topology_(topology),
      entity_(entity),
      options_(librdkafka_options(setup.config)),
      history_(history),
      network_(process, topology,
               {bootstrap_of(setup.connect, topology), options_.request_timeout, options_.metadata_max_age,
                options_.retry_backoff, options_.first_reconnect, options_.longest_reconnect}),
      application_(process, *this, setup, check, events().common, state, history) {
  learn_partitions(topology.initial_partitions);
  for (const sim::NodeId node : topology.brokers) threads_.emplace_back().node = node;
  threads_.emplace_back();
}

void LibrdkafkaProducer::run() {
  process_.spawn([this] { run_threads(); });
  application_.run();
}

// --- the application's side ---

void LibrdkafkaProducer::send(MessagePtr message, SendMode mode, Done done) {
  const std::int64_t bytes = message->bytes + kRecordBytes;
  const bool unknown = message->id.partition >= lanes_.size();
  if (unknown || held_messages_ >= options_.queue_messages || held_bytes_ + bytes > options_.queue_bytes) {
    done(mode == SendMode::oneway ? Outcome::none : Outcome::failed);
    return;
  }
  ++held_messages_;
  held_bytes_ += bytes;
  Lane& lane = lanes_[message->id.partition];
  lane.arriving.push_back(
      {.message = std::move(message), .mode = mode, .done = std::move(done), .number = ++sent_, .bytes = bytes});
  lane.arriving.back().enqueued = now();
  if (lane.arriving.size() == 1) poke(thread_of(lane));
}

void LibrdkafkaProducer::poke(Thread& thread) {
  if (now() < thread.next_poke) return;
  thread.next_poke = now() + options_.linger;
  thread.wake_at = now();
  network_.wake();
}

void LibrdkafkaProducer::finish(Waiting& message, Outcome outcome) {
  --held_messages_;
  held_bytes_ -= message.bytes;
  message.done(message.mode == SendMode::oneway ? Outcome::none : outcome);
}

// --- the threads ---

void LibrdkafkaProducer::run_threads() {
  for (;;) {
    for (Thread& thread : threads_) {
      if (thread.wake_at <= now()) serve(thread);
    }
    const sim::VirtualTime next = wake_sleepers();
    const std::size_t knew = network_.known_partitions();
    if (next > now()) network_.poll(next);
    if (network_.known_partitions() != knew) learn_partitions(network_.known_partitions());
  }
}

sim::VirtualTime LibrdkafkaProducer::wake_sleepers() {
  for (Lane& lane : lanes_) {
    const sim::NodeId leader = network_.knows_metadata() ? network_.leader(lane.partition) : sim::kNoNode;
    if (leader == lane.leader) continue;
    lane.leader = leader;
    thread_of(lane).wake_at = now();
  }
  sim::VirtualTime next = sim::kNever;
  for (Thread& thread : threads_) {
    const bool up = thread.node != sim::kNoNode && network_.connected(thread.node);
    const bool writable = thread.blocked && up && network_.writable(thread.node);
    if (up != thread.up || writable) thread.wake_at = now();
    next = std::min(next, thread.wake_at);
  }
  return next;
}

LibrdkafkaProducer::Thread& LibrdkafkaProducer::thread_of(const Lane& lane) {
  return *std::find_if(threads_.begin(), threads_.end(), [&](const Thread& thread) { return serves(thread, lane); });
}

void LibrdkafkaProducer::serve(Thread& thread) {
  const bool needed = std::any_of(lanes_.begin(), lanes_.end(), [&](const Lane& lane) { return serves(thread, lane); });
  const bool up =
      thread.node != sim::kNoNode && (needed ? network_.ready(thread.node) : network_.connected(thread.node));
  if (up != thread.up || now() >= thread.next_scan) {
    thread.next_scan = now() + kTimeoutScan;
    scan(thread);
  }
  thread.up = up;
  thread.blocked = false;
  thread.wake_at = now() + (up || !needed ? kLongestSleep : kReconnectDelay);
  if (!up) return;
  for (Lane& lane : lanes_) {
    while (serves(thread, lane) && produce(thread, lane)) continue;
  }
}

void LibrdkafkaProducer::scan(const Thread& thread) {
  for (Lane& lane : lanes_) {
    if (!serves(thread, lane)) continue;
    expire(lane.queue);
    expire(lane.arriving);
    lane.queue_bytes = 0;
    for (const Waiting& message : lane.queue) lane.queue_bytes += message.bytes;
  }
}

void LibrdkafkaProducer::expire(std::deque<Waiting>& queue) {
  // In order of sending, and every message has the same time.
  while (!queue.empty() && queue.front().enqueued + options_.message_timeout <= now()) {
    Waiting message = std::move(queue.front());
    queue.pop_front();
    finish(message, message.attempts > 0 ? Outcome::uncertain : Outcome::failed);
  }
}

bool LibrdkafkaProducer::produce(Thread& thread, Lane& lane) {
  for (Waiting& message : lane.arriving) {
    lane.queue_bytes += message.bytes;
    lane.queue.push_back(std::move(message));
  }
  lane.arriving.clear();
  if (lane.queue.empty()) return false;
  const Waiting& first = lane.queue.front();
  const bool full = lane.queue.size() >= options_.batch_messages || lane.queue_bytes >= options_.batch_bytes;
  const sim::VirtualTime due = std::max(first.not_before, full ? now() : first.enqueued + options_.linger);
  if (due > now()) {
    thread.wake_at = std::min(thread.wake_at, due);
    return false;
  }
  if (network_.in_flight(thread.node) >= options_.max_in_flight) return false;
  thread.blocked = !network_.writable(thread.node);
  if (thread.blocked) return false;
  transmit(thread, lane);
  return true;
}

LibrdkafkaProducer::Batch LibrdkafkaProducer::next_batch(Lane& lane) {
  Batch batch;
  std::int64_t bytes = 0;
  while (!lane.queue.empty() && batch.size() < options_.batch_messages) {
    Waiting& next = lane.queue.front();
    if (!batch.empty() && bytes + next.bytes > options_.batch_bytes) break;
    bytes += next.bytes;
    ++next.attempts;
    batch.push_back(std::move(next));
    lane.queue.pop_front();
  }
  lane.queue_bytes -= bytes;
  return batch;
}

sim::Duration LibrdkafkaProducer::request_timeout(const Thread& thread, const Batch& batch) const {
  const sim::Duration left = batch.front().enqueued + options_.message_timeout - now();
  const sim::VirtualTime due = now() + std::min(std::max(left, kLeastPatience), options_.request_timeout);
  // Requests are looked at with the messages, once a second.
  if (due <= thread.next_scan) return thread.next_scan - now();
  const auto scans = (due - thread.next_scan + kTimeoutScan - sim::Duration{1}) / kTimeoutScan;
  return thread.next_scan + scans * kTimeoutScan - now();
}

void LibrdkafkaProducer::transmit(Thread& thread, Lane& lane) {
  auto batch = std::make_shared<Batch>(next_batch(lane));
  boost::intrusive_ptr<ProduceRequest> request{new ProduceRequest};
  request->partition = lane.partition;
  request->acks = options_.acks;
  request->timeout = options_.request_timeout;
  std::int64_t bytes = kBatchBytes;
  for (const Waiting& message : *batch) {
    bytes += message.bytes;
    request->messages.push_back(message.message);
    if (message.message->ref != kNoMessage) history_.attempted(process_.node(), message.message->ref);
  }
  const auto first = static_cast<std::uint64_t>(request->messages.front()->ref);
  if (options_.acks == Acks::none) {
    network_.send_oneway(thread.node, events().produce, std::move(request), bytes, first);
    for (Waiting& message : *batch) finish(message, Outcome::acked);
    return;
  }
  network_.send(
      thread.node, events().produce, std::move(request), bytes,
      [this, &thread, &lane, batch](const sim::PayloadPtr& answer) {
        answered(thread, lane, *batch, static_cast<const ProduceResponse*>(answer.get()));
      },
      first, request_timeout(thread, *batch) - options_.request_timeout);
}

void LibrdkafkaProducer::answered(Thread& thread, Lane& lane, Batch& batch, const ProduceResponse* response) {
  thread.wake_at = now();
  const Error error = response == nullptr ? Error::disconnected : response->error;
  const bool moved = error == Error::not_leader_or_follower || error == Error::unknown_topic_or_partition;
  if (error == Error::disconnected || moved) network_.request_update();
  const bool maybe_stored = error == Error::disconnected || error == Error::request_timed_out ||
                            error == Error::not_enough_replicas_after_append;
  for (Waiting& message : batch) {
    const bool in_time = now() < message.enqueued + options_.message_timeout;
    if (error == Error::none) {
      finish(message, Outcome::acked);
    } else if (in_time && message.attempts <= options_.retries) {
      message.not_before = now() + options_.retry_backoff;
      put_back(lane, std::move(message));
    } else {
      finish(message, maybe_stored || message.attempts > 1 ? Outcome::uncertain : Outcome::failed);
    }
  }
}

void LibrdkafkaProducer::put_back(Lane& lane, Waiting message) {
  const auto behind = std::find_if(lane.queue.begin(), lane.queue.end(),
                                   [&](const Waiting& other) { return other.number > message.number; });
  lane.queue_bytes += message.bytes;
  lane.queue.insert(behind, std::move(message));
}

}  // namespace noloss::models::kafka
