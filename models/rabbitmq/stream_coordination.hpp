// The state machine of the stream coordinator (rabbit_stream_coordinator): which member of a stream writes, in which
// epoch, and what the members are told to do. The same commands in the same order give the same state anywhere.
//
// Modelled: the writer's end stops every member; the first majority that has stopped in the present epoch elects the
// member whose last chunk is the latest by (epoch, offset), the others follow when they can be reached; members that
// went away are started again. Source: rabbit_stream_coordinator.erl v4.1.4 (update_stream0, evaluate_stream,
// select_leader). Effects are for the coordinator's leader alone. Not modelled: streams that are created, deleted,
// restarted or get other members while the run goes on; single active consumers; retention; machine version 0, which
// took offsets for epochs.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "models/rabbitmq/log_command.hpp"
#include "models/rabbitmq/stream_log.hpp"
#include "sim/ids.hpp"

namespace noloss::models::rabbitmq {

/// A writer's or a replica's process on its node.
using ProcessNumber = std::uint64_t;
inline constexpr ProcessNumber kNoProcess = 0;
/// The one that each member has as the run begins.
inline constexpr ProcessNumber kFirstProcess = 1;

enum class MemberAction : std::uint8_t { none, starting, stopping };

struct CoordinatorCommand final : LogCommand {
  enum class Kind : std::uint8_t { noop, member_started, member_stopped, action_failed, down };
  Kind kind = Kind::noop;
  QueueId stream = kNoQueue;
  sim::NodeId node = sim::kNoNode;
  Epoch epoch = 0;                           ///< in which the action was asked for
  std::uint64_t action_id = 0;               ///< the command that asked for it
  MemberAction action = MemberAction::none;  ///< action_failed
  ProcessNumber process = kNoProcess;        ///< member_started, down
  bool unreachable = false;                  ///< down: with its node, as far as the leader knows
  ChunkId tail;                              ///< member_stopped
};

/// What the leader has a member's node do.
struct CoordinatorEffect {
  enum class What : std::uint8_t { start_writer, start_replica, stop };
  What what = What::stop;
  QueueId stream = kNoQueue;
  sim::NodeId node = sim::kNoNode;
  Epoch epoch = 0;
  std::uint64_t action_id = 0;
  sim::NodeId writer = sim::kNoNode;          ///< start_replica
  ProcessNumber writer_process = kNoProcess;  ///< start_replica
};

class StreamCoordination {
 public:
  enum class State : std::uint8_t { ready, running, disconnected, stopped, down };
  struct Member {
    bool writes = false;  ///< its role
    State state = State::running;
    Epoch state_epoch = 1;
    ProcessNumber process = kFirstProcess;  ///< running, disconnected
    ChunkId tail;                           ///< stopped
    bool to_run = true;                     ///< what it is wanted to do; false: stop
    MemberAction current = MemberAction::none;
    std::uint64_t action_id = 0;
  };
  struct Stream {
    Epoch epoch = 1;
    std::map<sim::NodeId, Member> members;
  };
  using Effects = std::vector<CoordinatorEffect>;

  /// As the run begins: every member runs, the first one writes.
  void add(QueueId stream, const std::vector<sim::NodeId>& members);
  void apply(const CoordinatorCommand& command, Effects& effects);

  [[nodiscard]] const std::map<QueueId, Stream>& streams() const { return streams_; }
  struct Writer {
    sim::NodeId node = sim::kNoNode;
    ProcessNumber process = kNoProcess;
    friend bool operator==(const Writer&, const Writer&) = default;
  };
  /// The one that runs; kNoNode: none does.
  [[nodiscard]] Writer writer(QueueId stream) const;

 private:
  static void update(Stream& stream, const CoordinatorCommand& command);
  static void started(Stream& stream, Member& member, const CoordinatorCommand& command);
  static void stopped(Stream& stream, Member& member, const CoordinatorCommand& command);
  static void failed(Stream& stream, Member& member, const CoordinatorCommand& command);
  static void down(Stream& stream, Member& member, const CoordinatorCommand& command);
  static void elect(Stream& stream, const CoordinatorCommand& command);
  static void stop_all(Stream& stream);
  static void evaluate(QueueId id, Stream& stream, std::uint64_t number, Effects& effects);

  std::map<QueueId, Stream> streams_;
};

}  // namespace noloss::models::rabbitmq
