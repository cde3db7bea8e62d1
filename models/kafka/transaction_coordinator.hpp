// Transactions on the broker that leads the partition of __transaction_state to which their ids hash.
//
// Modelled (TransactionCoordinator, TransactionStateManager, TransactionMarkerChannelManager, TransactionMetadata):
// each change of a transactional id's state is a record of a replicated log, from which a new coordinator loads it; a
// new life of a producer raises its epoch, and aborts what the one before left open; a transaction that is open for
// longer than its timeout is aborted under a higher epoch; the decision is replicated before the producer is answered,
// and the markers follow, again and again until each partition has them. With transaction.version 2 every decision
// raises the epoch, and markers carry the new one. Not modelled: transactional ids that expire, offsets of groups in
// transactions, exhausted epochs.
//
// volatile, lost on kill: everything here. durable: the records of the partition.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "models/kafka/protocol.hpp"
#include "models/kafka/topology.hpp"
#include "models/kafka/transaction_protocol.hpp"

namespace noloss::models::kafka {

class Broker;
class Replica;

class TransactionCoordinator {
 public:
  explicit TransactionCoordinator(Broker& broker) : broker_(broker) {}

  /// The broker leads the partition now: everything is read from its log, and what was decided goes on.
  void load(Replica& replica);
  void unload();
  void abort_timed_out();

  // --- requests; they wait until what they change is replicated ---
  void init_producer_id(const InitProducerIdRequest& request, InitProducerIdResponse& response);
  [[nodiscard]] Error add_partitions(const AddPartitionsToTxnRequest& request);
  void end(const EndTxnRequest& request, EndTxnResponse& response);

  // --- for the run's view ---
  [[nodiscard]] bool active() const { return replica_ != nullptr; }
  /// No transaction is open or waits for markers.
  [[nodiscard]] bool idle() const;

 private:
  struct Entry {
    Transaction value;
    bool pending = false;       ///< the next value is being replicated
    bool fence_failed = false;  ///< the epoch was raised here, and the record of it was not replicated
  };

  [[nodiscard]] Error check(const AddPartitionsToTxnRequest& request) const;
  [[nodiscard]] Error check(const Entry& entry, const EndTxnRequest& request, bool& decided) const;
  [[nodiscard]] bool epoch_fits(const Entry& entry, std::int32_t epoch) const;
  [[nodiscard]] bool version_2() const;
  /// Aborts what is open under an epoch that its producer does not have.
  [[nodiscard]] Error fence(Entry& entry);
  [[nodiscard]] Error store(Entry& entry, Transaction next);

  // transaction_markers.cpp
  [[nodiscard]] Error decide(Entry& entry, TxnResult result, Transaction next);
  void send_markers(const Transaction& decided);
  /// False: this coordinator has nothing to say any more.
  [[nodiscard]] bool send_marker(const Transaction& decided, PartitionIndex partition, std::uint64_t term);
  void complete(const std::string& id, std::uint64_t term);

  Broker& broker_;
  Replica* replica_ = nullptr;  ///< while the broker leads the partition
  Epoch epoch_ = kNoEpoch;      ///< of that leadership: markers carry it
  std::uint64_t term_ = 0;      ///< what waited through another one is void
  std::map<std::string, Entry> entries_;
};

}  // namespace noloss::models::kafka
