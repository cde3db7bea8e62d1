// What a replica of a mirrored classic queue does for the others, and what it does when it has to lead.
#include <algorithm>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/classic_queue.hpp"

namespace noloss::models::rabbitmq {

void ClassicQueue::node_changed(const Letter& letter) {
  if (letter.what == LetterKind::node_up) mirrors_.node_up(letter.from);
  if (letter.what == LetterKind::node_down && mirrors_.node_down(letter.from)) promote();
}

void ClassicQueue::handle_mirroring(const Letter& letter) {
  const Events& kinds = events();
  if (letter.kind == kinds.queue_view.sent) {
    view_learned(letter.from, static_cast<const QueueViewLetter&>(*letter.payload));
  } else if (letter.kind == kinds.mirror_join.sent) {
    let_join(letter.from);
  } else if (letter.kind == kinds.mirror_stop.sent) {
    mirrors_.leader_stopped();
  } else if (!mirrors_.mirrors() || letter.from != mirrors_.view().leader) {
    return;  // of a leader that this replica does not follow
  } else if (letter.kind == kinds.mirror_publish.sent) {
    mirrored(static_cast<const MirrorPublish&>(*letter.payload));
  } else if (letter.kind == kinds.mirror_forget.sent) {
    forget_mirrored(static_cast<const MirrorForget&>(*letter.payload));
  } else if (letter.kind == kinds.mirror_sync.sent) {
    take_sync(static_cast<const MirrorSync&>(*letter.payload));
  }
}

void ClassicQueue::view_learned(sim::NodeId from, const QueueViewLetter& letter) {
  const bool starting = !mirrors_.decided();
  const bool mirrored = mirrors_.mirrors();
  mirrors_.learn(from, letter);
  if (mirrored && !mirrors_.mirrors() && !mirrors_.leads()) stop_mirroring();
  if (starting && mirrors_.decided()) start_as_decided();
}

void ClassicQueue::decide() {
  mirrors_.decide();
  if (mirrors_.decided()) start_as_decided();
}

/// A policy wants fewer mirrors, and this one is not among them any more.
void ClassicQueue::stop_mirroring() {
  ready_.clear();
  owed_.clear();
  early_.clear();
  expected_.clear();
  start_empty();
}

void ClassicQueue::start_as_decided() {
  if (mirrors_.leads()) {
    recover_content();
  } else {
    start_empty();
  }
}

// --- the leader ---

void ClassicQueue::tell_mirrors(SeqId seq, const QueuePublish& request) {
  if (!mirrors_.enabled()) return;
  boost::intrusive_ptr<MirrorPublish> letter{new MirrorPublish};
  letter->channel = request.channel;
  letter->seq = seq;
  letter->publish = request.seq;
  letter->content = request.content;
  mirrors_.tell(events().mirror_publish, letter, request.content->message->bytes);
}

void ClassicQueue::tell_mirrors_to_forget(SeqId seq, const Content& content) {
  if (!mirrors_.enabled()) return;
  boost::intrusive_ptr<MirrorForget> letter{new MirrorForget};
  letter->seq = seq;
  letter->copy = content.copy;
  mirrors_.tell(events().mirror_forget, letter);
}

void ClassicQueue::let_join(sim::NodeId node) {
  if (mirrors_.join(node, next_seq_) && info_.sync_automatically) synchronise(node);
}

// --- a mirror ---

void ClassicQueue::wait_for_leader(const boost::intrusive_ptr<const QueuePublish>& request) {
  if (expected_.erase(request->content->copy) > 0) return;
  early_.emplace(request->content->copy, request);
}

void ClassicQueue::mirrored(const MirrorPublish& letter) {
  const std::uint64_t copy = letter.content->copy;
  if (early_.erase(copy) == 0) expected_.insert(copy);
  next_seq_ = std::max(next_seq_, letter.seq + 1);
  keep(letter.seq, make_item(letter.content), letter.channel, letter.publish);
}

void ClassicQueue::forget_mirrored(const MirrorForget& letter) {
  early_.erase(letter.copy);
  const auto known = ready_.find(letter.seq);
  if (known == ready_.end() || known->second.content->copy != letter.copy) return;
  const Item item = std::move(known->second);
  ready_.erase(known);
  forget(letter.seq, item);
}

void ClassicQueue::take_sync(const MirrorSync& letter) {
  for (const auto& [seq, item] : letter.items) {
    next_seq_ = std::max(next_seq_, seq + 1);
    if (!ready_.contains(seq)) keep(seq, {.content = item.content, .expires = item.expires}, {}, 0);
  }
}

/// What the old leader had handed out comes back with the rest; what only the channel has told follows.
void ClassicQueue::promote() {
  for (auto& [seq, item] : ready_) item.redelivered = true;
  expected_.clear();
  for (const auto& [copy, request] : std::exchange(early_, {})) publish(*request);
}

}  // namespace noloss::models::rabbitmq
