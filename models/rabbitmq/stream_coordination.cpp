#include "models/rabbitmq/stream_coordination.hpp"

#include <algorithm>

#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {
namespace {

using Kind = CoordinatorCommand::Kind;
using What = CoordinatorEffect::What;

constexpr std::uint64_t kMillisecond = 1'000'000;

}  // namespace

void StreamCoordination::add(QueueId stream, const std::vector<sim::NodeId>& members) {
  Stream& added = streams_[stream];
  for (const sim::NodeId node : members) added.members[node].writes = node == members.front();
}

StreamCoordination::Writer StreamCoordination::writer(QueueId stream) const {
  for (const auto& [node, member] : streams_.at(stream).members) {
    if (member.writes && member.state == State::running) return {node, member.process};
  }
  return {};
}

void StreamCoordination::apply(const CoordinatorCommand& command, Effects& effects) {
  if (command.kind == Kind::noop) return;
  Stream& stream = streams_.at(command.stream);
  update(stream, command);
  evaluate(command.stream, stream, command.number, effects);
}

void StreamCoordination::update(Stream& stream, const CoordinatorCommand& command) {
  Member& member = stream.members.at(command.node);
  switch (command.kind) {
    case Kind::noop: break;
    case Kind::member_started: return started(stream, member, command);
    case Kind::member_stopped: return stopped(stream, member, command);
    case Kind::action_failed: return failed(stream, member, command);
    case Kind::down: return down(stream, member, command);
  }
}

void StreamCoordination::started(Stream& stream, Member& member, const CoordinatorCommand& command) {
  const bool expected = command.epoch == stream.epoch && member.current == MemberAction::starting &&
                        member.action_id == command.action_id;
  if (!expected) return;
  member.state = State::running;
  member.state_epoch = stream.epoch;
  member.process = command.process;
  member.current = MemberAction::none;
}

void StreamCoordination::stopped(Stream& stream, Member& member, const CoordinatorCommand& command) {
  if (member.current != MemberAction::stopping || member.action_id != command.action_id) return;
  const bool has_writer = std::any_of(stream.members.begin(), stream.members.end(), [&](const auto& entry) {
    const Member& other = entry.second;
    return other.writes && other.to_run && other.state_epoch == stream.epoch &&
           (other.state == State::ready || other.state == State::running);
  });
  member.current = MemberAction::none;
  if (!member.writes && has_writer) {  // an election has gone on without it
    member.state = State::ready;
    member.state_epoch = stream.epoch;
    member.to_run = true;
    return;
  }
  member.state = State::stopped;
  member.state_epoch = command.epoch;
  member.tail = command.tail;
  // What it said in an earlier epoch may be old: it is stopped again in this one.
  if (command.epoch == stream.epoch) member.to_run = true;
  const auto present = std::count_if(stream.members.begin(), stream.members.end(), [&](const auto& entry) {
    const Member& other = entry.second;
    return other.state == State::stopped && other.state_epoch == stream.epoch && other.to_run;
  });
  if (static_cast<std::size_t>(present) * 2 > stream.members.size()) elect(stream, command);
}

void StreamCoordination::elect(Stream& stream, const CoordinatorCommand& command) {
  std::vector<std::pair<sim::NodeId, ChunkId>> candidates;
  for (const auto& [node, member] : stream.members) {
    if (member.state == State::stopped && member.state_epoch == stream.epoch)
      candidates.emplace_back(node, member.tail);
  }
  const auto by_tail = [](const auto& one, const auto& other) { return one.second < other.second; };
  ChunkId best = std::max_element(candidates.begin(), candidates.end(), by_tail)->second;
  if (NOLOSS_BUG("rabbitmq: a stream elects the member with the shortest log")) {
    best = std::min_element(candidates.begin(), candidates.end(), by_tail)->second;
  }
  std::erase_if(candidates, [&](const auto& candidate) { return candidate.second != best; });
  const auto time = static_cast<std::uint64_t>(command.at.time_since_epoch().count()) / kMillisecond;
  const sim::NodeId elected = candidates[(time + command.number) % candidates.size()].first;
  const Epoch next = stream.epoch + 1;
  for (auto& [node, member] : stream.members) {
    member.writes = node == elected;
    if (member.state != State::stopped || member.state_epoch != stream.epoch) continue;
    member.state = State::ready;
    member.state_epoch = next;
  }
  stream.epoch = next;
}

void StreamCoordination::failed(Stream& stream, Member& member, const CoordinatorCommand& command) {
  const bool current = member.current == command.action && member.action_id == command.action_id;
  if (!current) return;
  member.current = MemberAction::none;
  const bool writer_did_not_start =
      command.action == MemberAction::starting && member.writes && member.state == State::ready;
  if (writer_did_not_start) stop_all(stream);
}

void StreamCoordination::down(Stream& stream, Member& member, const CoordinatorCommand& command) {
  const bool known = member.state == State::running || member.state == State::disconnected;
  if (!known || member.process != command.process) return;
  if (member.writes) {
    member.state = State::down;
    member.state_epoch = stream.epoch;
    return stop_all(stream);
  }
  // A replica whose node cannot be reached may go on there; it is looked at again when the node is back.
  member.state = command.unreachable ? State::disconnected : State::down;
  member.state_epoch = stream.epoch;
}

void StreamCoordination::stop_all(Stream& stream) {
  for (auto& [node, member] : stream.members) member.to_run = false;
}

void StreamCoordination::evaluate(QueueId id, Stream& stream, std::uint64_t number, Effects& effects) {
  const auto act = [&](What what, sim::NodeId node, Member& member) -> CoordinatorEffect& {
    member.current = what == What::stop ? MemberAction::stopping : MemberAction::starting;
    member.action_id = number;
    CoordinatorEffect& effect = effects.emplace_back();
    effect.what = what;
    effect.stream = id;
    effect.node = node;
    effect.epoch = stream.epoch;
    effect.action_id = number;
    return effect;
  };
  const auto writer =
      std::find_if(stream.members.begin(), stream.members.end(), [](const auto& entry) { return entry.second.writes; });
  Member& writing = writer->second;
  const bool now = writing.state_epoch == stream.epoch;
  const bool idle = writing.current == MemberAction::none;
  if (now && writing.state == State::ready && writing.to_run && idle) {
    (void)act(What::start_writer, writer->first, writing);
    return;
  }
  const bool writer_runs = now && writing.state == State::running && writing.to_run;
  if (!writing.to_run && idle && writing.state != State::stopped) (void)act(What::stop, writer->first, writing);
  for (auto& [node, member] : stream.members) {
    if (member.writes || member.current != MemberAction::none) continue;
    if (!member.to_run) {
      (void)act(What::stop, node, member);
      continue;
    }
    const bool waits =
        member.state_epoch == stream.epoch && (member.state == State::ready || member.state == State::down);
    if (!writer_runs || !waits) continue;
    CoordinatorEffect& effect = act(What::start_replica, node, member);
    effect.writer = writer->first;
    effect.writer_process = writing.process;
  }
}

}  // namespace noloss::models::rabbitmq
