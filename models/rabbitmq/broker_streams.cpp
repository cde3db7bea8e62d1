// What a node knows of streams beyond their members on it.
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/stream_coordinator.hpp"

namespace noloss::models::rabbitmq {

StreamCoordination::Writer Broker::stream_writer(QueueId stream) const {
  return static_cast<const StreamCoordinator&>(*queues_.back()).writer(stream);
}

void Broker::stream_writer_changed(QueueId stream) {
  for (auto& [number, channel] : channels_) channel->stream_writer_changed(stream);
}

void Broker::dead_letter_to_stream(QueueId stream, const ContentPtr& letter) {
  const StreamCoordination::Writer writer = stream_writer(stream);
  if (writer.node == sim::kNoNode) return;
  boost::intrusive_ptr<StreamWrite> write{new StreamWrite};
  write->queue = stream;
  write->process = writer.process;
  write->content = letter;
  cast_queue(writer.node, events().stream_write, write, letter->message->bytes);
}

}  // namespace noloss::models::rabbitmq
