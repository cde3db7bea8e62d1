#include "models/rabbitmq/channel.hpp"

#include <algorithm>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {

Channel::Channel(Broker& broker, sim::ConnectionPtr connection, std::uint64_t number)
    : broker_(broker),
      connection_(std::move(connection)),
      id_{broker.node(), broker.process().incarnation(), number},
      heard_(broker.now()),
      beat_(broker.now() + broker.topology().heartbeat / 2) {}

Channel::Channel(Broker& broker, ChannelOwner& owner, std::uint64_t number) : Channel(broker, nullptr, number) {
  owner_ = &owner;
  confirms_ = true;
  beat_ = sim::kNever;
}

void Channel::handle(const sim::Arrival& arrival) {
  heard_ = broker_.now();
  if (throttled_ && !NOLOSS_BUG("rabbitmq: what a blocked publisher sends is thrown away")) unread_.push_back(arrival);
  if (throttled_) return;
  act_on(arrival);
  published_ = published_ || arrival.kind.sent == events().basic_publish.sent;
  if (published_ && broker_.alarms().any()) block_publisher();  // one publish gets through
}

void Channel::block_publisher() {
  if (std::exchange(throttled_, true) || finished_) return;
  broker_.simulation().mark("publisher blocked");
  broker_.send(connection_, events().connection_blocked, sim::PayloadPtr{new Empty});
}

void Channel::alarms_changed() {
  if (broker_.alarms().any()) {
    if (published_) block_publisher();
    return;
  }
  if (!std::exchange(throttled_, false) || finished_) return;
  broker_.send(connection_, events().connection_unblocked, sim::PayloadPtr{new Empty});
  for (const sim::Arrival& arrival : std::exchange(unread_, {})) handle(arrival);
}

void Channel::act_on(const sim::Arrival& arrival) {
  const Events& kinds = events();
  const sim::EventId kind = arrival.kind.sent;
  if (kind == kinds.basic_publish.sent) {
    backlog_.push_back(boost::static_pointer_cast<const BasicPublish>(arrival.payload));
    drain_backlog();
  } else if (kind == kinds.basic_ack.sent) {
    settle(static_cast<const BasicConfirm&>(*arrival.payload), Disposition::acknowledged);
  } else if (kind == kinds.basic_nack.sent) {
    const auto& nack = static_cast<const BasicConfirm&>(*arrival.payload);
    settle(nack, nack.requeue ? Disposition::requeued : Disposition::rejected);
  } else if (kind == kinds.basic_reject.sent) {
    const auto& reject = static_cast<const BasicConfirm&>(*arrival.payload);
    settle(reject, reject.requeue ? Disposition::failed : Disposition::rejected);
  } else if (kind == kinds.basic_consume.sent) {
    consume(static_cast<const BasicConsume&>(*arrival.payload));
  } else if (kind == kinds.tx_commit.sent) {
    commit();
  } else if (kind == kinds.channel_open.sent) {
    const auto& open = static_cast<const ChannelOpen&>(*arrival.payload);
    confirms_ = open.confirms;
    transactional_ = open.transactions;
    declare(open.declares);
  }
  answer();
}

void Channel::declare(QueueId id) {
  const QueueInfo& queue = broker_.topology().queues[id];
  if (!queue.exists_at_start) return;  // an administrator's queue: the client only asks whether it is there
  if (!broker_.definitions().exists(id)) {
    broker_.definitions().ask({.what = DefinitionCommand::What::declare, .queue = id, .policy = {}});
  }
  if (queue.type != QueueType::classic || queue.mirrored) return;
  boost::intrusive_ptr<QueueDeclare> letter{new QueueDeclare};
  letter->queue = id;
  letter->channel = id_;
  broker_.cast_queue(queue.members.front(), events().queue_declare, letter);
}

// --- publishing ---

