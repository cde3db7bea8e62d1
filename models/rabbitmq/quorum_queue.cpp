#include "models/rabbitmq/quorum_queue.hpp"

#include <algorithm>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/dead_letter_worker.hpp"
#include "sim/disk.hpp"
#include "sim/machine.hpp"

namespace noloss::models::rabbitmq {
namespace {

/// Of a machine's disk as the run begins; a wipe with a new identity counts on.
constexpr std::uint32_t kFirstIdentity = 1;

}  // namespace

QuorumQueue::QuorumQueue(Broker& broker, QueueId id)
    : broker_(broker),
      id_(id),
      info_(broker.topology().queues[id]),
      declared_(info_),
      mailbox_(broker.simulation().scheduler()),
      fifo_(declared_, broker.release()),
      raft_(broker, id, info_.members, *this) {
  if (broker.initial()) raft_.create();
}

QuorumQueue::~QuorumQueue() = default;

void QuorumQueue::recover() {
  // A replaced node has joined the cluster as a new one; nobody has made it a member of the group yet.
  member_ = broker_.process().machine().disk().identity() == kFirstIdentity;
  if (member_) raft_.recover();
}

void QuorumQueue::loop() {
  if (raft_.leads()) start_worker();
  for (;;) {
    sim::VirtualTime next = raft_.next_timer();
    if (worker_) next = std::min(next, worker_->next_timer());
    const sim::VirtualTime expiry = raft_.leads() ? fifo_.next_expiry() : sim::kNever;
    if (expiry != ticked_) next = std::min(next, expiry);
    if (raft_.leads() && !expires_) next = std::min(next, fifo_.unused_until());
    if (const auto letter = mailbox_.receive_until(next)) handle(*letter);
    raft_.timers();
    if (raft_.leads() && expiry <= broker_.now() && expiry != ticked_) {
      ticked_ = expiry;
      append({});
    }
    if (raft_.leads()) follow_definition();
    if (worker_) run_worker();
    send_answers();
  }
}

void QuorumQueue::follow_definition() {
  if (!expires_ && fifo_.unused_until() <= broker_.now()) {
    expires_ = true;
    broker_.definitions().ask({.what = DefinitionCommand::What::expire, .queue = id_, .policy = {}});
  }
  if (wanted_.version <= std::max(fifo_.version(), appended_)) return;
  appended_ = wanted_.version;
  FifoCommand define;
  define.kind = FifoKind::define;
  define.definition = wanted_;
  append(std::move(define));
}

void QuorumQueue::start_worker() {
  if (!info_.dead_letter_confirmed || worker_) return;
  worker_ = std::make_unique<DeadLetterWorker>(broker_, id_, mailbox_);
  std::vector<FifoEffect> kept;
  fifo_.dead_letters_again(kept);
  for (const FifoEffect& effect : kept) dead_letter(effect);
}

void QuorumQueue::run_worker() {
  if (worker_->next_timer() <= broker_.now()) worker_->timers();
  FifoCommand done;
  done.kind = FifoKind::dead_letters_confirmed;
  done.deliveries = worker_->take_confirmed();
  if (!done.deliveries.empty() && raft_.leads()) append(std::move(done));
}

void QuorumQueue::dead_letter(const FifoEffect& effect) {
  if (!worker_) return;
  const ContentPtr letter = broker_.make_dead_letter(id_, *effect.content, effect.rejected);
  if (letter) {
    broker_.simulation().note(broker_.node(), events().dead_lettered, index(letter->message->ref));
    worker_->offer(effect.delivery, letter);
    return;
  }
  broker_.ledger().dropped(*effect.content, effect.rule);
  FifoCommand gone;
  gone.kind = FifoKind::dead_letters_confirmed;
  gone.deliveries = {effect.delivery};
  append(std::move(gone));
}

void QuorumQueue::handle(const Letter& letter) {
  if (!member_) return;
  const Events& kinds = events();
  if (letter.what == LetterKind::message && letter.kind == kinds.raft_command.sent) return command(letter);
  if (letter.what == LetterKind::message && letter.kind == kinds.queue_definition.sent) {
    wanted_ = static_cast<const DefinitionLetter&>(*letter.payload).definition;
    expires_ = false;
    return;
  }
  if (letter.what == LetterKind::message && letter.kind == kinds.queue_purge.sent) {
    FifoCommand purge;
    purge.kind = FifoKind::purge;
    if (raft_.leads()) append(std::move(purge));
    return;
  }
  if (letter.what == LetterKind::message && letter.kind == kinds.raft_fetch.sent) {
    const auto& fetch = static_cast<const RaftFetch&>(*letter.payload);
    std::vector<FifoEffect> effects;
    if (raft_.leads()) fifo_.deliver_again(fetch.channel, fetch.delivery, effects);
    for (const FifoEffect& effect : effects) deliver(effect, /*resumes=*/&effect == &effects.front());
    return;
  }
  if (letter.what == LetterKind::message && letter.kind == kinds.queue_channel_down.sent) {
    FifoCommand down;
    down.kind = FifoKind::channel_down;
    down.channel = static_cast<const ToQueue&>(*letter.payload).channel;
    if (raft_.leads()) append(std::move(down));
    return;
  }
  raft_.handle(letter);
  if (letter.what == LetterKind::node_down) node_changed(letter.from, FifoKind::node_down);
  if (letter.what == LetterKind::node_up) node_changed(letter.from, FifoKind::node_up);
}

std::uint64_t QuorumQueue::append(FifoCommand command) {
  boost::intrusive_ptr<FifoCommand> stamped{new FifoCommand(std::move(command))};
  if (stamped->kind == FifoKind::noop) stamped->kind = FifoKind::tick;
  stamped->number = broker_.ledger().next_number();
  stamped->at = broker_.now();
  raft_.append(stamped);
  return stamped->number;
}

void QuorumQueue::command(const Letter& letter) {
  const auto& request = static_cast<const RaftCommand&>(*letter.payload);
  if (!raft_.leads()) {
    boost::intrusive_ptr<RaftNotLeader> refusal{new RaftNotLeader};
    refusal->channel = request.channel;
    refusal->queue = id_;
    refusal->seq = request.seq;
    refusal->leader = raft_.leader();
    if (request.seq != 0) broker_.cast_channel(events().raft_not_leader, refusal);
    return;
  }
  // The answer must find its way also when the group has one member and applies at once.
  const std::uint64_t number = append(*request.command);
  if (request.seq != 0) asked_[number] = {request.channel, request.seq};
}

void QuorumQueue::node_changed(sim::NodeId node, FifoKind kind) {
  if (!raft_.leads()) return;
  const auto nodes = fifo_.consumer_nodes();
  if (std::find(nodes.begin(), nodes.end(), node) != nodes.end()) {
    FifoCommand changed;
    changed.kind = kind;
    changed.node = node;
    append(std::move(changed));
  }
  // Channels that died with their node are found out when it is back: it answers that it does not know them.
  if (kind == FifoKind::node_up) announce();
}

void QuorumQueue::leadership_changed(bool leading) {
  asked_.clear();
  answers_.clear();
  if (worker_) worker_->stop();
  worker_.reset();
  ticked_ = sim::kNever;
  appended_ = 0;
  expires_ = false;
  if (!leading) broker_.simulation().roles_changed();
}

void QuorumQueue::announce() {
  for (const ChannelId& channel : fifo_.channels()) {
    boost::intrusive_ptr<RaftApplied> news{new RaftApplied};
    news->channel = channel;
    news->queue = id_;
    news->leader = broker_.node();
    news->new_leader = true;
    broker_.cast_channel(events().raft_applied, news);
  }
}

boost::intrusive_ptr<LogCommand> QuorumQueue::make_noop() const {
  return boost::intrusive_ptr<LogCommand>{new FifoCommand};
}

void QuorumQueue::apply(const LogCommand& entry, bool leading) {
  const auto& command = static_cast<const FifoCommand&>(entry);
  std::vector<FifoEffect> effects;
  const FifoReply reply = fifo_.apply(command, effects);
  for (const FifoEffect& effect : effects) act(effect, leading);
  if (!leading) return;
  if (const auto asked = asked_.find(command.number); asked != asked_.end()) {
    answers_[asked->second.channel].push_back({asked->second.seq, reply});
    asked_.erase(asked);
  }
  if (command.kind != FifoKind::noop) return;
  // The leader has caught up with all that its predecessors committed.
  announce();
  start_worker();
  for (const sim::NodeId node : fifo_.consumer_nodes()) {
    const bool up = node == broker_.node() || broker_.peer_up(node);
    FifoCommand seen;
    seen.kind = up ? FifoKind::node_up : FifoKind::node_down;
    seen.node = node;
    append(std::move(seen));
  }
}

void QuorumQueue::act(const FifoEffect& effect, bool leading) {
  switch (effect.what) {
    case FifoEffect::What::settled: broker_.ledger().settled(id_, *effect.content); break;
    case FifoEffect::What::deliver:
      if (leading) deliver(effect);
      break;
    case FifoEffect::What::dropped:
      if (leading) broker_.give_up(id_, *effect.content, effect.rule, effect.rejected);
      break;
    case FifoEffect::What::removed:
      if (leading) broker_.ledger().dropped(*effect.content, effect.rule);
      break;
    case FifoEffect::What::dead_letter:
      if (leading) dead_letter(effect);
      break;
    case FifoEffect::What::full:
    case FifoEffect::What::not_full: {
      if (!leading) break;
      boost::intrusive_ptr<RaftApplied> news{new RaftApplied};
      news->channel = effect.channel;
      news->queue = id_;
      news->leader = broker_.node();
      news->full = effect.what == FifoEffect::What::full;
      broker_.cast_channel(events().raft_applied, news);
      break;
    }
  }
}

void QuorumQueue::deliver(const FifoEffect& effect, bool resumes) {
  boost::intrusive_ptr<QueueDeliver> letter{new QueueDeliver};
  letter->channel = effect.channel;
  letter->queue = id_;
  letter->delivery = effect.delivery;
  letter->redelivered = effect.redelivered;
  letter->resumes = resumes;
  letter->content = effect.content;
  broker_.cast_channel(events().queue_deliver, letter, effect.content->message->bytes);
}

void QuorumQueue::send_answers() {
  for (auto& [channel, answers] : std::exchange(answers_, {})) {
    boost::intrusive_ptr<RaftApplied> letter{new RaftApplied};
    letter->channel = channel;
    letter->queue = id_;
    letter->leader = broker_.node();
    letter->answers = std::move(answers);
    broker_.cast_channel(events().raft_applied, letter);
  }
}

void QuorumQueue::describe(ReplicaState& replica) const {
  replica.commit = static_cast<std::int64_t>(raft_.commit());
  for (const LogEntry& entry : raft_.log()) replica.log.push_back({kNoMessage, entry.command->number});
}

}  // namespace noloss::models::rabbitmq
