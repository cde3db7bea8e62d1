#include "models/rabbitmq/alarms.hpp"

#include <algorithm>

#include "models/rabbitmq/broker.hpp"
#include "sim/machine.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr sim::Duration kDiskInterval = std::chrono::seconds{10};
constexpr sim::Duration kMemoryInterval = std::chrono::milliseconds{2500};

}  // namespace

Alarms::Alarms(Broker& broker) : broker_(broker), nodes_(broker.topology().brokers.size()) {}

Alarms::Lacks& Alarms::own() { return nodes_[sim::index(broker_.node())]; }

void Alarms::start() {
  const sim::VirtualTime now = broker_.now();
  if (broker_.topology().disk_limit > 0) disk_look_ = now;
  if (broker_.topology().memory_limit >= 0) memory_look_ = now;
  timers();
}

bool Alarms::any() const {
  return std::any_of(nodes_.begin(), nodes_.end(), [](const Lacks& node) { return node.disk || node.memory; });
}

void Alarms::timers() {
  const sim::VirtualTime now = broker_.now();
  Lacks lacks = own();
  if (disk_look_ <= now) {
    disk_look_ = now + kDiskInterval;
    lacks.disk = broker_.process().machine().disk().full();
  }
  if (memory_look_ <= now) {
    memory_look_ = now + kMemoryInterval;
    lacks.memory = broker_.message_bytes() > broker_.topology().memory_limit;
  }
  if (lacks == own()) return;
  set(broker_.node(), lacks);
  for (const sim::NodeId peer : broker_.topology().brokers) tell(peer);
}

sim::VirtualTime Alarms::next_timer() const { return std::min(disk_look_, memory_look_); }

void Alarms::tell(sim::NodeId peer) {
  if (peer == broker_.node() || NOLOSS_BUG("rabbitmq: an alarm stays on its own node")) return;
  auto* alarm = new NodeAlarm;
  alarm->disk = own().disk;
  alarm->memory = own().memory;
  broker_.tell_node(peer, events().node_alarm, sim::PayloadPtr{alarm});
}

void Alarms::told(sim::NodeId peer, const NodeAlarm& alarm) { set(peer, {alarm.disk, alarm.memory}); }

void Alarms::node_changed(sim::NodeId peer, LetterKind what) {
  if (what == LetterKind::node_up && own() != Lacks{}) tell(peer);
  if (what == LetterKind::node_down) set(peer, {});  // a dead node lacks nothing
}

void Alarms::set(sim::NodeId node, Lacks lacks) {
  const bool before = any();
  nodes_[sim::index(node)] = lacks;
  if (any() == before) return;
  if (!before) broker_.simulation().mark("resource alarm");
  broker_.simulation().note(broker_.node(), before ? events().alarm_cleared : events().alarm_set, sim::index(node));
  broker_.alarms_changed();
}

}  // namespace noloss::models::rabbitmq