bool Channel::blocked() const {
  const auto full = [](const auto& client) { return client.second->full(); };
  return std::any_of(fifos_.begin(), fifos_.end(), full) || std::any_of(streams_.begin(), streams_.end(), full);
}

void Channel::drain_backlog() {
  while (!backlog_.empty() && !blocked()) {
    const auto next = backlog_.front();
    backlog_.pop_front();
    publish(*next);
  }
}

void Channel::publish(const BasicPublish& publish) {
  if (transactional_) {
    transaction_.emplace_back(&publish);
    return;
  }
  route(publish, confirms_ ? next_seq_++ : 0);
}

void Channel::route(const BasicPublish& publish, PublishSeq seq) {
  const std::vector<QueueId> targets = broker_.route(publish.route);
  if (targets.empty()) {
    broker_.ledger().dropped(*publish.message, "no route");
    if (publish.mandatory) {
      auto* back = new BasicReturn;
      back->seq = seq;
      broker_.send(connection_, events().basic_return, sim::PayloadPtr{back}, publish.message->bytes,
                   index(publish.message->ref));
      broker_.simulation().note(broker_.node(), events().returned, index(publish.message->ref));
    }
    // An unroutable message is confirmed all the same: there is no queue that owes anything.
    if (seq != 0) confirmed_.push_back(seq);
    return;
  }
  broker_.simulation().note(broker_.node(), events().routed, index(publish.message->ref));
  boost::intrusive_ptr<Content> content{new Content};
  content->message = publish.message;
  content->persistent = publish.persistent;
  content->expiration = publish.expiration;
  content->route = publish.route;
  content->copy = broker_.ledger().next_number();
  distribute(content, targets, seq);
}

void Channel::publish(const Route& route, const ContentPtr& content) {
  const PublishSeq seq = next_seq_++;
  const std::vector<QueueId> targets = broker_.route(route);
  if (targets.empty()) {
    rejected_.push_back(seq);
  } else {
    distribute(content, targets, seq);
  }
  answer();
}

void Channel::distribute(const ContentPtr& content, const std::vector<QueueId>& targets, PublishSeq seq) {
  if (seq != 0) {
    for (const QueueId queue : targets) unconfirmed_[seq].try_emplace(queue);
  }
  for (const QueueId queue : targets) {
    if (broker_.topology().queues[queue].type == QueueType::quorum) {
      fifo(queue).publish(seq, content);
    } else if (broker_.topology().queues[queue].type == QueueType::stream) {
      stream(queue).publish(seq, content);
    } else {
      publish_to_replicas(queue, seq, content);
    }
  }
}

void Channel::publish_to_replicas(QueueId queue, PublishSeq seq, const ContentPtr& content) {
  const std::vector<sim::NodeId> replicas = broker_.replicas(queue);
  if (replicas.empty()) {  // DOWN, noconnection
    if (seq == 0) return;
    if (broker_.release().lost_node_refuses) return reject(seq);
    return accept(seq, queue);
  }
  if (const auto owed = unconfirmed_.find(seq); owed != unconfirmed_.end()) {
    owed->second[queue].replicas.insert(replicas.begin(), replicas.end());
  }
  boost::intrusive_ptr<QueuePublish> letter{new QueuePublish};
  letter->queue = queue;
  letter->channel = id_;
  letter->seq = seq;
  letter->content = content;
  for (const sim::NodeId replica : replicas) {
    broker_.cast_queue(replica, events().queue_publish, letter, content->message->bytes);
  }
}

// --- confirms ---

void Channel::queue_confirms(QueueId queue, PublishSeq seq, bool accepted) {
  if (seq == 0) return;
  if (accepted) {
    accept(seq, queue);
  } else {
    reject(seq);
  }
}

