// A replica of a stream (osiris_replica): it cuts its log off where the writer's differs, follows and acknowledges.
#include <algorithm>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/stream_queue.hpp"

namespace noloss::models::rabbitmq {

void StreamQueue::start_replica(sim::NodeId coordinator, const CoordinatorEffect& effect) {
  writer_ = effect.writer;
  writer_process_ = effect.writer_process;
  process_ = broker_.ledger().next_number() + kFirstProcess;
  if (writer_ == broker_.node() || !broker_.peer_up(writer_)) return answer(coordinator, effect, false);
  epoch_ = effect.epoch;
  starting_ = {coordinator, effect};
  ask_for_overview();
}

void StreamQueue::ask_for_overview() {
  boost::intrusive_ptr<StreamOverview> request{new StreamOverview};
  request->process = writer_process_;
  request->replica = process_;
  send(writer_, events().stream_overview, request);
}

void StreamQueue::overview_came(const StreamOverviewReply& reply) {
  if (attached_ || role_ == Role::writer) return;
  log_.truncate_to(reply.epoch_ends);
  role_ = Role::replica;
  attached_ = true;
  committed_ = kNoOffset;
  boost::intrusive_ptr<StreamAttach> attach{new StreamAttach};
  attach->process = writer_process_;
  attach->replica = process_;
  attach->tail = log_.tail();
  attach->next = log_.end();
  send(writer_, events().stream_attach, attach);
  if (log_.end() > 0) {  // the writer finds out again what is committed
    boost::intrusive_ptr<StreamAck> ack{new StreamAck};
    ack->process = writer_process_;
    ack->chunk = log_.tail().first;
    send(writer_, events().stream_ack, ack);
  }
  if (auto asked = std::exchange(starting_, std::nullopt)) answer(asked->first, asked->second, true);
  readable_changed();
}

void StreamQueue::chunks_came(const StreamChunks& letter) {
  if (role_ != Role::replica) return;
  for (const StreamChunk& chunk : letter.chunks) {
    if (chunk.id.first != log_.end() || !log_.append(chunk)) return exit_process();
  }
  if (letter.committed > committed_) committed_ = letter.committed;
  if (!letter.chunks.empty()) {
    broker_.simulation().note(broker_.node(), events().common.replicated, static_cast<std::uint64_t>(log_.end()), id_);
    boost::intrusive_ptr<StreamAck> ack{new StreamAck};
    ack->process = writer_process_;
    ack->chunk = log_.tail().first;
    send(writer_, events().stream_ack, ack);
  }
  readable_changed();
}

void StreamQueue::replication_ends() {
  if (auto asked = std::exchange(starting_, std::nullopt)) {
    answer(asked->first, asked->second, false);
    return;
  }
  attached_ = false;  // there is nobody to tell
  exit_process();
}

}  // namespace noloss::models::rabbitmq
