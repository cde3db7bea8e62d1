#include "models/kafka/broker_channel.hpp"

#include <memory>
#include <utility>

#include "sim/simulation.hpp"

namespace noloss::models::kafka {

BrokerChannel::BrokerChannel(sim::Process& process, const Topology& topology)
    : process_(process),
      network_(process, topology,
               {.bootstrap = {},
                .request_timeout = kBrokerRequestTimeout,
                .metadata_max_age = sim::Duration::max(),
                .retry_backoff = kReconnectDelay,
                .metadata = false}),
      changed_(process.simulation().scheduler()) {}

void BrokerChannel::loop() {
  for (;;) {
    network_.poll(sim::kNever);
    changed_.notify_all();
  }
}

sim::PayloadPtr BrokerChannel::ask(sim::NodeId to, sim::MessageKind kind, boost::intrusive_ptr<Request> request,
                                   sim::VirtualTime deadline) {
  while (!network_.ready(to)) {
    if (process_.simulation().now() >= deadline) return nullptr;
    changed_.wait_until(deadline);  // an attempt that ends, well or not, wakes the loop
  }
  sim::PayloadPtr result;
  bool done = false;
  network_.send(to, kind, std::move(request), 0, [&](const sim::PayloadPtr& answer) {
    result = answer;
    done = true;
  });
  network_.wake();
  while (!done) changed_.wait();
  return result;
}

}  // namespace noloss::models::kafka
