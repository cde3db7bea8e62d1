// Transactions on the wire and in __transaction_state (KIP-98, KIP-890).
//
// Not modelled: two-phase commit, exhausted epochs, several transactional ids a request.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/kafka/protocol.hpp"

namespace noloss::models::kafka {

enum class TxnState : std::uint8_t { empty, ongoing, prepare_commit, prepare_abort, complete_commit, complete_abort };
enum class TxnResult : std::uint8_t { commit, abort };

/// What the coordinator knows of a transactional id.
struct Transaction {
  std::string id;
  ProducerId producer = kNoProducerId;
  std::int32_t epoch = -1;
  std::int32_t last_epoch = -1;  ///< before the last increment that its producer asked for (KIP-360)
  sim::Duration timeout{0};
  TxnState state = TxnState::empty;
  std::vector<PartitionIndex> partitions;  ///< of the transaction, in the order in which they were added
  sim::VirtualTime started{};

  /// Decided, and not all markers are known to be written.
  [[nodiscard]] bool prepared() const { return state == TxnState::prepare_commit || state == TxnState::prepare_abort; }
};

/// Each change is a record of __transaction_state.
struct TransactionValue final : sim::Payload {
  Transaction transaction;
};

struct AddPartitionsToTxnRequest final : Request {
  std::string transactional_id;
  ProducerId producer = kNoProducerId;
  std::int32_t epoch = 0;
  std::vector<PartitionIndex> partitions;
  bool verify_only = false;  ///< a partition's leader asks whether they were added
};
struct AddPartitionsToTxnResponse final : Response {};

/// To the coordinator of the transaction: the offsets of a group become part of it.
struct AddOffsetsToTxnRequest final : Request {
  std::string transactional_id;
  ProducerId producer = kNoProducerId;
  std::int32_t epoch = 0;
  GroupId group = 0;
};
struct AddOffsetsToTxnResponse final : Response {};

/// Of a consumer, as its group knows it (KIP-447). Without a member's id: nobody asks who commits.
struct GroupMetadata {
  GroupId group = 0;
  std::string member;
  std::int32_t generation = -1;
};

/// To the coordinator of the group: positions that count once the transaction is committed.
struct TxnOffsetCommitRequest final : Request {
  std::string transactional_id;
  ProducerId producer = kNoProducerId;
  std::int32_t epoch = 0;
  GroupMetadata member;
  std::vector<CommittedOffset> offsets;
};
struct TxnOffsetCommitResponse final : Response {};

struct EndTxnRequest final : Request {
  std::string transactional_id;
  ProducerId producer = kNoProducerId;
  std::int32_t epoch = 0;
  TxnResult result = TxnResult::commit;
};
struct EndTxnResponse final : Response {
  std::int32_t epoch = 0;  ///< that the producer goes on with
};

/// From the coordinator to the leader of one partition.
struct WriteTxnMarkersRequest final : Request {
  PartitionIndex partition = 0;
  ProducerId producer = kNoProducerId;
  std::int32_t epoch = 0;
  Epoch coordinator_epoch = kNoEpoch;
  TxnResult result = TxnResult::commit;
};
struct WriteTxnMarkersResponse final : Response {};

}  // namespace noloss::models::kafka
