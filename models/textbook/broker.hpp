// A broker: its replicas, its lease with the coordinator, and the loop that answers requests.
//
// Modelled: heartbeats that renew a lease which counts from their sending; a leader whose lease has run out stops
// leading on its own; recovery before serving; a broker that starts again never resumes leadership by itself. Not
// modelled: quotas, several listeners, the cost of handling a request.
//
// volatile, lost on kill: everything here. durable: what the replicas' logs have on disk.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/textbook/replica.hpp"
#include "models/textbook/topology.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::textbook {

class Broker final : public sim::Program {
 public:
  /// `record_numbers` gives each record of the run its number; it is the run's, not the broker's.
  Broker(sim::Process& process, const Topology& topology, std::uint64_t& record_numbers);

  void run() override;
  void stop() override;

  [[nodiscard]] sim::Process& process() { return process_; }
  [[nodiscard]] sim::Simulation& simulation() { return process_.simulation(); }
  [[nodiscard]] const Topology& topology() const { return topology_; }
  [[nodiscard]] sim::NodeId node() const { return process_.node(); }
  [[nodiscard]] std::uint64_t next_record_number() { return ++record_numbers_; }
  /// Null if the partition has no replica here.
  [[nodiscard]] Replica* replica(std::uint32_t partition) { return replicas_[partition].get(); }
  [[nodiscard]] const Replica* replica(std::uint32_t partition) const { return replicas_[partition].get(); }
  /// Recovered, and answering requests.
  [[nodiscard]] bool serving() const { return serving_; }
  [[nodiscard]] bool lease_valid() const { return process_.simulation().now() < lease_until_; }
  void send(const sim::ConnectionPtr& to, sim::MessageKind kind, std::int64_t content_bytes, sim::PayloadPtr payload,
            std::uint64_t first = 0) {
    simulation().network().send(process_, to, kind, kHeaderBytes + content_bytes, std::move(payload), first);
  }
  void reset(const sim::ConnectionPtr& connection) { simulation().network().reset(process_, connection); }
  /// A promise or a fetch changes when something is due.
  void timers_changed() { inbox_.interrupt(); }

 private:
  void create_initial_state();
  void recover();
  void serve();
  void handle(const sim::Arrival& arrival);
  /// Runs what is due, and tells when something will be next.
  sim::VirtualTime run_timers();
  void heartbeat_loop();
  /// A lease that has run out ends leadership, whether or not the coordinator can be heard.
  void lease_loop();
  bool connect_to_coordinator();
  void talk_to_coordinator();
  void heed(const sim::Arrival& arrival);
  void report(const sim::ConnectionPtr& coordinator, const ReplicaQuery& query);
  void leave();

  sim::Process& process_;
  const Topology& topology_;
  std::uint64_t& record_numbers_;
  sim::Inbox inbox_;
  sim::Inbox from_coordinator_;
  sim::ConnectionPtr coordinator_;
  std::vector<std::unique_ptr<Replica>> replicas_;  ///< by partition; null where there is none here
  sim::VirtualTime lease_until_ = sim::kStart;
  bool initial_ = false;
  bool serving_ = false;
  bool leaving_ = false;
  bool left_ = false;
  sim::WaitQueue left_waiters_;
};

}  // namespace noloss::models::textbook
