// What producers and consumers share: the connection of a client that recovers by itself, as the Java client does.
//
// Modelled: the nodes of `connect` tried in order; after a lost connection a pause of network_recovery_interval, then
// the next node; the channel opened again and its queue declared again; heartbeats in both directions at half of the
// negotiated time. What was sent and not answered is the application's business. Not modelled: several channels.
//
// volatile, lost on kill: everything.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/rabbitmq/protocol.hpp"
#include "models/rabbitmq/topology.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"

namespace noloss::models::rabbitmq {

/// What the client does with its connection.
class ClientHandler {
 public:
  virtual ~ClientHandler() = default;
  /// A fresh channel; the first methods may be sent.
  virtual void connected() = 0;
  virtual void received(const sim::Arrival& arrival) = 0;
  /// Nothing more will come over it.
  virtual void disconnected() = 0;
};

class Client {
 public:
  Client(sim::Process& process, const Topology& topology, const std::vector<std::string>& connect,
         sim::Duration recovery, const ChannelOpen& open, ClientHandler& handler);

  /// The client's own fiber.
  void loop();
  [[nodiscard]] bool connected() const { return connection_ != nullptr; }
  /// Counts connections.
  [[nodiscard]] std::uint64_t session() const { return session_; }
  void send(sim::MessageKind kind, sim::PayloadPtr payload, std::int64_t bytes = 0, std::uint64_t first = 0);
  /// The application gives this connection up.
  void abandon();

 private:
  void serve();
  bool connect();

  sim::Process& process_;
  const Topology& topology_;
  std::vector<sim::NodeId> nodes_;
  sim::Duration recovery_;
  ChannelOpen open_;
  ClientHandler& handler_;
  std::size_t next_node_ = 0;
  std::unique_ptr<sim::Inbox> inbox_;
  sim::ConnectionPtr connection_;
  std::uint64_t session_ = 0;
  bool abandoned_ = false;
};

}  // namespace noloss::models::rabbitmq
