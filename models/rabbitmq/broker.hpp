// A RabbitMQ node: clients' channels, queue processes, and the links to the other nodes.
//
// Modelled: each queue process is a fiber with a mailbox, as in Erlang; channels are served by the node's main fiber. A
// letter to a process on another node travels over the one connection between the two nodes, in order, and is lost with
// it. A broken link, or net_ticktime of silence, makes the peer count as down; whoever deals with processes there gets
// a DOWN. AMQP heartbeats in both directions. Not modelled: plugins, the cluster's metadata store (definitions are in
// the topology).
//
// volatile, lost on kill: everything here. durable: the files of queues and of the node's stores.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "models/rabbitmq/alarms.hpp"
#include "models/rabbitmq/channel.hpp"
#include "models/rabbitmq/definitions.hpp"
#include "models/rabbitmq/ledger.hpp"
#include "models/rabbitmq/mailbox.hpp"
#include "models/rabbitmq/message_store.hpp"
#include "models/rabbitmq/peers.hpp"
#include "models/rabbitmq/protocol.hpp"
#include "models/rabbitmq/queue_process.hpp"
#include "models/rabbitmq/stream_connection.hpp"
#include "models/rabbitmq/stream_coordination.hpp"
#include "models/rabbitmq/supervision.hpp"
#include "models/rabbitmq/topology.hpp"
#include "models/rabbitmq/wal.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::rabbitmq {

class Broker final : public sim::Program {
 public:
  Broker(sim::Process& process, const Topology& topology, Ledger& ledger);
  ~Broker() override;

  void run() override;
  void stop() override;

  [[nodiscard]] sim::Process& process() { return process_; }
  [[nodiscard]] sim::Simulation& simulation() { return process_.simulation(); }
  [[nodiscard]] const Topology& topology() const { return topology_; }
  [[nodiscard]] const Release& release() const { return *topology_.release; }
  [[nodiscard]] Ledger& ledger() { return ledger_; }
  [[nodiscard]] sim::NodeId node() const { return process_.node(); }
  [[nodiscard]] sim::VirtualTime now() { return process_.simulation().now(); }
  [[nodiscard]] MessageStore& message_store() { return message_store_; }
  [[nodiscard]] Wal& wal() { return wal_; }
  [[nodiscard]] Supervision& supervision() { return supervision_; }
  [[nodiscard]] bool initial() const { return initial_; }
  /// Recovered, and open for clients.
  [[nodiscard]] bool serving() const { return serving_; }
  /// Null if this node has no process of that queue.
  [[nodiscard]] QueueProcess* queue(QueueId queue) { return queues_[queue].get(); }
  [[nodiscard]] const QueueProcess* queue(QueueId queue) const { return queues_[queue].get(); }
  /// As far as this node knows.
  [[nodiscard]] bool peer_up(sim::NodeId peer) const { return peers_.up(peer); }
  [[nodiscard]] bool partitioned_from(sim::NodeId peer) const { return peers_.partitioned_from(peer); }
  [[nodiscard]] std::uint64_t clients() const;
  [[nodiscard]] const Alarms& alarms() const { return alarms_; }
  /// Of the messages that this node's queues hold.
  [[nodiscard]] std::int64_t message_bytes() const;
  /// Where a classic queue is served, as far as this node knows; kNoNode: nowhere.
  [[nodiscard]] sim::NodeId home(QueueId queue) const;
  /// Everybody who has a copy of what is published to a classic queue and can be reached.
  [[nodiscard]] std::vector<sim::NodeId> replicas(QueueId queue) const;
  /// Whether the process of a classic queue on `home` can be sent to, as far as this node knows.
  [[nodiscard]] bool reaches(QueueId queue, sim::NodeId home) const;
  /// Where this node believes the leader of a quorum queue to be.
  [[nodiscard]] sim::NodeId leader_hint(QueueId id) const;
  /// Who writes a stream, as far as this node has heard.
  [[nodiscard]] StreamCoordination::Writer stream_writer(QueueId stream) const;
  /// The stream coordinator's member here has heard of another one.
  void stream_writer_changed(QueueId stream);
  [[nodiscard]] Definitions& definitions() { return definitions_; }
  [[nodiscard]] const Definitions& definitions() const { return definitions_; }
  /// Queues that a message reaches from `route`, as far as this node knows of queues and their nodes.
  [[nodiscard]] std::vector<QueueId> route(const Route& route) const;
  /// Whether the routing table of this node has the queue.
  [[nodiscard]] bool routable(QueueId queue) const;

