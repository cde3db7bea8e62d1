#include "models/rabbitmq/stream_consumer.hpp"

#include <fmt/core.h>

#include <utility>

#include "models/rabbitmq/stream_session.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr std::int64_t kInitialCredit = 10;

std::string name_of(const ConsumersSetup& setup, sim::NodeId node) {
  const std::string& name = setup.config.at("name").text;
  return name == "none" ? std::string{} : fmt::format("{}-{}", name, sim::index(node));
}

}  // namespace

StreamConsumer::StreamConsumer(sim::Process& process, const Topology& topology, QueueId stream,
                               const ConsumersSetup& setup, ConsumerState& state, Ledger& ledger, History& history)
    : process_(process),
      ledger_(ledger),
      stream_(stream),
      name_(name_of(setup, process.node())),
      tracking_(static_cast<Tracking>(setup.config.integer("tracking"))),
      from_(parse_offset(setup.config.at("x-stream-offset").text).value()),
      count_before_storage_(setup.config.integer("messageCountBeforeStorage")),
      flush_interval_(setup.config.duration("flushInterval")),
      arrived_(process.simulation().scheduler()),
      client_(process, topology, setup.connect, setup.config.duration("network_recovery_interval"),
              stream_connection_to(stream), *this),
      application_(process, *this, setup, events().common, state, history) {
  process.spawn([this] { client_.loop(); });
  if (tracking_ == Tracking::automatic) process.spawn([this] { flush(); });
}

bool StreamConsumer::fail_handler(std::int64_t times) {
  application_.fail_next(times);
  return true;
}

bool StreamConsumer::stall_handler(sim::Duration duration) {
  application_.stall_next(duration);
  return true;
}

// --- the connection ---

void StreamConsumer::connected() {
  if (tracking_ == Tracking::none || knows_stored_) return subscribe();
  asks_ = true;
  auto* query = new StreamQueryOffset;
  query->stream = stream_;
  query->reference = name_;
  client_.send(events().query_offset, sim::PayloadPtr{query});
}

void StreamConsumer::disconnected() {
  subscribed_ = asks_ = false;
  ready_.clear();
}

void StreamConsumer::subscribe() {
  auto* request = new StreamSubscribe;
  request->stream = stream_;
  request->from = from_;
  request->credit = kInitialCredit;
  client_.send(events().subscribe, sim::PayloadPtr{request});
}

void StreamConsumer::received(const sim::Arrival& arrival) {
  const Events& kinds = events();
  const sim::EventId kind = arrival.kind.sent;
  if (kind == kinds.stream_response.sent) return responded(static_cast<const StreamResponse&>(*arrival.payload));
  if (kind == kinds.metadata_update.sent) return client_.abandon();
  if (kind == kinds.deliver.sent) delivered(static_cast<const StreamDeliver&>(*arrival.payload));
}

void StreamConsumer::responded(const StreamResponse& response) {
  if (!response.ok) return client_.abandon();
  if (!std::exchange(asks_, false)) {
    subscribed_ = true;
    return;
  }
  knows_stored_ = true;
  if (response.found) {
    stored_ = static_cast<Offset>(response.value);
    from_ = {OffsetSpecification::Kind::offset, stored_ + 1};
  }
  subscribe();
}

void StreamConsumer::delivered(const StreamDeliver& chunk) {
  const bool by_offset = from_.kind == OffsetSpecification::Kind::offset;
  for (const StreamDeliver::Entry& entry : chunk.entries) {
    // A log that ended below the offset asked for delivers what is below it all the same; the client drops that.
    if (by_offset && entry.offset < from_.offset) continue;
    ready_.push_back({{entry.message, entry.offset, client_.session()}, false});
  }
  const bool nothing = ready_.empty() || ready_.back().delivery.position != chunk.entries.back().offset;
  ledger_.reads(stream_, process_.node(), chunk.entries.back().offset + 1);
  if (nothing) return client_.send(events().credit, sim::PayloadPtr{new StreamCredit});
  ready_.back().ends_chunk = true;
  arrived_.notify_one();
}

// --- the application ---

Delivery StreamConsumer::receive() {
  handled();
  while (ready_.empty()) arrived_.wait();
  const Waiting next = std::move(ready_.front());
  ready_.pop_front();
  in_hand_ = next.delivery.position;
  from_ = {OffsetSpecification::Kind::offset, in_hand_ + 1};
  if (next.ends_chunk) client_.send(events().credit, sim::PayloadPtr{new StreamCredit});
  return next.delivery;
}

void StreamConsumer::handled() {
  if (in_hand_ == done_) return;
  done_ = in_hand_;
  if (tracking_ == Tracking::automatic && ++unstored_ >= count_before_storage_) store(done_);
}

void StreamConsumer::stop() {
  if (application_.finish() == ConsumerApplication::Finished::not_in_time) return;
  handled();
  if (tracking_ == Tracking::automatic && done_ != stored_ && done_ != kNoOffset) store(done_);
}

void StreamConsumer::flush() {
  for (;;) {
    process_.sleep(flush_interval_);
    if (done_ != stored_ && done_ != kNoOffset) store(done_);
  }
}

void StreamConsumer::store(Offset offset) {
  if (!subscribed_) return;
  auto* request = new StoreOffset;
  request->stream = stream_;
  request->reference = name_;
  request->offset = stored_ = offset;
  unstored_ = 0;
  client_.send(events().store_offset, sim::PayloadPtr{request});
}

void StreamConsumer::acknowledge(const Delivery& delivery) {
  if (tracking_ != Tracking::manual) return;
  store(delivery.position);
  const MessageRef message = delivery.message->ref;
  if (message == kNoMessage) return;
  process_.simulation().moment(process_.node(), events().common.acknowledged, index(message));
}

bool StreamConsumer::acknowledge_and_wait(const Delivery& delivery) {
  acknowledge(delivery);  // nobody confirms that an offset was stored; the application goes on
  return true;
}

}  // namespace noloss::models::rabbitmq
