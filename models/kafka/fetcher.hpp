// The thread of a broker that copies partitions from one leader broker.
//
// Modelled (AbstractFetcherThread, ReplicaFetcherThread): one connection to a leader broker for all partitions that it
// leads; long polls; truncation as the release does it; a partition with an error waits replica.fetch.backoff.ms.
// Not modelled: several fetchers a leader, throttling.
#pragma once

#include <vector>

#include "models/kafka/protocol.hpp"
#include "models/kafka/replica.hpp"
#include "sim/network.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::kafka {

class ReplicaFetcher {
 public:
  ReplicaFetcher(Broker& broker, sim::NodeId source);

  [[nodiscard]] sim::NodeId source() const { return source_; }
  void add(Replica& replica);
  void remove(const Replica& replica);
  /// The fetcher's fiber.
  void loop();

 private:
  struct Entry {
    Replica* replica = nullptr;
    Epoch epoch = kNoEpoch;   ///< of the leadership that it follows
    bool truncating = false;  ///< must ask the leader where the logs diverge first
    sim::VirtualTime not_before{};
  };

  void copy(sim::Inbox& inbox, const sim::ConnectionPtr& leader);
  /// One request and its answer. False: the connection is of no use any more.
  [[nodiscard]] bool find_divergence(sim::Inbox& inbox, const sim::ConnectionPtr& leader, Entry entry);
  [[nodiscard]] bool fetch(sim::Inbox& inbox, const sim::ConnectionPtr& leader);
  [[nodiscard]] sim::PayloadPtr exchange(sim::Inbox& inbox, const sim::ConnectionPtr& leader, sim::MessageKind kind,
                                         boost::intrusive_ptr<Request> request);
  void take(const FetchedPartition& fetched, const FetchPartition& asked);
  [[nodiscard]] Entry* entry_of(PartitionIndex partition);
  void back_off(PartitionIndex partition);

  Broker& broker_;
  sim::NodeId source_;
  std::vector<Entry> entries_;
  sim::WaitQueue changed_;
  sim::Inbox* waiting_ = nullptr;  ///< while it has nothing to ask
  std::uint64_t correlations_ = 0;
};

}  // namespace noloss::models::kafka
