// Kafka's messages on the wire and records in logs, as far as they decide what is kept, lost or doubled.
//
// Named as the protocol names them. Not modelled: encodings and versions, compression, quotas, authentication, fetch
// sessions. A produce request carries one batch; joining a group and getting its assignment is one request.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/events.hpp"
#include "models/kafka/config.hpp"
#include "models/message.hpp"
#include "sim/ids.hpp"
#include "sim/network.hpp"
#include "sim/payload.hpp"
#include "sim/time.hpp"

namespace noloss::models::kafka {

/// Of a partition; rises with each election.
using Epoch = std::int32_t;
/// A place in a partition's log, from 0.
using Offset = std::int64_t;
/// Of a broker's registration; 0: unknown.
using BrokerEpoch = std::int64_t;
/// In Topology::partitions.
using PartitionIndex = std::uint32_t;
using ProducerId = std::int64_t;
/// Which of the topics that had a name, from 1; 0: unknown, or none yet (the topic ids of KIP-516).
using TopicId = std::uint32_t;

inline constexpr Epoch kNoEpoch = -1;
inline constexpr Offset kNoOffset = -1;
inline constexpr ProducerId kNoProducerId = -1;
/// Bytes of a message's or record's frame, and of a request.
inline constexpr std::int64_t kHeaderBytes = 64;

enum class Error : std::uint8_t {
  none,
  disconnected,  ///< the client's own: the connection broke, or the request timed out
  not_leader_or_follower,
  leader_not_available,
  not_enough_replicas,
  not_enough_replicas_after_append,
  request_timed_out,
  out_of_order_sequence_number,
  invalid_producer_epoch,
  fenced_leader_epoch,
  unknown_leader_epoch,
  offset_out_of_range,
  offset_not_available,
  corrupt_message,
  invalid_update_version,
  ineligible_replica,
  stale_broker_epoch,
  duplicate_broker_registration,
  not_coordinator,
  coordinator_load_in_progress,
  unknown_member_id,
  illegal_generation,
  rebalance_in_progress,
  coordinator_not_available,
  producer_fenced,
  invalid_producer_id_mapping,
  concurrent_transactions,
  invalid_txn_state,
  transaction_coordinator_fenced,
  unknown_topic_or_partition,
  unknown_topic_id,
  unstable_offset_commit,
};

// --- records of a log ---

/// Who produced a batch, for idempotence and transactions. Sequences count records.
struct ProducerStamp {
  ProducerId id = kNoProducerId;
  std::int32_t epoch = 0;
  bool transactional = false;
  std::int64_t base_sequence = 0;

  [[nodiscard]] bool idempotent() const { return id != kNoProducerId; }
  friend bool operator==(const ProducerStamp&, const ProducerStamp&) = default;
};

/// The markers are control records: they end a transaction in one partition.
enum class RecordKind : std::uint8_t { message, offset_commit, group, transaction, commit_marker, abort_marker };
[[nodiscard]] constexpr bool is_marker(RecordKind kind) { return kind >= RecordKind::commit_marker; }

/// A consumer group; one a topic, numbered as the setup's topics.
using GroupId = std::uint32_t;

/// A member of a group and the partitions that it reads.
struct MemberAssignment {
  std::string id;
  sim::Duration session_timeout{0};
  sim::Duration rebalance_timeout{0};
  std::vector<PartitionIndex> partitions;
};

/// What __consumer_offsets holds.
struct GroupValue final : sim::Payload {
  GroupId id = 0;
  // offset_commit; a position of kNoOffset is a tombstone
  PartitionIndex partition = 0;
  Offset position = kNoOffset;
  Epoch position_epoch = kNoEpoch;
  // group
  std::int32_t generation = 0;
  std::vector<MemberAssignment> members;
};

/// One record. The same object on every replica that has it.
struct LogRecord final : Record {
  RecordKind kind = RecordKind::message;
  Offset offset = 0;
  Epoch epoch = 0;  ///< of the leader that appended it
  ProducerStamp producer;
  std::int32_t index_in_batch = 0;
  std::int32_t batch_records = 1;
  MessagePtr content;
  boost::intrusive_ptr<const GroupValue> group;
  sim::PayloadPtr transaction;  ///< of __transaction_state: a TransactionValue
  sim::VirtualTime appended{};
  std::int64_t bytes = 0;
  std::uint64_t number = 0;            ///< distinct for distinct records of a run
  Epoch coordinator_epoch = kNoEpoch;  ///< of a marker: the epoch of the coordinator that wrote it

