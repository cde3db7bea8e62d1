#include "models/kafka/controller_link.hpp"

#include <algorithm>
#include <utility>

#include "models/kafka/broker.hpp"

namespace noloss::models::kafka {
namespace {

/// Pause between attempts to register while an older life of the broker has a session; with jitter, as any backoff.
constexpr sim::Quantity kRegistrationRetry{400'000'000, 600'000'000};

}  // namespace

ControllerLink::ControllerLink(Broker& broker)
    : broker_(broker), next_(sim::kStart), answer_until_(sim::kNever), relief_(broker.simulation().scheduler()) {}

void ControllerLink::loop() {
  for (;;) {
    {
      sim::Inbox inbox(broker_.process());
      const auto result =
          broker_.simulation().network().connect(inbox, broker_.topology().controller, kConnectTimeout, connection_);
      if (result == sim::ConnectResult::connected) {
        inbox_ = &inbox;
        talk(inbox);
        inbox_ = nullptr;
      }
      connection_.reset();
    }
    broker_.process().sleep(kReconnectDelay);
  }
}

void ControllerLink::talk(sim::Inbox& inbox) {
  sim::Simulation& simulation = broker_.simulation();
  next_ = simulation.now();
  answer_until_ = sim::kNever;
  while (connection_->open(broker_.node())) {
    if (simulation.now() >= answer_until_) {
      simulation.network().reset(broker_.process(), connection_);
      return;
    }
    if (simulation.now() >= next_) {
      if (epoch_ == 0) {
        register_broker();
      } else {
        send_heartbeat();
      }
    }
    const auto arrival = inbox.receive_until(std::min(next_, answer_until_));
    if (!arrival) continue;
    if (arrival->what != sim::Arrival::What::message) return;
    handle(*arrival);
  }
}

void ControllerLink::alter_loop() {
  const sim::NodeId controller = broker_.topology().controller;
  for (;;) {
    {
      sim::Inbox inbox(broker_.process());
      const auto result = broker_.simulation().network().connect(inbox, controller, kConnectTimeout, alter_connection_);
      if (result == sim::ConnectResult::connected) {
        broker_.propose_again();
        for (;;) {
          const sim::Arrival arrival = inbox.receive();
          if (arrival.what != sim::Arrival::What::message) break;
          const auto& response = static_cast<const AlterPartitionResponse&>(*arrival.payload);
          if (Replica* replica = broker_.replica(response.partition)) replica->alter_partition_answered(response);
        }
      }
      alter_connection_.reset();
    }
    broker_.process().sleep(kReconnectDelay);
  }
}

void ControllerLink::send(const sim::ConnectionPtr& to, sim::MessageKind kind, boost::intrusive_ptr<Request> request) {
  request->correlation = ++correlations_;
  broker_.simulation().network().send(broker_.process(), to, kind, kHeaderBytes, std::move(request));
}

void ControllerLink::register_broker() {
  sim::Simulation& simulation = broker_.simulation();
  next_ = simulation.now() + sim::Duration{simulation.random(sim::Purpose::application).draw(kRegistrationRetry)};
  boost::intrusive_ptr<BrokerRegistrationRequest> request{new BrokerRegistrationRequest};
  request->incarnation = broker_.process().incarnation();
  request->previous_epoch = previous_epoch_;
  send(connection_, events().broker_registration, std::move(request));
}

void ControllerLink::send_heartbeat() {
  const BrokerOptions& options = broker_.topology().options;
  const sim::VirtualTime now = broker_.simulation().now();
  next_ = now + options.heartbeat;
  if (answer_until_ != sim::kNever) return;
  answer_until_ = now + options.session_timeout / 2;
  boost::intrusive_ptr<BrokerHeartbeatRequest> request{new BrokerHeartbeatRequest};
  request->epoch = epoch_;
  request->wants_shutdown = wants_shutdown_;
  request->metadata_version = broker_.metadata().version;
  send(connection_, events().broker_heartbeat, std::move(request));
}

void ControllerLink::handle(const sim::Arrival& arrival) {
  const Events& kinds = events();
  const sim::EventId kind = arrival.kind.sent;
  if (kind == kinds.update_metadata.sent) {
    // What was decided before this life was registered is about another one.
    const auto& update = static_cast<const UpdateMetadata&>(*arrival.payload);
    if (epoch_ == 0 || update.image->version < epoch_) return;
    const bool first = broker_.metadata().version < epoch_;
    broker_.learn(update.image);
    if (first) next_ = broker_.simulation().now();  // caught up: asks to be unfenced
  } else if (kind == kinds.broker_registration_response.sent) {
    const auto& response = static_cast<const BrokerRegistrationResponse&>(*arrival.payload);
    if (response.error != Error::none || epoch_ != 0) return;
    epoch_ = response.epoch;
    next_ = broker_.simulation().now();
    broker_.simulation().moment(broker_.node(), kinds.registered, static_cast<std::uint64_t>(epoch_));
  } else if (kind == kinds.broker_heartbeat_response.sent) {
    answer_until_ = sim::kNever;
    const auto& response = static_cast<const BrokerHeartbeatResponse&>(*arrival.payload);
    if (!wants_shutdown_) return;
    next_ = std::min(next_, broker_.simulation().now() + kReconnectDelay);  // asks again soon
    relieved_ = relieved_ || response.should_shut_down;
    if (relieved_) relief_.notify_all();
  }
}

void ControllerLink::alter_partition(boost::intrusive_ptr<AlterPartitionRequest> request) {
  if (!alter_connection_ || epoch_ == 0) return;
  request->broker_epoch = epoch_;
  send(alter_connection_, events().alter_partition, std::move(request));
}

void ControllerLink::shut_down(sim::Duration patience) {
  const sim::VirtualTime deadline = broker_.simulation().now() + patience;
  wants_shutdown_ = true;
  next_ = broker_.simulation().now();
  answer_until_ = sim::kNever;
  if (inbox_ != nullptr) inbox_->interrupt();
  while (!relieved_ && broker_.simulation().now() < deadline) relief_.wait_until(deadline);
}

}  // namespace noloss::models::kafka
