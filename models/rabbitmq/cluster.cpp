// Machines and programs, who leads, whether all is settled, and what the checkers read at the end. Brokers are only
// looked at here, never told anything.
#include "models/rabbitmq/cluster.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/consumer.hpp"
#include "models/rabbitmq/producer.hpp"
#include "models/rabbitmq/stream_consumer.hpp"
#include "models/rabbitmq/stream_producer.hpp"
#include "models/rabbitmq/stream_queue.hpp"
#include "models/rabbitmq/topology.hpp"
#include "sim/machine.hpp"

namespace noloss::models::rabbitmq {

namespace {

using ProgramPtr = std::unique_ptr<sim::Program>;

bool speaks_stream(const OptionValues& config) {
  return config.all().contains("client") && config.at("client").text == "stream";
}

}  // namespace

class RabbitCluster final : public Cluster {
 public:
  RabbitCluster(sim::Simulation& simulation, const Setup& setup, History& history)
      : simulation_(simulation),
        setup_(setup),
        history_(history),
        entities_(setup.entities),
        topology_(make_topology(setup)),
        ledger_(history, topology_.queues.size()),
        consumed_(topology_.queues.size()) {
    add_brokers();
    add_producers();
    add_consumers();
  }

  [[nodiscard]] std::vector<sim::NodeId> holders(std::string_view role) const override;
  [[nodiscard]] bool settled() const override;
  [[nodiscard]] std::vector<std::string_view> blocking_waits() const override;
  [[nodiscard]] FinalState final_state() override;
  void set(std::span<const OptionChange> changes) override;
  void create(std::string_view entity) override { ask(DefinitionCommand::What::declare, entity); }
  void remove(std::string_view entity) override { ask(DefinitionCommand::What::remove, entity); }
  void purge(std::string_view entity) override { ask(DefinitionCommand::What::purge, entity); }

 private:
  struct ProducerNode {
    sim::NodeId node{};
    const SequenceCheckSetup* check = nullptr;
    ProducerState state;
    PublishingIds ids;  ///< of a stream client
  };
  struct ConsumerNode {
    ConsumerNode(const ConsumersSetup& setup, QueueId from, sim::NodeId id, History& history)
        : node(id), queue(from), state(setup, id, history) {}
    sim::NodeId node;
    QueueId queue;
    ConsumerState state;
  };

  void add_brokers();
  void add_producers();
  void add_consumers();
  [[nodiscard]] const SequenceCheckSetup& check_of(QueueId queue) const;
  /// Null while the broker does not serve.
  [[nodiscard]] const Broker* broker(sim::NodeId node) const;
  /// Where clients are served; null: nowhere.
  [[nodiscard]] const QueueProcess* leader(QueueId queue, sim::NodeId* node = nullptr) const;
  /// Nothing that a consumer could still get, and has not had.
  [[nodiscard]] bool drained(QueueId queue, const QueueProcess& leading) const;
  /// Offset of a stream below which every consumer is.
  [[nodiscard]] Offset read_by_all(QueueId stream) const;
  void describe_stream(QueueId stream, FinalState& state) const;
  /// An administrator's command, on the first node that serves; where none does it fails.
  void ask(DefinitionCommand::What what, std::string_view entity);
  void ask(DefinitionCommand command);
  [[nodiscard]] bool producers_settled() const;
  [[nodiscard]] bool consumers_settled() const;

