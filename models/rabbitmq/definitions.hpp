// What a node knows of the definitions of queues: whether each exists, and under which policy (Mnesia, Khepri).
//
// Modelled: a change is made on one node, written to its disk and told to every node that it is linked with; a node
// whose link comes up gets what changed since the start, and the later version counts. Sides of a partition that have
// given each other up do not believe each other. Declaring a queue that is not there, deleting one, its expiry and a
// change of policy are such changes. Not modelled: transactions that wait for other nodes, or for a majority; what was
// there as the run begins is known everywhere.
//
// durable: what changed since the start. volatile, lost on kill: commands that nobody has taken up yet.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "models/rabbitmq/protocol.hpp"
#include "models/rabbitmq/topology.hpp"

namespace noloss::models::rabbitmq {

class Broker;

struct QueueDefinition {
  std::uint64_t version = 0;      ///< 0: as the run began
  std::uint64_t incarnation = 1;  ///< counts how often the queue was declared anew
  bool exists = true;
  std::string_view removed_by = "queue deleted";  ///< why it does not exist
  QueuePolicy policy;
};
/// To other nodes, and to the queue's process on this one.
struct DefinitionLetter final : ToQueue {
  QueueDefinition definition;
};

/// What an administrator, a client or the queue itself asks for.
struct DefinitionCommand {
  enum class What : std::uint8_t { declare, remove, expire, apply_policy, purge };
  What what = What::declare;
  QueueId queue = kNoQueue;
  QueuePolicy policy;  ///< apply_policy
};

class Definitions {
 public:
  explicit Definitions(Broker& broker);

  [[nodiscard]] const QueueDefinition& of(QueueId queue) const { return known_[queue]; }
  [[nodiscard]] bool exists(QueueId queue) const { return known_[queue].exists; }

  /// Before queues recover; waits for the disk.
  void recover();
  /// Done by the node's main fiber, soon.
  void ask(DefinitionCommand command);
  void run_commands();
  void told(sim::NodeId peer, const DefinitionLetter& letter);
  void node_up(sim::NodeId peer);

 private:
  void run(const DefinitionCommand& command);
  void change(QueueId queue, QueueDefinition definition);
  void persist(QueueId queue);
  [[nodiscard]] boost::intrusive_ptr<DefinitionLetter> letter(QueueId queue) const;

  Broker& broker_;
  std::vector<QueueDefinition> known_;
  std::deque<DefinitionCommand> commands_;
};

}  // namespace noloss::models::rabbitmq
