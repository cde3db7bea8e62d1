// A classic queue that is declared, deleted, emptied, or gets another policy while it runs.
#include <algorithm>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/classic_queue.hpp"

namespace noloss::models::rabbitmq {

void ClassicQueue::declare() {
  if (consumers_.empty()) unused_since_ = broker_.now();
  // A queue that was deleted comes back by its definition; one that is not durable was only lost with its node.
  if (exists_ || !broker_.definitions().exists(id_)) return;
  exists_ = true;
  storage_.create();
}

void ClassicQueue::begin_mirroring() {
  if (!mirrors_.leads()) exists_ = true;
  mirrors_.begin();
}

void ClassicQueue::redefine(const QueueDefinition& definition) {
  expires_ = false;
  if (!definition.exists || definition.incarnation != incarnation_) remove(definition.removed_by);
  if (definition.exists && (!exists_ || definition.incarnation != incarnation_)) {
    exists_ = true;
    unused_since_ = broker_.now();
    storage_.create();
  }
  incarnation_ = definition.incarnation;
  if (!mirrors_.enabled() || !mirrors_.decided() || !exists_) return;
  mirrors_.resize();
  if (!mirrors_.leads() || !info_.sync_automatically) return;
  for (const sim::NodeId node : mirrors_.unsynced()) synchronise(node);
}

void ClassicQueue::purge(std::string_view rule) {
  for (auto& [seq, item] : std::exchange(ready_, {})) {
    broker_.ledger().dropped(*item.content, rule);
    forget(seq, item);
  }
}

void ClassicQueue::remove(std::string_view rule) {
  if (mirrors_.leads()) {
    for (const auto& [seq, item] : ready_) broker_.ledger().dropped(*item.content, rule);
    for (const auto& [seq, held] : held_) broker_.ledger().dropped(*held.item.content, rule);
  }
  ready_.clear();
  held_.clear();
  // A process that ends in order owes nothing any more, and channels count that as done.
  for (const auto& [seq, owed] : std::exchange(owed_, {})) confirm(owed.channel, owed.seq, true);
  for (const auto& [copy, request] : std::exchange(early_, {})) confirm(request->channel, request->seq, true);
  expected_.clear();
  consumers_.clear();
  exists_ = false;
  storage_.discard();
}

bool ClassicQueue::may_expire() const {
  return exists_ && !expires_ && info_.expires.count() >= 0 && consumers_.empty() && mirrors_.leads();
}

void ClassicQueue::expire_queue() {
  if (!may_expire() || unused_since_ + info_.expires > broker_.now()) return;
  expires_ = true;
  broker_.definitions().ask({.what = DefinitionCommand::What::expire, .queue = id_, .policy = {}});
}

void ClassicQueue::synchronise(sim::NodeId node) {
  boost::intrusive_ptr<MirrorSync> letter{new MirrorSync};
  letter->queue = id_;
  std::map<SeqId, MirrorSync::Item> all;
  for (const auto& [seq, item] : ready_) all.emplace(seq, MirrorSync::Item{item.content, item.expires});
  for (const auto& [seq, held] : held_) all.emplace(seq, MirrorSync::Item{held.item.content, held.item.expires});
  letter->items.assign(all.begin(), all.end());
  broker_.cast_queue(node, events().mirror_sync, letter);
  mirrors_.synced(node);
}

}  // namespace noloss::models::rabbitmq