  sim::Simulation& simulation_;
  const Setup& setup_;
  History& history_;
  std::vector<EntitySetup> entities_;  ///< with what administrators have set since the start
  Topology topology_;                  ///< as the run began, but for policies
  Ledger ledger_;
  SequenceCheckSetup no_check_;
  std::vector<bool> consumed_;          ///< by queue: somebody reads from it
  std::deque<ProducerNode> producers_;  // deques: the programs keep references
  std::deque<ConsumerNode> consumers_;
};

void RabbitCluster::add_brokers() {
  for (std::uint32_t i = 0; i < setup_.brokers.count; ++i) {
    sim::MachineSetup machine;
    machine.name = fmt::format("broker-{}", i + 1);
    machine.kind = "broker";
    machine.disk = setup_.brokers.disk;
    if (!setup_.brokers.zones.empty()) machine.zone = setup_.brokers.zones[i % setup_.brokers.zones.size()];
    simulation_.add_machine(std::move(machine), [this](sim::Process& process) {
      return std::make_unique<Broker>(process, topology_, ledger_);
    });
  }
}

const SequenceCheckSetup& RabbitCluster::check_of(QueueId queue) const {
  for (const ConsumersSetup& group : setup_.consumers) {
    if (entity_index(setup_, group.from) == queue) return group.sequence_check;
  }
  return no_check_;
}

void RabbitCluster::add_producers() {
  for (const ProducersSetup& group : setup_.producers) {
    const QueueId queue = entity_index(setup_, group.to);
    for (std::uint32_t i = 0; i < group.count; ++i) {
      ProducerNode& mine = producers_.emplace_back();
      mine.state.number = static_cast<std::uint32_t>(producers_.size() - 1);
      mine.check = &check_of(queue);
      sim::MachineSetup machine;
      machine.name = fmt::format("producer-{}", producers_.size());
      machine.kind = "producer";
      const auto make = [this, &mine, &group, queue](sim::Process& process) -> ProgramPtr {
        if (speaks_stream(group.config)) {
          return std::make_unique<StreamProducer>(process, topology_, queue, group, *mine.check, mine.state, mine.ids,
                                                  history_);
        }
        return std::make_unique<Producer>(process, topology_, queue, group, *mine.check, mine.state, history_);
      };
      mine.node = simulation_.add_machine(std::move(machine), make).id();
    }
  }
}

void RabbitCluster::add_consumers() {
  for (const ConsumersSetup& group : setup_.consumers) {
    const QueueId queue = entity_index(setup_, group.from);
    consumed_[queue] = true;
    for (std::uint32_t i = 0; i < group.count; ++i) {
      const sim::NodeId id{static_cast<std::uint32_t>(simulation_.machines())};
      ConsumerNode& mine = consumers_.emplace_back(group, queue, id, history_);
      sim::MachineSetup machine;
      machine.name = fmt::format("consumer-{}", consumers_.size());
      machine.kind = "consumer";
      simulation_.add_machine(std::move(machine), [this, &mine, &group, queue](sim::Process& process) -> ProgramPtr {
        if (speaks_stream(group.config)) {
          return std::make_unique<StreamConsumer>(process, topology_, queue, group, mine.state, ledger_, history_);
        }
        return std::make_unique<Consumer>(process, topology_, queue, group, mine.state, ledger_, history_);
      });
    }
  }
}

const Broker* RabbitCluster::broker(sim::NodeId node) const {
  const auto* program = static_cast<const Broker*>(simulation_.machine(node).process().program());
  return program != nullptr && program->serving() ? program : nullptr;
}

const QueueProcess* RabbitCluster::leader(QueueId queue, sim::NodeId* at) const {
  const QueueProcess* leading = nullptr;
  for (const sim::NodeId node : topology_.queues[queue].members) {
    const Broker* known = broker(node);
    const QueueProcess* process = known == nullptr ? nullptr : known->queue(queue);
    if (process == nullptr || !process->leads()) continue;
    if (leading != nullptr && leading->epoch() >= process->epoch()) continue;
    if (at != nullptr) *at = node;
    leading = process;
  }
  return leading;
}

std::vector<sim::NodeId> RabbitCluster::holders(std::string_view role) const {
  const QueueId queue = role_number(role);
  if (queue >= topology_.queues.size()) return {};
  const bool leading = role.substr(0, 6) == "leader";
  std::vector<sim::NodeId> holders;
  for (const sim::NodeId node : topology_.queues[queue].members) {
    const Broker* known = broker(node);
    const QueueProcess* process = known == nullptr ? nullptr : known->queue(queue);
    const bool leads = process != nullptr && process->leads();
    if (leads == leading) holders.push_back(node);
  }
  std::sort(holders.begin(), holders.end());
  return holders;
}

bool RabbitCluster::producers_settled() const {
  return std::all_of(producers_.begin(), producers_.end(), [this](const ProducerNode& producer) {
    return simulation_.machine(producer.node).gone() || ProducerApplication::settled(producer.state, *producer.check);
  });
}

bool RabbitCluster::consumers_settled() const {
  return std::all_of(consumers_.begin(), consumers_.end(), [this](const ConsumerNode& consumer) {
    if (simulation_.machine(consumer.node).gone()) return true;
    const auto* program = dynamic_cast<const ConsumerClient*>(simulation_.machine(consumer.node).process().program());
    return program != nullptr && !consumer.state.busy && program->idle();
  });
}

Offset RabbitCluster::read_by_all(QueueId stream) const {
  constexpr Offset kNobody = std::numeric_limits<Offset>::max();
  Offset read = kNobody;
  Offset read_by_the_gone = kNobody;  // what counts when nobody is left
  for (const ConsumerNode& consumer : consumers_) {
    if (consumer.queue != stream) continue;
    Offset& lowest = simulation_.machine(consumer.node).gone() ? read_by_the_gone : read;
    lowest = std::min(lowest, ledger_.read(stream, consumer.node));
  }
  return read == kNobody ? read_by_the_gone : read;
}

bool RabbitCluster::drained(QueueId queue, const QueueProcess& leading) const {
  if (topology_.queues[queue].type != QueueType::stream) return leading.drained();
  const auto& writer = static_cast<const StreamQueue&>(leading);
  const StreamLog& log = writer.log();
  Offset end = writer.readable_end();
  // Records that are no messages are nobody's to read.
  for (bool message = false; end > 0 && !message;) {
    const StreamChunk& chunk = log.chunks()[log.find(end - 1)];
    message = chunk.records[static_cast<std::size_t>(end - 1 - chunk.id.first)]->content != nullptr;
    if (!message) --end;
  }
  return read_by_all(queue) >= end;
}

bool RabbitCluster::settled() const {
  if (!producers_settled() || !consumers_settled()) return false;
  for (QueueId i = 0; i < topology_.queues.size(); ++i) {
    if (!consumed_[i]) continue;
    const QueueProcess* leading = leader(i);
    if (leading != nullptr && !leading->exists()) continue;
    if (leading == nullptr || !drained(i, *leading) || leading->waits_for_copies()) return false;
  }
  return true;
}

std::vector<std::string_view> RabbitCluster::blocking_waits() const {
  std::vector<std::string_view> waits;
  const auto add = [&](std::string_view wait) {
    if (std::find(waits.begin(), waits.end(), wait) == waits.end()) waits.push_back(wait);
  };
  bool consumer_waits = !consumers_settled();
  for (QueueId i = 0; i < topology_.queues.size(); ++i) {
    const QueueProcess* leading = leader(i);
    if (leading != nullptr && !leading->waits_for_copies()) {
      consumer_waits = consumer_waits || (consumed_[i] && !drained(i, *leading));
      continue;
    }
    const auto& members = topology_.queues[i].members;
    if (std::any_of(members.begin(), members.end(), [this](sim::NodeId node) { return broker(node) == nullptr; })) {
      add("broker down");
    }
    add(leading == nullptr ? "no leader" : "not enough copies");
  }
  for (const sim::NodeId node : topology_.brokers) {
    const Broker* known = broker(node);
    if (known != nullptr && known->alarms().any()) add("resource alarm");
  }
  if (consumer_waits) add("consumer waits");
  if (!producers_settled()) add("producer waits");
  return waits;
}

// --- administrators ---

void RabbitCluster::ask(DefinitionCommand command) {
  for (const sim::NodeId node : topology_.brokers) {
    auto* const program = static_cast<Broker*>(simulation_.machine(node).process().program());
    if (program != nullptr && program->serving()) return program->definitions().ask(std::move(command));
  }
}

void RabbitCluster::ask(DefinitionCommand::What what, std::string_view entity) {
  ask(DefinitionCommand{.what = what, .queue = entity_index(setup_, entity), .policy = {}});
}

void RabbitCluster::set(std::span<const OptionChange> changes) {
  std::set<QueueId> changed;
  for (const OptionChange& change : changes) {
    if (change.scope != OptionScope::entity) continue;
    entities_[change.entity].config.set(change.name, change.value);
    changed.insert(change.entity);
  }
  for (const QueueId queue : changed) {
    QueuePolicy& known = topology_.queues[queue];
    QueuePolicy policy = make_policy(topology_, entities_[queue], setup_);
    policy.mirrored = policy.mirrored || known.mirrored;  // without a policy: a mirrored queue that has no mirrors
    known = policy;
    if (known.mirrored) topology_.queues[queue].members = mirrored_members(topology_, queue);
    ask(DefinitionCommand{.what = DefinitionCommand::What::apply_policy, .queue = queue, .policy = policy});
  }
}

void RabbitCluster::describe_stream(QueueId stream, FinalState& state) const {
  PartitionState& log = state.partitions.emplace_back();
  log.entity = stream;
  const QueueProcess* const leading = leader(stream);
  for (const sim::NodeId member : topology_.queues[stream].members) {
    const Broker* const known = broker(member);
    if (known == nullptr) continue;
    ReplicaState& replica = log.replicas.emplace_back();
    replica.node = member;
    replica.can_lead = true;
    replica.leads = leading == known->queue(stream);
    known->queue(stream)->describe(replica);
    if (!replica.leads) continue;
    log.readable_end = replica.commit;
    log.group_position = std::min<std::int64_t>(read_by_all(stream), std::ssize(replica.log));
  }
}

FinalState RabbitCluster::final_state() {
  FinalState state;
  for (QueueId i = 0; i < topology_.queues.size(); ++i) {
    if (topology_.queues[i].type == QueueType::stream) {
      describe_stream(i, state);
      continue;
    }
    // What consumers could still get, behind what they have had: the log that the group reads.
    PartitionState& queue = state.partitions.emplace_back();
    queue.entity = i;
    sim::NodeId node = sim::kNoNode;
    const QueueProcess* leading = leader(i, &node);
    const QueueInfo& info = topology_.queues[i];
    const sim::NodeId home = info.members.front();
    if (leading == nullptr && info.type == QueueType::classic && !info.mirrored && broker(home) != nullptr) {
      leading = broker(home)->queue(i);  // a queue that has crashed too often still has what is on its disk
      node = home;
    }
    if (leading != nullptr) {
      ReplicaState& replica = queue.replicas.emplace_back();
      replica.node = node;
      replica.leads = true;
      for (const MessageRef message : ledger_.settled(i)) replica.log.push_back({message, 0});
      queue.group_position = std::ssize(replica.log);
      for (const MessageRef message : leading->messages()) replica.log.push_back({message, 0});
      replica.commit = queue.readable_end = std::ssize(replica.log);
    }
    if (topology_.queues[i].type != QueueType::quorum) continue;
    // The Raft logs, for their agreement alone.
    PartitionState& raft = state.partitions.emplace_back();
    raft.entity = i;
    for (const sim::NodeId member : topology_.queues[i].members) {
      ReplicaState& replica = raft.replicas.emplace_back();
      replica.node = member;
      const Broker* known = broker(member);
      if (known == nullptr) continue;
      replica.can_lead = true;
      replica.leads = leading == known->queue(i);
      known->queue(i)->describe(replica);
    }
  }
  return state;
}

std::unique_ptr<Cluster> build_cluster(sim::Simulation& simulation, const Setup& setup, History& history) {
  return std::make_unique<RabbitCluster>(simulation, setup, history);
}

}  // namespace noloss::models::rabbitmq