  [[nodiscard]] bool ends_batch() const { return index_in_batch + 1 == batch_records; }
};
using LogRecordPtr = boost::intrusive_ptr<const LogRecord>;

// --- requests and responses: correlation pairs them on a connection ---

struct Request : sim::Payload {
  std::uint64_t correlation = 0;
};
struct Response : sim::Payload {
  std::uint64_t correlation = 0;
  Error error = Error::none;
};

enum class Acks : std::uint8_t { none, leader, all };

struct ProduceRequest final : Request {
  PartitionIndex partition = 0;
  Acks acks = Acks::all;
  sim::Duration timeout{0};
  ProducerStamp producer;
  std::string transactional_id;  ///< empty: not part of a transaction
  std::vector<MessagePtr> messages;
};
struct ProduceResponse final : Response {
  PartitionIndex partition = 0;
  Offset base_offset = kNoOffset;
};

/// One partition of a fetch.
struct FetchPartition {
  PartitionIndex partition = 0;
  Epoch current_leader_epoch = kNoEpoch;
  Epoch last_fetched_epoch = kNoEpoch;
  Offset offset = 0;
  TopicId topic = 0;  ///< 0: of whatever topic has that name
};
struct FetchRequest final : Request {
  bool follower = false;
  bool read_committed = false;
  BrokerEpoch broker_epoch = 0;  ///< of a follower
  sim::Duration max_wait{0};
  std::int64_t max_bytes = 1 << 20;
  std::vector<FetchPartition> partitions;
};
struct EpochEnd {
  Epoch epoch = kNoEpoch;
  Offset end = kNoOffset;
};
/// A transaction that was aborted, as far as one partition is concerned.
struct AbortedTransaction {
  ProducerId producer = kNoProducerId;
  Offset first = 0;
  Offset last = 0;  ///< of its marker
};
struct FetchedPartition {
  PartitionIndex partition = 0;
  Error error = Error::none;
  Epoch leader_epoch = kNoEpoch;
  std::optional<EpochEnd> diverging;
  Offset high_watermark = 0;
  Offset log_start = 0;
  Offset log_end = 0;  ///< with offset_out_of_range
  std::vector<LogRecordPtr> records;
  std::vector<AbortedTransaction> aborted;  ///< with read_committed: those among `records`
};
struct FetchResponse final : Response {
  std::vector<FetchedPartition> partitions;
};

struct OffsetForLeaderEpochRequest final : Request {
  PartitionIndex partition = 0;
  Epoch current_leader_epoch = kNoEpoch;
  Epoch epoch = kNoEpoch;
};
struct OffsetForLeaderEpochResponse final : Response {
  PartitionIndex partition = 0;
  EpochEnd end;
};

enum class OffsetSpec : std::uint8_t { earliest, latest };
struct ListOffsetsRequest final : Request {
  bool read_committed = false;
  PartitionIndex partition = 0;
  OffsetSpec spec = OffsetSpec::latest;
};
struct ListOffsetsResponse final : Response {
  Offset offset = kNoOffset;
  Epoch epoch = kNoEpoch;
};

struct InitProducerIdRequest final : Request {
  std::string transactional_id;  ///< empty: only idempotent, any broker answers
  sim::Duration transaction_timeout{0};
  ProducerId id = kNoProducerId;  ///< that the client has and goes on with (KIP-360), with its epoch
  std::int32_t epoch = 0;
};
struct InitProducerIdResponse final : Response {
  ProducerId id = kNoProducerId;
  std::int32_t epoch = 0;
};

// --- metadata ---

struct BrokerMetadata {
  BrokerEpoch epoch = 0;
  bool registered = false;
  bool fenced = true;
  bool shutting_down = false;
};
struct PartitionMetadata {
  sim::NodeId leader = sim::kNoNode;
  Epoch leader_epoch = 0;
  std::int32_t partition_epoch = 0;
  std::vector<sim::NodeId> isr;
  std::vector<sim::NodeId> elr;
  sim::NodeId last_known_leader = sim::kNoNode;
  TopicId topic = 1;
  bool exists = true;  ///< false: its topic was deleted, or not created yet

