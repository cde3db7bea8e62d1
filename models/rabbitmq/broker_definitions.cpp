// What a node does when the definition of a queue changes, and where a message goes with what it knows of queues.
#include <algorithm>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/classic_queue.hpp"

namespace noloss::models::rabbitmq {

std::vector<QueueId> Broker::route(const Route& route) const {
  for (const std::vector<QueueId>& bound : topology_.routes.of(route)) {
    std::vector<QueueId> queues = bound;
    // Bindings go with their queue, and the alternate exchange is next. A node that is down takes the queue alone.
    std::erase_if(queues, [this](QueueId queue) { return !definitions_.exists(queue); });
    if (queues.empty()) continue;
    std::erase_if(queues, [this](QueueId queue) { return !routable(queue); });
    return queues;
  }
  return {};
}

void Broker::start_process(QueueId queue) {
  QueueProcess* const process = queues_[queue].get();
  if (process != nullptr) process_.spawn([this, queue, process] { supervision_.run_queue(queue, *process); });
}

void Broker::redefined(const boost::intrusive_ptr<const DefinitionLetter>& letter, bool anew) {
  const QueueId id = letter->queue;
  QueueInfo& info = topology_.queues[id];
  static_cast<QueuePolicy&>(info) = letter->definition.policy;
  if (info.mirrored && info.members.size() < topology_.brokers.size()) {
    info.members = mirrored_members(topology_, id);
    if (!queues_[id]) {
      queues_[id] = std::make_unique<ClassicQueue>(*this, id);
      if (serving_) start_process(id);
    }
    if (serving_) static_cast<ClassicQueue&>(*queues_[id]).begin_mirroring();
  }
  if (queues_[id]) queues_[id]->mailbox().post({LetterKind::message, events().queue_definition.sent, node(), letter});
  if (!anew) return;
  simulation().roles_changed();
  for (auto& [number, channel] : channels_) channel->queue_gone(id);
  inbox_.interrupt();
}

void Broker::purge(QueueId queue) {
  boost::intrusive_ptr<QueuePurge> letter{new QueuePurge};
  letter->queue = queue;
  const QueueType type = topology_.queues[queue].type;
  const sim::NodeId at = type == QueueType::quorum ? leader_hint(queue) : home(queue);
  if (at != sim::kNoNode) cast_queue(at, events().queue_purge, letter);
}

}  // namespace noloss::models::rabbitmq
