// What a channel and a stream connection have in common towards a stream: letters to its writer, and reading it here.
//
// Modelled: a letter to a node without a link waits for the connection that Erlang opens for it, and is lost with the
// attempt after net_setuptime; a letter to a process that is gone, or on a link that breaks, is lost. Reading is what
// osiris's offset reader does on the local member's files: up to what is committed as far as this node knows; begun
// beyond the end of the log it waits there. Not modelled: filters, timestamps as a beginning, readers on another node.
//
// volatile, lost with the channel or connection: everything.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "models/rabbitmq/stream_protocol.hpp"
#include "sim/time.hpp"

namespace noloss::models::rabbitmq {

class Broker;
class StreamQueue;

class StreamSender {
 public:
  StreamSender(Broker& broker, QueueId stream) : broker_(broker), stream_(stream) {}

  void send(const StreamCoordination::Writer& writer, sim::MessageKind kind, boost::intrusive_ptr<ToStream> letter,
            std::int64_t bytes = 0);
  void node_up(sim::NodeId node);
  /// When the first attempt to connect will have failed.
  [[nodiscard]] sim::VirtualTime next_failure() const;
  /// Gives up what waited for too long. False: nothing did.
  bool drop_failed();

 private:
  struct Held {
    sim::NodeId to{};
    sim::MessageKind kind{};
    boost::intrusive_ptr<const ToStream> letter;
    std::int64_t bytes = 0;
    sim::VirtualTime until{};
  };
  Broker& broker_;
  QueueId stream_;
  std::deque<Held> held_;
};

class StreamCursor {
 public:
  /// Null member(): the node has none that runs; then nothing else may be called.
  StreamCursor(Broker& broker, QueueId stream, const OffsetSpecification& from);

  [[nodiscard]] static const StreamQueue* member(Broker& broker, QueueId stream);
  /// Where it begins.
  [[nodiscard]] Offset start() const { return start_; }
  /// The next message that may be read; empty: none now, or it cannot be read.
  [[nodiscard]] std::optional<StreamRecordPtr> next();
  /// The rest of the next chunk that has messages; empty: none now, or it cannot be read.
  [[nodiscard]] std::vector<StreamRecordPtr> next_chunk();
  /// A chunk's checksum did not fit: the reader ends.
  [[nodiscard]] bool broken() const { return broken_; }
  /// Another process serves on this node: its log may end earlier.
  void member_changed();

 private:
  [[nodiscard]] StreamRecordPtr read();

  Broker& broker_;
  QueueId stream_;
  Offset start_ = 0;
  Offset next_ = 0;
  bool broken_ = false;
};

/// "first", "last", "next" or a number; empty: none of these.
[[nodiscard]] std::optional<OffsetSpecification> parse_offset(std::string_view text);

}  // namespace noloss::models::rabbitmq