  friend bool operator==(const PartitionMetadata&, const PartitionMetadata&) = default;
};
/// All that the controller has decided, up to one offset of its log.
struct MetadataImage final : sim::Payload {
  std::int64_t version = 0;
  std::vector<BrokerMetadata> brokers;        ///< by number
  std::vector<PartitionMetadata> partitions;  ///< by PartitionIndex
  ClusterConfigPtr config;
};
using MetadataImagePtr = boost::intrusive_ptr<const MetadataImage>;

/// To a broker: what a client may know.
struct MetadataRequest final : Request {};
struct MetadataResponse final : Response {
  MetadataImagePtr image;
};
/// From the controller to a broker, in order.
struct UpdateMetadata final : sim::Payload {
  MetadataImagePtr image;
};

// --- brokers and the controller ---

struct BrokerRegistrationRequest final : Request {
  std::uint32_t incarnation = 0;
  BrokerEpoch previous_epoch = 0;  ///< of the last orderly shutdown's marker; 0: none, an unclean one
};
struct BrokerRegistrationResponse final : Response {
  BrokerEpoch epoch = 0;
};
struct BrokerHeartbeatRequest final : Request {
  BrokerEpoch epoch = 0;
  bool wants_shutdown = false;
  std::int64_t metadata_version = 0;
};
struct BrokerHeartbeatResponse final : Response {
  bool should_shut_down = false;
};
struct IsrMember {
  sim::NodeId node{};
  BrokerEpoch epoch = 0;
};
struct AlterPartitionRequest final : Request {
  PartitionIndex partition = 0;
  BrokerEpoch broker_epoch = 0;
  Epoch leader_epoch = 0;
  std::int32_t partition_epoch = 0;
  TopicId topic = 0;
  std::vector<IsrMember> isr;
};
struct AlterPartitionResponse final : Response {
  PartitionIndex partition = 0;
  Epoch leader_epoch = 0;
  PartitionMetadata state;  ///< without an error
};

// --- consumer groups ---

struct FindCoordinatorRequest final : Request {
  bool of_transactions = false;  ///< else of groups
};
struct FindCoordinatorResponse final : Response {
  sim::NodeId coordinator = sim::kNoNode;
};
struct JoinGroupRequest final : Request {
  GroupId group = 0;
  std::string member;  ///< empty: a new one
  std::string client;  ///< the beginning of its id
  sim::Duration session_timeout{0};
  sim::Duration rebalance_timeout{0};
  std::vector<PartitionIndex> partitions;  ///< of its topic, in the member's metadata
};
struct JoinGroupResponse final : Response {
  std::string member;
  bool leads = false;                      ///< the assignment is its own
  std::vector<PartitionIndex> partitions;  ///< that the assignment was made of
  std::int32_t generation = 0;
  std::vector<PartitionIndex> assignment;
};
struct HeartbeatRequest final : Request {
  GroupId group = 0;
  std::string member;
  std::int32_t generation = 0;
};
struct HeartbeatResponse final : Response {};
struct LeaveGroupRequest final : Request {
  GroupId group = 0;
  std::string member;
};
struct LeaveGroupResponse final : Response {};
struct CommittedOffset {
  PartitionIndex partition = 0;
  Offset position = kNoOffset;
  Epoch epoch = kNoEpoch;
};
struct OffsetCommitRequest final : Request {
  GroupId group = 0;
  std::string member;
  std::int32_t generation = -1;  ///< -1: not of a member
  std::vector<CommittedOffset> offsets;
};
struct OffsetCommitResponse final : Response {};
struct OffsetFetchRequest final : Request {
  GroupId group = 0;
  bool require_stable = false;  ///< not while a transaction may change them
  std::vector<PartitionIndex> partitions;
};
struct OffsetFetchResponse final : Response {
  std::vector<CommittedOffset> offsets;  ///< position kNoOffset: none
};

/// Events and message kinds of the system, resolved once.
struct Events {
  CommonEvents common;
  sim::EventId registered, fenced, isr_shrunk, isr_expanded, committed, offset_committed, txn_prepared, txn_completed;
  sim::MessageKind produce, produce_response, fetch, fetch_response, offset_for_leader_epoch,
      offset_for_leader_epoch_response, list_offsets, list_offsets_response, init_producer_id,
      init_producer_id_response, metadata, metadata_response, update_metadata, broker_registration,
      broker_registration_response, broker_heartbeat, broker_heartbeat_response, alter_partition,
      alter_partition_response, find_coordinator, find_coordinator_response, join_group, join_group_response, heartbeat,
      heartbeat_response, leave_group, leave_group_response, offset_commit, offset_commit_response, offset_fetch,
      offset_fetch_response, add_partitions_to_txn, add_partitions_to_txn_response, end_txn, end_txn_response,
      write_txn_markers, write_txn_markers_response, add_offsets_to_txn, add_offsets_to_txn_response, txn_offset_commit,
      txn_offset_commit_response;
};
[[nodiscard]] const Events& events();

}  // namespace noloss::models::kafka
