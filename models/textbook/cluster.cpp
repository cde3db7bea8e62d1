#include "models/textbook/cluster.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

#include "models/textbook/broker.hpp"
#include "models/textbook/consumer.hpp"
#include "models/textbook/coordinator.hpp"
#include "models/textbook/producer.hpp"
#include "models/textbook/topology.hpp"

namespace noloss::models::textbook {

class TextbookCluster final : public Cluster {
 public:
  TextbookCluster(sim::Simulation& simulation, const Setup& setup, History& history)
      : simulation_(simulation), setup_(setup), history_(history), topology_(make_topology(setup)) {
    add_brokers();
    add_producers();
    add_consumers();
  }

  [[nodiscard]] std::vector<sim::NodeId> holders(std::string_view role) const override;
  [[nodiscard]] bool settled() const override;
  [[nodiscard]] std::vector<std::string_view> blocking_waits() const override;
  [[nodiscard]] FinalState final_state() override;

 private:
  struct ProducerNode {
    sim::NodeId node{};
    const SequenceCheckSetup* check = nullptr;
    ProducerState state;
  };
  struct ConsumerNode {
    ConsumerNode(const ConsumersSetup& setup, sim::NodeId id, History& history) : node(id), state(setup, id, history) {}
    sim::NodeId node;
    ConsumerState state;
  };

  void add_brokers();
  void add_producers();
  void add_consumers();
  [[nodiscard]] const SequenceCheckSetup& check_of(std::uint32_t entity) const;
  /// Null while the broker does not serve.
  [[nodiscard]] const Broker* broker(sim::NodeId node) const;
  [[nodiscard]] const Replica* leader(std::uint32_t partition) const;
  [[nodiscard]] bool producers_settled() const;
  [[nodiscard]] bool consumers_settled() const;

