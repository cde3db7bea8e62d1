#include "models/rabbitmq/consumer.hpp"

#include <utility>

#include "sim/planted.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::rabbitmq {

Consumer::Consumer(sim::Process& process, const Topology& topology, QueueId queue, const ConsumersSetup& setup,
                   ConsumerState& state, Ledger& ledger, History& history)
    : process_(process),
      ledger_(ledger),
      history_(history),
      queue_(queue),
      auto_ack_(setup.config.flag("auto_ack")),
      requeue_(setup.config.flag("requeue")),
      rejects_(setup.config.at("negative_acknowledgement").text == "basic.reject"),
      prefetch_(setup.config.integer("prefetch_count")),
      stream_offset_(setup.config.all().contains("x-stream-offset") ? setup.config.at("x-stream-offset").text : ""),
      arrived_(process.simulation().scheduler()),
      client_(
          process, topology, setup.connect, setup.config.duration("network_recovery_interval"),
          [&] {
            ChannelOpen open;
            open.declares = queue;
            return open;
          }(),
          *this),
      application_(process, *this, setup, events().common, state, history) {
  process.spawn([this] { client_.loop(); });
}

bool Consumer::fail_handler(std::int64_t times) {
  application_.fail_next(times);
  return true;
}

bool Consumer::stall_handler(sim::Duration duration) {
  application_.stall_next(duration);
  return true;
}

void Consumer::connected() {
  auto* consume = new BasicConsume;
  consume->queue = queue_;
  consume->auto_ack = auto_ack_;
  consume->prefetch = prefetch_;
  consume->stream_offset = stream_offset_;
  client_.send(events().basic_consume, sim::PayloadPtr{consume});
}

void Consumer::received(const sim::Arrival& arrival) {
  if (arrival.kind.sent != events().basic_deliver.sent) return;
  const auto& deliver = static_cast<const BasicDeliver&>(*arrival.payload);
  if (deliver.offset >= 0) ledger_.reads(queue_, process_.node(), deliver.offset + 1);
  if (deliver.redelivered) process_.simulation().mark("redelivered");
  ready_.push_back({deliver.message, static_cast<std::int64_t>(deliver.tag), client_.session()});
  arrived_.notify_one();
}

Delivery Consumer::receive() {
  while (ready_.empty()) arrived_.wait();
  Delivery next = std::move(ready_.front());
  ready_.pop_front();
  return next;
}

bool Consumer::valid(const Delivery& delivery) const {
  return client_.connected() && client_.session() == delivery.session;
}

void Consumer::acknowledge(const Delivery& delivery) {
  if (auto_ack_ || !valid(delivery)) return;
  auto* ack = new BasicConfirm;
  const sim::PayloadPtr payload{ack};
  ack->tag = static_cast<std::uint64_t>(delivery.position);
  const MessageRef message = delivery.message->ref;
  client_.send(events().basic_ack, payload, 0, static_cast<std::uint64_t>(message));
  if (message == kNoMessage) return;
  history_.acknowledged(process_.node(), message);
  process_.simulation().moment(process_.node(), events().common.acknowledged, index(message));
}

bool Consumer::acknowledge_and_wait(const Delivery& delivery) {
  if (auto_ack_) return true;
  if (!valid(delivery)) return false;
  acknowledge(delivery);  // AMQP confirms no acknowledgement; the application goes on
  return true;
}

bool Consumer::give_back(const Delivery& delivery) {
  if (auto_ack_) return false;
  if (!valid(delivery)) return true;
  auto* nack = new BasicConfirm;
  nack->tag = static_cast<std::uint64_t>(delivery.position);
  nack->requeue = requeue_;
  client_.send(rejects_ ? events().basic_reject : events().basic_nack, sim::PayloadPtr{nack}, 0,
               static_cast<std::uint64_t>(delivery.message->ref));
  return true;
}

}  // namespace noloss::models::rabbitmq
