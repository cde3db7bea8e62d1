// A consumer's side of its group: the coordinator, membership, heartbeats, commits.
//
// Modelled (ConsumerCoordinator, AbstractCoordinator, the classic protocol): a connection of its own to the
// coordinator; heartbeats in the background while the application processes; a member that does not poll for
// max.poll.interval.ms leaves; a rebalance happens inside poll; a member that was thrown out learns it from a heartbeat
// or a refused commit, and comes back under a new id. Not modelled: static members, cooperative rebalances.
//
// Belongs to a consumer's program. Calls that wait are made from the application's fiber.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "models/kafka/network_client.hpp"
#include "models/kafka/protocol.hpp"
#include "models/kafka/topology.hpp"
#include "models/kafka/transaction_protocol.hpp"
#include "sim/process.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::kafka {

struct MembershipOptions {
  GroupId group = 0;
  std::string client;
  sim::Duration session_timeout{0};
  sim::Duration heartbeat{0};
  sim::Duration max_poll_interval{0};
  sim::Duration retry_backoff{0};
  bool assigns = false;  ///< no member: commits without a generation, never joins
};

class GroupMember {
 public:
  GroupMember(sim::Process& process, const Topology& topology, MembershipOptions options, NetworkOptions network);

  /// As the run begins: a member since before.
  void joined_from_start(const std::string& id, bool leads);
  /// Fiber: finds the coordinator, sends heartbeats. `on_change` is called whenever something may have changed.
  void loop(const std::function<void()>& on_change);

  [[nodiscard]] bool must_join() const { return must_join_; }
  /// Rises with each membership; what was read under another one is not committed.
  [[nodiscard]] std::uint64_t term() const { return term_; }
  /// groupMetadata(): as of the last rebalance, even if this member has been thrown out since.
  [[nodiscard]] const GroupMetadata& metadata() const { return metadata_; }
  /// The application polls.
  void polled();
  /// Waits until the rebalance is over.
  [[nodiscard]] std::vector<PartitionIndex> join();
  /// Waits until the coordinator answers. Positions of kNoOffset: none was committed.
  [[nodiscard]] std::vector<CommittedOffset> fetch_offsets(const std::vector<PartitionIndex>& partitions);
  /// Waits, repeats what may be repeated. False: this member has lost its partitions, or `deadline` came first.
  [[nodiscard]] bool commit_and_wait(const std::vector<CommittedOffset>& offsets, sim::VirtualTime deadline);
  /// Sends and goes on; `done` is told whether it is committed.
  void commit(const std::vector<CommittedOffset>& offsets, std::function<void(bool)> done);
  /// Tells the coordinator and waits until it has heard, for a second at most.
  void leave();

 private:
  void maintain();
  /// The leader of the group looks whether its topic has other partitions by now.
  void look_for_partitions();
  void find_coordinator();
  void heartbeat();
  void heard(Error error);
  void coordinator_lost();
  void membership_lost();
  void leave_quietly();
  [[nodiscard]] boost::intrusive_ptr<Request> commit_request(const std::vector<CommittedOffset>& offsets) const;
  [[nodiscard]] bool coordinator_ready();
  /// Waits for the coordinator and for its answer; null: no answer.
  [[nodiscard]] sim::PayloadPtr ask(sim::MessageKind kind, boost::intrusive_ptr<Request> request,
                                    sim::Duration more_patience = sim::Duration{0});
  [[nodiscard]] sim::VirtualTime next_due() const;

  sim::Process& process_;
  const Topology& topology_;
  MembershipOptions options_;
  sim::Duration join_patience_;  ///< beyond request.timeout.ms
  NetworkClient network_;
  sim::NodeId coordinator_ = sim::kNoNode;
  bool asking_ = false;
  sim::VirtualTime ask_not_before_{};
  std::string id_;
  std::int32_t generation_ = -1;
  GroupMetadata metadata_;
  bool member_ = false;  ///< has a generation that the coordinator has not disowned
  bool must_join_ = true;
  bool leads_ = false;
  std::vector<PartitionIndex> assigned_;  ///< to the whole group: those of its topic when the assignment was made
  std::uint64_t term_ = 0;
  sim::VirtualTime next_heartbeat_{};
  sim::VirtualTime last_poll_{};
  bool heartbeat_in_flight_ = false;
  sim::WaitQueue changed_;
};

}  // namespace noloss::models::kafka
