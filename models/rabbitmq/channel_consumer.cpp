// The consuming half of a channel, and what ends one.
#include <algorithm>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/channel.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {
namespace {

/// How often deliveries that are held for too long are looked for.
constexpr sim::Duration kTimeoutScan = std::chrono::minutes{1};

}  // namespace

FifoClient& Channel::fifo(QueueId queue) {
  std::unique_ptr<FifoClient>& client = fifos_[queue];
  if (!client) client = std::make_unique<FifoClient>(*this, queue);
  return *client;
}

StreamClient& Channel::stream(QueueId queue) {
  std::unique_ptr<StreamClient>& client = streams_[queue];
  if (!client) client = std::make_unique<StreamClient>(*this, queue);
  return *client;
}

sim::NodeId Channel::client() const { return connection_ ? connection_->peer(broker_.node()) : sim::kNoNode; }

void Channel::stream_writer_changed(QueueId stream) {
  if (const auto client = streams_.find(stream); client != streams_.end()) client->second->writer_changed();
}

void Channel::consume(const BasicConsume& request) {
  const QueueInfo& info = broker_.topology().queues[request.queue];
  if (!broker_.definitions().exists(request.queue) && !info.exists_at_start) return fail(kNotFound);
  consumes_[request.queue] = &request;
  if (timeout_scan_ == sim::kNever) timeout_scan_ = broker_.now() + kTimeoutScan;
  if (info.type == QueueType::quorum) {
    fifo(request.queue).consume(request.auto_ack, request.prefetch);
    return;
  }
  if (info.type == QueueType::stream) {
    const auto from = parse_offset(request.stream_offset);
    if (!from || !stream(request.queue).consume(*from, request.prefetch)) fail(kNotFound);
    return;
  }
  const sim::NodeId home = broker_.home(request.queue);
  // The home node of a durable classic queue or its process is down, or a mirrored queue has no leader: 404.
  if (home == sim::kNoNode || !broker_.reaches(request.queue, home)) return fail(kNotFound);
  used_[request.queue] = home;
  boost::intrusive_ptr<QueueConsume> letter{new QueueConsume};
  letter->queue = request.queue;
  letter->channel = id_;
  letter->auto_ack = request.auto_ack;
  letter->prefetch = request.prefetch;
  broker_.cast_queue(home, events().queue_consume, letter);
}

void Channel::receive(sim::EventId kind, const ToChannel& letter) {
  const Events& kinds = events();
  if (kind == kinds.queue_confirm.sent) {
    const auto& confirm = static_cast<const QueueConfirm&>(letter);
    for (const PublishSeq seq : confirm.seqs) {
      if (confirm.accepted) {
        settled_by(seq, letter.queue, confirm.replica, true);
      } else {
        reject(seq);
      }
    }
  } else if (kind == kinds.queue_deliver.sent) {
    const auto& deliver = static_cast<const QueueDeliver&>(letter);
    if (broker_.topology().queues[letter.queue].type == QueueType::quorum) {
      fifo(letter.queue).delivered(deliver);
    } else {
      queue_delivers(letter.queue, deliver.delivery, deliver.redelivered, deliver.content);
    }
  } else if (broker_.topology().queues[letter.queue].type == QueueType::stream) {
    stream(letter.queue).receive(kind, letter);
  } else {
    fifo(letter.queue).receive(kind, letter);
  }
  answer();
}

void Channel::queue_delivers(QueueId queue, std::uint64_t delivery, bool redelivered, const ContentPtr& content) {
  const std::uint64_t tag = next_tag_++;
  const auto consume = consumes_.find(queue);
  if (consume == consumes_.end()) return;
  if (!consume->second->auto_ack) unacked_.emplace(tag, Unacked{queue, delivery, broker_.now()});
  auto* deliver = new BasicDeliver;
  deliver->tag = tag;
  deliver->redelivered = redelivered;
  deliver->message = content->message;
  if (broker_.topology().queues[queue].type == QueueType::stream) deliver->offset = static_cast<std::int64_t>(delivery);
  broker_.send(connection_, events().basic_deliver, sim::PayloadPtr{deliver}, content->message->bytes,
               index(content->message->ref));
}

void Channel::settle(const BasicConfirm& confirm, Disposition disposition) {
  const auto last = unacked_.find(confirm.tag);
  if (last == unacked_.end()) return fail(kPreconditionFailed);
  const auto first = confirm.multiple ? unacked_.begin() : last;
  std::map<QueueId, std::vector<std::uint64_t>> by_queue;
  for (auto held = first; held != std::next(last); ++held) {
    by_queue[held->second.queue].push_back(held->second.delivery);
  }
  unacked_.erase(first, std::next(last));
  for (auto& [queue, deliveries] : by_queue) {
    const QueueInfo& info = broker_.topology().queues[queue];
    if (info.type == QueueType::quorum) {
      fifo(queue).settle(disposition, std::move(deliveries));
      continue;
    }
    if (info.type == QueueType::stream) {
      stream(queue).settle(deliveries.size());
      continue;
    }
    boost::intrusive_ptr<QueueSettle> letter{new QueueSettle};
    letter->queue = queue;
    letter->channel = id_;
    letter->disposition = disposition;
    letter->deliveries = std::move(deliveries);
    broker_.cast_queue(used_[queue], events().queue_settle, letter);
  }
}