  // --- letters between processes; local ones arrive at once, others over the link or not at all ---
  void cast_queue(sim::NodeId to, sim::MessageKind kind, boost::intrusive_ptr<const ToQueue> letter,
                  std::int64_t bytes = 0);
  void cast_channel(sim::MessageKind kind, boost::intrusive_ptr<const ToChannel> letter, std::int64_t bytes = 0);

  /// The message as it leaves a queue for the dead letter exchange; null where that would go round in a circle.
  [[nodiscard]] ContentPtr make_dead_letter(QueueId from, const Content& content, bool rejected);
  /// A channel without a client. Returns its number.
  [[nodiscard]] std::uint64_t open_channel(ChannelOwner& owner);
  void close_channel(std::uint64_t number);
  /// Null if there is none of that number any more.
  [[nodiscard]] Channel* channel(std::uint64_t number);
  /// A queue gives a message up for `rule`: it goes to the dead letter exchange, without confirmation, or is dropped.
  void give_up(QueueId from, const Content& content, std::string_view rule, bool rejected);
  /// A method on a client's connection. `first` names the message in the trace.
  void send(const sim::ConnectionPtr& to, sim::MessageKind kind, sim::PayloadPtr payload, std::int64_t bytes = 0,
            std::uint64_t first = 0);
  void close(const sim::ConnectionPtr& connection) { simulation().network().close(process_, connection); }

  // --- for Alarms ---
  void tell_node(sim::NodeId peer, sim::MessageKind kind, sim::PayloadPtr payload) {
    peers_.send(peer, kind, std::move(payload), 0, 0);
  }
  void alarms_changed();

  // --- for Supervision ---
  /// Channels of this node learn that the process of a classic queue on `home` has ended.
  void queue_down(QueueId queue, sim::NodeId home);
  void expel_clients();
  // --- for Definitions ---
  /// `anew`: the queue is gone, or another one of its name.
  void redefined(const boost::intrusive_ptr<const DefinitionLetter>& letter, bool anew);
  void purge(QueueId queue);

  // --- for Mirrors ---
  /// This node has learned that a mirrored queue is led elsewhere: who consumes there has to look for it again.
  void leader_changed(QueueId queue);

  // --- for Peers ---
  /// The broker starts again among the others; what it held in memory is gone.
  [[noreturn]] void start_anew();
  void node_changed(sim::NodeId peer, LetterKind what);
  [[nodiscard]] sim::Inbox& inbox() { return inbox_; }

 private:
  void create_queues();
  void start_process(QueueId queue);
  void recover();
  void serve();
  void handle(const sim::Arrival& arrival);
  void from_peer(sim::NodeId peer, const sim::Arrival& arrival);
  /// Whether a letter for a queue is about the end of a process, or for one that has ended.
  [[nodiscard]] bool queue_process_ended(sim::NodeId peer, const sim::Arrival& arrival);
  void from_client(const sim::Arrival& arrival);
  void connection_closed(const sim::ConnectionPtr& connection);
  /// As far as cluster_partition_handling asks for one.
  [[nodiscard]] bool on_the_right_side() const;
  /// Serves nobody until it is on the right side of a partition again, then starts anew.
  void pause();
  void close_clients();
  void drop_finished();
  void to_channel(sim::NodeId from, sim::EventId kind, const ToChannel& letter);
  void run_timers();
  void deliver_local();
  [[nodiscard]] sim::VirtualTime next_timer() const;
  void dead_letter_to_stream(QueueId stream, const ContentPtr& letter);

  sim::Process& process_;
  Topology topology_;  ///< its own: policies change as it hears of them
  Ledger& ledger_;
  sim::Inbox inbox_;
  bool initial_;  ///< the first life of a node that was there from the start
  Peers peers_;
  Alarms alarms_;
  Definitions definitions_;
  MessageStore message_store_;
  Wal wal_;
  std::vector<std::unique_ptr<QueueProcess>> queues_;  ///< by QueueId, and the stream coordinator
  std::map<std::uint64_t, std::unique_ptr<Channel>> channels_;
  StreamConnections stream_connections_;
  Supervision supervision_;
  std::uint64_t channel_numbers_ = 0;
  std::deque<Letter> to_channels_;  ///< from this node's own queues
  bool serving_ = false;
  bool paused_ = false;
};

}  // namespace noloss::models::rabbitmq
