// What must be true of a Kafka cluster at every moment, whatever has happened to it; a breach is a defect of the model
// and ends the program. Looked at each time that the run asks whether it is settled: every 50 ms of virtual time.
//
//  1. No two brokers lead a partition in the same leader epoch.
//  2. log start <= high watermark <= log end; a leader's high watermark never falls while it leads.
//  3. A record lies at its offset, and no batch of a producer follows itself in one leader epoch, unless
//     the producer may have been forgotten in between.
#pragma once

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "models/kafka/protocol.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {

class Replica;

class Invariants {
 public:
  Invariants(sim::Simulation& simulation, sim::Duration producer_id_expiration)
      : simulation_(simulation), producer_id_expiration_(producer_id_expiration) {}

  /// From now on producers may be forgotten after this long, if that is shorter.
  void producers_expire_after(sim::Duration time) { producer_id_expiration_ = std::min(producer_id_expiration_, time); }

  /// One replica by itself, in this life of its broker: 2 and 3.
  void check(sim::NodeId node, const Replica& replica);
  /// All replicas of a partition that run: 1.
  void check(const std::vector<const Replica*>& replicas) const;

 private:
  struct Seen {
    std::uint32_t life = 0;
    Epoch epoch = kNoEpoch;
    std::uint64_t term = 0;
    Offset high_watermark = 0;
  };
  sim::Simulation& simulation_;
  sim::Duration producer_id_expiration_;  ///< the shortest so far
  std::map<std::tuple<sim::NodeId, PartitionIndex, TopicId>, Seen> seen_;
};

}  // namespace noloss::models::kafka