void Channel::node_changed(sim::NodeId peer, LetterKind what) {
  for (const auto& [queue, client] : fifos_) client->node_changed(peer, what);
  for (const auto& [queue, client] : streams_) {
    if (what == LetterKind::node_up) client->node_up(peer);
  }
  if (what == LetterKind::node_down) {
    give_up_on(peer, kNoQueue);
    for (const auto& [queue, home] : used_) {
      if (home == peer) return fail(kNotFound);  // the consumer is cancelled; its client has to look for another way
    }
  }
  answer();
}

void Channel::queue_down(QueueId queue, sim::NodeId node) {
  give_up_on(node, queue);
  const auto used = used_.find(queue);
  const bool told = !NOLOSS_BUG("rabbitmq: consumers do not hear that their queue crashed");
  if (used != used_.end() && used->second == node && told) return fail(kNotFound);
  answer();
}

void Channel::give_up_on(sim::NodeId replica, QueueId queue) {
  std::vector<std::pair<PublishSeq, QueueId>> owed;
  for (const auto& [seq, queues] : unconfirmed_) {
    for (const auto& [target, by] : queues) {
      if ((queue == kNoQueue || target == queue) && by.replicas.contains(replica)) owed.emplace_back(seq, target);
    }
  }
  for (const auto& [seq, target] : owed) settled_by(seq, target, replica, false);
}

void Channel::leader_changed(QueueId queue) {
  const auto used = used_.find(queue);
  if (used != used_.end() && used->second != broker_.home(queue)) return fail(kNotFound);
  if (broker_.definitions().of(queue).version > 0 && broker_.home(queue) != sim::kNoNode) mirrors_ended(queue);
}

/// A mirror that a policy has taken away has ended without being down: it owes nothing, and it has nothing.
void Channel::mirrors_ended(QueueId queue) {
  const std::vector<sim::NodeId> left = broker_.replicas(queue);
  std::vector<std::pair<PublishSeq, sim::NodeId>> ended;
  for (const auto& [seq, queues] : unconfirmed_) {
    const auto owed = queues.find(queue);
    if (owed == queues.end()) continue;
    for (const sim::NodeId replica : owed->second.replicas) {
      if (std::find(left.begin(), left.end(), replica) == left.end()) ended.emplace_back(seq, replica);
    }
  }
  for (const auto& [seq, replica] : ended) settled_by(seq, queue, replica, false);
  answer();
}

void Channel::queue_gone(QueueId queue) {
  // A queue's process that ends in order owes nothing any more: what only it held up is confirmed.
  std::vector<PublishSeq> owed;
  for (const auto& [seq, queues] : unconfirmed_) {
    if (queues.contains(queue)) owed.push_back(seq);
  }
  for (const PublishSeq seq : owed) accept(seq, queue);
  if (const auto client = fifos_.find(queue); client != fifos_.end()) client->second->queue_gone();
  if (consumes_.contains(queue)) return fail(kNotFound);  // basic.cancel
  answer();
}

void Channel::fail(std::uint32_t code) {
  if (finished_) return;
  finished_ = true;
  auto* close = new ChannelClose;
  close->code = code;
  broker_.send(connection_, events().channel_close, sim::PayloadPtr{close});
}

void Channel::close() {
  finished_ = true;
  for (const auto& [queue, client] : fifos_) client->close();
  for (const auto& [queue, client] : streams_) client->close();
  for (const auto& [queue, home] : used_) {
    boost::intrusive_ptr<QueueChannelDown> letter{new QueueChannelDown};
    letter->queue = queue;
    letter->channel = id_;
    broker_.cast_queue(home, events().queue_channel_down, letter);
  }
}

sim::VirtualTime Channel::next_timer() const {
  sim::VirtualTime next = std::min(beat_, timeout_scan_);
  for (const auto& [queue, client] : fifos_) next = std::min(next, client->next_timer());
  return next;
}

void Channel::timers() {
  const sim::VirtualTime now = broker_.now();
  for (const auto& [queue, client] : fifos_) client->timers();
  if (beat_ <= now) {
    beat_ = now + broker_.topology().heartbeat / 2;
    if (!throttled_ && now - heard_ >= broker_.topology().heartbeat) {
      finished_ = true;
      return;
    }
    broker_.send(connection_, events().heartbeat, sim::PayloadPtr{new Empty});
  }
  if (timeout_scan_ <= now) {
    timeout_scan_ = now + kTimeoutScan;
    for (const auto& [tag, held] : unacked_) {
      const bool concerned =
          broker_.release().timeout_of_classic || broker_.topology().queues[held.queue].type == QueueType::quorum;
      if (!concerned || now - held.since < broker_.topology().consumer_timeout) continue;
      broker_.simulation().mark("consumer timed out");
      return fail(kPreconditionFailed);
    }
  }
  answer();
}

}  // namespace noloss::models::rabbitmq
