#include "models/rabbitmq/stream_session.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/stream_queue.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr sim::Duration kSetupTime = std::chrono::seconds{7};  // net_setuptime

}  // namespace

std::optional<OffsetSpecification> parse_offset(std::string_view text) {
  using Kind = OffsetSpecification::Kind;
  if (text == "first") return OffsetSpecification{Kind::first, 0};
  if (text == "last") return OffsetSpecification{Kind::last, 0};
  if (text == "next") return OffsetSpecification{Kind::next, 0};
  OffsetSpecification at{Kind::offset, 0};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), at.offset);
  const bool whole = error == std::errc{} && end == text.data() + text.size() && at.offset >= 0;
  return whole ? std::optional{at} : std::nullopt;
}

// --- letters to the writer ---

void StreamSender::send(const StreamCoordination::Writer& writer, sim::MessageKind kind,
                        boost::intrusive_ptr<ToStream> letter, std::int64_t bytes) {
  if (writer.node == sim::kNoNode) return;  // whoever wrote last is gone
  letter->queue = stream_;
  letter->process = writer.process;
  const bool linked = writer.node == broker_.node() || broker_.peer_up(writer.node);
  if (linked) return broker_.cast_queue(writer.node, kind, std::move(letter), bytes);
  held_.push_back({writer.node, kind, std::move(letter), bytes, broker_.now() + kSetupTime});
}

void StreamSender::node_up(sim::NodeId node) {
  for (Held& each : std::exchange(held_, {})) {
    if (each.until < broker_.now()) continue;
    if (each.to == node) {
      broker_.cast_queue(node, each.kind, std::move(each.letter), each.bytes);
    } else {
      held_.push_back(std::move(each));
    }
  }
}

sim::VirtualTime StreamSender::next_failure() const {
  sim::VirtualTime next = sim::kNever;
  for (const Held& each : held_) next = std::min(next, each.until);
  return next;
}

bool StreamSender::drop_failed() {
  return std::erase_if(held_, [this](const Held& each) { return each.until <= broker_.now(); }) > 0;
}

// --- reading ---

const StreamQueue* StreamCursor::member(Broker& broker, QueueId stream) {
  const auto* local = static_cast<const StreamQueue*>(broker.queue(stream));
  return local != nullptr && local->process() != kNoProcess ? local : nullptr;
}

StreamCursor::StreamCursor(Broker& broker, QueueId stream, const OffsetSpecification& from)
    : broker_(broker), stream_(stream) {
  const StreamQueue& local = *member(broker, stream);
  const StreamLog& log = local.log();
  const Offset end = local.readable_end();
  switch (from.kind) {
    case OffsetSpecification::Kind::first: break;
    case OffsetSpecification::Kind::last: start_ = end > 0 ? log.chunks()[log.find(end - 1)].id.first : 0; break;
    case OffsetSpecification::Kind::next: start_ = end; break;
    case OffsetSpecification::Kind::offset: start_ = from.offset; break;
  }
  next_ = std::min(start_, log.end());
}

void StreamCursor::member_changed() {
  if (const StreamQueue* const local = member(broker_, stream_)) next_ = std::min(next_, local->log().end());
}

StreamRecordPtr StreamCursor::read() {
  const StreamQueue* const local = member(broker_, stream_);
  if (local == nullptr || broken_ || next_ >= local->readable_end()) return nullptr;
  const StreamChunk& chunk = local->log().chunks()[local->log().find(next_)];
  broken_ = !local->log().readable(chunk);
  return broken_ ? nullptr : chunk.records[static_cast<std::size_t>(next_ - chunk.id.first)];
}

std::optional<StreamRecordPtr> StreamCursor::next() {
  while (StreamRecordPtr record = read()) {
    ++next_;
    // The log may have ended earlier than where this consumer wants to begin.
    if (record->content && record->offset >= start_) return record;
  }
  return std::nullopt;
}

std::vector<StreamRecordPtr> StreamCursor::next_chunk() {
  std::vector<StreamRecordPtr> chunk;
  while (StreamRecordPtr record = read()) {
    if (!chunk.empty() && chunk.front()->chunk != record->chunk) break;
    ++next_;
    if (record->content) chunk.push_back(std::move(record));
  }
  return chunk;
}

}  // namespace noloss::models::rabbitmq
