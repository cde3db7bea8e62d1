#include "models/rabbitmq/stream_client.hpp"

#include <fmt/core.h>

#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/channel.hpp"
#include "models/rabbitmq/stream_queue.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr std::size_t kSoftLimit = 256;  // stream_messages_soft_limit

}  // namespace

StreamClient::StreamClient(Channel& channel, QueueId stream)
    : channel_(channel),
      stream_(stream),
      sender_(channel.broker(), stream),
      reference_(fmt::format("channel-{}.{}.{}", sim::index(channel.id().node), channel.id().incarnation,
                             channel.id().number)),
      writer_(channel.broker().stream_writer(stream)) {}

bool StreamClient::full() const { return pending_.size() >= kSoftLimit; }

// --- publishing ---

void StreamClient::publish(PublishSeq seq, ContentPtr content) {
  const std::uint64_t number = next_number_++;
  write(number, content);
  if (seq != 0) pending_.emplace(number, Pending{seq, std::move(content)});
}

void StreamClient::write(std::uint64_t number, const ContentPtr& content) {
  boost::intrusive_ptr<StreamWrite> letter{new StreamWrite};
  letter->channel = channel_.id();
  letter->reference = reference_;
  letter->value = number;
  letter->content = content;
  sender_.send(writer_, events().stream_write, letter, content->message->bytes);
}

void StreamClient::writer_changed() {
  const StreamCoordination::Writer now = channel_.broker().stream_writer(stream_);
  if (now == writer_) return;
  writer_ = now;
  for (const auto& [number, pending] : pending_) write(number, pending.content);
}

void StreamClient::receive(sim::EventId kind, const ToChannel& letter) {
  if (kind == events().stream_readable.sent) return read();
  if (kind != events().stream_written.sent) return;
  for (const std::uint64_t number : static_cast<const StreamWritten&>(letter).values) {
    const auto done = pending_.find(number);
    if (done == pending_.end()) continue;
    const PublishSeq seq = done->second.seq;
    pending_.erase(done);
    channel_.queue_confirms(stream_, seq, true);
  }
}

// --- consuming ---

bool StreamClient::consume(const OffsetSpecification& from, std::int64_t prefetch) {
  Broker& broker = channel_.broker();
  const StreamQueue* const local = StreamCursor::member(broker, stream_);
  if (local == nullptr) return false;
  cursor_.emplace(broker, stream_, from);
  read_from_ = local->process();
  credit_ = prefetch;
  broker.ledger().reads(stream_, channel_.client(), cursor_->start());
  static_cast<StreamQueue*>(broker.queue(stream_))->listen(channel_.id());
  read();
  return true;
}

void StreamClient::settle(std::size_t deliveries) {
  credit_ += static_cast<std::int64_t>(deliveries);
  read();
}

void StreamClient::read() {
  const StreamQueue* const local = StreamCursor::member(channel_.broker(), stream_);
  if (!cursor_ || local == nullptr) return;
  if (std::exchange(read_from_, local->process()) != local->process()) cursor_->member_changed();
  while (credit_ > 0) {
    const auto record = cursor_->next();
    if (!record) break;
    --credit_;
    const auto delivery = static_cast<std::uint64_t>((*record)->offset);
    channel_.queue_delivers(stream_, delivery, /*redelivered=*/false, (*record)->content);
  }
  if (cursor_->broken()) channel_.fail(kInternalError);
}

void StreamClient::close() {
  if (auto* const local = static_cast<StreamQueue*>(channel_.broker().queue(stream_))) {
    local->unlisten(channel_.id());
  }
}

}  // namespace noloss::models::rabbitmq
