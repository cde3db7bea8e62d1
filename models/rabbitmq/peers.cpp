#include "models/rabbitmq/peers.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "models/rabbitmq/broker.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr sim::Duration kConnectTimeout = std::chrono::seconds{7};  // net_setuptime
constexpr sim::Duration kReconnectDelay = std::chrono::seconds{1};
/// aten: a heartbeat each second; a node that sent none for this long is suspected.
constexpr sim::Duration kAtenInterval = std::chrono::seconds{1};
constexpr sim::Duration kAtenSuspicion = std::chrono::seconds{5};
/// The incarnation of a node that has not been down since the run began.
constexpr std::uint32_t kFirstLife = 1;

}  // namespace

Peers::Peers(Broker& broker) : broker_(broker), links_(broker.topology().brokers.size()) {}

bool Peers::self(std::size_t index) const { return index == sim::index(broker_.node()); }

sim::Duration Peers::beat_interval() const {
  const sim::Duration tick = broker_.topology().net_ticktime / 4;
  return broker_.topology().any_raft ? std::min(tick, kAtenInterval) : tick;
}

void Peers::start() {
  for (std::uint32_t i = 0; i < links_.size(); ++i) {
    if (self(i) || !broker_.initial()) continue;
    links_[i].awaited = true;
    links_[i].beat = broker_.now() + broker_.topology().net_ticktime;
  }
  for (std::uint32_t i = 0; i < sim::index(broker_.node()); ++i) {
    broker_.process().spawn([this, i] { connect_loop(sim::NodeId{i}); });
  }
}

void Peers::connect_loop(sim::NodeId peer) {
  for (;;) {
    if (!up(peer)) {
      sim::ConnectionPtr connection;
      const auto result = broker_.simulation().network().connect(broker_.inbox(), peer, kConnectTimeout, connection);
      if (result == sim::ConnectResult::connected) greet(connection, /*answers=*/false);
    }
    broker_.process().sleep(kReconnectDelay);
  }
}

void Peers::greet(const sim::ConnectionPtr& connection, bool answers) {
  auto* hello = new NodeHello;
  hello->incarnation = broker_.process().incarnation();
  hello->answers = answers;
  hello->clients = clients_here();
  hello->nodes = nodes_up();
  broker_.simulation().network().send(broker_.process(), connection, events().node_hello, kMethodBytes,
                                      sim::PayloadPtr{hello});
}

void Peers::hello(const sim::ConnectionPtr& connection, const NodeHello& hello) {
  const sim::NodeId peer = connection->peer(broker_.node());
  // A peer that connects anew has given up the old link, whether its end was heard of or not.
  if (up(peer)) lost(peer);
  if (hello.incarnation != kFirstLife) missed(peer);
  Link& link = links_[sim::index(peer)];
  if (!hello.answers) greet(connection, /*answers=*/true);
  link.partitioned = link.incarnation == hello.incarnation;
  link.incarnation = hello.incarnation;
  const bool gives_in = link.partitioned && loses_to(peer, hello);
  if (link.partitioned) broker_.simulation().mark("partitioned");
  established(peer, connection);
  if (gives_in && broker_.topology().heals_by_itself) broker_.start_anew();
}

std::uint64_t Peers::links_up() const {
  std::uint64_t nodes = 1;
  for (const Link& link : links_) nodes += link.connection || link.restarts ? 1 : 0;
  return nodes;
}

std::uint64_t Peers::nodes_up() const {
  std::uint64_t nodes = 1;
  for (const Link& link : links_) nodes += link.connection && !link.partitioned ? 1 : 0;
  return nodes;
}

std::uint64_t Peers::clients_here() const {
  std::uint64_t clients = broker_.clients();
  for (const Link& link : links_) clients += link.connection && !link.partitioned ? link.clients : 0;
  return clients;
}

bool Peers::loses_to(sim::NodeId peer, const NodeHello& hello) const {
  const std::tuple mine{clients_here(), nodes_up(), sim::index(peer)};
  const std::tuple theirs{hello.clients, hello.nodes, sim::index(broker_.node())};
  return mine < theirs;
}

void Peers::established(sim::NodeId peer, sim::ConnectionPtr connection) {
  Link& link = links_[sim::index(peer)];
  link.connection = std::move(connection);
  link.heard = broker_.now();
  link.beat = broker_.now() + beat_interval();
  link.suspected = false;
  link.restarts = false;
  link.awaited = false;
  broker_.node_changed(peer, LetterKind::node_up);
}

std::optional<sim::NodeId> Peers::peer_of(const sim::ConnectionPtr& connection) const {
  for (std::uint32_t i = 0; i < links_.size(); ++i) {
    if (links_[i].connection == connection) return sim::NodeId{i};
  }
  return std::nullopt;
}

void Peers::send(sim::NodeId to, sim::MessageKind kind, sim::PayloadPtr payload, std::int64_t bytes,
                 std::uint64_t first) {
  Link& link = links_[sim::index(to)];
  if (!link.connection) return;  // noconnection: the letter is dropped, as Erlang does
  broker_.simulation().network().send(broker_.process(), link.connection, kind, kMethodBytes + bytes,
                                      std::move(payload), first);
}

void Peers::heard(sim::NodeId peer) {
  Link& link = links_[sim::index(peer)];
  link.heard = broker_.now();
  link.suspected = false;
}

void Peers::missed(sim::NodeId peer) {
  Link& link = links_[sim::index(peer)];
  if (!std::exchange(link.awaited, false)) return;
  link.beat = sim::kNever;
  broker_.node_changed(peer, LetterKind::node_down);
}

void Peers::lost(sim::NodeId peer) {
  Link& link = links_[sim::index(peer)];
  const sim::ConnectionPtr connection = std::exchange(link.connection, nullptr);
  if (!connection) return;
  link.beat = sim::kNever;
  broker_.simulation().network().reset(broker_.process(), connection);
  broker_.node_changed(peer, LetterKind::node_down);
}

sim::VirtualTime Peers::next_timer() const {
  sim::VirtualTime next = sim::kNever;
  for (const Link& link : links_) next = std::min(next, link.beat);
  return next;
}

void Peers::timers() {
  const sim::VirtualTime now = broker_.now();
  for (std::uint32_t i = 0; i < links_.size(); ++i) {
    Link& link = links_[i];
    if (self(i) || link.beat > now) continue;
    if (link.awaited) missed(sim::NodeId{i});
    if (!link.connection) continue;
    link.beat = now + beat_interval();
    if (now - link.heard >= broker_.topology().net_ticktime) {
      lost(sim::NodeId{i});
      continue;
    }
    auto* tick = new NodeTick;
    tick->clients = broker_.clients();
    send(sim::NodeId{i}, events().node_tick, sim::PayloadPtr{tick}, 0, 0);
    if (!link.suspected && now - link.heard >= kAtenSuspicion && broker_.topology().any_raft) {
      link.suspected = true;
      broker_.node_changed(sim::NodeId{i}, LetterKind::suspected);
    }
  }
}

}  // namespace noloss::models::rabbitmq
