// The coordinator: who leads which partition, in which epoch.
//
// Modelled: leases by heartbeats; an election only after the whole failover time, or when the old leader has come back
// as another incarnation or has left, so that two never lead at once; replicas are asked for (last epoch, log end) at
// that time, and no report is used that is older than the epoch it answers; decisions are synced before anybody hears
// of them. Not modelled: replication of the coordinator; its machine cannot lose its disk, but it can be killed,
// paused, cut off.
//
// durable: the metadata file. volatile, lost on kill: who is registered, reports.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/textbook/protocol.hpp"
#include "models/textbook/topology.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::textbook {

class Coordinator final : public sim::Program {
 public:
  Coordinator(sim::Process& process, const Topology& topology);

  void run() override;

  /// For the checkers and the role resolver, not for brokers.
  [[nodiscard]] const Leadership& leadership(std::uint32_t partition) const { return partitions_[partition].now; }

 private:
  struct BrokerEntry {
    sim::NodeId node{};
    sim::ConnectionPtr connection = nullptr;
    std::uint32_t incarnation = 0;
    sim::VirtualTime heard = sim::kStart;
    bool registered = false;
  };
  struct Report {
    std::uint32_t incarnation = 0;
    Epoch last_epoch = 0;
    Offset end = 0;
  };
  struct Partition {
    Leadership now;
    std::uint32_t leader_incarnation = 0;
    sim::VirtualTime lost_since = sim::kStart;   ///< while nobody leads
    sim::VirtualTime began = sim::kStart;        ///< the election
    sim::VirtualTime asked = sim::kStart;        ///< the last round of questions
    std::vector<std::optional<Report>> reports;  ///< by replica
  };

  void create_initial_state();
  void recover();
  void persist(std::uint32_t partition);
  /// Writes down who leads, durably, and only then tells the brokers.
  void decide(std::uint32_t partition);
  void handle(const sim::Arrival& arrival);
  void heartbeat(const sim::ConnectionPtr& from, const Heartbeat& heartbeat);
  void report(const sim::ConnectionPtr& from, const ReplicaReport& report);
  void lookup(const sim::ConnectionPtr& from, const Lookup& lookup);
  /// Whatever has become due: leases that ran out, questions to repeat, elections that can be decided.
  void check_all();
  void lose_leader(std::uint32_t partition, sim::VirtualTime since);
  void ask(std::uint32_t partition);
  void try_to_elect(std::uint32_t partition);
  void announce();
  [[nodiscard]] boost::intrusive_ptr<HeartbeatResponse> leaderships() const;
  BrokerEntry& broker(sim::NodeId node);
  void send(const sim::ConnectionPtr& to, sim::MessageKind kind, sim::PayloadPtr payload);

  sim::Process& process_;
  const Topology& topology_;
  sim::Inbox inbox_;
  std::vector<BrokerEntry> brokers_;
  std::vector<Partition> partitions_;
  bool initial_ = false;
};

}  // namespace noloss::models::textbook
