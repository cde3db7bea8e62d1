#include "models/textbook/consumer.hpp"

#include <algorithm>
#include <utility>

#include "sim/simulation.hpp"

namespace noloss::models::textbook {
namespace {

/// A consumer that hears nothing asks again, as a pulling client does.
constexpr sim::Duration kPollInterval = std::chrono::milliseconds{500};

}  // namespace

Consumer::Consumer(sim::Process& process, const Topology& topology, std::vector<std::uint32_t> partitions,
                   const ConsumersSetup& setup, ConsumerState& state, History& history)
    : process_(process),
      setup_(setup),
      history_(history),
      arrived_(process.simulation().scheduler()),
      confirmation_(process.simulation().scheduler()),
      application_(process, *this, setup, events().common, state, history) {
  for (const std::uint32_t partition : partitions) {
    lanes_.push_back(std::make_unique<Lane>(process, topology, partition));
    Lane* const lane = lanes_.back().get();
    process.spawn([this, lane] { lane_loop(*lane); });
  }
}

bool Consumer::fail_handler(std::int64_t times) {
  application_.fail_next(times);
  return true;
}

bool Consumer::stall_handler(sim::Duration duration) {
  application_.stall_next(duration);
  return true;
}

void Consumer::stop() {
  static_cast<void>(application_.finish());
  // Its last acknowledgements are confirmed, or their connection is lost, or the messages come again.
  while (!unconfirmed_.empty()) confirmation_.wait();
}

void Consumer::lane_loop(Lane& lane) {
  for (;;) {
    lane.inbox.emplace(process_);
    lane.connection = lane.link.connect(*lane.inbox);
    if (lane.connection) {
      lane.session = ++sessions_;
      read(lane);
      lost(lane);
    }
    lane.inbox.reset();
    process_.sleep(kReconnectDelay, sim::OnKill::discard);
  }
}

void Consumer::read(Lane& lane) {
  auto* subscribe = new Subscribe;
  subscribe->partition = lane.partition;
  subscribe->prefetch = setup_.config.integer("prefetch");
  subscribe->redelivery = setup_.config.duration("redelivery");
  subscribe->automatic = setup_.acknowledge == Acknowledge::automatic;
  process_.simulation().network().send(process_, lane.connection, events().subscribe, kHeaderBytes,
                                       sim::PayloadPtr{subscribe});
  sim::VirtualTime heard = process_.simulation().now();
  for (;;) {
    const auto arrival = lane.inbox->receive_until(process_.simulation().now() + kPollInterval, sim::OnKill::discard);
    if (!arrival) {
      // A leader without power says nothing; only who asks notices.
      if (process_.simulation().now() - heard >= kSilence) return;
      send(lane, events().pull, kPollOnly, kNoMessage);
      continue;
    }
    if (arrival->what != sim::Arrival::What::message) return;
    heard = process_.simulation().now();
    if (!handle(lane, *arrival)) return;
  }
}

bool Consumer::handle(const Lane& lane, const sim::Arrival& arrival) {
  if (arrival.kind.sent == events().acknowledge_response.sent) {
    confirmed(lane.session, static_cast<const AcknowledgeResponse&>(*arrival.payload).offset);
    return true;
  }
  const auto& deliver = static_cast<const Deliver&>(*arrival.payload);
  if (deliver.refused) return false;
  if (!deliver.message) return true;  // the answer to a poll: there is nothing
  not_taken(lane.session, deliver.offset);
  ready_.push_back({{deliver.message, deliver.offset, lane.session}, lane.partition});
  arrived_.notify_one();
  return true;
}

void Consumer::lost(Lane& lane) {
  const std::uint64_t session = lane.session;
  lane.connection.reset();
  lane.session = 0;
  std::erase_if(ready_, [session](const Ready& ready) { return ready.delivery.session == session; });
  std::erase_if(unconfirmed_, [session](const Unconfirmed& sent) { return sent.session == session; });
  confirmation_.notify_all();
}

Delivery Consumer::receive() {
  while (ready_.empty()) arrived_.wait(sim::OnKill::discard);
  Ready next = std::move(ready_.front());
  ready_.pop_front();
  if (setup_.acknowledge == Acknowledge::automatic) {
    send(lane_at(next.partition), events().pull, next.delivery.position, kNoMessage);
  }
  return next.delivery;
}

const Consumer::Lane& Consumer::lane_at(std::uint32_t partition) const {
  return **std::find_if(lanes_.begin(), lanes_.end(), [&](const auto& lane) { return lane->partition == partition; });
}

Consumer::Lane* Consumer::lane_of(const Delivery& delivery) {
  const auto lane =
      std::find_if(lanes_.begin(), lanes_.end(), [&](const auto& known) { return known->session == delivery.session; });
  return lane == lanes_.end() ? nullptr : lane->get();
}

void Consumer::acknowledge(const Delivery& delivery) {
  Lane* lane = lane_of(delivery);
  if (lane == nullptr) return;
  unconfirmed_.push_back({lane->session, delivery.position, delivery.message->ref});
  send(*lane, events().acknowledge, delivery.position, delivery.message->ref);
}

bool Consumer::acknowledge_and_wait(const Delivery& delivery) {
  if (lane_of(delivery) == nullptr) return false;
  acknowledge(delivery);
  const auto waiting = [&] {
    return std::any_of(unconfirmed_.begin(), unconfirmed_.end(), [&](const Unconfirmed& sent) {
      return sent.session == delivery.session && sent.offset == delivery.position;
    });
  };
  while (waiting()) confirmation_.wait();
  return refused_.erase({delivery.session, delivery.position}) == 0 && lane_of(delivery) != nullptr;
}

void Consumer::not_taken(std::uint64_t session, Offset offset) {
  const auto same = [&](const Unconfirmed& sent) { return sent.session == session && sent.offset == offset; };
  if (std::erase_if(unconfirmed_, same) == 0) return;
  if (setup_.acknowledge == Acknowledge::before_processing) refused_.insert({session, offset});
  confirmation_.notify_all();
}

void Consumer::confirmed(std::uint64_t session, Offset offset) {
  const auto sent = std::find_if(unconfirmed_.begin(), unconfirmed_.end(), [&](const Unconfirmed& known) {
    return known.session == session && known.offset == offset;
  });
  if (sent == unconfirmed_.end()) return;
  const MessageRef message = sent->message;
  unconfirmed_.erase(sent);
  confirmation_.notify_all();
  if (message == kNoMessage) return;
  history_.acknowledged(process_.node(), message);
  process_.simulation().moment(process_.node(), events().common.acknowledged, index(message));
}

void Consumer::send(const Lane& lane, sim::MessageKind kind, Offset offset, MessageRef message) {
  auto* request = new AcknowledgeRequest;
  request->partition = lane.partition;
  request->offset = offset;
  process_.simulation().network().send(process_, lane.connection, kind, kHeaderBytes, sim::PayloadPtr{request},
                                       static_cast<std::uint64_t>(message));
}

}  // namespace noloss::models::textbook
