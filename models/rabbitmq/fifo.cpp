#include "models/rabbitmq/fifo.hpp"

#include <algorithm>
#include <utility>

#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {
namespace {

/// Quorum queues do not know "no limit".
constexpr std::int64_t kMostHeld = 2000;

}  // namespace

FifoReply Fifo::apply(const FifoCommand& command, Effects& effects) {
  FifoReply reply = FifoReply::ok;
  expire(command.at, effects);
  switch (command.kind) {
    case FifoKind::noop:
    case FifoKind::tick: break;
    case FifoKind::register_enqueuer: {
      std::uint64_t& next = enqueuers_.try_emplace(command.channel, 1).first->second;
      next = std::max(next, command.enqueue_seq);
      break;
    }
    case FifoKind::enqueue: reply = enqueue(command, effects); break;
    case FifoKind::checkout: {
      const auto [consumer, fresh] = consumers_.try_emplace(command.channel);
      consumer->second.prefetch = command.prefetch == 0 ? kMostHeld : std::min(command.prefetch, kMostHeld);
      if (fresh) turn_.push_back(command.channel);
      break;
    }
    case FifoKind::settle:
    case FifoKind::requeue:
    case FifoKind::discard: settle(command, effects); break;
    case FifoKind::channel_down: {
      enqueuers_.erase(command.channel);
      if (const auto gone = consumers_.find(command.channel); gone != consumers_.end()) {
        take_back(gone->second, /*counts=*/true, /*to_back=*/false, effects);
        consumers_.erase(gone);
        unused_since_ = command.at;
        std::erase(turn_, command.channel);
      }
      break;
    }
    case FifoKind::dead_letters_confirmed:
      for (const std::uint64_t number : command.deliveries) dead_letters_.erase(number);
      break;
    case FifoKind::purge: purge("purged", effects); break;
    case FifoKind::define: redefine(command.definition, command.at, effects); break;
    case FifoKind::node_down:
    case FifoKind::node_up: node_changed(command, effects); break;
  }
  limit_length(effects);
  serve(effects);
  return reply;
}

FifoReply Fifo::enqueue(const FifoCommand& command, Effects& effects) {
  if (command.enqueue_seq != 0) {
    std::uint64_t& next = enqueuers_.try_emplace(command.channel, 1).first->second;
    if (command.enqueue_seq > next) return FifoReply::gap;
    // Sent again after a change of leader; it is there already.
    if (command.enqueue_seq < next && !NOLOSS_BUG("rabbitmq: quorum queue enqueues what it already has")) {
      return FifoReply::ok;
    }
    next = std::max(next, command.enqueue_seq + 1);
  }
  if (!exists_) {
    effects.push_back({.what = FifoEffect::What::removed, .content = command.content, .rule = "no route"});
    return FifoReply::ok;
  }
  Item item{.content = command.content};
  item.expires = expiry(command.at, policy().ttl, command.content->expiration);
  messages_.push_back(std::move(item));
  return FifoReply::ok;
}

// --- what consumers hold ---

void Fifo::settle(const FifoCommand& command, Effects& effects) {
  const auto consumer = consumers_.find(command.channel);
  if (consumer == consumers_.end()) return;
  for (const std::uint64_t delivery : command.deliveries) {
    auto held = consumer->second.holds.extract(delivery);
    if (held.empty()) continue;  // it went back to the queue meanwhile: a late word counts for nothing
    Item item = std::move(held.mapped());
    if (command.kind == FifoKind::settle) {
      effects.push_back({.what = FifoEffect::What::settled, .content = item.content});
    } else if (command.kind == FifoKind::discard) {
      drop(item, "rejected", /*rejected=*/true, effects);
    } else {
      const bool counts = command.failed || release_.delivery_counter != DeliveryCounter::failed;
      const bool to_back = release_.requeues_at_back && policy().delivery_limit < 0;
      take_back(std::move(item), counts, to_back, effects);
    }
  }
}

void Fifo::take_back(Consumer& consumer, bool counts, bool to_back, Effects& effects) {
  for (auto& [delivery, item] : std::exchange(consumer.holds, {})) take_back(std::move(item), counts, to_back, effects);
}

void Fifo::take_back(Item item, bool counts, bool to_back, Effects& effects) {
  if (counts) ++item.returns;
  item.redelivered = true;
  if (policy().delivery_limit >= 0 && item.returns > policy().delivery_limit) {
    drop(item, "x-delivery-limit", /*rejected=*/false, effects);
  } else if (!NOLOSS_BUG("rabbitmq: quorum queue forgets what comes back")) {
    (to_back ? messages_ : returns_).push_back(std::move(item));
  }
}

