#include "models/textbook/leader_link.hpp"

#include "sim/simulation.hpp"

namespace noloss::models::textbook {

sim::ConnectionPtr LeaderLink::connect(sim::Inbox& inbox) {
  const sim::NodeId leader = look_up();
  if (leader == sim::kNoNode) return nullptr;
  sim::ConnectionPtr connection;
  const auto result = process_.simulation().network().connect(inbox, leader, kConnectTimeout, connection);
  return result == sim::ConnectResult::connected ? connection : nullptr;
}

sim::NodeId LeaderLink::look_up() {
  sim::Network& network = process_.simulation().network();
  if (!coordinator_ || !coordinator_->open(process_.node())) {
    coordinator_.reset();
    if (network.connect(lookups_, topology_.coordinator, kConnectTimeout, coordinator_) !=
        sim::ConnectResult::connected) {
      coordinator_.reset();
      return sim::kNoNode;
    }
  }
  auto* lookup = new Lookup;
  lookup->partition = partition_;
  network.send(process_, coordinator_, events().lookup, kHeaderBytes, sim::PayloadPtr{lookup});
  const sim::VirtualTime deadline = process_.simulation().now() + kConnectTimeout;
  while (const auto arrival = lookups_.receive_until(deadline)) {
    if (arrival->connection != coordinator_) continue;  // of an earlier connection
    if (arrival->what != sim::Arrival::What::message) break;
    return static_cast<const LookupResponse&>(*arrival->payload).leadership.leader;
  }
  // Silence: the answer of this question must not be taken for that of the next.
  network.close(process_, coordinator_);
  coordinator_.reset();
  return sim::kNoNode;
}

}  // namespace noloss::models::textbook
