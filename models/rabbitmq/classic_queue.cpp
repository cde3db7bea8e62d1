#include "models/rabbitmq/classic_queue.hpp"

#include <algorithm>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {
namespace {

bool same_channel(const ChannelId& known, const ChannelId& whose) { return known == whose; }
/// As many messages as a classic queue keeps in memory (rabbit_variable_queue, 3.12).
constexpr int kReadAhead = 2048;

bool same_node(const ChannelId& known, const ChannelId& whose) { return known.node == whose.node; }

}  // namespace

ClassicQueue::ClassicQueue(Broker& broker, QueueId id)
    : broker_(broker),
      id_(id),
      info_(broker.topology().queues[id]),
      mailbox_(broker.simulation().scheduler()),
      mirrors_(broker, id),
      storage_(broker, id, mailbox_),
      exists_(info_.exists_at_start),
      unused_since_(broker.now()) {
  if (!broker.initial() || broker.serving()) return;
  storage_.create();
  if (mirrors_.enabled()) mirrors_.create();
}

void ClassicQueue::recover() {
  exists_ = broker_.definitions().exists(id_);
  if (!info_.durable || !exists_) {
    exists_ = false;  // deleted when its node boots; whoever needs it declares it again
    storage_.discard();
    return;
  }
  if (mirrors_.enabled()) mirrors_.recover();
  if (mirrors_.decided()) start_as_decided();
}

/// A mirror that starts discards what it had: it cannot know what the leader did meanwhile.
void ClassicQueue::start_empty() {
  storage_.discard();
  storage_.create();
}

void ClassicQueue::recover_content() {
  for (ClassicStorage::Recovered& found : storage_.recover()) {
    Item item = make_item(found.content);
    item.stored = item.redelivered = true;
    item.on_disk = found.on_disk;
    item.expires = found.expires;
    ready_.emplace(found.seq, std::move(item));
  }
  next_seq_ = std::max(next_seq_, storage_.first_free());
}

void ClassicQueue::crashed() {
  runs_ = false;
  ready_.clear();
  held_.clear();
  owed_.clear();
  consumers_.clear();
  confirms_.clear();
  next_seq_ = 0;
  mailbox_.clear();
  storage_.crashed();
  broker_.simulation().roles_changed();
}

/// As after an unclean shutdown of the node, but for the queue itself: it exists also if it is not durable.
void ClassicQueue::restart() {
  const QueueDefinition& definition = broker_.definitions().of(id_);
  const bool another = !definition.exists || definition.incarnation != incarnation_;
  if (exists_ && info_.durable && !another) recover_content();
  runs_ = true;
  if (another) redefine(definition);  // nobody was there to hear of it
  broker_.simulation().roles_changed();
}

void ClassicQueue::close() {
  if (exists_ && info_.durable) storage_.close();
}

void ClassicQueue::loop() {
  for (;;) {
    const auto letter = mailbox_.receive_until(deadline());
    broker_.supervision().check(id_);
    if (letter) handle(*letter);
    if (mirrors_.decision() <= broker_.now()) decide();
    for (const SeqId seq : storage_.take_written()) confirm(seq);
    if (storage_.due()) {
      for (const SeqId seq : storage_.flush()) confirm(seq);
      broker_.supervision().check(id_);
    }
    if (mirrors_.leads()) {
      limit_length();  // what came back from consumers counts again
      expire();
      expire_queue();
      serve();
      if (mirrors_.enabled()) mirrors_.oldest_is(oldest());
    }
    send_confirms();
  }
}

SeqId ClassicQueue::oldest() const {
  SeqId oldest = next_seq_;
  if (!ready_.empty()) oldest = std::min(oldest, ready_.begin()->first);
  if (!held_.empty()) oldest = std::min(oldest, held_.begin()->first);
  return oldest;
}

sim::VirtualTime ClassicQueue::deadline() const {
  sim::VirtualTime next = std::min(storage_.next_flush(), mirrors_.decision());
  if (!ready_.empty() && mirrors_.leads()) next = std::min(next, ready_.begin()->second.expires);
  if (may_expire()) next = std::min(next, unused_since_ + info_.expires);
  return next;
}

void ClassicQueue::handle(const Letter& letter) {
  if (letter.what == LetterKind::node_down) consumers_gone(same_node, {letter.from, 0, 0});
  if (letter.what != LetterKind::message) return node_changed(letter);
  const Events& kinds = events();
  const auto& request = static_cast<const ToQueue&>(*letter.payload);
  if (letter.kind == kinds.queue_publish.sent) {
    if (mirrors_.leads()) return publish(static_cast<const QueuePublish&>(request));
    wait_for_leader(boost::static_pointer_cast<const QueuePublish>(letter.payload));
  } else if (letter.kind == kinds.queue_consume.sent) {
    const auto& consume = static_cast<const QueueConsume&>(request);
    if (exists_) consumers_.push_back({consume.channel, consume.auto_ack, consume.prefetch, 0});
  } else if (letter.kind == kinds.queue_settle.sent) {
    settle(static_cast<const QueueSettle&>(request));
  } else if (letter.kind == kinds.queue_channel_down.sent) {
    consumers_gone(same_channel, request.channel);
  } else if (letter.kind == kinds.queue_declare.sent) {
    declare();
  } else if (letter.kind == kinds.queue_definition.sent) {
    redefine(static_cast<const DefinitionLetter&>(request).definition);
  } else if (letter.kind == kinds.queue_purge.sent) {
    if (mirrors_.leads()) purge("purged");
  } else {
    handle_mirroring(letter);
  }
}

