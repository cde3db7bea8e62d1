#include "models/rabbitmq/stream_queue.hpp"

#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "sim/machine.hpp"

namespace noloss::models::rabbitmq {
namespace {

/// Of a machine's disk as the run begins; a wipe with a new identity counts on.
constexpr std::uint32_t kFirstIdentity = 1;

}  // namespace

StreamQueue::StreamQueue(Broker& broker, QueueId id)
    : broker_(broker),
      id_(id),
      info_(broker.topology().queues[id]),
      mailbox_(broker.simulation().scheduler()),
      log_(broker, id) {
  if (!broker.initial()) return;
  log_.create();
  epoch_ = 1;
  process_ = kFirstProcess;
  writer_ = info_.members.front();
  writer_process_ = kFirstProcess;
  role_ = writer_ == broker.node() ? Role::writer : Role::replica;
}

void StreamQueue::recover() {
  // A replaced node has joined the cluster as a new one; nobody has made it a member of the stream yet.
  member_ = broker_.process().machine().disk().identity() == kFirstIdentity;
  if (member_) log_.recover();
}

void StreamQueue::loop() {
  for (;;) {
    auto letter = mailbox_.receive_until(sim::kNever);
    while (letter) {
      handle(*letter);
      letter = mailbox_.empty() ? std::nullopt : mailbox_.receive_until(sim::kNever);
    }
    if (role_ == Role::writer) finish_batch();
  }
}

template <class Letter>
void StreamQueue::send(sim::NodeId to, sim::MessageKind kind, boost::intrusive_ptr<Letter> letter, std::int64_t bytes) {
  letter->queue = id_;
  broker_.cast_queue(to, kind, letter, bytes);
}
template void StreamQueue::send(sim::NodeId, sim::MessageKind, boost::intrusive_ptr<StreamChunks>, std::int64_t);
template void StreamQueue::send(sim::NodeId, sim::MessageKind, boost::intrusive_ptr<StreamClosed>, std::int64_t);
template void StreamQueue::send(sim::NodeId, sim::MessageKind, boost::intrusive_ptr<StreamOverview>, std::int64_t);
template void StreamQueue::send(sim::NodeId, sim::MessageKind, boost::intrusive_ptr<StreamOverviewReply>, std::int64_t);
template void StreamQueue::send(sim::NodeId, sim::MessageKind, boost::intrusive_ptr<StreamAttach>, std::int64_t);
template void StreamQueue::send(sim::NodeId, sim::MessageKind, boost::intrusive_ptr<StreamAck>, std::int64_t);

void StreamQueue::handle(const Letter& letter) {
  if (letter.what != LetterKind::message) return node_changed(letter);
  const Events& kinds = events();
  if (letter.kind == kinds.stream_action.sent) {
    return act(letter.from, static_cast<const StreamAction&>(*letter.payload).effect);
  }
  if (letter.kind == kinds.queue_channel_down.sent) {
    const ChannelId& channel = static_cast<const ToQueue&>(*letter.payload).channel;
    listeners_.erase(channel);
    channel_monitors_.erase(channel);
    return;
  }
  if (letter.kind == kinds.stream_monitor.sent) {
    return monitor(letter.from, static_cast<const StreamMonitor&>(*letter.payload));
  }
  const auto& for_process = static_cast<const ToStream&>(*letter.payload);
  const bool arrives = (role_ != Role::none || starting_) && for_process.process == process_;
  if (letter.kind == kinds.stream_closed.sent) {
    const auto& closed = static_cast<const StreamClosed&>(for_process);
    if (!arrives) return;
    if (role_ != Role::writer) return replication_ends();
    const auto reader = readers_.find(letter.from);
    if (reader != readers_.end() && reader->second.replica == closed.replica) readers_.erase(reader);
    return;
  }
  if (letter.kind == kinds.stream_overview_reply.sent) {
    if (arrives) overview_came(static_cast<const StreamOverviewReply&>(for_process));
  } else if (letter.kind == kinds.stream_chunks.sent) {
    if (arrives) chunks_came(static_cast<const StreamChunks&>(for_process));
  } else if (role_ == Role::writer && arrives) {
    for_writer(letter);
  } else if (letter.kind == kinds.stream_overview.sent) {  // of a process that is gone
    boost::intrusive_ptr<StreamClosed> closed{new StreamClosed};
    closed->process = static_cast<const StreamOverview&>(for_process).replica;
    send(letter.from, kinds.stream_closed, closed);
  } else if (letter.kind == kinds.stream_attach.sent) {
    boost::intrusive_ptr<StreamClosed> closed{new StreamClosed};
    closed->process = static_cast<const StreamAttach&>(for_process).replica;
    send(letter.from, kinds.stream_closed, closed);
  }
}

void StreamQueue::node_changed(const Letter& letter) {
  if (letter.what == LetterKind::node_down) {
    readers_.erase(letter.from);
    coordinator_monitors_.erase(letter.from);
    std::erase_if(channel_monitors_, [&](const ChannelId& channel) { return channel.node == letter.from; });
    if (letter.from == writer_ && role_ != Role::writer) replication_ends();
    return;
  }
  // As the run begins: the replicas are there before the links are.
  const bool begins = role_ == Role::replica && process_ == kFirstProcess && !attached_ && !starting_;
  if (letter.what == LetterKind::node_up && begins && letter.from == writer_) ask_for_overview();
}

// --- the coordinator's wishes ---

void StreamQueue::act(sim::NodeId coordinator, const CoordinatorEffect& effect) {
  if (!member_) return answer(coordinator, effect, false);
  switch (effect.what) {
    case CoordinatorEffect::What::stop: exit_process(); return answer(coordinator, effect, true);
    case CoordinatorEffect::What::start_writer:
      if (role_ != Role::none || starting_ || log_.tail().epoch > effect.epoch) {
        return answer(coordinator, effect, false);
      }
      start_writer(effect.epoch);
      return answer(coordinator, effect, true);
    case CoordinatorEffect::What::start_replica:
      if (role_ == Role::writer || starting_) return answer(coordinator, effect, false);
      if (role_ == Role::replica) return answer(coordinator, effect, true);
      return start_replica(coordinator, effect);
  }
}

void StreamQueue::answer(sim::NodeId coordinator, const CoordinatorEffect& effect, bool ok) {
  boost::intrusive_ptr<StreamActionDone> done{new StreamActionDone};
  done->queue = broker_.topology().coordinator();
  done->effect = effect;
  done->ok = ok;
  done->process = process();
  done->tail = log_.tail();
  broker_.cast_queue(coordinator, events().stream_action_done, done);
}

void StreamQueue::exit_process() {
  if (role_ == Role::none && !starting_) return;
  const bool led = role_ == Role::writer;
  for (const auto& [node, reader] : std::exchange(readers_, {})) {
    boost::intrusive_ptr<StreamClosed> closed{new StreamClosed};
    closed->process = reader.replica;
    send(node, events().stream_closed, closed);
  }
  if (attached_) {
    boost::intrusive_ptr<StreamClosed> closed{new StreamClosed};
    closed->process = writer_process_;
    closed->replica = process_;
    send(writer_, events().stream_closed, closed);
  }
  role_ = Role::none;
  committed_ = kNoOffset;  // the process knew it, its files do not
  attached_ = false;
  starting_.reset();
  gathered_.clear();
  waiting_.clear();
  acknowledged_.clear();
  for (const ChannelId& channel : std::exchange(channel_monitors_, {})) tell_down(channel, sim::kNoNode, process_);
  for (const sim::NodeId node : std::exchange(coordinator_monitors_, {})) tell_down({}, node, process_);
  if (led) broker_.simulation().roles_changed();
}

void StreamQueue::monitor(sim::NodeId from, const StreamMonitor& request) {
  const bool lives = role_ != Role::none && request.process == process_;
  const bool coordinator = request.channel.number == 0;
  if (!lives) return tell_down(request.channel, from, request.process);
  if (coordinator) {
    coordinator_monitors_.insert(from);
  } else {
    channel_monitors_.insert(request.channel);
  }
}

void StreamQueue::tell_down(const ChannelId& channel, sim::NodeId coordinator, ProcessNumber process) {
  if (channel.number != 0) {
    boost::intrusive_ptr<StreamGone> gone{new StreamGone};
    gone->channel = channel;
    gone->queue = id_;
    gone->process = process;
    return broker_.cast_channel(events().stream_gone, gone);
  }
  boost::intrusive_ptr<StreamProcessDown> down{new StreamProcessDown};
  down->queue = broker_.topology().coordinator();
  down->stream = id_;
  down->process = process;
  broker_.cast_queue(coordinator, events().stream_process_down, down);
}

// --- for readers and checkers ---

void StreamQueue::readable_changed() {
  for (const ChannelId& channel : listeners_) {
    boost::intrusive_ptr<StreamReadable> news{new StreamReadable};
    news->channel = channel;
    news->queue = id_;
    broker_.cast_channel(events().stream_readable, news);
  }
}

void StreamQueue::describe(ReplicaState& replica) const {
  replica.commit = readable_end();
  for (const StreamChunk& chunk : log_.chunks()) {
    for (const StreamRecordPtr& record : chunk.records) replica.log.push_back({record->message, record->number});
  }
}

}  // namespace noloss::models::rabbitmq
