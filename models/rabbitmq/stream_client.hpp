// A channel's side of a stream, over AMQP 0-9-1 (rabbit_stream_queue's client).
//
// Modelled: publishes numbered by the channel, which writers deduplicate, sent again to a new writer; at most 256
// unconfirmed before the publisher is held; consumers with a prefetch that read the local member from an offset:
// acknowledging, rejecting and giving back are all the same to a stream, they make room for the next message and take
// nothing away. A publish whose letter was lost is not noticed before the writer changes, and its number may by then
// count as known, as in the real client. Source: rabbit_stream_queue.erl v4.1 (deliver0, handle_event, settle,
// begin_stream). Not modelled: credit of AMQP 1.0, filters.
//
// volatile, lost with the channel: everything.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "models/rabbitmq/stream_session.hpp"

namespace noloss::models::rabbitmq {

class Channel;

class StreamClient {
 public:
  StreamClient(Channel& channel, QueueId stream);

  void publish(PublishSeq seq, ContentPtr content);
  /// False: there is no local member to read from.
  [[nodiscard]] bool consume(const OffsetSpecification& from, std::int64_t prefetch);
  void settle(std::size_t deliveries);
  void receive(sim::EventId kind, const ToChannel& letter);
  /// As far as this node has heard.
  void writer_changed();
  void node_up(sim::NodeId peer) { sender_.node_up(peer); }
  void close();
  /// The publisher has to wait.
  [[nodiscard]] bool full() const;

 private:
  struct Pending {
    PublishSeq seq = 0;
    ContentPtr content;
  };
  void write(std::uint64_t number, const ContentPtr& content);
  void read();

  Channel& channel_;
  QueueId stream_;
  StreamSender sender_;
  std::string reference_;
  StreamCoordination::Writer writer_;
  std::uint64_t next_number_ = 1;
  std::map<std::uint64_t, Pending> pending_;  ///< that somebody waits for
  std::optional<StreamCursor> cursor_;
  ProcessNumber read_from_ = kNoProcess;
  std::int64_t credit_ = 0;
};

}  // namespace noloss::models::rabbitmq
