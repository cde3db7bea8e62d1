// The stream coordinator's member on one node: a Raft group of all nodes, whose leader has streams started and stopped.
//
// Modelled: the state machine of stream_coordination.hpp behind Raft and the write-ahead log; actions as calls to the
// members' nodes, which fail with the link and are tried again after 5 or 10 s; monitors of every process that runs;
// a new leader that monitors all of them anew and fails whatever its predecessor had under way. A node learns who
// writes a stream from its own member, and tells its channels. Source: rabbit_stream_coordinator.erl v4.1.4 (apply,
// state_enter, handle_aux, phase_*, maybe_sleep). Not modelled: nodes that join the group later.
//
// volatile, lost on kill: everything but Raft's term, vote and log.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "models/rabbitmq/queue_process.hpp"
#include "models/rabbitmq/raft.hpp"
#include "models/rabbitmq/stream_protocol.hpp"

namespace noloss::models::rabbitmq {

class Broker;

class StreamCoordinator final : public QueueProcess, private RaftMachine {
 public:
  explicit StreamCoordinator(Broker& broker);

  void loop() override;
  void recover() override;
  void close() override {}
  [[nodiscard]] Mailbox& mailbox() override { return mailbox_; }

  [[nodiscard]] bool leads() const override { return raft_.leads(); }
  [[nodiscard]] bool drained() const override { return true; }
  [[nodiscard]] bool waits_for_copies() const override { return !raft_.all_committed(); }
  [[nodiscard]] bool exists() const override { return member_; }
  [[nodiscard]] std::vector<MessageRef> messages() const override { return {}; }

  /// As far as this node has heard.
  [[nodiscard]] StreamCoordination::Writer writer(QueueId stream) const { return state_.writer(stream); }

 private:
  [[nodiscard]] boost::intrusive_ptr<LogCommand> make_noop() const override;
  void apply(const LogCommand& command, bool leading) override;
  void leadership_changed(bool leading) override;
  void handle(const Letter& letter);
  void append(CoordinatorCommand command);
  void begin_to_lead();
  void run(const CoordinatorEffect& effect);
  /// The action has failed; the state machine hears of it after `pause`.
  void fail(const CoordinatorEffect& effect, sim::Duration pause);
  void done(const StreamActionDone& result);
  void monitor(QueueId stream, sim::NodeId node, ProcessNumber process);
  void node_down(sim::NodeId node);
  void node_up(sim::NodeId node);
  void retry();

  struct Later {
    sim::VirtualTime at{};
    CoordinatorCommand command;
  };
  Broker& broker_;
  Mailbox mailbox_;
  StreamCoordination state_;
  RaftMember raft_;
  bool member_ = true;  ///< false: this node is another one than the group knows by its name
  std::map<std::pair<QueueId, sim::NodeId>, CoordinatorEffect> under_way_;
  std::vector<Later> later_;
};

}  // namespace noloss::models::rabbitmq
