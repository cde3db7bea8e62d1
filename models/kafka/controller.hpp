// The controller: one linearizable, durable state machine over brokers and partitions.
//
// Modelled (ReplicationControlManager, PartitionChangeBuilder, ClusterControlManager, BrokerHeartbeatManager; with
// ZooKeeper the sessions and the compare-and-set of the ISR): registration and broker epochs, sessions, fencing one
// broker at a time, changes of the ISR, eligible leader replicas, elections in order of assignment, unclean elections,
// the last known leader, controlled shutdown, the return to preferred leaders, the commands of an administrator. Every
// decision is synced before anybody learns of it. Not modelled: a quorum of controllers (it is one node, whose disk
// does not lose), reassignment.
//
// durable: the metadata log. volatile, lost on kill: sessions and connections.
#pragma once

#include <vector>

#include "models/kafka/administrator.hpp"
#include "models/kafka/protocol.hpp"
#include "models/kafka/topology.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {

class Controller final : public sim::Program {
 public:
  Controller(sim::Process& process, const Topology& topology, Administrator& administrator);

  void run() override;

  /// An administrator asks for an election: what `node` prefers to lead, or, if unclean, what has no leader.
  void request_election(sim::NodeId node, bool unclean);
  /// An administrator wants something: partitions were added to the topology, or there is a command.
  void look_for_requests() { inbox_.interrupt(); }
  [[nodiscard]] const MetadataImagePtr& image() const { return committed_; }

 private:
  /// unclean.leader.election.interval.ms
  static constexpr sim::Duration kSweepInterval = std::chrono::minutes{5};

  struct BrokerEntry {
    BrokerMetadata metadata;
    std::uint32_t incarnation = 0;
    sim::VirtualTime heard{};
    sim::ConnectionPtr connection;
  };
  struct ElectionRequest {
    sim::NodeId node{};
    bool unclean = false;
  };
  /// Who may be elected when the topic's own option does not decide.
  enum class Election : std::uint8_t { as_configured, unclean };
  /// What a broker's leaving means for the partitions that it is in.
  enum class Leaving : std::uint8_t { fenced, unclean_shutdown, controlled_shutdown };

  // controller.cpp: requests and durability
  void create_initial_state();
  void recover();
  void handle(const sim::Arrival& arrival);
  void register_broker(const sim::Arrival& arrival);
  void heartbeat(const sim::Arrival& arrival);
  void alter_partition(const sim::Arrival& arrival);
  [[nodiscard]] Error check_alteration(const AlterPartitionRequest& request, sim::NodeId from) const;
  void fence_expired();
  void prefer_preferred();
  [[nodiscard]] sim::VirtualTime next_check() const;
  [[nodiscard]] bool session_valid(const BrokerEntry& entry) const;
  void write();
  /// Makes what was decided durable and tells every broker, if something was.
  void commit();
  void tell(const BrokerEntry& entry);
  void send(const sim::ConnectionPtr& to, sim::MessageKind kind, sim::PayloadPtr payload);
  [[nodiscard]] BrokerEntry& broker(sim::NodeId node) { return brokers_[sim::index(node)]; }
  [[nodiscard]] const BrokerEntry& broker(sim::NodeId node) const { return brokers_[sim::index(node)]; }

  // controller_partitions.cpp: decisions on partitions
  void remove_from_isrs(sim::NodeId node, Leaving why);
  void elect_where_leaderless();
  void elect_if_leaderless(PartitionIndex index);
  void set_isr(PartitionIndex index, std::vector<sim::NodeId> isr);
  void carry_out_requests();
  void create_partitions();
  /// A partition without records, of that topic.
  void begin(PartitionIndex index, TopicId topic);
  // controller_commands.cpp: what an administrator wants
  void carry_out(const AdminCommand& command);
  void set(const std::vector<OptionChange>& changes);
  void clear_elr(PartitionIndex index);
  void create_topic(const AdminCommand& command);
  void delete_topic(std::uint32_t entity);
  void sweep_leaderless();
  void prefer(PartitionIndex index);
  void elect(PartitionIndex index, Election election = Election::as_configured);
  void set_leader(PartitionIndex index, sim::NodeId leader);
  [[nodiscard]] bool acceptable(sim::NodeId node) const;
  [[nodiscard]] sim::NodeId choose_leader(PartitionIndex index, Election election);
  void changed(PartitionIndex index);

  sim::Process& process_;
  const Topology& topology_;
  Administrator& administrator_;
  sim::Inbox inbox_;
  std::vector<BrokerEntry> brokers_;
  std::vector<PartitionMetadata> partitions_;
  ClusterConfigPtr config_;
  std::int64_t version_ = 0;
  MetadataImagePtr committed_;
  sim::VirtualTime rebalance_at_ = sim::kNever;
  sim::VirtualTime sweep_at_ = sim::kNever;
  std::vector<ElectionRequest> requests_;
  bool dirty_ = false;
  bool initial_ = false;
};

}  // namespace noloss::models::kafka
