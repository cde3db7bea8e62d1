// The textbook system's messages on the wire and records on disk.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/events.hpp"
#include "models/message.hpp"
#include "sim/ids.hpp"
#include "sim/network.hpp"
#include "sim/payload.hpp"

namespace noloss::models::textbook {

/// Rises with each election of a partition.
using Epoch = std::uint32_t;
/// A place in a partition's log, from 0.
using Offset = std::int64_t;

enum class RecordKind : std::uint8_t { message, epoch, position };

/// One record of a partition's log.
struct LogRecord final : Record {
  RecordKind kind = RecordKind::message;
  Epoch epoch = 0;
  MessagePtr content;   ///< kind message
  Offset position = 0;  ///< kind position: the first offset that the group has not acknowledged
  std::int64_t bytes = 0;
  std::uint64_t number = 0;  ///< distinct for distinct records of a run
};
using LogRecordPtr = boost::intrusive_ptr<const LogRecord>;

// --- payloads, named as their kinds ---

struct ProduceRequest final : sim::Payload {
  std::uint32_t partition = 0;
  std::uint64_t request = 0;
  MessagePtr message;
  bool wants_response = true;
};
enum class ProduceResult : std::uint8_t { acknowledged, not_leader, not_stored };
struct ProduceResponse final : sim::Payload {
  std::uint64_t request = 0;
  ProduceResult result = ProduceResult::acknowledged;
};
struct FetchRequest final : sim::Payload {
  std::uint32_t partition = 0;
  Epoch epoch = 0;       ///< of the leader that the follower follows
  Epoch last_epoch = 0;  ///< of the follower's last record
  Offset end = 0;        ///< everything before it is stored, by the follower's own flush
};
struct FetchResponse final : sim::Payload {
  std::uint32_t partition = 0;
  Epoch epoch = 0;
  bool accepted = true;  ///< false: not the leader of that epoch
  /// The follower's log diverges: it cuts off what is past `truncate_to`, and all of later epochs than
  /// `truncate_epoch`.
  std::optional<Offset> truncate_to;
  Epoch truncate_epoch = 0;
  Offset from = 0;
  Offset commit = 0;
  std::vector<LogRecordPtr> records;
};
struct Subscribe final : sim::Payload {
  std::uint32_t partition = 0;
  std::int64_t prefetch = 0;
  sim::Duration redelivery{0};
  bool automatic = false;
};
struct Deliver final : sim::Payload {
  std::uint32_t partition = 0;
  bool refused = false;  ///< not the leader; the consumer looks for another
  Offset offset = 0;
  MessagePtr message;  ///< none: the answer to a poll, there is nothing
};
struct AcknowledgeRequest final : sim::Payload {
  std::uint32_t partition = 0;
  Offset offset = 0;
};
struct AcknowledgeResponse final : sim::Payload {
  std::uint32_t partition = 0;
  Offset offset = 0;
};

/// Who leads a partition, as the coordinator says. kNoNode: nobody.
struct Leadership {
  sim::NodeId leader = sim::kNoNode;
  Epoch epoch = 0;
};
struct Heartbeat final : sim::Payload {
  std::uint32_t incarnation = 0;
  sim::VirtualTime sent{};
  bool leaving = false;  ///< hands its leadership over; it leads no more
};
struct HeartbeatResponse final : sim::Payload {
  sim::VirtualTime heartbeat_sent{};  ///< kStart: an announcement, not an answer
  bool answers = true;
  std::vector<Leadership> partitions;
};
struct ReplicaQuery final : sim::Payload {
  std::uint32_t partition = 0;
  Epoch epoch = 0;
};
struct ReplicaReport final : sim::Payload {
  std::uint32_t partition = 0;
  Epoch epoch = 0;  ///< of the query
  std::uint32_t incarnation = 0;
  Epoch last_epoch = 0;
  Offset end = 0;
};
struct Lookup final : sim::Payload {
  std::uint32_t partition = 0;
};
struct LookupResponse final : sim::Payload {
  std::uint32_t partition = 0;
  Leadership leadership;
};

/// The offset of a pull that only asks whether there is anything.
inline constexpr Offset kPollOnly = -1;

/// Events and message kinds of the system, resolved once.
struct Events {
  CommonEvents common;
  sim::MessageKind produce_request, produce_response, fetch_request, fetch_response, deliver, acknowledge, subscribe,
      acknowledge_response, pull, heartbeat, heartbeat_response, replica_query, replica_report, lookup, lookup_response;
};
[[nodiscard]] const Events& events();

/// Bytes of a message without its content, on the wire and in a log.
inline constexpr std::int64_t kHeaderBytes = 64;

}  // namespace noloss::models::textbook
