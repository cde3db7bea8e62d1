// How messages leave a queue for its dead letter exchange, where nobody waits for a confirmation.
#include <algorithm>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/quorum_queue.hpp"

namespace noloss::models::rabbitmq {

ContentPtr Broker::make_dead_letter(QueueId from, const Content& content, bool rejected) {
  // A message that came round without having been rejected on the way goes no further.
  const bool cycle = std::find(content.deaths.begin(), content.deaths.end(), from) != content.deaths.end();
  if (cycle && !rejected && !content.rejected_before) return nullptr;
  boost::intrusive_ptr<Content> letter{new Content(content)};
  letter->deaths.push_back(from);
  letter->rejected_before = content.rejected_before || rejected;
  letter->copy = ledger_.next_number();
  letter->route = topology_.dead_letter_route(from, content);
  letter->expiration = sim::Duration{-1};  // else it would expire again where it goes
  return letter;
}

void Broker::give_up(QueueId id, const Content& content, std::string_view rule, bool rejected) {
  const QueueInfo& from = topology_.queues[id];
  const auto targets = from.dead_letters ? route(topology_.dead_letter_route(id, content)) : std::vector<QueueId>{};
  const ContentPtr letter = targets.empty() ? nullptr : make_dead_letter(id, content, rejected);
  if (!letter) {
    ledger_.dropped(content, rule);
    simulation().note(node(), events().dropped, index(content.message->ref));
    return;
  }
  simulation().note(node(), events().dead_lettered, index(content.message->ref));
  for (const QueueId target : targets) {
    if (!routable(target)) continue;
    const QueueInfo& info = topology_.queues[target];
    if (info.type == QueueType::stream) {
      dead_letter_to_stream(target, letter);
      continue;
    }
    if (info.type == QueueType::quorum) {
      boost::intrusive_ptr<FifoCommand> enqueue{new FifoCommand};
      enqueue->kind = FifoKind::enqueue;
      enqueue->content = letter;
      boost::intrusive_ptr<RaftCommand> command{new RaftCommand};
      command->queue = target;
      command->command = enqueue;
      cast_queue(leader_hint(target), events().raft_command, command, letter->message->bytes);
      continue;
    }
    boost::intrusive_ptr<QueuePublish> publish{new QueuePublish};
    publish->queue = target;
    publish->content = letter;
    for (const sim::NodeId replica : replicas(target)) {
      cast_queue(replica, events().queue_publish, publish, letter->message->bytes);
    }
  }
}

}  // namespace noloss::models::rabbitmq
