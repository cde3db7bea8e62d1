// One member of a Raft group (ra_server): of a quorum queue, or of the stream coordinator.
//
// Modelled: terms and votes, synced on their own before they are answered; pre-votes; log replication in a pipeline;
// a commit index from what members have written, that is synced through their write-ahead logs; only entries of the
// leader's own term commit by counting; no heartbeats without work: a leader's end is noticed through the link to its
// node, or through aten's suspicion. Not modelled: snapshots, membership changes, leadership transfer, leader leases.
//
// Invariants: (1) written_ never covers an entry that the log no longer has; (2) applied_ <= commit_ <= last index;
// (3) a member votes once a term, and says so only after it is durable.
//
// volatile, lost on kill: role, commit and applied index, the state machine. durable: term, vote, log.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "models/rabbitmq/mailbox.hpp"
#include "models/rabbitmq/protocol.hpp"
#include "models/rabbitmq/wal.hpp"
#include "sim/random.hpp"
#include "sim/time.hpp"

namespace noloss::models::rabbitmq {

class Broker;

struct AppendEntries final : ToQueue {
  Term term = 0;
  LogIndex prev = 0;
  Term prev_term = 0;
  std::vector<LogEntry> entries;
  LogIndex commit = 0;
};
struct AppendEntriesReply final : ToQueue {
  Term term = 0;
  bool accepted = true;
  LogIndex written = 0;  ///< synced and the same as the leader's; not accepted: where to try next
};
struct RequestVote final : ToQueue {
  Term term = 0;
  bool pre_vote = false;
  LogIndex last = 0;
  Term last_term = 0;
};
struct Vote final : ToQueue {
  Term term = 0;
  bool pre_vote = false;
  bool granted = false;
};

/// What the member serves: it applies what is committed, in order.
class RaftMachine {
 public:
  virtual ~RaftMachine() = default;
  /// An empty command: a group's first entry, and each leader's.
  [[nodiscard]] virtual boost::intrusive_ptr<LogCommand> make_noop() const = 0;
  virtual void apply(const LogCommand& command, bool leading) = 0;
  virtual void leadership_changed(bool leading) = 0;
};

class RaftMember {
 public:
  RaftMember(Broker& broker, QueueId queue, const std::vector<sim::NodeId>& members, RaftMachine& machine);

  /// As the run begins: the first member leads in term 1, the empty first entry is everywhere.
  void create();
  void recover();
  void handle(const Letter& letter);
  void timers();
  [[nodiscard]] sim::VirtualTime next_timer() const { return election_; }

  [[nodiscard]] bool leads() const { return role_ == Role::leader; }
  /// kNoNode: not known.
  [[nodiscard]] sim::NodeId leader() const { return leader_; }
  /// Everything in the leader's log is committed.
  [[nodiscard]] bool all_committed() const { return commit_ == last(); }
  [[nodiscard]] LogIndex commit() const { return commit_; }
  [[nodiscard]] const std::vector<LogEntry>& log() const { return log_; }
  /// Precondition: leads().
  void append(LogCommandPtr command);

 private:
  enum class Role : std::uint8_t { follower, pre_vote, candidate, leader };
  struct Peer {
    LogIndex next = 1;
    LogIndex match = 0;  ///< written there
  };

  // raft.cpp: elections
  void become_follower(Term term, sim::NodeId leader);
  void start_pre_vote();
  void start_election();
  void become_leader();
  void request_votes(bool pre_vote);
  void vote_requested(sim::NodeId from, const RequestVote& request);
  void voted(sim::NodeId from, const Vote& vote);
  void leader_lost(sim::NodeId node);
  void wait_for_election();
  /// Term and vote are durable when it returns.
  void persist();
  [[nodiscard]] bool majority(std::size_t count) const { return count * 2 > members_.size(); }

  // raft_log.cpp: replication
  void replicate(sim::NodeId to);
  void replicate_all();
  void entries(sim::NodeId from, const AppendEntries& request);
  void replied(sim::NodeId from, const AppendEntriesReply& reply);
  void written(const WalWritten& written);
  void answer_leader(bool accepted, LogIndex written);
  void advance_commit();
  void apply_committed();
  void store(LogIndex index, LogEntry entry);
  [[nodiscard]] LogIndex last() const { return log_.size(); }
  [[nodiscard]] Term term_at(LogIndex index) const { return index == 0 ? 0 : log_[index - 1].term; }
  template <class Letter>
  void send(sim::NodeId to, sim::MessageKind kind, boost::intrusive_ptr<Letter> letter, std::int64_t bytes = 0);

  Broker& broker_;
  QueueId queue_;
  std::vector<sim::NodeId> members_;
  RaftMachine& machine_;
  std::string meta_name_;
  sim::RandomStream random_;

  Term term_ = 0;
  sim::NodeId voted_for_ = sim::kNoNode;
  std::vector<LogEntry> log_;
  LogIndex written_ = 0;   ///< synced here
  LogIndex verified_ = 0;  ///< the same as the present leader's, up to here
  LogIndex commit_ = 0;
  LogIndex applied_ = 0;

  Role role_ = Role::follower;
  sim::NodeId leader_ = sim::kNoNode;
  sim::VirtualTime election_ = sim::kNever;
  std::set<sim::NodeId> votes_;
  std::map<sim::NodeId, Peer> peers_;
};

}  // namespace noloss::models::rabbitmq
