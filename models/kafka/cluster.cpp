#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

#include "models/kafka/broker.hpp"
#include "models/kafka/cluster_impl.hpp"
#include "models/kafka/consumer.hpp"
#include "models/kafka/controller.hpp"
#include "models/kafka/librdkafka.hpp"
#include "models/kafka/producer_program.hpp"

namespace noloss::models::kafka {

namespace {

/// retry.backoff.ms of an administrator's client.
constexpr sim::Duration kAskAgain = std::chrono::milliseconds{100};

}  // namespace

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
  simulation_.add_machine(std::move(machine), [this](sim::Process& process) {
    return std::make_unique<Controller>(process, topology_, administrator_);
  });
}

const SequenceCheckSetup& KafkaCluster::check_of(std::uint32_t entity) const {
  for (const ConsumersSetup& group : setup_.consumers) {
    if (entity_index(setup_, group.from) != entity) continue;
    return group.forward.enabled ? check_of(entity_index(setup_, group.forward.to)) : group.sequence_check;
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
        return std::make_unique<ProducerProgram>(process, topology_, entity, group, *mine.check, mine.state, history_);
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
                       group.config.duration("max.poll.interval.ms"), group.config.at("assignment").text == "assign",
                       entity_index(setup_, group.forward.to)});
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
  if (!metadata || partition >= metadata->partitions.size()) return nullptr;
  if (metadata->partitions[partition].leader == sim::kNoNode) return nullptr;
  const Broker* known = broker(metadata->partitions[partition].leader);
  if (known == nullptr || known->replica(partition) == nullptr || !known->replica(partition)->leads()) return nullptr;
  return known->replica(partition);
}

PartitionIndex KafkaCluster::existing_partitions() const {
  const MetadataImagePtr metadata = latest_metadata();
  return static_cast<PartitionIndex>(metadata ? metadata->partitions.size() : topology_.initial_partitions);
}

bool KafkaCluster::exists(PartitionIndex partition) const {
  const MetadataImagePtr metadata = latest_metadata();
  return metadata ? metadata->partitions[partition].exists : topology_.partitions[partition].initially;
}

std::vector<sim::NodeId> KafkaCluster::holders(std::string_view role) const {
  if (role == "controller") return {topology_.controller};
  const PartitionIndex none = existing_partitions();
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

void KafkaCluster::command(AdminCommand command) {
  administrator_.command(std::move(command));
  auto* controller = static_cast<Controller*>(simulation_.machine(topology_.controller).process().program());
  if (controller != nullptr) controller->look_for_requests();
}

void KafkaCluster::set(std::span<const OptionChange> changes) {
  for (const OptionChange& change : changes) {
    if (change.name != "producer.id.expiration.ms") continue;
    invariants_.producers_expire_after(change.value.number.duration());
    step_invariants_.producers_expire_after(change.value.number.duration());
  }
  AdminCommand set;
  set.changes.assign(changes.begin(), changes.end());
  command(std::move(set));
}

void KafkaCluster::create(std::string_view entity) {
  AdminCommand create;
  create.kind = AdminCommand::Kind::create;
  create.entity = entity_index(setup_, entity);
  create.partitions = setup_.entities[create.entity].partitions;
  create.config = setup_.entities[create.entity].config;
  command(std::move(create));
}

void KafkaCluster::remove(std::string_view entity) {
  AdminCommand remove;
  remove.kind = AdminCommand::Kind::remove;
  remove.entity = entity_index(setup_, entity);
  command(std::move(remove));
}

void KafkaCluster::purge(std::string_view entity) {
  if (!topology_.behaviours.deletes_records) {
    simulation_.mark("operation refused");
    return;
  }
  for (const PartitionIndex partition : topology_.partitions_of(entity_index(setup_, entity), existing_partitions())) {
    purging_.push_back(partition);
  }
  delete_records();
}

void KafkaCluster::delete_records() {
  std::erase_if(purging_, [this](PartitionIndex partition) {
    const MetadataImagePtr metadata = latest_metadata();
    if (!metadata || !metadata->partitions[partition].exists) return metadata != nullptr;
    const sim::NodeId node = metadata->partitions[partition].leader;
    if (node == sim::kNoNode) return false;
    auto* program = static_cast<Broker*>(simulation_.machine(node).process().program());
    return program != nullptr && program->delete_records(partition);
  });
  if (!purging_.empty()) simulation_.scheduler().at(simulation_.now() + kAskAgain, [this] { delete_records(); });
}

void KafkaCluster::elect(sim::NodeId node, bool unclean) {
  auto* controller = static_cast<Controller*>(simulation_.machine(topology_.controller).process().program());
  if (controller != nullptr) controller->request_election(node, unclean);
}

void KafkaCluster::add_partitions(std::string_view entity, std::uint32_t count) {
  kafka::add_partitions(topology_, setup_, entity_index(setup_, entity), count);
  auto* controller = static_cast<Controller*>(simulation_.machine(topology_.controller).process().program());
  if (controller != nullptr) controller->look_for_requests();
}

std::unique_ptr<Cluster> build_cluster(sim::Simulation& simulation, const Setup& setup, History& history,
                                       Scrutiny scrutiny) {
  return std::make_unique<KafkaCluster>(simulation, setup, history, scrutiny);
}

}  // namespace noloss::models::kafka
