// The requests of transactions that a broker answers, as coordinator and as leader, and those that it makes.
#include <utility>

#include "models/kafka/broker.hpp"
#include "models/kafka/transaction_protocol.hpp"

namespace noloss::models::kafka {
namespace {

/// How long a leader keeps asking while the transaction before is not complete, with transaction.version 2.
constexpr sim::Duration kJoinPatience = std::chrono::milliseconds{100};
constexpr sim::Duration kJoinBackoff = std::chrono::milliseconds{20};
constexpr sim::Duration kConnectPatience = std::chrono::seconds{1};

}  // namespace

// --- as coordinator ---

void Broker::add_partitions_to_txn(const sim::Arrival& arrival) {
  boost::intrusive_ptr<AddPartitionsToTxnResponse> response{new AddPartitionsToTxnResponse};
  response->error = transactions_.add_partitions(static_cast<const AddPartitionsToTxnRequest&>(*arrival.payload));
  respond(arrival, events().add_partitions_to_txn_response, std::move(response));
}

void Broker::add_offsets_to_txn(const sim::Arrival& arrival) {
  const auto& request = static_cast<const AddOffsetsToTxnRequest&>(*arrival.payload);
  AddPartitionsToTxnRequest offsets;
  offsets.transactional_id = request.transactional_id;
  offsets.producer = request.producer;
  offsets.epoch = request.epoch;
  offsets.partitions = {topology_.offsets_partition};
  boost::intrusive_ptr<AddOffsetsToTxnResponse> response{new AddOffsetsToTxnResponse};
  response->error = transactions_.add_partitions(offsets);
  respond(arrival, events().add_offsets_to_txn_response, std::move(response));
}

void Broker::end_txn(const sim::Arrival& arrival) {
  boost::intrusive_ptr<EndTxnResponse> response{new EndTxnResponse};
  transactions_.end(static_cast<const EndTxnRequest&>(*arrival.payload), *response);
  respond(arrival, events().end_txn_response, std::move(response));
}

// --- as leader of a partition ---

void Broker::write_txn_markers(const sim::Arrival& arrival) {
  const auto& request = static_cast<const WriteTxnMarkersRequest&>(*arrival.payload);
  boost::intrusive_ptr<WriteTxnMarkersResponse> response{new WriteTxnMarkersResponse};
  response->error = end_transaction(request);
  respond(arrival, events().write_txn_markers_response, std::move(response));
}

Error Broker::join_transaction(const std::string& id, const ProducerStamp& producer, Replica& mine,
                               std::uint64_t& guard) {
  const bool adds = topology_.options.transactions_v2;
  const sim::VirtualTime deadline = simulation().now() + kJoinPatience;
  for (;;) {
    guard = mine.begin_verification(producer.id);
    boost::intrusive_ptr<AddPartitionsToTxnRequest> request{new AddPartitionsToTxnRequest};
    request->transactional_id = id;
    request->producer = producer.id;
    request->epoch = producer.epoch;
    request->partitions = {mine.partition()};
    request->verify_only = !adds;
    const Error error = ask_coordinator(std::move(request));
    switch (error) {
      case Error::none: return error;
      case Error::invalid_txn_state:
      case Error::invalid_producer_id_mapping:
      case Error::producer_fenced:
        simulation().mark("batch outside of a transaction refused");
        return error == Error::producer_fenced ? Error::invalid_producer_epoch : error;
      case Error::concurrent_transactions: break;
      default: return Error::not_enough_replicas;  // something that every producer tries again after
    }
    if (!adds || simulation().now() >= deadline) {
      return adds ? Error::concurrent_transactions : Error::not_enough_replicas;
    }
    process_.sleep(kJoinBackoff);
  }
}

Error Broker::ask_coordinator(boost::intrusive_ptr<AddPartitionsToTxnRequest> request) {
  const sim::NodeId coordinator = metadata_->partitions[*topology_.transactions_partition].leader;
  if (coordinator == sim::kNoNode) return Error::coordinator_not_available;
  if (coordinator == node()) return transactions_.add_partitions(*request);
  const sim::PayloadPtr answer = channel_->ask(coordinator, events().add_partitions_to_txn, std::move(request),
                                               simulation().now() + kConnectPatience);
  return answer == nullptr ? Error::disconnected : static_cast<const Response&>(*answer).error;
}

Error Broker::end_transaction(const WriteTxnMarkersRequest& request) {
  Replica* mine = replica(request.partition);
  if (mine == nullptr) return Error::not_leader_or_follower;
  const Error error = mine->end_transaction(request, kBrokerRequestTimeout);
  const bool of_groups = request.partition == topology_.offsets_partition;
  if (error == Error::none && of_groups) groups_.transaction_ended(request.producer, request.result);
  return error;
}

// --- as coordinator of groups ---

void Broker::txn_offset_commit(const sim::Arrival& arrival) {
  const auto& request = static_cast<const TxnOffsetCommitRequest&>(*arrival.payload);
  boost::intrusive_ptr<TxnOffsetCommitResponse> response{new TxnOffsetCommitResponse};
  const ProducerStamp producer{request.producer, request.epoch, true, -1};
  Replica* mine = replica(topology_.offsets_partition);
  std::uint64_t guard = 0;
  if (mine == nullptr || !groups_.active()) {
    response->error = Error::not_coordinator;
  } else if (topology_.behaviours.verifies_offsets && mine->must_verify(producer)) {
    response->error = join_transaction(request.transactional_id, producer, *mine, guard);
  }
  if (response->error == Error::none) response->error = groups_.commit_in_transaction(request, guard);
  response->error = GroupCoordinator::as_coordinator(response->error);
  respond(arrival, events().txn_offset_commit_response, std::move(response));
}

// --- for the coordinator ---

Error Broker::write_marker(boost::intrusive_ptr<WriteTxnMarkersRequest> request) {
  if (request->partition >= metadata_->partitions.size()) return Error::leader_not_available;
  if (!metadata_->partitions[request->partition].exists) return Error::none;  // deleted, and the transaction in it
  const sim::NodeId leader = metadata_->partitions[request->partition].leader;
  if (leader == sim::kNoNode) return Error::leader_not_available;
  if (leader == node()) return end_transaction(*request);
  const sim::PayloadPtr answer =
      channel_->ask(leader, events().write_txn_markers, std::move(request), simulation().now() + kConnectPatience);
  return answer == nullptr ? Error::disconnected : static_cast<const Response&>(*answer).error;
}

}  // namespace noloss::models::kafka
