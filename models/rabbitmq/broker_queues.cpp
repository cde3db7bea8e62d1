// Where a node finds the processes of classic queues, and what it does when one of them is no more.
#include <algorithm>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/classic_queue.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {

sim::NodeId Broker::home(QueueId queue) const {
  const QueueInfo& info = topology_.queues[queue];
  if (!info.mirrored) return info.members.front();
  const Mirrors& mirrors = static_cast<const ClassicQueue&>(*queues_[queue]).mirrors();
  return mirrors.decided() ? mirrors.view().leader : sim::kNoNode;
}

std::vector<sim::NodeId> Broker::replicas(QueueId queue) const {
  std::vector<sim::NodeId> nodes{home(queue)};
  if (topology_.queues[queue].mirrored && nodes.front() != sim::kNoNode) {
    const QueueView& view = static_cast<const ClassicQueue&>(*queues_[queue]).mirrors().view();
    nodes.insert(nodes.end(), view.mirrors.begin(), view.mirrors.end());
  }
  std::erase_if(nodes, [this, queue](sim::NodeId to) { return to == sim::kNoNode || !reaches(queue, to); });
  return nodes;
}

bool Broker::routable(QueueId queue) const {
  const QueueInfo& info = topology_.queues[queue];
  if (!definitions_.exists(queue)) return false;
  if (info.type != QueueType::classic || info.mirrored) return true;
  const sim::NodeId home = info.members.front();
  if (home == process_.node()) return queues_[queue]->exists();
  const bool follows = !info.durable || topology_.release->routes_follow_node ||
                       NOLOSS_BUG("rabbitmq: a durable queue's route goes away with its node");
  return !follows || peers_.up(home);
}

bool Broker::reaches(QueueId queue, sim::NodeId home) const {
  return (home == node() || peers_.up(home)) && supervision_.has_process(queue, home);
}

void Broker::queue_down(QueueId queue, sim::NodeId home) {
  deliver_local();  // what it has sent comes before its end
  for (auto& [number, channel] : channels_) channel->queue_down(queue, home);
  inbox_.interrupt();
}

void Broker::expel_clients() {
  for (auto& [number, channel] : channels_) {
    if (channel->connection()) channel->expel();
  }
  stream_connections_.close_all();
  inbox_.interrupt();
}

bool Broker::queue_process_ended(sim::NodeId peer, const sim::Arrival& arrival) {
  const sim::EventId kind = arrival.kind.sent;
  const bool told = kind == events().queue_down.sent;
  if (!told && kind != events().queue_down_seen.sent) {
    return supervision_.outdated(peer, static_cast<const ToQueue&>(*arrival.payload).queue);
  }
  const auto& letter = static_cast<const QueueProcessDown&>(*arrival.payload);
  if (told) {
    supervision_.told(peer, letter);
  } else {
    supervision_.told_back(peer, letter);
  }
  return true;
}

}  // namespace noloss::models::rabbitmq
