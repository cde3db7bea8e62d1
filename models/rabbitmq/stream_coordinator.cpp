#include "models/rabbitmq/stream_coordinator.hpp"

#include <algorithm>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "sim/disk.hpp"
#include "sim/machine.hpp"

namespace noloss::models::rabbitmq {
namespace {

using Kind = CoordinatorCommand::Kind;
using What = CoordinatorEffect::What;

/// Of a machine's disk as the run begins; a wipe with a new identity counts on.
constexpr std::uint32_t kFirstIdentity = 1;
constexpr sim::Duration kAtOnce{0};
constexpr sim::Duration kAfterError = std::chrono::seconds{5};
constexpr sim::Duration kAfterNodeDown = std::chrono::seconds{10};

/// A writer that does not start makes way for another one at once.
sim::Duration pause_after(What what, sim::Duration otherwise) {
  return what == What::start_writer ? kAtOnce : otherwise;
}

}  // namespace

StreamCoordinator::StreamCoordinator(Broker& broker)
    : broker_(broker),
      mailbox_(broker.simulation().scheduler()),
      raft_(broker, broker.topology().coordinator(), broker.topology().brokers, *this) {
  const std::vector<QueueInfo>& queues = broker.topology().queues;
  for (QueueId id = 0; id < queues.size(); ++id) {
    if (queues[id].type == QueueType::stream) state_.add(id, queues[id].members);
  }
  if (broker.initial()) raft_.create();
}

void StreamCoordinator::recover() {
  member_ = broker_.process().machine().disk().identity() == kFirstIdentity;
  if (member_) raft_.recover();
}

void StreamCoordinator::loop() {
  if (raft_.leads()) begin_to_lead();
  for (;;) {
    sim::VirtualTime next = raft_.next_timer();
    for (const Later& each : later_) next = std::min(next, each.at);
    if (const auto letter = mailbox_.receive_until(next)) handle(*letter);
    if (!member_) continue;
    raft_.timers();
    retry();
  }
}

boost::intrusive_ptr<LogCommand> StreamCoordinator::make_noop() const {
  return boost::intrusive_ptr<LogCommand>{new CoordinatorCommand};
}

void StreamCoordinator::handle(const Letter& letter) {
  if (!member_) return;
  const Events& kinds = events();
  if (letter.what == LetterKind::message && letter.kind == kinds.stream_action_done.sent) {
    return done(static_cast<const StreamActionDone&>(*letter.payload));
  }
  if (letter.what == LetterKind::message && letter.kind == kinds.stream_process_down.sent) {
    const auto& news = static_cast<const StreamProcessDown&>(*letter.payload);
    CoordinatorCommand down;
    down.kind = Kind::down;
    down.stream = news.stream;
    down.node = letter.from;
    down.process = news.process;
    if (raft_.leads()) append(std::move(down));
    return;
  }
  raft_.handle(letter);
  if (!raft_.leads()) return;
  if (letter.what == LetterKind::node_down) node_down(letter.from);
  if (letter.what == LetterKind::node_up) node_up(letter.from);
}

void StreamCoordinator::append(CoordinatorCommand command) {
  boost::intrusive_ptr<CoordinatorCommand> stamped{new CoordinatorCommand(std::move(command))};
  stamped->number = broker_.ledger().next_number();
  stamped->at = broker_.now();
  raft_.append(stamped);
}

void StreamCoordinator::leadership_changed(bool /*leading*/) {
  under_way_.clear();
  later_.clear();
}

void StreamCoordinator::apply(const LogCommand& command, bool leading) {
  const auto& coordinated = static_cast<const CoordinatorCommand&>(command);
  if (coordinated.kind == Kind::noop) {
    if (leading) begin_to_lead();
    return;
  }
  const QueueId stream = coordinated.stream;
  const StreamCoordination::Writer before = state_.writer(stream);
  StreamCoordination::Effects effects;
  state_.apply(coordinated, effects);
  const StreamCoordination::Writer after = state_.writer(stream);
  if (after != before && after.node != sim::kNoNode) broker_.stream_writer_changed(stream);
  if (!leading) return;
  const auto& member = state_.streams().at(stream).members.at(coordinated.node);
  if (coordinated.kind == Kind::member_started && member.state == StreamCoordination::State::running) {
    monitor(stream, coordinated.node, member.process);
  }
  for (const CoordinatorEffect& effect : effects) run(effect);
}

// --- the leader ---

void StreamCoordinator::begin_to_lead() {
  // Everything that its predecessors committed is applied.
  std::vector<CoordinatorCommand> commands;
  for (const auto& [id, stream] : state_.streams()) {
    for (const auto& [node, member] : stream.members) {
      if (member.current == MemberAction::none) continue;
      CoordinatorCommand failed;
      failed.kind = Kind::action_failed;
      failed.stream = id;
      failed.node = node;
      failed.action = member.current;
      failed.action_id = member.action_id;
      commands.push_back(std::move(failed));
    }
    for (const auto& [node, member] : stream.members) {
      const bool lives =
          member.state == StreamCoordination::State::running || member.state == StreamCoordination::State::disconnected;
      if (!lives) continue;
      // As the run begins the links are still to come.
      if (node != broker_.node() && broker_.now() == sim::kStart) continue;
      monitor(id, node, member.process);
    }
  }
  for (CoordinatorCommand& command : commands) append(std::move(command));
}

void StreamCoordinator::monitor(QueueId stream, sim::NodeId node, ProcessNumber process) {
  if (node == broker_.node() || broker_.peer_up(node)) {
    boost::intrusive_ptr<StreamMonitor> letter{new StreamMonitor};
    letter->queue = stream;
    letter->process = process;
    return broker_.cast_queue(node, events().stream_monitor, letter);
  }
  CoordinatorCommand down;
  down.kind = Kind::down;
  down.stream = stream;
  down.node = node;
  down.process = process;
  down.unreachable = true;
  append(std::move(down));
}

void StreamCoordinator::node_down(sim::NodeId node) {
  for (auto next = under_way_.begin(); next != under_way_.end();) {
    const auto action = next++;
    if (action->first.second != node) continue;
    const CoordinatorEffect effect = action->second;
    under_way_.erase(action);
    fail(effect, pause_after(effect.what, kAfterNodeDown));
  }
  std::vector<std::pair<QueueId, ProcessNumber>> gone;
  for (const auto& [id, stream] : state_.streams()) {
    const auto member = stream.members.find(node);
    if (member == stream.members.end() || member->second.state != StreamCoordination::State::running) continue;
    gone.emplace_back(id, member->second.process);
  }
  for (const auto& [id, process] : gone) monitor(id, node, process);
}

void StreamCoordinator::node_up(sim::NodeId node) {
  for (const auto& [id, stream] : state_.streams()) {
    const auto member = stream.members.find(node);
    if (member == stream.members.end()) continue;
    const StreamCoordination::State state = member->second.state;
    // A node that came back before anybody missed it may have lost its processes all the same.
    const bool lives = state == StreamCoordination::State::running || state == StreamCoordination::State::disconnected;
    if (lives) monitor(id, node, member->second.process);
  }
}

void StreamCoordinator::run(const CoordinatorEffect& effect) {
  if (effect.node != broker_.node() && !broker_.peer_up(effect.node)) {
    return fail(effect, pause_after(effect.what, kAfterNodeDown));
  }
  under_way_[{effect.stream, effect.node}] = effect;
  boost::intrusive_ptr<StreamAction> letter{new StreamAction};
  letter->queue = effect.stream;
  letter->effect = effect;
  broker_.cast_queue(effect.node, events().stream_action, letter);
}

void StreamCoordinator::fail(const CoordinatorEffect& effect, sim::Duration pause) {
  CoordinatorCommand failed;
  failed.kind = Kind::action_failed;
  failed.stream = effect.stream;
  failed.node = effect.node;
  failed.epoch = effect.epoch;
  failed.action_id = effect.action_id;
  failed.action = effect.what == What::stop ? MemberAction::stopping : MemberAction::starting;
  later_.push_back({broker_.now() + pause, std::move(failed)});
}

void StreamCoordinator::done(const StreamActionDone& result) {
  const CoordinatorEffect& effect = result.effect;
  const auto asked = under_way_.find({effect.stream, effect.node});
  if (asked == under_way_.end() || asked->second.action_id != effect.action_id) return;
  under_way_.erase(asked);
  if (!result.ok) return fail(effect, pause_after(effect.what, kAfterError));
  CoordinatorCommand command;
  command.kind = effect.what == What::stop ? Kind::member_stopped : Kind::member_started;
  command.stream = effect.stream;
  command.node = effect.node;
  command.epoch = effect.epoch;
  command.action_id = effect.action_id;
  command.process = result.process;
  command.tail = result.tail;
  append(std::move(command));
}

void StreamCoordinator::retry() {
  const sim::VirtualTime now = broker_.now();
  std::vector<CoordinatorCommand> due;
  std::erase_if(later_, [&](Later& each) {
    if (each.at > now) return false;
    due.push_back(std::move(each.command));
    return true;
  });
  if (!raft_.leads()) return;
  for (CoordinatorCommand& command : due) append(std::move(command));
}

}  // namespace noloss::models::rabbitmq
