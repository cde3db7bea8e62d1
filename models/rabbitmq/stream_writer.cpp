// The writer of a stream (osiris_writer): chunks, replicas, the commit offset, confirms, deduplication.
#include <algorithm>
#include <functional>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/stream_queue.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {

void StreamQueue::start_writer(Epoch epoch) {
  role_ = Role::writer;
  process_ = broker_.ledger().next_number() + kFirstProcess;
  epoch_ = epoch;
  writer_ = broker_.node();
  // What was committed is found out again from the replicas, but by a writer that is alone.
  committed_ = info_.members.size() == 1 ? log_.tail().first : kNoOffset;
  tracking_ = log_.tracking();
  broker_.simulation().mark("stream writer elected");
  broker_.simulation().roles_changed();
  readable_changed();
  broker_.simulation().moment(broker_.node(), events().common.elected, id_, epoch);
}

void StreamQueue::for_writer(const Letter& letter) {
  const Events& kinds = events();
  if (letter.kind == kinds.stream_write.sent) return write(static_cast<const StreamWrite&>(*letter.payload));
  if (letter.kind == kinds.stream_query.sent) return answer_query(static_cast<const StreamQuery&>(*letter.payload));
  if (letter.kind == kinds.stream_attach.sent) {
    return attach(letter.from, static_cast<const StreamAttach&>(*letter.payload));
  }
  if (letter.kind == kinds.stream_overview.sent) {
    boost::intrusive_ptr<StreamOverviewReply> reply{new StreamOverviewReply};
    reply->process = static_cast<const StreamOverview&>(*letter.payload).replica;
    reply->epoch_ends = log_.epoch_ends();
    return send(letter.from, kinds.stream_overview_reply, reply);
  }
  if (letter.kind == kinds.stream_ack.sent) {
    // An acknowledgement never takes back an earlier one, not even of a replica that has lost what it had.
    Offset& known = acknowledged_.try_emplace(letter.from, kNoOffset).first->second;
    known = std::max(known, static_cast<const StreamAck&>(*letter.payload).chunk);
    return;
  }
  if (letter.kind == kinds.stream_track.sent) {
    const auto& track = static_cast<const StreamTrack&>(*letter.payload);
    boost::intrusive_ptr<StreamRecord> record{new StreamRecord};
    record->reference = track.reference;
    record->value = static_cast<std::uint64_t>(track.offset);
    tracking_.offsets[track.reference] = track.offset;
    gathered_.push_back(record);
  }
}

void StreamQueue::write(const StreamWrite& request) {
  const Offset chunk = log_.end();  // the one that is being gathered
  if (!request.reference.empty()) {
    const auto known = tracking_.sequences.find(request.reference);
    if (known != tracking_.sequences.end() && request.value <= known->second.last) {
      broker_.simulation().mark("known publish confirmed and not stored");
      waiting_.push_back({request.channel, request.value, known->second.chunk});
      return;
    }
    tracking_.sequences[request.reference] = {request.value, chunk};
  }
  boost::intrusive_ptr<StreamRecord> record{new StreamRecord};
  record->message = request.content->message->ref;
  record->content = request.content;
  record->reference = request.reference;
  record->value = request.value;
  gathered_.push_back(record);
  waiting_.push_back({request.channel, request.value, chunk});
}

void StreamQueue::answer_query(const StreamQuery& query) {
  boost::intrusive_ptr<StreamAnswer> answer{new StreamAnswer};
  answer->channel = query.channel;
  answer->queue = id_;
  answer->sequence = query.sequence;
  if (query.sequence) {
    const auto known = tracking_.sequences.find(query.reference);
    answer->found = known != tracking_.sequences.end();
    if (answer->found) answer->value = known->second.last;
  } else {
    const auto known = tracking_.offsets.find(query.reference);
    answer->found = known != tracking_.offsets.end();
    if (answer->found) answer->value = static_cast<std::uint64_t>(known->second);
  }
  broker_.cast_channel(events().stream_answer, answer);
}

void StreamQueue::attach(sim::NodeId from, const StreamAttach& request) {
  const bool fits = request.next <= log_.end() && (request.tail == ChunkId{} || log_.holds(request.tail));
  if (!fits) {
    boost::intrusive_ptr<StreamClosed> closed{new StreamClosed};
    closed->process = request.replica;
    return send(from, events().stream_closed, closed);
  }
  readers_[from] = {request.replica, request.next, kNoOffset};
}

void StreamQueue::finish_batch() {
  if (!gathered_.empty()) write_chunk();
  if (role_ != Role::writer) return;
  advance_commit();
  serve_readers();
}

void StreamQueue::write_chunk() {
  StreamChunk chunk;
  chunk.id = {epoch_, log_.end()};
  const std::vector<StreamRecordPtr> gathered = std::exchange(gathered_, {});
  for (const StreamRecordPtr& each : gathered) {
    boost::intrusive_ptr<StreamRecord> record{new StreamRecord(*each)};
    record->chunk = chunk.id;
    record->offset = chunk.end();
    record->chunk_records = gathered.size();
    record->number = broker_.ledger().next_number();
    chunk.records.push_back(record);
  }
  if (!log_.append(std::move(chunk))) exit_process();
}

void StreamQueue::advance_commit() {
  std::vector<Offset> tails{log_.tail().first};
  for (const sim::NodeId member : info_.members) {
    if (member == broker_.node()) continue;
    const auto known = acknowledged_.find(member);
    tails.push_back(known == acknowledged_.end() ? kNoOffset : known->second);
  }
  std::sort(tails.begin(), tails.end(), std::greater<>{});
  const bool early = NOLOSS_BUG("rabbitmq: a stream writer confirms what only it has");
  // Whatever its epoch: a chunk of an earlier one commits by counting.
  const Offset agreed = early ? log_.tail().first : tails[tails.size() / 2];
  if (agreed > committed_) {
    committed_ = agreed;
    readable_changed();
  }
  std::map<ChannelId, std::vector<std::uint64_t>> confirmed;
  std::erase_if(waiting_, [&](const Waiting& publish) {
    if (publish.chunk > committed_) return false;
    confirmed[publish.channel].push_back(publish.value);
    return true;
  });
  for (auto& [channel, values] : confirmed) {
    boost::intrusive_ptr<StreamWritten> letter{new StreamWritten};
    letter->channel = channel;
    letter->queue = id_;
    letter->values = std::move(values);
    broker_.cast_channel(events().stream_written, letter);
  }
}

void StreamQueue::serve_readers() {
  for (auto& [node, reader] : readers_) {
    if (reader.next < log_.end() || reader.told < committed_) send_chunks(node, reader);
  }
}

void StreamQueue::send_chunks(sim::NodeId to, Reader& reader) {
  boost::intrusive_ptr<StreamChunks> letter{new StreamChunks};
  letter->process = reader.replica;
  letter->committed = reader.told = committed_;
  std::int64_t bytes = 0;
  const std::vector<StreamChunk>& chunks = log_.chunks();
  for (std::size_t place = log_.find(reader.next); place < chunks.size(); ++place) {
    // A replica checks what it gets; what it cannot take it would ask for again and again.
    if (!log_.readable(chunks[place])) break;
    letter->chunks.push_back(chunks[place]);
    reader.next = chunks[place].end();
    for (const StreamRecordPtr& record : chunks[place].records) {
      if (record->content) bytes += record->content->message->bytes;
    }
  }
  send(to, events().stream_chunks, letter, bytes);
}

}  // namespace noloss::models::rabbitmq
