#include "models/kafka/cluster.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "models/kafka/broker.hpp"
#include "models/kafka/consumer.hpp"
#include "models/kafka/controller.hpp"
#include "models/kafka/invariants.hpp"
#include "models/kafka/librdkafka.hpp"
#include "models/kafka/producer.hpp"
#include "models/kafka/step_invariants.hpp"
#include "models/kafka/topology.hpp"

namespace noloss::models::kafka {

class KafkaCluster final : public Cluster {
 public:
  KafkaCluster(sim::Simulation& simulation, const Setup& setup, History& history, Scrutiny scrutiny)
      : simulation_(simulation),
        setup_(setup),
        history_(history),
        topology_(make_topology(setup)),
        invariants_(simulation, topology_.options.producer_id_expiration),
        step_invariants_(topology_.behaviours, topology_.options.producer_id_expiration) {
    if (scrutiny == Scrutiny::every_step) numbers_.step = [this] { check_step(); };
    add_brokers();
    add_producers();
    add_consumers();
  }

  [[nodiscard]] std::vector<sim::NodeId> holders(std::string_view role) const override;
  [[nodiscard]] bool settled() const override;
  [[nodiscard]] std::vector<std::string_view> blocking_waits() const override;
  [[nodiscard]] FinalState final_state() override;
  void elect(sim::NodeId node, bool unclean) override;

 private:
  struct ProducerNode {
    sim::NodeId node{};
    const SequenceCheckSetup* check = nullptr;
    ProducerState state;
  };
  struct ConsumerNode {
    ConsumerNode(const ConsumersSetup& setup, sim::NodeId id, std::uint32_t topic, History& history)
        : node(id),
          entity(topic),
          reset(setup.config.at("auto.offset.reset").text),
          read_committed(reads_committed(setup.config)),
          state(setup, id, history) {}
    sim::NodeId node;
    std::uint32_t entity;
    std::string reset;
    bool read_committed;
    ConsumerState state;
  };

  void add_brokers();
  void add_producers();
  void add_consumers();
  [[nodiscard]] const SequenceCheckSetup& check_of(std::uint32_t entity) const;

  /// Null while the broker does not serve.
  [[nodiscard]] const Broker* broker(sim::NodeId node) const;
  [[nodiscard]] const Consumer* consumer(const ConsumerNode& consumer) const;
  /// The latest metadata that anybody has.
  [[nodiscard]] MetadataImagePtr latest_metadata() const;
  [[nodiscard]] const Replica* leader(PartitionIndex partition) const;
  [[nodiscard]] bool has_consumers(std::uint32_t entity) const;
  [[nodiscard]] Offset readable_end(std::uint32_t entity, const Replica& leading) const;
  /// Where the group of the topic will read on.
  [[nodiscard]] std::optional<Offset> live_position(PartitionIndex partition) const;
  [[nodiscard]] Offset group_position(PartitionIndex partition, const Replica& leading) const;
  [[nodiscard]] bool producers_settled() const;
  [[nodiscard]] bool consumers_settled() const;
  /// Every transaction is over, markers and all.
  [[nodiscard]] bool transactions_settled() const;
  [[nodiscard]] bool fully_committed(PartitionIndex partition) const;
  [[nodiscard]] bool fully_read(PartitionIndex partition) const;
  void check_invariants() const;
  void check_step();
  [[nodiscard]] PartitionView view_of(PartitionIndex partition, const MetadataImage& metadata) const;
  void describe_replicas(PartitionIndex index, PartitionState& partition) const;

