// Connections of stream clients on the node where they are connected (rabbit_stream_reader).
//
// Modelled: one publisher or one subscription a connection; publishes passed on to the writer under the publisher's
// reference, where it has one; confirms by publishing id; the last publishing id and the stored offset, asked of the
// writer; deliveries by chunk, against credit; stored offsets, which nobody confirms. The end of the writer, or of the
// local member that is read from, ends what depends on it (metadata_update): the client has to declare it again.
// Source: rabbit_stream_reader.erl. Not modelled: several publishers or subscriptions a connection, batches and
// compression, single active consumers, super streams.
//
// volatile, lost with the connection or the node: everything.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "models/rabbitmq/mailbox.hpp"
#include "models/rabbitmq/stream_session.hpp"
#include "sim/network.hpp"

namespace noloss::models::rabbitmq {

class Broker;

class StreamConnection {
 public:
  StreamConnection(Broker& broker, sim::ConnectionPtr connection, std::uint64_t number, QueueId stream);

  [[nodiscard]] const ChannelId& id() const { return id_; }
  [[nodiscard]] const sim::ConnectionPtr& connection() const { return connection_; }
  void handle(const sim::Arrival& arrival);
  void receive(sim::EventId kind, const ToChannel& letter);
  void node_changed(sim::NodeId peer, LetterKind what);
  void timers();
  [[nodiscard]] sim::VirtualTime next_timer() const { return std::min(beat_, sender_.next_failure()); }
  void close();
  [[nodiscard]] bool finished() const { return finished_; }

 private:
  void declare(const DeclarePublisher& request);
  void publish(const StreamPublish& publish);
  void ask(bool sequence, const std::string& reference);
  void answer(const StreamAnswer& answer);
  void subscribe(const StreamSubscribe& request);
  void deliver();
  void process_gone(ProcessNumber process);
  void monitor(const StreamCoordination::Writer& process);
  void respond(const StreamResponse& response);
  /// What the client has declared is no more.
  void metadata_update();

  Broker& broker_;
  sim::ConnectionPtr connection_;
  ChannelId id_;
  QueueId stream_;
  StreamSender sender_;
  bool finished_ = false;
  sim::VirtualTime heard_{};
  sim::VirtualTime beat_{};

  StreamCoordination::Writer writer_;  ///< of the publisher, or of the query that waits; kNoNode: none
  bool publishes_ = false;
  std::string reference_;
  bool asks_ = false;  ///< a query has no answer yet

  std::optional<StreamCursor> cursor_;
  ProcessNumber read_from_ = kNoProcess;
  std::int64_t credit_ = 0;  ///< chunks
};

/// All of a node.
class StreamConnections {
 public:
  explicit StreamConnections(Broker& broker) : broker_(broker) {}

  void open(const sim::ConnectionPtr& connection, std::uint64_t number, QueueId stream);
  /// Null if there is none of that number.
  [[nodiscard]] StreamConnection* find(std::uint64_t number);
  void connection_closed(std::uint64_t number, const sim::ConnectionPtr& connection);
  void node_changed(sim::NodeId peer, LetterKind what);
  void run_timers();
  [[nodiscard]] sim::VirtualTime next_timer() const;
  void drop_finished();
  void close_all();
  [[nodiscard]] std::size_t count() const { return connections_.size(); }

 private:
  Broker& broker_;
  std::map<std::uint64_t, std::unique_ptr<StreamConnection>> connections_;
};

}  // namespace noloss::models::rabbitmq
