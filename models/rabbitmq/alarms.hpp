// Resource alarms of a node, and of the whole cluster as this node knows it (rabbit_alarm, rabbit_disk_monitor,
// vm_memory_monitor).
//
// Modelled: a look at the disk each 10 s and at the memory each 2.5 s, and when the node starts; the alarm of one node
// blocks publishers on all of them; peers are told, hear it when a link comes up, and forget it when it goes. A
// simulated disk is full or boundless, so that it is below its limit only when it is full. Memory is that of the
// messages which the node's queues hold. Not modelled: limits relative to the memory of a machine, the shorter
// intervals near the limit of the disk, paging under memory pressure, the alarm of file descriptors.
//
// volatile, lost on kill: everything.
#pragma once

#include <vector>

#include "models/rabbitmq/mailbox.hpp"
#include "models/rabbitmq/protocol.hpp"
#include "sim/time.hpp"

namespace noloss::models::rabbitmq {

class Broker;

/// Which resources a node lacks.
struct NodeAlarm final : sim::Payload {
  bool disk = false;
  bool memory = false;
};

class Alarms {
 public:
  explicit Alarms(Broker& broker);

  void start();
  /// Some node of the cluster has one.
  [[nodiscard]] bool any() const;
  void told(sim::NodeId peer, const NodeAlarm& alarm);
  void node_changed(sim::NodeId peer, LetterKind what);
  void timers();
  [[nodiscard]] sim::VirtualTime next_timer() const;

 private:
  struct Lacks {
    bool disk = false;
    bool memory = false;
    friend bool operator==(const Lacks&, const Lacks&) = default;
  };
  [[nodiscard]] Lacks& own();
  void set(sim::NodeId node, Lacks lacks);
  void tell(sim::NodeId peer);

  Broker& broker_;
  std::vector<Lacks> nodes_;  ///< by node number; brokers come first
  sim::VirtualTime disk_look_ = sim::kNever;
  sim::VirtualTime memory_look_ = sim::kNever;
};

}  // namespace noloss::models::rabbitmq
