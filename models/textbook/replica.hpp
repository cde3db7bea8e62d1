// One partition on one broker: its log, its role, and what a leader does for producers, followers and the consumer.
//
// Modelled (textbook principle): acknowledgement once `replicas.acks` copies are stored, each by its broker's own
// flush; an epoch record that a new leader must see stored before it acknowledges or shows anything; truncation of what
// a new leader does not have; the group's position as a record of the same log. Not modelled: reading from followers,
// several groups, changes of the replica set.
//
// Invariants: (1) a leader's commit never falls; (2) nothing at or past commit is shown or acknowledged;
// (3) a follower counts for what its fetch named as stored, and only if its log does not diverge.
//
// volatile, lost on kill: everything but the log's files.
#pragma once

#include <boost/container/flat_map.hpp>
#include <boost/container/flat_set.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "models/textbook/log.hpp"
#include "models/textbook/protocol.hpp"
#include "models/textbook/topology.hpp"
#include "sim/network.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::textbook {

class Broker;

enum class Role : std::uint8_t { follower, leader };
/// Why a consumer gets no message: there is none, or it has to look for another leader.
enum class Empty : std::uint8_t { nothing_there, not_leader };

/// What a leader knows of a follower.
struct Follower {
  sim::NodeId node{};
  Offset stored = 0;
  sim::ConnectionPtr held = nullptr;  ///< a fetch that waits for more
  Offset held_from = 0;
  sim::VirtualTime held_until = sim::kNever;
};
/// What waits until the record at `offset` is stored often enough.
struct Waiting {
  Offset offset = 0;
  sim::ConnectionPtr connection;
  std::uint64_t request = 0;           ///< produce
  std::optional<Offset> acknowledged;  ///< a consumer's acknowledgement
};
/// The partition's consumer.
struct Subscription {
  sim::ConnectionPtr connection;
  std::int64_t prefetch = 0;
  sim::Duration redelivery{0};
  bool automatic = false;
  bool started = false;
  Offset next = 0;
  boost::container::flat_map<Offset, sim::VirtualTime> in_hand;  ///< and when it is delivered again
  bool position_unstored = false;                                ///< automatic: the disk was full
  boost::container::flat_set<Offset> acknowledged;               ///< at or past the position
};

class Replica {
 public:
  Replica(Broker& broker, std::uint32_t partition);

  [[nodiscard]] ReplicaLog& log() { return log_; }
  [[nodiscard]] const ReplicaLog& log() const { return log_; }
  [[nodiscard]] bool replicated() const { return !followers_.empty(); }
  [[nodiscard]] bool leads() const { return role_ == Role::leader; }
  /// Leads, and its lease says that nobody else can.
  [[nodiscard]] bool in_charge() const;
  [[nodiscard]] Offset commit() const { return commit_; }
  [[nodiscard]] Offset position() const { return committed_position_; }
  [[nodiscard]] const Leadership& leadership() const { return leadership_; }
  /// Stored by this broker's own flush.
  [[nodiscard]] Offset stored() const;
  /// Consumers see what is below.
  [[nodiscard]] Offset shown_end() const { return epoch_committed_ ? commit_ : 0; }
  /// Nothing is in a consumer's hand, nothing waits for copies, everything that is shown was acknowledged.
  [[nodiscard]] bool settled() const;
  /// The leader's log is stored often enough up to its end.
  [[nodiscard]] bool fully_committed() const { return epoch_committed_ && commit_ == log_.end(); }

  // --- roles ---
  /// As the run begins: leads in epoch 1 without having to prove anything.
  void lead_from_start();
  void follow_from_start(sim::NodeId leader);
  /// The coordinator says who leads. May make this replica leader, or end its leadership.
  void learn(const Leadership& leadership);
  /// The coordinator asks; from now on everything of older epochs is refused.
  void promise(Epoch epoch);
  /// Leads no more. Requests whose outcome is open lose their connection, since nobody can say what becomes of them.
  void step_down();

  // --- leader ---
  void produce(const sim::ConnectionPtr& from, const ProduceRequest& request);
  void fetch(const sim::ConnectionPtr& from, const FetchRequest& request);
  void subscribe(const sim::ConnectionPtr& from, const Subscribe& request);
  void acknowledge(const sim::ConnectionPtr& from, const AcknowledgeRequest& request);
  /// A consumer took a message out of its hand; it acknowledges automatically, so this only makes room; or it
  /// asks whether there is anything.
  void pull(const sim::ConnectionPtr& from, const AcknowledgeRequest& request);
  void connection_closed(const sim::ConnectionPtr& connection);
  /// Answers held fetches and delivers again what is overdue.
  void timers();
  [[nodiscard]] sim::VirtualTime next_timer() const;

  // --- fibers of the broker ---
  void sync_loop();    ///< flush: sync, one group commit for all that waits
  void flush_loop();   ///< flush: async, each flush.interval
  void follow_loop();  ///< while another broker leads

 private:
  // replica.cpp: roles and commit
  void become_leader(Epoch epoch);
  /// A record of this epoch with a number of its own; the caller fills in the content.
  [[nodiscard]] boost::intrusive_ptr<LogRecord> make_record(RecordKind kind);
  void answer_produce(const sim::ConnectionPtr& to, std::uint64_t request, ProduceResult result, MessageRef message);
  [[nodiscard]] bool append(LogRecordPtr record);
  void stored_changed();
  /// What so many replicas have stored; the leader's own counts. Precondition: there are as many.
  [[nodiscard]] Offset stored_by(std::size_t copies) const;
  void advance_commit();
  void answer_waiting();

  // replica_consumer.cpp
  void show_to_consumer();
  void deliver(Offset offset);
  void deliver_nothing(const sim::ConnectionPtr& to, Empty why);
  void confirm(const sim::ConnectionPtr& to, Offset acknowledged);
  /// False where the disk is full.
  bool append_position(const sim::ConnectionPtr& connection, Offset acknowledged);
  /// An acknowledgement that could not be stored is none: the position is `before` again, the message in hand.
  void take_back(Offset before, Offset acknowledged);
  void skip_acknowledged();

  // replica_follower.cpp
  void answer_fetch(Follower& follower);
  bool connect_to_leader();
  void follow();
  bool take(const FetchResponse& response);
  void synced_or_crash(sim::IoResult result);

  Broker& broker_;
  std::uint32_t partition_;
  ReplicaLog log_;
  Role role_ = Role::follower;
  Epoch promised_ = 0;
  Leadership leadership_;
  Offset commit_ = 0;

  // leader
  Epoch epoch_ = 0;
  Offset epoch_record_ = 0;
  bool epoch_committed_ = false;
  std::vector<Follower> followers_;
  std::deque<Waiting> waiting_;
  std::optional<Subscription> subscription_;
  Offset position_ = 0;            ///< the group's, appended
  Offset committed_position_ = 0;  ///< the same, stored often enough

  sim::WaitQueue dirty_;                 ///< the sync fiber waits for appends
  sim::WaitQueue stored_;                ///< the follow fiber waits for its sync
  sim::WaitQueue role_changed_;          ///< the follow fiber waits for a leader
  std::optional<sim::Inbox> following_;  ///< while it looks for the leader or fetches from it
  sim::ConnectionPtr leader_;            ///< while it fetches; the inbox is interrupted when the role changes
};

}  // namespace noloss::models::textbook
