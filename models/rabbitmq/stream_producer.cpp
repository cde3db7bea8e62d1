#include "models/rabbitmq/stream_producer.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "models/rabbitmq/stream_protocol.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr sim::Duration kRetryBackoff = std::chrono::milliseconds{500};

std::string name_of(const ProducersSetup& setup, const ProducerState& state) {
  const std::string& name = setup.config.at("name").text;
  return name == "none" ? std::string{} : fmt::format("{}-{}", name, state.number + 1);
}

}  // namespace

StreamProducer::StreamProducer(sim::Process& process, const Topology& topology, QueueId stream,
                               const ProducersSetup& setup, const SequenceCheckSetup& check, ProducerState& state,
                               PublishingIds& ids, History& history)
    : process_(process),
      history_(history),
      stream_(stream),
      name_(name_of(setup, state)),
      keeps_ids_(setup.source == ProducerSource::outbox),
      confirm_timeout_(setup.config.at("confirm_timeout").number.value()),
      ids_(ids),
      changed_(process.simulation().scheduler()),
      client_(process, topology, setup.connect, setup.config.duration("network_recovery_interval"),
              stream_connection_to(stream), *this),
      application_(process, *this, setup, check, events().common, state, history) {
  if (!keeps_ids_) ids_ = {};
  process.spawn([this] { client_.loop(); });
  if (confirm_timeout_.count() > 0) process.spawn([this] { wait_for_confirms(); });
}

sim::Duration StreamProducer::retry_backoff() const { return kRetryBackoff; }

std::uint64_t StreamProducer::id_for(const Message& message) {
  if (message.heartbeat()) return ++ids_.last;
  const auto [known, fresh] = ids_.of.try_emplace(message.ref, ids_.last + 1);
  if (fresh) ++ids_.last;
  return known->second;
}

void StreamProducer::send(MessagePtr message, SendMode mode, Done done) {
  // Until then nobody knows which ids are free.
  while (!knows_last_) changed_.wait();
  const std::uint64_t id = id_for(*message);
  const sim::VirtualTime now = process_.simulation().now();
  Outstanding& waiting = outstanding_[id];
  waiting.message = message;
  waiting.done = std::move(done);
  waiting.deadline = confirm_timeout_.count() > 0 ? now + confirm_timeout_ : sim::kNever;
  changed_.notify_all();
  if (link_ == State::ready) publish(id, message);
  if (mode == SendMode::oneway) std::exchange(waiting.done, [](Outcome) {})(Outcome::none);
}

void StreamProducer::publish(std::uint64_t id, const MessagePtr& message) {
  auto* publish = new StreamPublish;
  const sim::PayloadPtr payload{publish};
  publish->publishing_id = id;
  publish->message = message;
  if (!message->heartbeat()) history_.attempted(process_.node(), message->ref);
  client_.send(events().publish, payload, message->bytes, static_cast<std::uint64_t>(message->ref));
}

void StreamProducer::connected() {
  auto* declare = new DeclarePublisher;
  declare->stream = stream_;
  declare->reference = name_;
  link_ = State::declaring;
  client_.send(events().declare_publisher, sim::PayloadPtr{declare});
}

void StreamProducer::disconnected() { link_ = State::away; }

void StreamProducer::received(const sim::Arrival& arrival) {
  const Events& kinds = events();
  const sim::EventId kind = arrival.kind.sent;
  if (kind == kinds.stream_response.sent) {
    const auto& response = static_cast<const StreamResponse&>(*arrival.payload);
    responded(response.ok, response.found, response.value);
  } else if (kind == kinds.metadata_update.sent) {
    client_.abandon();
  } else if (kind == kinds.publish_confirm.sent) {
    for (const std::uint64_t id : static_cast<const PublishConfirm&>(*arrival.payload).publishing_ids) {
      auto confirmed = outstanding_.extract(id);
      if (confirmed.empty()) continue;
      ids_.of.erase(confirmed.mapped().message->ref);
      confirmed.mapped().done(Outcome::acked);
    }
  }
}

void StreamProducer::responded(bool ok, bool found, std::uint64_t value) {
  if (!ok) return client_.abandon();  // there is no writer now
  if (link_ == State::declaring && !name_.empty()) {
    link_ = State::asking;
    auto* query = new StreamQueryOffset;
    query->stream = stream_;
    query->reference = name_;
    return client_.send(events().query_publisher_sequence, sim::PayloadPtr{query});
  }
  if (found && !knows_last_) ids_.last = std::max(ids_.last, value);
  become_ready();
}

void StreamProducer::become_ready() {
  link_ = State::ready;
  knows_last_ = true;
  const sim::VirtualTime now = process_.simulation().now();
  for (auto& [id, waiting] : outstanding_) {
    if (confirm_timeout_.count() > 0) waiting.deadline = now + confirm_timeout_;
    publish(id, waiting.message);
  }
  changed_.notify_all();
}

void StreamProducer::wait_for_confirms() {
  for (;;) {
    sim::VirtualTime next = sim::kNever;
    for (const auto& [id, waiting] : outstanding_) next = std::min(next, waiting.deadline);
    if (next <= process_.simulation().now()) {
      client_.abandon();
      process_.sleep(confirm_timeout_);
    } else {
      changed_.wait_until(next);
    }
  }
}

}  // namespace noloss::models::rabbitmq
