#include "sim/network.hpp"

#include <cassert>
#include <utility>

#include "sim/network_channel.hpp"
#include "sim/network_transit.hpp"
#include "sim/simulation.hpp"

namespace noloss::sim {
namespace {

const Channel& channel_of(const Connection& connection) { return static_cast<const Channel&>(connection); }
Channel& channel_of(Connection& connection) { return static_cast<Channel&>(connection); }

}  // namespace

NodeId Connection::peer(NodeId from) const {
  const Channel& channel = channel_of(*this);
  return channel.end(other(channel.role_of(from))).node;
}

bool Connection::open(NodeId node) const {
  const Channel& channel = channel_of(*this);
  return channel.end(channel.role_of(node)).state == End::State::open;
}

bool Connection::broken() const { return !channel_of(*this).is_linked(); }

std::uint64_t& Connection::tag(NodeId node) {
  Channel& channel = channel_of(*this);
  return channel.end(channel.role_of(node)).tag;
}

Network::Network(Simulation& simulation, const LatencySetup& latency)
    : simulation_(simulation), transit_(std::make_unique<Transit>(simulation, latency)) {}

Network::~Network() = default;

// ---------------------------------------------------------------- for programs

void Network::listen(Inbox& inbox) {
  if (inbox.process_.running()) transit_->listen(inbox.process_.node(), inbox);
}

ConnectResult Network::connect(Inbox& inbox, NodeId peer, Duration timeout, ConnectionPtr& connection) {
  connection.reset();
  Process& process = inbox.process_;
  assert(process.node() != peer);
  if (!process.running()) {
    simulation_.scheduler().check_killed();
    return ConnectResult::timed_out;
  }

  struct Attempt {  // a kill unwinds the wait
    Attempt(Transit& to, Channel& opened, Scheduler& scheduler) : transit(to), channel(&opened), decided(scheduler) {
      opened.connecting = &decided;
    }
    ~Attempt() {
      channel->connecting = nullptr;
      transit.abandon(*channel);
    }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    Transit& transit;
    boost::intrusive_ptr<Channel> channel;
    WaitQueue decided;
  };
  const VirtualTime deadline = simulation_.now() + timeout;
  Attempt attempt{*transit_, transit_->open(inbox, peer), simulation_.scheduler()};
  while (!attempt.channel->outcome && attempt.decided.wait_until(deadline)) {
  }
  const ConnectResult result = attempt.channel->outcome.value_or(ConnectResult::timed_out);
  if (result == ConnectResult::connected) connection = attempt.channel;
  return result;
}

void Network::send(Process& sender, const ConnectionPtr& connection, MessageKind kind, std::int64_t bytes,
                   PayloadPtr payload, std::uint64_t first, std::uint64_t second) {
  assert(bytes >= 0);
  Channel& channel = channel_of(*connection);
  const Role role = channel.role_of(sender.node());
  if (sender.running() && channel.end(role).state == End::State::open) {
    transit_->send(channel, role, kind, bytes, std::move(payload), first, second);
  }
  simulation_.scheduler().check_killed();
}

bool Network::writable(const Process& sender, const ConnectionPtr& connection) const {
  const Channel& channel = channel_of(*connection);
  return transit_->writable(channel, channel.role_of(sender.node()));
}

void Network::close(Process& closer, const ConnectionPtr& connection) {
  Channel& channel = channel_of(*connection);
  if (closer.running()) transit_->finish(channel, channel.role_of(closer.node()), Packet::Kind::fin);
}

void Network::reset(Process& closer, const ConnectionPtr& connection) {
  Channel& channel = channel_of(*connection);
  if (closer.running()) transit_->reset(channel, channel.role_of(closer.node()));
}

// ---------------------------------------------------------------- for Machine

void Network::process_died(NodeId node, bool orderly) {
  transit_->process_died(node, orderly ? Packet::Kind::fin : Packet::Kind::rst);
}
void Network::power_lost(NodeId node) { transit_->power_lost(node); }
void Network::booted(NodeId node) { transit_->booted(node); }

// ---------------------------------------------------------------- faults

Network::FaultHandle Network::drop_next(LinkSelector link) { return transit_->faults().drop_next(link); }

Network::FaultHandle Network::cut(std::vector<std::vector<NodeId>> sides, bool one_way) {
  return transit_->faults().cut(sides, one_way);
}

Network::FaultHandle Network::lose(LinkSelector link, std::int64_t share, std::uint64_t draw) {
  return transit_->faults().lose(link, share, draw);
}

Network::FaultHandle Network::delay(LinkSelector link, Quantity by, std::optional<EventId> sent_kind) {
  return transit_->faults().delay(link, by, sent_kind);
}

Network::FaultHandle Network::delay_one(LinkSelector link, Quantity by, std::optional<EventId> sent_kind) {
  return transit_->faults().delay_one(link, by, sent_kind);
}

Network::FaultHandle Network::limit(LinkSelector link, std::int64_t bytes_per_second) {
  return transit_->faults().limit(link, bytes_per_second);
}

void Network::heal(FaultHandle fault) { transit_->heal(fault); }

std::uint64_t Network::effect(FaultHandle fault) const { return transit_->faults().effect(fault); }

std::uint64_t Network::packets_made() const { return transit_->packets_made(); }

LinkSelector Network::sending() const {
  const auto link = transit_->sending();
  return link ? LinkSelector{link->from, link->to} : LinkSelector{};
}

bool Network::blocked(NodeId a, NodeId b) const { return transit_->faults().blocked({a, b}); }

}  // namespace noloss::sim