// --- publish ---

void ClassicQueue::publish(const QueuePublish& request) {
  if (!exists_) {  // no such queue any more: as good as no route
    broker_.ledger().dropped(*request.content, "no route");
    return confirm(request.channel, request.seq, true);
  }
  if (info_.overflow != Overflow::drop_head && over_limit(request.content.get())) return refuse(request);
  Item item = make_item(request.content);
  broker_.ledger().held(broker_.node(), *item.content);
  const SeqId seq = next_seq_++;
  tell_mirrors(seq, request);
  Consumer* const consumer = ready_.empty() && !mirrors_.enabled() ? next_consumer() : nullptr;
  if (consumer != nullptr && consumer->auto_ack) {
    // Handed over and forgotten in one step; it never comes near the disk.
    hand_over(*consumer, seq, item);
    broker_.ledger().settled(id_, *item.content);
    return confirm(request.channel, request.seq, true);
  }
  const bool expired = item.expires <= broker_.now();
  keep(seq, std::move(item), request.channel, request.seq);
  if (expired && consumer != nullptr) serve();  // with a TTL of 0 a message lives only if a consumer waits for it
  limit_length();
}

void ClassicQueue::refuse(const QueuePublish& request) {
  const std::string_view rule = over_length(1) ? "x-max-length" : "x-max-length-bytes";
  if (info_.overflow == Overflow::reject_publish_dlx) {
    broker_.give_up(id_, *request.content, rule, /*rejected=*/false);
  } else {
    broker_.ledger().dropped(*request.content, rule);
  }
  tell_mirrors_to_forget(next_seq_, *request.content);
  confirm(request.channel, request.seq, false);
}

ClassicQueue::Item ClassicQueue::make_item(const ContentPtr& content) {
  return {.content = content, .expires = expiry(broker_.now(), info_.ttl, content->expiration)};
}

void ClassicQueue::keep(SeqId seq, Item item, const ChannelId& channel, PublishSeq publish) {
  item.stored = info_.durable && item.content->persistent;
  if (item.stored) storage_.publish(seq, item.content, item.expires, publish != 0);
  if (publish != 0 && item.stored && !NOLOSS_BUG("rabbitmq: classic queue confirms before it has written")) {
    owed_.emplace(seq, Owed{channel, publish});
  } else {
    confirm(channel, publish, true);
  }
  ready_.emplace(seq, std::move(item));
}

void ClassicQueue::confirm(SeqId seq) {
  const auto owed = owed_.find(seq);
  if (owed == owed_.end()) return;
  confirm(owed->second.channel, owed->second.seq, true);
  owed_.erase(owed);
}

void ClassicQueue::confirm(const ChannelId& channel, PublishSeq seq, bool accepted) {
  if (seq == 0) return;
  for (Confirms& batch : confirms_) {
    if (batch.channel == channel && batch.accepted == accepted) return batch.seqs.push_back(seq);
  }
  confirms_.push_back({channel, accepted, {seq}});
}

void ClassicQueue::send_confirms() {
  for (Confirms& batch : std::exchange(confirms_, {})) {
    boost::intrusive_ptr<QueueConfirm> letter{new QueueConfirm};
    letter->channel = batch.channel;
    letter->queue = id_;
    letter->replica = broker_.node();
    letter->accepted = batch.accepted;
    letter->seqs = std::move(batch.seqs);
    broker_.cast_channel(events().queue_confirm, letter);
  }
}

// --- consumers ---

ClassicQueue::Consumer* ClassicQueue::next_consumer() {
  for (std::size_t i = 0; i < consumers_.size(); ++i) {
    if (consumers_.front().has_room()) return &consumers_.front();
    std::rotate(consumers_.begin(), consumers_.begin() + 1, consumers_.end());
  }
  return nullptr;
}

void ClassicQueue::read_ahead() {
  int read = 0;
  for (auto& [seq, item] : ready_) {
    if (!item.on_disk || ++read > kReadAhead) return;
    if (!storage_.readable(*item.content)) throw QueueCrash{};
    item.on_disk = false;
  }
}

void ClassicQueue::serve() {
  while (!ready_.empty()) {
    Consumer* const consumer = next_consumer();
    if (consumer == nullptr) return;
    read_ahead();
    const auto head = ready_.begin();
    const SeqId seq = head->first;
    Item item = std::move(head->second);
    ready_.erase(head);
    const bool auto_ack = consumer->auto_ack;
    const ChannelId channel = consumer->channel;
    hand_over(*consumer, seq, item);
    if (auto_ack) {
      broker_.ledger().settled(id_, *item.content);
      forget(seq, item);
    } else {
      held_.emplace(seq, Held{std::move(item), channel});
    }
  }
}

