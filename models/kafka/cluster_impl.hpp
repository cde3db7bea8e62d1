// The cluster that build_cluster() returns: the nodes that it made, and what it tells about them. Internal to the
// model.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/application/producer.hpp"
#include "models/kafka/administrator.hpp"
#include "models/kafka/broker.hpp"
#include "models/kafka/cluster.hpp"
#include "models/kafka/consumer.hpp"
#include "models/kafka/invariants.hpp"
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
        invariants_(simulation, topology_.config->producer_id_expiration()),
        step_invariants_(topology_.behaviours, topology_.config->producer_id_expiration()) {
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
  void add_partitions(std::string_view entity, std::uint32_t count) override;
  void set(std::span<const OptionChange> changes) override;
  void create(std::string_view entity) override;
  void remove(std::string_view entity) override;
  void purge(std::string_view entity) override;

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

  void command(AdminCommand command);
  /// Of the partitions that an administrator still waits for: asks those who lead, again until all have done it.
  void delete_records();
  [[nodiscard]] bool administrator_waits() const { return administrator_.next() != nullptr || !purging_.empty(); }
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
  /// Of those that operations added, the ones that the controller has heard of.
  [[nodiscard]] PartitionIndex existing_partitions() const;
  /// Its topic is there, as the controller decided.
  [[nodiscard]] bool exists(PartitionIndex partition) const;
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
  Administrator administrator_;
  std::vector<PartitionIndex> purging_;
  SequenceCheckSetup no_check_;
  mutable Invariants invariants_;
  StepInvariants step_invariants_;
  RunNumbers numbers_{1'000'000, 0, {}};  // records below are those that the run begins with
  std::deque<ProducerNode> producers_;    // deques: the programs keep references
  std::deque<ConsumerNode> consumers_;
};

}  // namespace noloss::models::kafka
