// A quorum queue's member on one node: the Raft member, its state machine, and what a leader does for channels.
//
// Modelled: commands from channels appended and answered when applied; deliveries, dead letters (at-most-once) and
// flow-control hints as effects of the leader; a new leader that tells every channel it knows; consumers on nodes that
// cannot be reached. Not modelled: see fifo.hpp and raft.hpp.
//
// volatile, lost on kill: everything but Raft's term, vote and log.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "models/rabbitmq/fifo.hpp"
#include "models/rabbitmq/queue_process.hpp"
#include "models/rabbitmq/raft.hpp"

namespace noloss::models::rabbitmq {

class Broker;
class DeadLetterWorker;

/// A channel's command, numbered by the channel.
struct RaftCommand final : ToQueue {
  std::uint64_t seq = 0;  ///< 0: nobody waits for the answer
  FifoCommandPtr command;
};
/// Asks the leader for deliveries that the channel has missed.
struct RaftFetch final : ToQueue {
  std::uint64_t delivery = 0;
};
/// Commands that were applied; none: there is a new leader, or the number of ready messages crossed the limit.
struct RaftApplied final : ToChannel {
  struct Answer {
    std::uint64_t seq = 0;
    FifoReply reply = FifoReply::ok;
  };
  sim::NodeId leader{};
  bool new_leader = false;
  std::vector<Answer> answers;
  std::optional<bool> full;
};
struct RaftNotLeader final : ToChannel {
  std::uint64_t seq = 0;
  sim::NodeId leader = sim::kNoNode;  ///< as far as the member knows
};

class QuorumQueue final : public QueueProcess, private RaftMachine {
 public:
  QuorumQueue(Broker& broker, QueueId id);
  ~QuorumQueue() override;

  void loop() override;
  void recover() override;
  void close() override {}
  [[nodiscard]] Mailbox& mailbox() override { return mailbox_; }

  [[nodiscard]] bool leads() const override { return raft_.leads(); }
  [[nodiscard]] bool drained() const override { return fifo_.drained(); }
  [[nodiscard]] bool waits_for_copies() const override { return !raft_.all_committed(); }
  [[nodiscard]] bool exists() const override { return member_ && fifo_.exists(); }
  [[nodiscard]] std::int64_t bytes() const override { return fifo_.bytes(); }
  [[nodiscard]] std::vector<MessageRef> messages() const override { return fifo_.messages(); }
  void describe(ReplicaState& replica) const override;
  /// kNoNode: not known.
  [[nodiscard]] sim::NodeId leader() const { return raft_.leader(); }

 private:
  [[nodiscard]] boost::intrusive_ptr<LogCommand> make_noop() const override;
  void apply(const LogCommand& entry, bool leading) override;
  void leadership_changed(bool leading) override;
  void handle(const Letter& letter);
  void command(const Letter& letter);
  void node_changed(sim::NodeId node, FifoKind kind);
  /// Stamps a command with the time and appends it. Precondition: leads.
  std::uint64_t append(FifoCommand command);
  void act(const FifoEffect& effect, bool leading);
  void announce();
  /// `resumes`: what was delivered before it and did not arrive is not held for the channel any more.
  void deliver(const FifoEffect& effect, bool resumes = false);
  void send_answers();
  /// The leader brings the definition into the log, and the end of a queue that nobody uses to the cluster.
  void follow_definition();
  void start_worker();
  void run_worker();
  void dead_letter(const FifoEffect& effect);

  struct Asked {
    ChannelId channel;
    std::uint64_t seq = 0;
  };
  Broker& broker_;
  QueueId id_;
  const QueueInfo& info_;
  const QueueInfo declared_;  ///< as the run began; the log says what it became
  Mailbox mailbox_;
  Fifo fifo_;
  RaftMember raft_;
  bool member_ = true;                    ///< false: this node is another one than the group knows by its name
  std::map<std::uint64_t, Asked> asked_;  ///< by the command's number
  std::map<ChannelId, std::vector<RaftApplied::Answer>> answers_;
  std::unique_ptr<DeadLetterWorker> worker_;  ///< of a leader, with at-least-once dead-lettering
  QueueDefinition wanted_;                    ///< what this node has heard last
  std::uint64_t appended_ = 0;                ///< the version of it that is in this leader's log
  bool expires_ = false;                      ///< this leader has said so
  sim::VirtualTime ticked_ = sim::kNever;     ///< the expiry for which a tick was appended
};

}  // namespace noloss::models::rabbitmq