void ClassicQueue::hand_over(Consumer& consumer, SeqId seq, const Item& item) {
  boost::intrusive_ptr<QueueDeliver> letter{new QueueDeliver};
  letter->channel = consumer.channel;
  letter->queue = id_;
  letter->delivery = seq;
  letter->redelivered = item.redelivered;
  letter->content = item.content;
  if (!consumer.auto_ack) ++consumer.holds;
  broker_.cast_channel(events().queue_deliver, letter, item.content->message->bytes);
  std::rotate(consumers_.begin(), consumers_.begin() + 1, consumers_.end());
}

void ClassicQueue::settle(const QueueSettle& request) {
  for (const SeqId seq : request.deliveries) {
    const auto found = held_.find(seq);
    if (found == held_.end() || found->second.channel != request.channel) continue;
    for (Consumer& consumer : consumers_) {
      if (consumer.channel == request.channel) --consumer.holds;
    }
    if (request.disposition == Disposition::requeued || request.disposition == Disposition::failed) {
      take_back(seq);
      continue;
    }
    const Held held = std::move(found->second);
    held_.erase(found);
    if (request.disposition == Disposition::acknowledged) {
      broker_.ledger().settled(id_, *held.item.content);
      forget(seq, held.item);
    } else {
      give_up(seq, held.item, "rejected", true);
    }
  }
}

void ClassicQueue::take_back(SeqId seq) {
  auto held = held_.extract(seq);
  Item item = std::move(held.mapped().item);
  item.redelivered = true;
  broker_.simulation().note(broker_.node(), events().requeued, index(item.content->message->ref));
  if (NOLOSS_BUG("rabbitmq: classic queue forgets what a dead consumer held")) return;
  ready_.emplace(seq, std::move(item));  // its old place: sequence ids are publish order
}

void ClassicQueue::consumers_gone(bool (*gone)(const ChannelId&, const ChannelId&), const ChannelId& whose) {
  const std::size_t had = consumers_.size();
  std::erase_if(consumers_, [&](const Consumer& consumer) { return gone(consumer.channel, whose); });
  if (had > 0 && consumers_.empty()) unused_since_ = broker_.now();
  std::vector<SeqId> back;
  for (const auto& [seq, held] : held_) {
    if (gone(held.channel, whose)) back.push_back(seq);
  }
  for (const SeqId seq : back) take_back(seq);
}

// --- limits ---

bool ClassicQueue::over_length(std::int64_t more) const {
  return info_.max_length >= 0 && std::ssize(ready_) + more > info_.max_length;
}

bool ClassicQueue::over_limit(const Content* next) const {
  if (over_length(next == nullptr ? 0 : 1)) return true;
  if (info_.max_bytes < 0) return false;
  std::int64_t bytes = next == nullptr ? 0 : next->message->bytes;
  for (const auto& [seq, item] : ready_) bytes += item.content->message->bytes;
  return bytes > info_.max_bytes;
}

void ClassicQueue::limit_length() {
  if (info_.overflow != Overflow::drop_head) return;
  while (!ready_.empty() && over_limit(nullptr)) {
    const std::string_view rule = over_length(0) ? "x-max-length" : "x-max-length-bytes";
    auto head = ready_.extract(ready_.begin());
    give_up(head.key(), head.mapped(), rule, false);
  }
}

void ClassicQueue::expire() {
  while (!ready_.empty() && ready_.begin()->second.expires <= broker_.now()) {
    auto head = ready_.extract(ready_.begin());
    give_up(head.key(), head.mapped(), info_.ttl.count() < 0 ? "expiration" : "x-message-ttl", false);
  }
}

void ClassicQueue::give_up(SeqId seq, const Item& item, std::string_view rule, bool rejected) {
  broker_.give_up(id_, *item.content, rule, rejected);
  forget(seq, item);
}

void ClassicQueue::forget(SeqId seq, const Item& item) {
  if (mirrors_.leads()) tell_mirrors_to_forget(seq, *item.content);
  confirm(seq);  // what a consumer has acknowledged, or the queue has dropped, need not be written any more
  if (item.stored) storage_.acknowledge(seq, *item.content);
}

std::int64_t ClassicQueue::bytes() const {
  std::int64_t bytes = 0;
  for (const auto& [seq, item] : ready_) bytes += item.content->message->bytes;
  for (const auto& [seq, held] : held_) bytes += held.item.content->message->bytes;
  return bytes;
}

std::vector<MessageRef> ClassicQueue::messages() const {
  if (!runs_ && info_.durable) return storage_.left_on_disk();  // nobody gets it before the node starts again
  std::vector<MessageRef> all;
  const auto add = [&all](const Item& item) {
    if (!item.content->message->heartbeat()) all.push_back(item.content->message->ref);
  };
  for (const auto& [seq, item] : ready_) add(item);
  for (const auto& [seq, held] : held_) add(held.item);
  return all;
}

}  // namespace noloss::models::rabbitmq