void Channel::settled_by(PublishSeq seq, QueueId queue, sim::NodeId replica, bool confirmed) {
  const auto waiting = unconfirmed_.find(seq);
  if (waiting == unconfirmed_.end()) return;
  const auto owed = waiting->second.find(queue);
  if (owed == waiting->second.end() || owed->second.replicas.erase(replica) == 0) return;
  owed->second.confirmed = owed->second.confirmed || confirmed;
  if (!owed->second.replicas.empty()) return;
  // All that are left have it; if nobody is left who ever had it, it is lost. Before 3.8 that made no difference.
  const bool settled = owed->second.confirmed || !broker_.release().lost_node_refuses;
  if (settled || NOLOSS_BUG("rabbitmq: publishes to a lost node are confirmed")) {
    accept(seq, queue);
  } else {
    reject(seq);
  }
}

void Channel::accept(PublishSeq seq, QueueId from) {
  const auto waiting = unconfirmed_.find(seq);
  if (waiting == unconfirmed_.end()) return;
  waiting->second.erase(from);
  if (!waiting->second.empty() && !NOLOSS_BUG("rabbitmq: first queue confirms for all")) return;
  unconfirmed_.erase(waiting);
  confirmed_.push_back(seq);
}

/// One queue that does not take it is enough, whatever the others do.
void Channel::reject(PublishSeq seq) {
  if (unconfirmed_.erase(seq) == 0) return;
  if (NOLOSS_BUG("rabbitmq: a nack is sent as an ack")) return confirmed_.push_back(seq);
  rejected_.push_back(seq);
}

void Channel::answer() {
  drain_backlog();
  if (transactional_) return answer_transaction();
  if (confirmed_.empty() && rejected_.empty()) return;
  std::sort(confirmed_.begin(), confirmed_.end());
  std::sort(rejected_.begin(), rejected_.end());
  const std::vector<PublishSeq> confirmed = std::exchange(confirmed_, {});
  const std::vector<PublishSeq> rejected = std::exchange(rejected_, {});
  if (owner_ != nullptr) {
    for (const PublishSeq seq : confirmed) owner_->settled(seq, true);
    for (const PublishSeq seq : rejected) owner_->settled(seq, false);
    return;
  }
  // `multiple` must not reach past the smallest number that is still open or was refused.
  PublishSeq limit = unconfirmed_.empty() ? next_seq_ : unconfirmed_.begin()->first;
  if (!rejected.empty()) limit = std::min(limit, rejected.front());
  if (NOLOSS_BUG("rabbitmq: multiple reaches past unconfirmed numbers")) limit = next_seq_;
  const auto below = std::lower_bound(confirmed.begin(), confirmed.end(), limit);
  if (below != confirmed.begin()) {
    send_confirm(events().basic_ack, *std::prev(below), below - confirmed.begin() > 1);
  }
  for (auto single = below; single != confirmed.end(); ++single) send_confirm(events().basic_ack, *single, false);
  for (const PublishSeq seq : rejected) send_confirm(events().basic_nack, seq, false);
}

void Channel::send_confirm(sim::MessageKind kind, PublishSeq tag, bool multiple) {
  auto* confirm = new BasicConfirm;
  confirm->tag = tag;
  confirm->multiple = multiple;
  broker_.send(connection_, kind, sim::PayloadPtr{confirm}, 0, tag);
  broker_.simulation().note(broker_.node(), events().confirmed, tag);
}

// --- tx mode ---

void Channel::commit() {
  committing_ = true;
  commit_failed_ = false;
  // Not atomic: each message goes its own way, and a crash in between leaves whatever had arrived.
  for (const auto& publish : std::exchange(transaction_, {})) route(*publish, next_seq_++);
}

void Channel::answer_transaction() {
  commit_failed_ = commit_failed_ || !rejected_.empty();
  confirmed_.clear();
  rejected_.clear();
  if (!committing_ || !unconfirmed_.empty()) return;
  committing_ = false;
  if (commit_failed_) return fail(kInternalError);
  broker_.send(connection_, events().tx_commit_ok, sim::PayloadPtr{new Empty});
}

}  // namespace noloss::models::rabbitmq