  sim::Simulation& simulation_;
  const Setup& setup_;
  History& history_;
  Topology topology_;
  SequenceCheckSetup no_check_;
  std::uint64_t record_numbers_ = 1'000'000;  // below: the records that the run begins with
  std::deque<ProducerNode> producers_;        // deques: the programs keep references
  std::deque<ConsumerNode> consumers_;
};

void TextbookCluster::add_brokers() {
  for (std::uint32_t i = 0; i < setup_.brokers.count; ++i) {
    sim::MachineSetup machine;
    machine.name = fmt::format("broker-{}", i + 1);
    machine.kind = "broker";
    machine.disk = setup_.brokers.disk;
    if (!setup_.brokers.zones.empty()) machine.zone = setup_.brokers.zones[i % setup_.brokers.zones.size()];
    simulation_.add_machine(std::move(machine), [this](sim::Process& process) {
      return std::make_unique<Broker>(process, topology_, record_numbers_);
    });
  }
  sim::MachineSetup machine;
  machine.name = machine.kind = "coordinator";
  machine.reliable = true;
  simulation_.add_machine(std::move(machine),
                          [this](sim::Process& process) { return std::make_unique<Coordinator>(process, topology_); });
}

const SequenceCheckSetup& TextbookCluster::check_of(std::uint32_t entity) const {
  for (const ConsumersSetup& group : setup_.consumers) {
    if (entity_index(setup_, group.from) == entity) return group.sequence_check;
  }
  return no_check_;
}

void TextbookCluster::add_producers() {
  for (const ProducersSetup& group : setup_.producers) {
    const std::uint32_t entity = entity_index(setup_, group.to);
    for (std::uint32_t i = 0; i < group.count; ++i) {
      ProducerNode& mine = producers_.emplace_back();
      mine.state.number = static_cast<std::uint32_t>(producers_.size() - 1);
      mine.check = &check_of(entity);
      sim::MachineSetup machine;
      machine.name = fmt::format("producer-{}", producers_.size());
      machine.kind = "producer";
      const auto make = [this, &mine, &group, entity](sim::Process& process) {
        return std::make_unique<Producer>(process, topology_, entity, group, *mine.check, mine.state, history_);
      };
      mine.node = simulation_.add_machine(std::move(machine), make).id();
    }
  }
}

void TextbookCluster::add_consumers() {
  // A fixed assignment: partition p of a topic to consumer p modulo their number, all groups' consumers together.
  std::vector<std::uint32_t> readers(setup_.entities.size());
  for (const ConsumersSetup& group : setup_.consumers) readers[entity_index(setup_, group.from)] += group.count;
  std::vector<std::uint32_t> next(setup_.entities.size());
  for (const ConsumersSetup& group : setup_.consumers) {
    const std::uint32_t entity = entity_index(setup_, group.from);
    for (std::uint32_t i = 0; i < group.count; ++i) {
      std::vector<std::uint32_t> partitions;
      for (std::uint32_t number = next[entity]++; number < setup_.entities[entity].partitions;
           number += readers[entity]) {
        partitions.push_back(topology_.first_partition[entity] + number);
      }
      const sim::NodeId id{static_cast<std::uint32_t>(simulation_.machines())};
      ConsumerNode& mine = consumers_.emplace_back(group, id, history_);
      sim::MachineSetup machine;
      machine.name = fmt::format("consumer-{}", consumers_.size());
      machine.kind = "consumer";
      simulation_.add_machine(std::move(machine), [this, &mine, &group, partitions](sim::Process& process) {
        return std::make_unique<Consumer>(process, topology_, partitions, group, mine.state, history_);
      });
    }
  }
}

const Broker* TextbookCluster::broker(sim::NodeId node) const {
  const auto* program = static_cast<const Broker*>(simulation_.machine(node).process().program());
  return program != nullptr && program->serving() ? program : nullptr;
}

const Replica* TextbookCluster::leader(std::uint32_t partition) const {
  for (const sim::NodeId node : topology_.partitions[partition].replicas) {
    const Broker* known = broker(node);
    if (known != nullptr && known->replica(partition)->in_charge()) return known->replica(partition);
  }
  return nullptr;
}

std::vector<sim::NodeId> TextbookCluster::holders(std::string_view role) const {
  const std::uint32_t partition = role_number(role);
  if (partition >= topology_.partitions.size()) return {};
  const bool leading = role.substr(0, 6) == "leader";
  std::vector<sim::NodeId> holders;
  for (const sim::NodeId node : topology_.partitions[partition].replicas) {
    const Broker* known = broker(node);
    const bool leads = known != nullptr && known->replica(partition)->in_charge();
    if (leads == leading) holders.push_back(node);
  }
  std::sort(holders.begin(), holders.end());
  return holders;
}

bool TextbookCluster::producers_settled() const {
  return std::all_of(producers_.begin(), producers_.end(), [this](const ProducerNode& producer) {
    return simulation_.machine(producer.node).gone() || ProducerApplication::settled(producer.state, *producer.check);
  });
}

bool TextbookCluster::consumers_settled() const {
  return std::all_of(consumers_.begin(), consumers_.end(), [this](const ConsumerNode& consumer) {
    if (simulation_.machine(consumer.node).gone()) return true;
    const auto* program = static_cast<const Consumer*>(simulation_.machine(consumer.node).process().program());
    return program != nullptr && !consumer.state.busy && program->idle();
  });
}

bool TextbookCluster::settled() const {
  if (!producers_settled() || !consumers_settled()) return false;
  for (std::uint32_t i = 0; i < topology_.partitions.size(); ++i) {
    const Replica* leading = leader(i);
    if (leading == nullptr || !leading->settled()) return false;
  }
  return true;
}

std::vector<std::string_view> TextbookCluster::blocking_waits() const {
  std::vector<std::string_view> waits;
  const auto add = [&](std::string_view wait) {
    if (std::find(waits.begin(), waits.end(), wait) == waits.end()) waits.push_back(wait);
  };
  for (std::uint32_t i = 0; i < topology_.partitions.size(); ++i) {
    const Replica* leading = leader(i);
    if (leading != nullptr && leading->fully_committed()) continue;
    const auto& replicas = topology_.partitions[i].replicas;
    if (std::any_of(replicas.begin(), replicas.end(), [this](sim::NodeId node) { return broker(node) == nullptr; })) {
      add("broker down");
    }
    add(leading == nullptr ? "no leader" : "not enough copies");
  }
  const bool consumer_waits = [this] {
    if (!consumers_settled()) return true;
    for (std::uint32_t i = 0; i < topology_.partitions.size(); ++i) {
      const Replica* leading = leader(i);
      if (leading != nullptr && leading->fully_committed() && !leading->settled()) return true;
    }
    return false;
  }();
  if (consumer_waits) add("consumer waits");
  if (!producers_settled()) add("producer waits");
  return waits;
}

FinalState TextbookCluster::final_state() {
  FinalState state;
  for (std::uint32_t i = 0; i < topology_.partitions.size(); ++i) {
    const PartitionInfo& info = topology_.partitions[i];
    PartitionState& partition = state.partitions.emplace_back();
    partition.entity = info.entity;
    partition.partition = info.number;
    const Replica* leading = leader(i);
    for (const sim::NodeId node : info.replicas) {
      ReplicaState& replica = partition.replicas.emplace_back();
      replica.node = node;
      const Broker* known = broker(node);
      if (known == nullptr) continue;
      const Replica& theirs = *known->replica(i);
      replica.can_lead = true;
      replica.leads = leading == &theirs;
      replica.commit = theirs.commit();
      for (Offset offset = 0; offset < theirs.log().end(); ++offset) {
        const LogRecord& record = theirs.log().at(offset);
        replica.log.push_back({record.message, record.number});
      }
    }
    if (leading == nullptr) continue;
    partition.group_position = leading->position();
    partition.readable_end = leading->shown_end();
  }
  return state;
}

std::vector<SetupProblem> validate(const Setup& setup) {
  std::vector<SetupProblem> problems;
  const std::int64_t required = setup.brokers.config.at("replicas.acks").number.high;
  for (const EntitySetup& topic : setup.entities) {
    if (required <= static_cast<std::int64_t>(topic.replicas)) continue;
    problems.push_back({"brokers.config.replicas.acks",
                        fmt::format("'replicas.acks' is {}, but the topic has only {} replica{}: no message could ever "
                                    "be acknowledged",
                                    required, topic.replicas, topic.replicas == 1 ? "" : "s")});
  }
  const auto refuse_connect = [&](const std::vector<std::string>& connect, std::string_view who) {
    if (connect.empty()) return;
    problems.push_back({fmt::format("{}.connect", who),
                        "the textbook system's clients ask the coordinator for the leader; they take no 'connect'"});
  };
  for (const ProducersSetup& group : setup.producers) refuse_connect(group.connect, "producers");
  for (const ConsumersSetup& group : setup.consumers) refuse_connect(group.connect, "consumers");
  return problems;
}

std::unique_ptr<Cluster> build_cluster(sim::Simulation& simulation, const Setup& setup, History& history) {
  return std::make_unique<TextbookCluster>(simulation, setup, history);
}

}  // namespace noloss::models::textbook