void Fifo::node_changed(const FifoCommand& command, Effects& effects) {
  const bool up = command.kind == FifoKind::node_up;
  for (auto& [channel, consumer] : consumers_) {
    if (channel.node != command.node || consumer.reachable == up) continue;
    consumer.reachable = up;
    consumer.give_up = up ? sim::kNever : command.at + release_.disconnected_timeout;
  }
  expire(command.at, effects);
}

void Fifo::drop(const Item& item, std::string_view rule, bool rejected, Effects& effects) {
  FifoEffect effect{.what = FifoEffect::What::dropped, .content = item.content, .rule = rule, .rejected = rejected};
  if (policy().dead_letter_confirmed) {
    effect.what = FifoEffect::What::dead_letter;
    effect.delivery = next_dead_letter_++;
    dead_letters_.emplace(effect.delivery, effect);
  }
  effects.push_back(std::move(effect));
}

void Fifo::dead_letters_again(Effects& effects) const {
  for (const auto& [number, effect] : dead_letters_) effects.push_back(effect);
}

// --- the queue itself ---

void Fifo::purge(std::string_view rule, Effects& effects) {
  for (std::deque<Item>* items : {&returns_, &messages_}) {
    for (const Item& item : *items) {
      effects.push_back({.what = FifoEffect::What::removed, .content = item.content, .rule = rule});
    }
    items->clear();
  }
}

void Fifo::redefine(const QueueDefinition& definition, sim::VirtualTime now, Effects& effects) {
  if (definition.version <= version_) return;
  if (!definition.exists || definition.incarnation != incarnation_) {
    for (auto& [channel, consumer] : consumers_) {
      for (auto& [delivery, item] : consumer.holds) messages_.push_back(std::move(item));
    }
    for (auto& [number, effect] : dead_letters_) messages_.push_back({.content = effect.content});
    consumers_.clear();
    turn_.clear();
    dead_letters_.clear();
    purge(definition.removed_by, effects);
    unused_since_ = now;
  }
  exists_ = definition.exists;
  incarnation_ = definition.incarnation;
  version_ = definition.version;
  changed_ = definition.policy;
}

sim::VirtualTime Fifo::unused_until() const {
  const bool may_expire = exists_ && policy().expires.count() >= 0 && consumers_.empty();
  return may_expire ? unused_since_ + policy().expires : sim::kNever;
}

// --- limits ---

void Fifo::expire(sim::VirtualTime now, Effects& effects) {
  for (auto& [channel, consumer] : consumers_) {
    if (consumer.reachable || consumer.give_up > now) continue;
    consumer.give_up = sim::kNever;
    take_back(consumer, release_.delivery_counter != DeliveryCounter::failed, /*to_back=*/false, effects);
  }
  const std::string_view rule = policy().ttl.count() < 0 ? "expiration" : "x-message-ttl";
  while (ready() > 0 && head().expires <= now) drop(take_head(), rule, /*rejected=*/false, effects);
}

std::int64_t Fifo::kept_bytes() const {
  std::int64_t bytes = 0;
  for (const Item& item : returns_) bytes += item.content->message->bytes;
  for (const Item& item : messages_) bytes += item.content->message->bytes;
  for (const auto& [number, effect] : dead_letters_) bytes += effect.content->message->bytes;
  return bytes;
}

bool Fifo::exceeds_limit(std::int64_t more) const {
  if (policy().max_length >= 0 && kept() + more > policy().max_length) return true;
  return policy().max_bytes >= 0 && kept_bytes() + more > policy().max_bytes;
}

bool Fifo::below_soft_limit() const {
  if (policy().max_length >= 0 && kept() * 5 > policy().max_length * 4) return false;
  return policy().max_bytes < 0 || kept_bytes() * 5 <= policy().max_bytes * 4;
}

