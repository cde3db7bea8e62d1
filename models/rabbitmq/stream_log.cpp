#include "models/rabbitmq/stream_log.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "sim/machine.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr std::int64_t kChunkHeaderBytes = 48;
constexpr std::int64_t kRecordHeaderBytes = 4;
constexpr std::int64_t kTrackingBytes = 32;

std::int64_t bytes_of(const StreamRecord& record) {
  const std::int64_t header = record.offset == record.chunk.first ? kChunkHeaderBytes : 0;
  return header + kRecordHeaderBytes + (record.content ? record.content->message->bytes : kTrackingBytes);
}

}  // namespace

StreamLog::StreamLog(Broker& broker, QueueId queue)
    : broker_(broker), queue_(queue), name_(fmt::format("stream-{}/00000000000000000000.segment", queue + 1)) {}

sim::File& StreamLog::file() const { return broker_.process().machine().disk().create(name_, sim::FileClass::log); }

void StreamLog::recover() {
  chunks_.clear();
  std::int64_t bytes = 0;
  bool damaged = false;
  StreamChunk next;
  for (const sim::StoredRecord& stored : file().read_all()) {
    const bool intact = stored.state == sim::RecordState::intact && stored.offset == bytes;
    const auto* record = intact ? static_cast<const StreamRecord*>(stored.payload.get()) : nullptr;
    const Offset expected = end() + static_cast<Offset>(next.records.size());
    const bool begins = record != nullptr && record->offset == record->chunk.first;
    const bool fits =
        record != nullptr && record->offset == expected && (next.records.empty() ? begins : record->chunk == next.id);
    if (!fits) {
      damaged = true;
      break;
    }
    if (begins) next = {record->chunk, bytes, {}};
    next.records.emplace_back(record);
    bytes += stored.bytes;
    if (next.records.size() == record->chunk_records) chunks_.push_back(std::exchange(next, {}));
  }
  const std::int64_t kept = next.records.empty() ? bytes : next.byte;
  if (damaged || file().size() > kept) {
    broker_.simulation().mark("torn record found in recovery");
    if (file().truncate(kept) != sim::IoResult::ok) broker_.process().crash();
  }
}

bool StreamLog::append(StreamChunk chunk) {
  chunk.byte = file().size();
  for (const StreamRecordPtr& record : chunk.records) {
    if (file().append(bytes_of(*record), record) != sim::IoResult::ok) {
      (void)file().truncate(chunk.byte);
      return false;
    }
  }
  chunks_.push_back(std::move(chunk));
  for (const StreamRecordPtr& record : chunks_.back().records) {
    if (record->message == kNoMessage) continue;
    broker_.simulation().note(broker_.node(), events().common.append, index(record->message),
                              static_cast<std::uint64_t>(record->offset));
  }
  broker_.simulation().scheduler().check_killed();
  return true;
}

void StreamLog::keep(std::size_t count) {
  if (count >= chunks_.size()) return;
  const std::int64_t bytes = chunks_[count].byte;
  chunks_.resize(count);
  if (file().truncate(bytes) != sim::IoResult::ok) broker_.process().crash();
  broker_.simulation().mark("stream truncated");
  broker_.simulation().moment(broker_.node(), events().common.truncated, static_cast<std::uint64_t>(end()), queue_);
}

void StreamLog::truncate_to(std::vector<ChunkId> leader_ends) {
  if (NOLOSS_BUG("rabbitmq: a stream replica keeps what its writer does not have")) return;
  std::sort(leader_ends.rbegin(), leader_ends.rend());
  for (const ChunkId& ends : leader_ends) {
    if (ends.first >= end()) {
      // The leader has more of an epoch than this log, which ends within it: all of it is the leader's too.
      if (tail().epoch == ends.epoch) return;
      continue;
    }
    if (holds(ends)) return keep(find(ends.first) + 1);
  }
  keep(0);
}

std::vector<ChunkId> StreamLog::epoch_ends() const {
  std::vector<ChunkId> ends;
  for (const StreamChunk& chunk : chunks_) {
    if (ends.empty() || ends.back().epoch != chunk.id.epoch) {
      ends.push_back(chunk.id);
    } else {
      ends.back() = chunk.id;
    }
  }
  return ends;
}

std::size_t StreamLog::find(Offset offset) const {
  const auto found = std::partition_point(chunks_.begin(), chunks_.end(),
                                          [offset](const StreamChunk& chunk) { return chunk.end() <= offset; });
  return static_cast<std::size_t>(found - chunks_.begin());
}

bool StreamLog::holds(const ChunkId& chunk) const {
  const std::size_t place = find(chunk.first);
  return place < chunks_.size() && chunks_[place].id == chunk;
}

Offset StreamLog::end_of(Offset committed) const {
  if (committed < 0) return 0;
  const std::size_t place = find(committed);
  return place < chunks_.size() ? chunks_[place].end() : end();
}

bool StreamLog::readable(const StreamChunk& chunk) const {
  std::int64_t byte = chunk.byte;
  return std::all_of(chunk.records.begin(), chunk.records.end(), [&](const StreamRecordPtr& record) {
    const std::int64_t bytes = bytes_of(*record);
    return file().check(std::exchange(byte, byte + bytes), bytes) == sim::RecordState::intact;
  });
}

StreamTracking StreamLog::tracking() const {
  StreamTracking tracking;
  for (const StreamChunk& chunk : chunks_) {
    for (const StreamRecordPtr& record : chunk.records) {
      if (record->reference.empty()) continue;
      if (record->content) {
        tracking.sequences[record->reference] = {record->value, chunk.id.first};
      } else {
        tracking.offsets[record->reference] = static_cast<Offset>(record->value);
      }
    }
  }
  if (NOLOSS_BUG("rabbitmq: a new stream writer does not read what its publishers have sent")) {
    tracking.sequences.clear();
  }
  return tracking;
}

}  // namespace noloss::models::rabbitmq
