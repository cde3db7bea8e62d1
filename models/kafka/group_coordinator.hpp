// Consumer groups on the broker that leads the partition of __consumer_offsets which they hash to.
//
// Modelled (GroupMetadataManager, ClassicGroup): members with sessions; a rebalance that waits for all members, at most
// for the longest rebalance timeout; generations that fence commits of who missed one; commits without a generation,
// accepted only while the group is empty; offsets and groups as records of a replicated log, from which a new
// coordinator loads them; offsets that expire once the group is empty. Joining and the assignment (partition i to
// member i modulo their number) are one step; offsets that come in a transaction are records of it, pending until its
// marker is in the log: a commit makes them count unless a later record did, an abort drops them, and who asks for
// stable offsets waits meanwhile (KIP-98, KIP-447). Not modelled: static members, cooperative rebalances, several
// protocols.
//
// volatile, lost on kill: everything here. durable: the records of the offsets partition.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/kafka/protocol.hpp"
#include "models/kafka/topology.hpp"
#include "models/kafka/transaction_protocol.hpp"
#include "sim/simulation.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::kafka {

class Broker;
class Replica;

/// The groups as a run begins: who exists then is a member and has its partitions.
[[nodiscard]] std::map<GroupId, std::vector<MemberAssignment>> initial_groups(sim::Simulation& simulation,
                                                                              const Topology& topology);

class GroupCoordinator {
 public:
  explicit GroupCoordinator(Broker& broker);

  /// Writes what the log begins with: the initial groups and their positions, all 0.
  void create_initial_state(Replica& replica) const;
  /// The broker leads the offsets partition now: everything is read from its log.
  void load(Replica& replica);
  void unload();
  /// Fiber: sessions that expire, rebalances that are complete.
  void loop();
  void expire_offsets();
  /// Nobody needs their offsets any more.
  void partitions_deleted(const std::vector<PartitionIndex>& partitions);

  // --- requests ---
  /// Waits until the rebalance is over.
  void join(const JoinGroupRequest& request, JoinGroupResponse& response);
  [[nodiscard]] Error heartbeat(const HeartbeatRequest& request);
  [[nodiscard]] Error leave(const LeaveGroupRequest& request);
  /// Waits until the offsets are committed in the log.
  [[nodiscard]] Error commit(const OffsetCommitRequest& request);
  void fetch_offsets(const OffsetFetchRequest& request, OffsetFetchResponse& response);

  // --- transactions: group_transactions.cpp ---
  /// Waits until the offsets are in the log; they count once transaction_ended() says so.
  [[nodiscard]] Error commit_in_transaction(const TxnOffsetCommitRequest& request, std::uint64_t guard);
  /// The marker is in the log.
  void transaction_ended(ProducerId producer, TxnResult result);
  /// A log's error as a coordinator words it.
  [[nodiscard]] static Error as_coordinator(Error error);

  // --- for the run's view ---
  [[nodiscard]] bool active() const { return replica_ != nullptr; }
  /// kNoOffset: nothing was committed.
  [[nodiscard]] Offset committed(GroupId group, PartitionIndex partition) const;

 private:
  struct Member {
    MemberAssignment assignment;
    sim::VirtualTime expires{};
    bool joined = false;                     ///< in the rebalance that is going on
    std::vector<PartitionIndex> partitions;  ///< of its topic, in its metadata
  };
  struct Stored {
    CommittedOffset offset;
    Offset record = kNoOffset;  ///< in the log; kNoOffset: being appended
  };
  struct Group {
    std::int32_t generation = 0;
    bool rebalancing = false;
    bool storing = false;           ///< the new generation is being replicated
    sim::VirtualTime not_before{};  ///< group.initial.rebalance.delay.ms
    sim::VirtualTime deadline = sim::kNever;
    std::map<std::string, Member> members;  ///< the first one leads
    std::map<PartitionIndex, Stored> offsets;
    std::map<ProducerId, std::map<PartitionIndex, Stored>> pending;  ///< in open transactions
    std::vector<PartitionIndex> partitions;                          ///< that the leader knew of when it assigned them
    sim::VirtualTime empty_since{};
  };

  void apply(const LogRecord& record);
  static void store(Group& group, const Stored& offset);
  [[nodiscard]] static bool stable(const Group& group, PartitionIndex partition);
  [[nodiscard]] Error check_generation(const GroupMetadata& member);
  /// Whether offsets count now that did not before.
  bool settle(ProducerId producer, TxnResult result);
  void forget_pending(const TxnOffsetCommitRequest& request);
  void begin_rebalance(Group& group);
  [[nodiscard]] bool complete(const Group& group) const;
  void finish_rebalance(GroupId id);
  void stored_generation(Group& group, Error error);
  void expire_members(Group& group);
  void remove_member(Group& group, const std::string& id);
  [[nodiscard]] sim::VirtualTime next_deadline() const;
  /// Null: no such member, or not of that generation.
  [[nodiscard]] Member* member_of(GroupId group, const std::string& id, std::int32_t generation, Error& error);

  Broker& broker_;
  Replica* replica_ = nullptr;  ///< while the broker leads the offsets partition
  std::uint64_t term_ = 0;      ///< of leadership; what waited through another one is void
  std::uint64_t member_ids_ = 0;
  std::map<GroupId, Group> groups_;
  sim::WaitQueue work_;        ///< the loop waits
  sim::WaitQueue rebalanced_;  ///< joins wait
};

}  // namespace noloss::models::kafka
