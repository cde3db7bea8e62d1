#include "models/rabbitmq/stream_connection.hpp"

#include <algorithm>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/stream_queue.hpp"

namespace noloss::models::rabbitmq {

StreamConnection::StreamConnection(Broker& broker, sim::ConnectionPtr connection, std::uint64_t number, QueueId stream)
    : broker_(broker),
      connection_(std::move(connection)),
      id_{broker.node(), broker.process().incarnation(), number},
      stream_(stream),
      sender_(broker, stream),
      heard_(broker.now()),
      beat_(broker.now() + broker.topology().heartbeat / 2) {}

void StreamConnection::handle(const sim::Arrival& arrival) {
  const Events& kinds = events();
  const sim::EventId kind = arrival.kind.sent;
  heard_ = broker_.now();
  if (kind == kinds.publish.sent) {
    publish(static_cast<const StreamPublish&>(*arrival.payload));
  } else if (kind == kinds.credit.sent) {
    credit_ += static_cast<const StreamCredit&>(*arrival.payload).chunks;
    deliver();
  } else if (kind == kinds.store_offset.sent) {
    const auto& store = static_cast<const StoreOffset&>(*arrival.payload);
    boost::intrusive_ptr<StreamTrack> letter{new StreamTrack};
    letter->reference = store.reference;
    letter->offset = store.offset;
    sender_.send(broker_.stream_writer(stream_), kinds.stream_track, letter);
  } else if (kind == kinds.declare_publisher.sent) {
    declare(static_cast<const DeclarePublisher&>(*arrival.payload));
  } else if (kind == kinds.query_publisher_sequence.sent) {
    ask(/*sequence=*/true, static_cast<const StreamQueryOffset&>(*arrival.payload).reference);
  } else if (kind == kinds.query_offset.sent) {
    ask(/*sequence=*/false, static_cast<const StreamQueryOffset&>(*arrival.payload).reference);
  } else if (kind == kinds.subscribe.sent) {
    subscribe(static_cast<const StreamSubscribe&>(*arrival.payload));
  }
}

// --- publishing ---

void StreamConnection::declare(const DeclarePublisher& request) {
  writer_ = broker_.stream_writer(stream_);
  StreamResponse response;
  response.ok = writer_.node != sim::kNoNode;
  publishes_ = response.ok;
  reference_ = request.reference;
  if (publishes_) monitor(writer_);
  respond(response);
}

void StreamConnection::monitor(const StreamCoordination::Writer& process) {
  boost::intrusive_ptr<StreamMonitor> letter{new StreamMonitor};
  letter->channel = id_;
  sender_.send(process, events().stream_monitor, letter);
}

void StreamConnection::publish(const StreamPublish& publish) {
  if (!publishes_) return;  // it went away meanwhile, and the client will hear of it
  boost::intrusive_ptr<Content> content{new Content};
  content->message = publish.message;
  content->persistent = true;
  content->copy = broker_.ledger().next_number();
  boost::intrusive_ptr<StreamWrite> letter{new StreamWrite};
  letter->channel = id_;
  letter->reference = reference_;
  letter->value = publish.publishing_id;
  letter->content = content;
  sender_.send(writer_, events().stream_write, letter, publish.message->bytes);
}

// --- queries ---

void StreamConnection::ask(bool sequence, const std::string& reference) {
  const StreamCoordination::Writer writer = broker_.stream_writer(stream_);
  if (writer.node == sim::kNoNode) {
    StreamResponse none;
    none.ok = false;
    return respond(none);
  }
  if (!publishes_) {
    writer_ = writer;
    monitor(writer);  // the call ends with the process that it asks
  }
  asks_ = true;
  boost::intrusive_ptr<StreamQuery> letter{new StreamQuery};
  letter->channel = id_;
  letter->sequence = sequence;
  letter->reference = reference;
  sender_.send(writer, events().stream_query, letter);
}

void StreamConnection::answer(const StreamAnswer& answer) {
  asks_ = false;
  StreamResponse response;
  response.found = answer.found;
  response.value = answer.value;
  respond(response);
}

void StreamConnection::respond(const StreamResponse& response) {
  broker_.send(connection_, events().stream_response, sim::PayloadPtr{new StreamResponse(response)});
}

// --- consuming ---

void StreamConnection::subscribe(const StreamSubscribe& request) {
  const StreamQueue* const local = StreamCursor::member(broker_, stream_);
  StreamResponse response;
  response.ok = local != nullptr;
  respond(response);
  if (local == nullptr) return;
  cursor_.emplace(broker_, stream_, request.from);
  read_from_ = local->process();
  credit_ = request.credit;
  broker_.ledger().reads(stream_, connection_->peer(broker_.node()), cursor_->start());
  static_cast<StreamQueue*>(broker_.queue(stream_))->listen(id_);
  monitor({broker_.node(), read_from_});
  deliver();
}

void StreamConnection::deliver() {
  if (!cursor_) return;
  while (credit_ > 0) {
    const std::vector<StreamRecordPtr> chunk = cursor_->next_chunk();
    if (chunk.empty()) break;
    --credit_;
    auto* frame = new StreamDeliver;
    const sim::PayloadPtr payload{frame};
    std::int64_t bytes = 0;
    for (const StreamRecordPtr& record : chunk) {
      frame->entries.push_back({record->offset, record->content->message});
      bytes += record->content->message->bytes;
    }
    broker_.send(connection_, events().deliver, payload, bytes, index(chunk.front()->message));
  }
  if (cursor_->broken()) finished_ = true;
}

// --- ends ---

void StreamConnection::receive(sim::EventId kind, const ToChannel& letter) {
  const Events& kinds = events();
  if (kind == kinds.stream_written.sent) {
    auto* confirm = new PublishConfirm;
    confirm->publishing_ids = static_cast<const StreamWritten&>(letter).values;
    const std::uint64_t first = confirm->publishing_ids.front();
    broker_.send(connection_, kinds.publish_confirm, sim::PayloadPtr{confirm}, 0, first);
    broker_.simulation().note(broker_.node(), kinds.confirmed, first);
  } else if (kind == kinds.stream_answer.sent) {
    answer(static_cast<const StreamAnswer&>(letter));
  } else if (kind == kinds.stream_readable.sent) {
    deliver();
  } else if (kind == kinds.stream_gone.sent) {
    process_gone(static_cast<const StreamGone&>(letter).process);
  }
}

void StreamConnection::process_gone(ProcessNumber process) {
  const bool wrote = (publishes_ || asks_) && process == writer_.process;
  const bool was_read = cursor_ && process == read_from_;
  if (wrote || was_read) metadata_update();
}

void StreamConnection::node_changed(sim::NodeId peer, LetterKind what) {
  if (what == LetterKind::node_up) sender_.node_up(peer);
  if (what == LetterKind::node_down && peer == writer_.node && (publishes_ || asks_)) metadata_update();
}

void StreamConnection::metadata_update() {
  publishes_ = asks_ = false;
  cursor_.reset();
  broker_.send(connection_, events().metadata_update, sim::PayloadPtr{new Empty});
}

void StreamConnection::close() {
  finished_ = true;
  boost::intrusive_ptr<QueueChannelDown> down{new QueueChannelDown};
  down->queue = stream_;
  down->channel = id_;
  broker_.cast_queue(broker_.node(), events().queue_channel_down, down);
  if (writer_.node != sim::kNoNode && writer_.node != broker_.node()) {
    broker_.cast_queue(writer_.node, events().queue_channel_down, down);
  }
}

void StreamConnection::timers() {
  const sim::VirtualTime now = broker_.now();
  // Nobody can be reached there: a monitor says so.
  if (sender_.drop_failed() && (publishes_ || asks_)) metadata_update();
  if (beat_ > now) return;
  beat_ = now + broker_.topology().heartbeat / 2;
  if (now - heard_ >= broker_.topology().heartbeat) {
    finished_ = true;
    return;
  }
  broker_.send(connection_, events().heartbeat, sim::PayloadPtr{new Empty});
}

// --- all of a node ---

void StreamConnections::open(const sim::ConnectionPtr& connection, std::uint64_t number, QueueId stream) {
  connections_.emplace(number, std::make_unique<StreamConnection>(broker_, connection, number, stream));
}

StreamConnection* StreamConnections::find(std::uint64_t number) {
  const auto known = connections_.find(number);
  return known == connections_.end() ? nullptr : known->second.get();
}

void StreamConnections::connection_closed(std::uint64_t number, const sim::ConnectionPtr& connection) {
  const auto known = connections_.find(number);
  if (known == connections_.end() || known->second->connection() != connection) return;
  known->second->close();
  connections_.erase(known);
}

void StreamConnections::node_changed(sim::NodeId peer, LetterKind what) {
  for (auto& [number, connection] : connections_) connection->node_changed(peer, what);
}

void StreamConnections::run_timers() {
  for (auto& [number, connection] : connections_) connection->timers();
}

sim::VirtualTime StreamConnections::next_timer() const {
  sim::VirtualTime next = sim::kNever;
  for (const auto& [number, connection] : connections_) next = std::min(next, connection->next_timer());
  return next;
}

void StreamConnections::drop_finished() {
  for (auto next = connections_.begin(); next != connections_.end();) {
    const auto known = next++;
    if (!known->second->finished()) continue;
    known->second->close();
    broker_.close(known->second->connection());
    connections_.erase(known);
  }
}

void StreamConnections::close_all() {
  for (auto& [number, connection] : connections_) {
    connection->close();
    broker_.close(connection->connection());
  }
  connections_.clear();
}

}  // namespace noloss::models::rabbitmq
