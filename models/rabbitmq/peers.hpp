// The links between the nodes of a cluster, as the Erlang distribution keeps them.
//
// Modelled: one connection a pair of nodes, opened by the one with the higher number, opened again each second after it
// broke; a tick each quarter of net_ticktime, and the end of the link when nothing came for net_ticktime; aten's
// heartbeats, by which a Raft member suspects a node long before the link ends. The cluster has been up as a run
// begins: a node of the first hour that has not been met is missed as one whose link ends. Not modelled: the global
// name server, transitive connections, busy distribution ports.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/rabbitmq/protocol.hpp"
#include "sim/network.hpp"
#include "sim/time.hpp"

namespace noloss::models::rabbitmq {

class Broker;

class Peers {
 public:
  explicit Peers(Broker& broker);

  void start();
  [[nodiscard]] bool up(sim::NodeId peer) const { return links_[sim::index(peer)].connection != nullptr; }
  /// The peer at the other end, if the connection is a link.
  [[nodiscard]] std::optional<sim::NodeId> peer_of(const sim::ConnectionPtr& connection) const;
  void send(sim::NodeId to, sim::MessageKind kind, sim::PayloadPtr payload, std::int64_t bytes, std::uint64_t first);
  /// The greeting of a node that opens a link, or the answer to ours.
  void hello(const sim::ConnectionPtr& connection, const NodeHello& hello);
  /// Both have given each other up since the peer last started: what each has done meanwhile is its own.
  [[nodiscard]] bool partitioned_from(sim::NodeId peer) const { return links_[sim::index(peer)].partitioned; }
  /// It can be reached, or said that it will be back at once.
  [[nodiscard]] bool sees(sim::NodeId peer) const {
    return up(peer) || links_[sim::index(peer)].restarts || self(sim::index(peer));
  }
  /// This node and those it can reach.
  [[nodiscard]] std::uint64_t links_up() const;
  /// This node and those that it was never cut off from.
  [[nodiscard]] std::uint64_t nodes_up() const;
  void clients_of(sim::NodeId peer, std::uint64_t clients) { links_[sim::index(peer)].clients = clients; }
  void heard(sim::NodeId peer);
  void restarts(sim::NodeId peer) { links_[sim::index(peer)].restarts = true; }
  void lost(sim::NodeId peer);
  void timers();
  [[nodiscard]] sim::VirtualTime next_timer() const;

 private:
  struct Link {
    sim::ConnectionPtr connection;
    sim::VirtualTime heard{};
    sim::VirtualTime beat = sim::kNever;  ///< the next heartbeat
    bool suspected = false;
    bool partitioned = false;
    bool restarts = false;          ///< said so: it is not down, although its link ends
    bool awaited = false;           ///< it was there before the run began, and has not been met since
    std::uint32_t incarnation = 0;  ///< 0: never met
    std::uint64_t clients = 0;
  };
  void connect_loop(sim::NodeId peer);
  void established(sim::NodeId peer, sim::ConnectionPtr connection);
  void greet(const sim::ConnectionPtr& connection, bool answers);
  /// Whether this node's side has to give in to the peer's.
  [[nodiscard]] bool loses_to(sim::NodeId peer, const NodeHello& hello) const;
  /// The peer of before the run is no more, or cannot be reached.
  void missed(sim::NodeId peer);
  [[nodiscard]] std::uint64_t clients_here() const;
  [[nodiscard]] sim::Duration beat_interval() const;
  [[nodiscard]] bool self(std::size_t index) const;

  Broker& broker_;
  std::vector<Link> links_;  ///< by node number; brokers come first
};

}  // namespace noloss::models::rabbitmq
