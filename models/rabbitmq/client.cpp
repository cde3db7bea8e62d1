#include "models/rabbitmq/client.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "sim/simulation.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr sim::Duration kConnectTimeout = std::chrono::seconds{10};
/// Applications start after the cluster: its nodes know each other by then.
constexpr sim::Duration kStartDelay = std::chrono::milliseconds{20};

sim::NodeId node_named(const std::string& name) {
  std::uint32_t number = 1;
  const std::size_t digits = name.rfind('-') + 1;
  std::from_chars(name.data() + digits, name.data() + name.size(), number);
  return sim::NodeId{number - 1};
}

}  // namespace

Client::Client(sim::Process& process, const Topology& topology, const std::vector<std::string>& connect,
               sim::Duration recovery, const ChannelOpen& open, ClientHandler& handler)
    : process_(process), topology_(topology), recovery_(recovery), open_(open), handler_(handler) {
  for (const std::string& name : connect) nodes_.push_back(node_named(name));
  if (nodes_.empty()) nodes_ = topology.brokers;
}

void Client::loop() {
  if (process_.simulation().now() < sim::kStart + kStartDelay) process_.sleep(kStartDelay);
  for (;;) {
    if (connect()) {
      ++session_;
      abandoned_ = false;
      send(events().channel_open, sim::PayloadPtr{new ChannelOpen(open_)});
      handler_.connected();
      serve();
      connection_.reset();
      inbox_.reset();
      handler_.disconnected();
    }
    next_node_ = (next_node_ + 1) % nodes_.size();
    process_.sleep(recovery_);
  }
}

bool Client::connect() {
  inbox_ = std::make_unique<sim::Inbox>(process_);
  const auto result =
      process_.simulation().network().connect(*inbox_, nodes_[next_node_], kConnectTimeout, connection_);
  if (result == sim::ConnectResult::connected) return true;
  connection_.reset();
  return false;
}

void Client::serve() {
  sim::VirtualTime heard = process_.simulation().now();
  sim::VirtualTime beat = heard + topology_.heartbeat / 2;
  while (!abandoned_) {
    const auto arrival = inbox_->receive_until(beat);
    const sim::VirtualTime now = process_.simulation().now();
    if (arrival) {
      heard = now;
      const bool over =
          arrival->what != sim::Arrival::What::message || arrival->kind.sent == events().channel_close.sent;
      if (over) return;
      handler_.received(*arrival);
    }
    if (now < beat) continue;
    beat = now + topology_.heartbeat / 2;
    if (now - heard >= topology_.heartbeat) return;
    send(events().heartbeat, sim::PayloadPtr{new Empty});
  }
}

void Client::send(sim::MessageKind kind, sim::PayloadPtr payload, std::int64_t bytes, std::uint64_t first) {
  process_.simulation().network().send(process_, connection_, kind, kMethodBytes + bytes, std::move(payload), first);
}

void Client::abandon() {
  abandoned_ = true;
  if (inbox_) inbox_->interrupt();
}

}  // namespace noloss::models::rabbitmq
