// What must be true of a partition at every step of a cluster: after each append of a follower, each answer of a broker
// and each piece of metadata that it learns. A breach is a defect of the model. Too dear for every run: debug builds
// and tests look.
//
//  1. One leader a leader epoch.
//  2. What a leader counts as copied by a follower of its epoch, that follower has: the same records up to there.
//  3. What was ever committed lies on every member of the controller's ISR and ELR that runs.
//  4. The leader of the controller's epoch reckons with every member of the controller's ISR, and maybe more.
//  5. The sequences of a producer's epoch rise in the committed log; markers of transactions have none.
//  6. No group has committed an offset that was never below a high watermark.
//
// Releases with known defects breach 2 to 4, which is what scenarios show of them; there they are not looked at. Nor is
// 3 once a replica lost a part of its log, or a leader came from outside of ISR and ELR: then nobody promises it.
// Source: invariants of hachikuji/kafka-specification (StrongIsr) and Vanlightly/kafka-tlaplus (LogMatching,
// LeaderCompleteness, ReplicationQuorumSuperset).
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "models/kafka/protocol.hpp"
#include "models/kafka/release.hpp"

namespace noloss::models::kafka {

/// A follower as its leader knows it.
struct KnownFollower {
  sim::NodeId node{};
  Offset end = kNoOffset;  ///< kNoOffset: it has not fetched in this epoch
  BrokerEpoch life = 0;    ///< in which it fetched
  bool in_maximal_isr = false;
};

/// A replica whose broker runs.
struct ReplicaView {
  sim::NodeId node{};
  std::uint32_t life = 0;  ///< of the process
  BrokerEpoch broker_epoch = 0;
  bool leads = false;
  Epoch epoch = kNoEpoch;
  Offset start = 0;
  Offset end = 0;
  Offset high_watermark = 0;
  std::function<const LogRecord&(Offset)> at;  ///< start <= offset < end
  std::vector<KnownFollower> followers;        ///< of a leader
};

struct PartitionView {
  PartitionIndex index = 0;
  std::vector<ReplicaView> replicas;
  PartitionMetadata decided;  ///< by the controller
  bool unclean = false;       ///< unclean elections are allowed
};

class StepInvariants {
 public:
  StepInvariants(const Behaviours& behaviours, sim::Duration producer_id_expiration);

  /// From now on producers may be forgotten after this long, if that is shorter.
  void producers_expire_after(sim::Duration time) { producer_id_expiration_ = std::min(producer_id_expiration_, time); }

  /// The breach that it finds first; empty: none. Remembers what was committed.
  [[nodiscard]] std::string_view check(const PartitionView& partition);
  /// Of an offset that a group has committed; after check() of that partition.
  [[nodiscard]] std::string_view check_committed_offset(PartitionIndex partition, Offset position) const;

 private:
  struct Seen {
    std::uint32_t life = 0;
    Offset end = 0;
  };
  struct Past {
    std::map<sim::NodeId, Seen> replicas;
    Offset committed = 0;  ///< the highest high watermark of any leader
    bool broken_promise = false;
    std::vector<sim::NodeId> may_lead;  ///< ISR and ELR at the last step
    Epoch decided_epoch = kNoEpoch;
    TopicId topic = 0;
  };

  void look_for_losses(Past& past, const PartitionView& partition) const;
  [[nodiscard]] std::string_view check_leaders(const PartitionView& partition) const;
  [[nodiscard]] std::string_view check_counted(const PartitionView& partition, const ReplicaView& leader) const;
  [[nodiscard]] std::string_view check_committed(const Past& past, const PartitionView& partition) const;
  [[nodiscard]] std::string_view check_isr(const PartitionView& partition, const ReplicaView& leader) const;
  [[nodiscard]] std::string_view check_sequences(const ReplicaView& leader) const;

  bool sound_;    ///< none of the defects that lose what is committed although nobody lost a disk
  bool noticed_;  ///< a broker that comes back is noticed
  bool remembers_producers_;
  sim::Duration producer_id_expiration_;  ///< the shortest so far
  std::map<PartitionIndex, Past> past_;
};

}  // namespace noloss::models::kafka