  sim::Simulation& simulation_;
  const Setup& setup_;
  History& history_;
  Topology topology_;
  SequenceCheckSetup no_check_;
  mutable Invariants invariants_;
  StepInvariants step_invariants_;
  RunNumbers numbers_{1'000'000, 0, {}};  // records below are those that the run begins with
  std::deque<ProducerNode> producers_;    // deques: the programs keep references
  std::deque<ConsumerNode> consumers_;
};

void KafkaCluster::add_brokers() {
  for (std::uint32_t i = 0; i < setup_.brokers.count; ++i) {
    sim::MachineSetup machine;
    machine.name = fmt::format("broker-{}", i + 1);
    machine.kind = "broker";
    machine.disk = setup_.brokers.disk;
    if (!setup_.brokers.zones.empty()) machine.zone = setup_.brokers.zones[i % setup_.brokers.zones.size()];
    simulation_.add_machine(std::move(machine), [this](sim::Process& process) {
      return std::make_unique<Broker>(process, topology_, numbers_, history_);
    });
  }
  sim::MachineSetup machine;
  machine.name = "controller-1";
  machine.kind = "controller";
  machine.reliable = true;
  simulation_.add_machine(std::move(machine),
                          [this](sim::Process& process) { return std::make_unique<Controller>(process, topology_); });
}

const SequenceCheckSetup& KafkaCluster::check_of(std::uint32_t entity) const {
  for (const ConsumersSetup& group : setup_.consumers) {
    if (entity_index(setup_, group.from) == entity) return group.sequence_check;
  }
  return no_check_;
}

void KafkaCluster::add_producers() {
  for (const ProducersSetup& group : setup_.producers) {
    const std::uint32_t entity = entity_index(setup_, group.to);
    for (std::uint32_t i = 0; i < group.count; ++i) {
      ProducerNode& mine = producers_.emplace_back();
      mine.state.number = static_cast<std::uint32_t>(producers_.size() - 1);
      mine.check = &check_of(entity);
      sim::MachineSetup machine;
      machine.name = fmt::format("producer-{}", producers_.size());
      machine.kind = "producer";
      const auto make = [this, &mine, &group, entity](sim::Process& process) -> std::unique_ptr<sim::Program> {
        if (uses_librdkafka(group.config)) {
          return std::make_unique<LibrdkafkaProducer>(process, topology_, entity, group, *mine.check, mine.state,
                                                      history_);
        }
        return std::make_unique<Producer>(process, topology_, entity, group, *mine.check, mine.state, history_);
      };
      mine.node = simulation_.add_machine(std::move(machine), make).id();
    }
  }
}

void KafkaCluster::add_consumers() {
  std::uint32_t total = 0;
  for (const ConsumersSetup& group : setup_.consumers) total += group.count;
  topology_.consumers.reserve(total);  // programs refer to them
  for (const ConsumersSetup& group : setup_.consumers) {
    const std::uint32_t entity = entity_index(setup_, group.from);
    for (std::uint32_t i = 0; i < group.count; ++i) {
      const sim::NodeId id{static_cast<std::uint32_t>(simulation_.machines())};
      ConsumerNode& mine = consumers_.emplace_back(group, id, entity, history_);
      sim::MachineSetup machine;
      machine.name = fmt::format("consumer-{}", consumers_.size());
      machine.kind = "consumer";
      const ConsumerInfo& info = topology_.consumers.emplace_back(
          ConsumerInfo{id, entity, machine.name, group.config.duration("session.timeout.ms"),
                       group.config.duration("max.poll.interval.ms")});
      simulation_.add_machine(std::move(machine), [this, &mine, &group, &info](sim::Process& process) {
        return std::make_unique<Consumer>(process, topology_, info, group, mine.state, history_);
      });
    }
  }
}

// --- who is who ---

const Broker* KafkaCluster::broker(sim::NodeId node) const {
  const auto* program = static_cast<const Broker*>(simulation_.machine(node).process().program());
  return program != nullptr && program->serving() ? program : nullptr;
}

const Consumer* KafkaCluster::consumer(const ConsumerNode& consumer) const {
  return static_cast<const Consumer*>(simulation_.machine(consumer.node).process().program());
}

MetadataImagePtr KafkaCluster::latest_metadata() const {
  const auto* controller =
      static_cast<const Controller*>(simulation_.machine(topology_.controller).process().program());
  if (controller != nullptr && controller->image()) return controller->image();
  MetadataImagePtr latest;
  for (const sim::NodeId node : topology_.brokers) {
    const Broker* known = broker(node);
    if (known == nullptr || known->metadata().version == 0) continue;
    if (!latest || known->metadata().version > latest->version) latest = &known->metadata();
  }
  return latest;
}

const Replica* KafkaCluster::leader(PartitionIndex partition) const {
  const MetadataImagePtr metadata = latest_metadata();
  if (!metadata || metadata->partitions[partition].leader == sim::kNoNode) return nullptr;
  const Broker* known = broker(metadata->partitions[partition].leader);
  if (known == nullptr || !known->replica(partition)->leads()) return nullptr;
  return known->replica(partition);
}

std::vector<sim::NodeId> KafkaCluster::holders(std::string_view role) const {
  if (role == "controller") return {topology_.controller};
  const auto none = static_cast<PartitionIndex>(topology_.partitions.size());
  const bool of_transactions = role == "txn_coordinator";
  const bool coordinating = of_transactions || role == "group_coordinator";
  PartitionIndex partition = coordinating ? topology_.offsets_partition : role_number(role);
  if (of_transactions) partition = topology_.transactions_partition.value_or(none);
  if (partition >= none) return {};
  const bool leading = coordinating || role.starts_with("leader");
  const MetadataImagePtr metadata = latest_metadata();
  const sim::NodeId leader_node = metadata ? metadata->partitions[partition].leader : sim::kNoNode;
  std::vector<sim::NodeId> holders;
  for (const sim::NodeId node : topology_.partitions[partition].replicas) {
    if ((node == leader_node) == leading && broker(node) != nullptr) holders.push_back(node);
  }
  std::sort(holders.begin(), holders.end());
  return holders;
}

void KafkaCluster::elect(sim::NodeId node, bool unclean) {
  auto* controller = static_cast<Controller*>(simulation_.machine(topology_.controller).process().program());
  if (controller != nullptr) controller->request_election(node, unclean);
}

// --- settled ---

bool KafkaCluster::has_consumers(std::uint32_t entity) const {
  return std::any_of(consumers_.begin(), consumers_.end(),
                     [entity](const ConsumerNode& node) { return node.entity == entity; });
}

Offset KafkaCluster::readable_end(std::uint32_t entity, const Replica& leading) const {
  const bool committed = std::any_of(consumers_.begin(), consumers_.end(), [entity](const ConsumerNode& node) {
    return node.entity == entity && node.read_committed;
  });
  return committed ? leading.last_stable_offset() : leading.high_watermark();
}

std::optional<Offset> KafkaCluster::live_position(PartitionIndex partition) const {
  std::optional<Offset> position;
  for (const ConsumerNode& node : consumers_) {
    if (node.entity != topology_.partitions[partition].entity) continue;
    const Consumer* program = consumer(node);
    const auto mine = program == nullptr ? std::nullopt : program->next_offset(partition);
    if (mine && (!position || *mine > *position)) position = mine;
  }
  return position;
}

Offset KafkaCluster::group_position(PartitionIndex partition, const Replica& leading) const {
  if (const auto position = live_position(partition)) return *position;
  const GroupId group = topology_.partitions[partition].entity;
  for (const sim::NodeId node : topology_.brokers) {
    const Broker* known = broker(node);
    if (known == nullptr || !known->groups().active()) continue;
    const Offset committed = known->groups().committed(group, partition);
    if (committed != kNoOffset) return committed;
  }
  const bool begins_at_end = std::any_of(consumers_.begin(), consumers_.end(), [&](const ConsumerNode& node) {
    return node.entity == group && node.reset == "latest";
  });
  return begins_at_end ? leading.high_watermark() : leading.log().start();
}

bool KafkaCluster::producers_settled() const {
  return std::all_of(producers_.begin(), producers_.end(), [](const ProducerNode& producer) {
    return ProducerApplication::settled(producer.state, *producer.check);
  });
}

bool KafkaCluster::consumers_settled() const {
  return std::all_of(consumers_.begin(), consumers_.end(), [this](const ConsumerNode& node) {
    const Consumer* program = consumer(node);
    return program != nullptr && !node.state.busy && program->idle();
  });
}

bool KafkaCluster::fully_committed(PartitionIndex partition) const {
  const Replica* leading = leader(partition);
  return leading != nullptr && leading->high_watermark() == leading->log().end();
}

bool KafkaCluster::fully_read(PartitionIndex partition) const {
  if (!has_consumers(topology_.partitions[partition].entity)) return true;
  const Replica* leading = leader(partition);
  const auto position = live_position(partition);
  return leading != nullptr && position && *position >= leading->high_watermark();
}

bool KafkaCluster::transactions_settled() const {
  if (!topology_.transactions_partition) return true;
  const std::vector<sim::NodeId> coordinator = holders("txn_coordinator");
  return !coordinator.empty() && broker(coordinator.front())->transactions().idle();
}

void KafkaCluster::check_invariants() const {
  std::vector<const Replica*> replicas;
  for (PartitionIndex i = 0; i < topology_.partitions.size(); ++i) {
    replicas.clear();
    for (const sim::NodeId node : topology_.partitions[i].replicas) {
      const Broker* known = broker(node);
      if (known == nullptr) continue;
      replicas.push_back(known->replica(i));
      invariants_.check(node, *replicas.back());
    }
    invariants_.check(replicas);
  }
}

PartitionView KafkaCluster::view_of(PartitionIndex partition, const MetadataImage& metadata) const {
  PartitionView view{partition, {}, metadata.partitions[partition], false};
  view.unclean = topology_.partitions[partition].options.unclean_leader_election;
  for (const sim::NodeId node : topology_.partitions[partition].replicas) {
    if (const Broker* known = broker(node)) view.replicas.push_back(known->view(partition));
  }
  return view;
}

void KafkaCluster::check_step() {
  const MetadataImagePtr metadata = latest_metadata();
  if (!metadata) return;
  for (PartitionIndex i = 0; i < topology_.partitions.size(); ++i) {
    const std::string_view breach = step_invariants_.check(view_of(i, *metadata));
    if (!breach.empty()) simulation_.broken(breach);
    for (const sim::NodeId node : topology_.brokers) {
      const Broker* known = broker(node);
      if (known == nullptr || !known->groups().active()) continue;
      const Offset position = known->groups().committed(topology_.partitions[i].entity, i);
      const std::string_view wrong = step_invariants_.check_committed_offset(i, position);
      if (!wrong.empty()) simulation_.broken(wrong);
    }
  }
}

bool KafkaCluster::settled() const {
  check_invariants();
  if (!producers_settled() || !consumers_settled() || !transactions_settled()) return false;
  for (PartitionIndex i = 0; i < topology_.offsets_partition; ++i) {
    if (!fully_committed(i) || !fully_read(i)) return false;
  }
  return true;
}

std::vector<std::string_view> KafkaCluster::blocking_waits() const {
  std::vector<std::string_view> waits;
  const auto add = [&](std::string_view wait) {
    if (std::find(waits.begin(), waits.end(), wait) == waits.end()) waits.push_back(wait);
  };
  bool all_read = true;
  for (PartitionIndex i = 0; i < topology_.partitions.size(); ++i) {
    const bool internal = topology_.partitions[i].offsets || topology_.partitions[i].transactions;
    const std::string_view nobody =
        topology_.partitions[i].transactions ? "no transaction coordinator" : "no coordinator";
    const Replica* leading = leader(i);
    if (leading == nullptr) {
      add(internal ? nobody : "no leader");
      continue;
    }
    const bool committed = fully_committed(i);
    const bool below = leading->metadata().isr.size() < topology_.min_isr(i);
    if (below && (!committed || !producers_settled())) add(internal ? nobody : "isr below minimum");
    if (!committed && !below && !internal) add("high watermark behind");
    if (internal) continue;
    all_read = all_read && fully_read(i);
    const bool unstable = committed && leading->last_stable_offset() < leading->high_watermark();
    if (unstable && transactions_settled()) add("last stable offset behind");
  }
  if (!transactions_settled()) add("transaction open");
  for (const sim::NodeId node : topology_.brokers) {
    if (broker(node) == nullptr) add("broker down");
  }
  if (!consumers_settled() || !all_read) add("consumer waits");
  if (!producers_settled()) add("producer waits");
  return waits;
}

// --- the end ---

void KafkaCluster::describe_replicas(PartitionIndex index, PartitionState& partition) const {
  const PartitionInfo& info = topology_.partitions[index];
  const MetadataImagePtr metadata = latest_metadata();
  const Replica* leading = leader(index);
  AbortedFilter aborted(leading == nullptr ? std::vector<AbortedTransaction>{}
                                           : leading->log().transactions().aborted());
  Offset common_start = 0;
  for (const sim::NodeId node : info.replicas) {
    if (const Broker* known = broker(node)) {
      common_start = std::max(common_start, known->replica(index)->log().start());
    }
  }
  for (const sim::NodeId node : info.replicas) {
    ReplicaState& replica = partition.replicas.emplace_back();
    replica.node = node;
    const Broker* known = broker(node);
    if (known == nullptr) continue;
    const Replica& theirs = *known->replica(index);
    const auto& isr = metadata->partitions[index].isr;
    replica.can_lead = info.options.unclean_leader_election || std::find(isr.begin(), isr.end(), node) != isr.end();
    replica.leads = leading == &theirs;
    replica.commit = theirs.high_watermark();
    // Retention has not reached every replica yet: what one of them has deleted is not compared.
    for (Offset offset = 0; offset < theirs.log().end(); ++offset) {
      LogPosition& position = replica.log.emplace_back();
      if (offset < theirs.log().start()) continue;
      const LogRecord& record = theirs.log().at(offset);
      // What was aborted holds its place, and is no message any more.
      if (!replica.leads || !aborted.hides(record)) position.message = record.message;
      if (offset >= common_start) position.record = record.number;
    }
  }
}

FinalState KafkaCluster::final_state() {
  FinalState state;
  for (PartitionIndex i = 0; i < topology_.offsets_partition; ++i) {
    const PartitionInfo& info = topology_.partitions[i];
    PartitionState& partition = state.partitions.emplace_back();
    partition.entity = info.entity;
    partition.partition = info.number;
    describe_replicas(i, partition);
    const Replica* leading = leader(i);
    if (leading == nullptr) continue;
    partition.group_position = group_position(i, *leading);
    partition.readable_end = readable_end(info.entity, *leading);
  }
  return state;
}

std::unique_ptr<Cluster> build_cluster(sim::Simulation& simulation, const Setup& setup, History& history,
                                       Scrutiny scrutiny) {
  return std::make_unique<KafkaCluster>(simulation, setup, history, scrutiny);
}

}  // namespace noloss::models::kafka
