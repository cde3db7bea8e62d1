// What travels between the parts of a stream: its writer and replicas, the coordinator, channels and connections of
// stream clients.
//
// Letters to a process carry its number: a process that is gone gets nothing, as in Erlang.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/rabbitmq/protocol.hpp"
#include "models/rabbitmq/stream_coordination.hpp"
#include "models/rabbitmq/stream_log.hpp"

namespace noloss::models::rabbitmq {

// --- to a member of a stream ---

struct ToStream : ToQueue {
  ProcessNumber process = kNoProcess;  ///< for whom it is
};
/// osiris:write.
struct StreamWrite final : ToStream {
  std::string reference;  ///< of the writer, where it deduplicates; empty: it does not
  std::uint64_t value = 0;
  ContentPtr content;
};
/// osiris:write_tracking.
struct StreamTrack final : ToStream {
  std::string reference;
  Offset offset = 0;
};
/// Asks the writer for the last sequence of a publisher, or the offset that a consumer has stored.
struct StreamQuery final : ToStream {
  bool sequence = false;
  std::string reference;
};
/// Whoever sends it wants to hear of the end of the process: a channel, or without one the coordinator's leader.
struct StreamMonitor final : ToStream {};
/// A replica asks for the writer's epochs.
struct StreamOverview final : ToStream {
  ProcessNumber replica = kNoProcess;
};
struct StreamOverviewReply final : ToStream {
  std::vector<ChunkId> epoch_ends;
};
/// A replica that fits asks for everything behind its tail.
struct StreamAttach final : ToStream {
  ProcessNumber replica = kNoProcess;
  ChunkId tail;
  Offset next = 0;
};
struct StreamChunks final : ToStream {
  std::vector<StreamChunk> chunks;
  Offset committed = kNoOffset;
};
struct StreamAck final : ToStream {
  Offset chunk = kNoOffset;
};
/// The other end of the replication connection is gone. `process`: a replica, or the writer whose replica is `replica`.
struct StreamClosed final : ToStream {
  ProcessNumber replica = kNoProcess;
};
/// The coordinator's leader has something done.
struct StreamAction final : ToQueue {
  CoordinatorEffect effect;
};

// --- to the coordinator; `queue` is its own number ---

struct StreamActionDone final : ToQueue {
  CoordinatorEffect effect;
  bool ok = false;
  ProcessNumber process = kNoProcess;
  ChunkId tail;
};
struct StreamProcessDown final : ToQueue {
  QueueId stream = kNoQueue;
  ProcessNumber process = kNoProcess;
};

// --- to a channel or a stream connection ---

struct StreamWritten final : ToChannel {
  std::vector<std::uint64_t> values;
};
struct StreamAnswer final : ToChannel {
  bool sequence = false;
  bool found = false;
  std::uint64_t value = 0;
};
struct StreamGone final : ToChannel {
  ProcessNumber process = kNoProcess;
};
/// More can be read of the local member.
struct StreamReadable final : ToChannel {};

// --- the stream protocol, between a client and its connection ---

/// Opens the connection, and declares its one publisher or nothing.
struct DeclarePublisher final : sim::Payload {
  QueueId stream = kNoQueue;
  std::string reference;  ///< empty: no deduplication
};
struct StreamResponse final : sim::Payload {
  bool ok = true;
  bool found = false;       ///< to a query
  std::uint64_t value = 0;  ///< to a query
};
struct StreamPublish final : sim::Payload {
  std::uint64_t publishing_id = 0;
  MessagePtr message;
};
struct PublishConfirm final : sim::Payload {
  std::vector<std::uint64_t> publishing_ids;
};
struct StreamQueryOffset final : sim::Payload {
  QueueId stream = kNoQueue;
  std::string reference;
};
/// Where a consumer begins.
struct OffsetSpecification {
  enum class Kind : std::uint8_t { first, last, next, offset };
  Kind kind = Kind::next;
  Offset offset = 0;
};
struct StreamSubscribe final : sim::Payload {
  QueueId stream = kNoQueue;
  OffsetSpecification from;
  std::int64_t credit = 0;  ///< chunks
};
struct StreamDeliver final : sim::Payload {
  struct Entry {
    Offset offset = 0;
    MessagePtr message;
  };
  std::vector<Entry> entries;
};
struct StreamCredit final : sim::Payload {
  std::int64_t chunks = 1;
};
struct StoreOffset final : sim::Payload {
  QueueId stream = kNoQueue;
  std::string reference;
  Offset offset = 0;
};

}  // namespace noloss::models::rabbitmq