void Fifo::limit_length(Effects& effects) {
  if (policy().max_length < 0 && policy().max_bytes < 0) return;
  if (policy().overflow == Overflow::drop_head) {
    while (ready() > 0 && exceeds_limit(0)) {
      const bool by_length = policy().max_length >= 0 && std::cmp_greater(ready(), policy().max_length);
      drop(take_head(), by_length ? "x-max-length" : "x-max-length-bytes", /*rejected=*/false, effects);
    }
    return;
  }
  // Publishers are told to stop; what they have sent before they hear of it is still taken.
  const bool full = full_ ? !below_soft_limit() : exceeds_limit(1);
  if (std::exchange(full_, full) == full) return;
  for (const auto& [channel, next] : enqueuers_) {
    effects.push_back({.what = full ? FifoEffect::What::full : FifoEffect::What::not_full, .channel = channel});
  }
}

// --- delivery ---

Fifo::Item Fifo::take_head() {
  std::deque<Item>& from = returns_.empty() ? messages_ : returns_;
  Item item = std::move(from.front());
  from.pop_front();
  return item;
}

void Fifo::serve(Effects& effects) {
  std::size_t passed_over = 0;
  while (ready() > 0 && passed_over < turn_.size()) {
    const ChannelId channel = turn_.front();
    std::rotate(turn_.begin(), turn_.begin() + 1, turn_.end());
    Consumer& consumer = consumers_.find(channel)->second;
    if (!consumer.reachable || std::ssize(consumer.holds) >= consumer.prefetch) {
      ++passed_over;
      continue;
    }
    passed_over = 0;
    Item item = take_head();
    const std::uint64_t delivery = consumer.next_delivery++;
    effects.push_back({.what = FifoEffect::What::deliver,
                       .channel = channel,
                       .delivery = delivery,
                       .redelivered = item.redelivered,
                       .content = item.content});
    consumer.holds.emplace(delivery, std::move(item));
  }
}

void Fifo::deliver_again(const ChannelId& channel, std::uint64_t delivery, Effects& effects) const {
  const auto consumer = consumers_.find(channel);
  if (consumer == consumers_.end()) return;
  for (auto held = consumer->second.holds.lower_bound(delivery); held != consumer->second.holds.end(); ++held) {
    effects.push_back({.what = FifoEffect::What::deliver,
                       .channel = channel,
                       .delivery = held->first,
                       .redelivered = held->second.redelivered,
                       .content = held->second.content});
  }
}

// --- what others ask ---

bool Fifo::drained() const {
  return ready() == 0 && dead_letters_.empty() &&
         std::all_of(consumers_.begin(), consumers_.end(),
                     [](const auto& consumer) { return consumer.second.holds.empty(); });
}

std::int64_t Fifo::bytes() const {
  std::int64_t bytes = 0;
  const auto add = [&bytes](const ContentPtr& content) { bytes += content->message->bytes; };
  for (const Item& item : returns_) add(item.content);
  for (const Item& item : messages_) add(item.content);
  for (const auto& [channel, consumer] : consumers_) {
    for (const auto& [delivery, item] : consumer.holds) add(item.content);
  }
  for (const auto& [number, effect] : dead_letters_) add(effect.content);
  return bytes;
}

std::vector<MessageRef> Fifo::messages() const {
  std::vector<MessageRef> all;
  const auto add = [&all](const Item& item) {
    if (!item.content->message->heartbeat()) all.push_back(item.content->message->ref);
  };
  for (const Item& item : returns_) add(item);
  for (const Item& item : messages_) add(item);
  for (const auto& [channel, consumer] : consumers_) {
    for (const auto& [delivery, item] : consumer.holds) add(item);
  }
  for (const auto& [number, effect] : dead_letters_) add({.content = effect.content});
  return all;
}

std::vector<ChannelId> Fifo::channels() const {
  std::vector<ChannelId> all;
  for (const auto& [channel, next] : enqueuers_) all.push_back(channel);
  for (const auto& [channel, consumer] : consumers_) {
    if (!enqueuers_.contains(channel)) all.push_back(channel);
  }
  return all;
}

std::vector<sim::NodeId> Fifo::consumer_nodes() const {
  std::vector<sim::NodeId> nodes;
  for (const auto& [channel, consumer] : consumers_) {
    if (nodes.empty() || nodes.back() != channel.node) nodes.push_back(channel.node);
  }
  return nodes;
}

sim::VirtualTime Fifo::next_expiry() const {
  sim::VirtualTime next = sim::kNever;
  if (!returns_.empty()) {
    next = returns_.front().expires;
  } else if (!messages_.empty()) {
    next = messages_.front().expires;
  }
  for (const auto& [channel, consumer] : consumers_) next = std::min(next, consumer.give_up);
  return next;
}

}  // namespace noloss::models::rabbitmq
