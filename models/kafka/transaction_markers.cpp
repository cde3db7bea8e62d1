// How a coordinator ends a transaction that is decided: a marker in each partition, then the last record.
#include <memory>
#include <utility>

#include "models/kafka/broker.hpp"
#include "models/kafka/transaction_coordinator.hpp"
#include "sim/planted.hpp"

namespace noloss::models::kafka {
namespace {

constexpr sim::Duration kMarkerBackoff = std::chrono::milliseconds{100};

}  // namespace

Error TransactionCoordinator::decide(Entry& entry, TxnResult result, Transaction next) {
  next.state = result == TxnResult::commit ? TxnState::prepare_commit : TxnState::prepare_abort;
  const Error error = NOLOSS_BUG("kafka: a decision is not replicated") ? (entry.value = std::move(next), Error::none)
                                                                        : store(entry, std::move(next));
  if (error != Error::none) return error;
  const Transaction decided = entry.value;
  broker_.simulation().moment(broker_.node(), events().txn_prepared, static_cast<std::uint64_t>(decided.producer),
                              static_cast<std::uint64_t>(result));
  send_markers(decided);
  return Error::none;
}

void TransactionCoordinator::send_markers(const Transaction& decided) {
  const std::uint64_t term = term_;
  sim::Process& process = broker_.process();
  if (decided.partitions.empty()) {
    process.spawn([this, id = decided.id, term] { complete(id, term); });
    return;
  }
  struct Course {
    Transaction decided;
    std::size_t left;
  };
  const auto course = std::make_shared<Course>(Course{decided, decided.partitions.size()});
  for (const PartitionIndex partition : decided.partitions) {
    process.spawn([this, course, partition, term] {
      if (send_marker(course->decided, partition, term) && --course->left == 0) complete(course->decided.id, term);
    });
  }
}

bool TransactionCoordinator::send_marker(const Transaction& decided, PartitionIndex partition, std::uint64_t term) {
  while (term == term_) {
    boost::intrusive_ptr<WriteTxnMarkersRequest> request{new WriteTxnMarkersRequest};
    request->partition = partition;
    request->producer = decided.producer;
    request->epoch = decided.epoch;
    request->coordinator_epoch = epoch_;
    request->result = decided.state == TxnState::prepare_commit ? TxnResult::commit : TxnResult::abort;
    switch (broker_.write_marker(std::move(request))) {
      case Error::none: return term == term_;
      // Somebody newer ends it, or has done so.
      case Error::invalid_producer_epoch:
      case Error::transaction_coordinator_fenced: return false;
      default: broker_.process().sleep(kMarkerBackoff);
    }
  }
  return false;
}

void TransactionCoordinator::complete(const std::string& id, std::uint64_t term) {
  while (term == term_) {
    Entry& entry = entries_.at(id);
    Transaction next = entry.value;
    next.state = next.state == TxnState::prepare_commit ? TxnState::complete_commit : TxnState::complete_abort;
    next.partitions.clear();
    const auto producer = static_cast<std::uint64_t>(next.producer);
    if (store(entry, std::move(next)) == Error::none) {
      broker_.simulation().moment(broker_.node(), events().txn_completed, producer);
      return;
    }
    broker_.process().sleep(kMarkerBackoff);
  }
}

}  // namespace noloss::models::kafka
