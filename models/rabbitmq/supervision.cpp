#include "models/rabbitmq/supervision.hpp"

#include "models/rabbitmq/broker.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr std::size_t kQueueRestarts = 5;
constexpr sim::Duration kQueuePeriod = std::chrono::seconds{10};
constexpr std::size_t kHostRestarts = 2;
constexpr sim::Duration kHostPeriod = std::chrono::minutes{5};

}  // namespace

Supervision::Supervision(Broker& broker) : broker_(broker), restarts_(broker.simulation().scheduler()) {}

bool Supervision::Crashes::too_many(sim::VirtualTime now) {
  while (!at_.empty() && now - at_.front() > within_) at_.pop_front();
  at_.push_back(now);
  return at_.size() > allowed_;
}

void Supervision::recover_queue(QueueId id, QueueProcess& queue) {
  try {
    queue.recover();
  } catch (const QueueCrash&) {
    unrecovered_.insert(id);
  }
}

void Supervision::run_queue(QueueId id, QueueProcess& queue) {
  Crashes crashes{kQueueRestarts, kQueuePeriod};
  for (bool again = unrecovered_.erase(id) > 0;; again = true) {
    const std::uint64_t host = host_starts_;
    try {
      if (again) queue.restart();
      queue.loop();
    } catch (const QueueCrash&) {  // NOLINT(bugprone-empty-catch): nothing may wait within a handler
    }
    const bool with_host = ended_.contains(id);
    const bool given_up = !with_host && crashes.too_many(broker_.now());
    if (given_up) broker_.simulation().mark("crashed queue stays down");
    if (!with_host) queue_ended(id, queue, given_up);
    if (!with_host && !given_up) continue;
    while (host_starts_ == host) restarts_.wait();
    ended_.erase(id);
    crashes.clear();
    if (given_up_.erase({broker_.node(), id}) > 0) tell_all(id, /*given_up=*/false);
  }
}

void Supervision::queue_ended(QueueId id, QueueProcess& queue, bool given_up) {
  broker_.simulation().mark("queue process crashed");
  if (given_up) given_up_.insert({broker_.node(), id});
  queue.crashed();
  broker_.queue_down(id, broker_.node());
  tell_all(id, given_up);
  broker_.simulation().moment(broker_.node(), events().queue_crashed, id);
}

void Supervision::run_store() {
  Crashes crashes{kHostRestarts, kHostPeriod};
  for (bool again = false;; again = true) {
    try {
      if (again) {
        broker_.message_store().restart();
        virtual_host_up_ = true;
        ++host_starts_;
        restarts_.notify_all();
      }
      broker_.message_store().loop();
    } catch (const QueueCrash&) {  // NOLINT(bugprone-empty-catch): nothing may wait within a handler
    }
    const bool last = crashes.too_many(broker_.now());
    broker_.simulation().mark(last ? "virtual host stays down" : "virtual host restarted");
    end_virtual_host();
    if (last) return;
  }
}

void Supervision::end_virtual_host() {
  virtual_host_up_ = false;
  broker_.expel_clients();
  for (QueueId id = 0; id < broker_.topology().queues.size(); ++id) {
    QueueProcess* const queue = broker_.queue(id);
    const QueueInfo& info = broker_.topology().queues[id];
    if (queue == nullptr || info.type != QueueType::classic) continue;
    if (info.mirrored) broker_.process().crash();
    const bool lived = has_process(id, broker_.node());
    ended_.insert(id);
    if (lived) queue_ended(id, *queue, /*given_up=*/true);
    queue->mailbox().poke();
  }
}

// --- the other nodes ---

void Supervision::tell(sim::NodeId peer, QueueId queue, bool given_up) {
  auto* down = new QueueProcessDown;
  down->queue = queue;
  down->given_up = given_up;
  ++untold_[{peer, queue}];
  broker_.tell_node(peer, events().queue_down, sim::PayloadPtr{down});
}

void Supervision::tell_all(QueueId queue, bool given_up) {
  for (const sim::NodeId peer : broker_.topology().brokers) {
    if (peer != broker_.node() && broker_.peer_up(peer)) tell(peer, queue, given_up);
  }
}

void Supervision::told(sim::NodeId peer, const QueueProcessDown& letter) {
  if (letter.given_up) {
    given_up_.insert({peer, letter.queue});
  } else {
    given_up_.erase({peer, letter.queue});
  }
  broker_.queue_down(letter.queue, peer);
  auto* seen = new QueueProcessDown;
  seen->queue = letter.queue;
  broker_.tell_node(peer, events().queue_down_seen, sim::PayloadPtr{seen});
}

void Supervision::told_back(sim::NodeId peer, const QueueProcessDown& letter) {
  const auto waits = untold_.find({peer, letter.queue});
  if (waits != untold_.end() && --waits->second == 0) untold_.erase(waits);
}

void Supervision::node_changed(sim::NodeId peer, LetterKind what) {
  if (what != LetterKind::node_down && what != LetterKind::node_up) return;
  std::erase_if(untold_, [peer](const auto& entry) { return entry.first.first == peer; });
  std::erase_if(given_up_, [peer](const auto& entry) { return entry.first == peer; });
  if (what == LetterKind::node_down) return;
  for (const auto& [node, queue] : std::set{given_up_}) {
    if (node == broker_.node()) tell(peer, queue, /*given_up=*/true);
  }
}

}  // namespace noloss::models::rabbitmq
