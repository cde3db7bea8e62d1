// Who leads a mirrored classic queue, and what its leader tells its mirrors (rabbit_mirror_queue_*).
//
// Modelled: a leader and mirrors in order of age; publishes that reach every replica from the channel and again from
// the leader, in the leader's order; the oldest live mirror that is promoted when the leader's node goes, synchronised
// or not (ha-promote-on-failure, ha-promote-on-shutdown); mirrors that join empty, become synchronised when all that is
// older is gone, or at once (ha-sync-mode); exactly and all; the view of the cluster's metadata that each node keeps on
// disk, and by which nodes that start together find out who led last. Removed in 4.0. Not modelled: ha-mode nodes,
// batched synchronisation that blocks the queue, rebalancing, promotion by hand.
//
// durable: the view. volatile, lost on kill: the rest.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "models/rabbitmq/message_store.hpp"
#include "models/rabbitmq/protocol.hpp"
#include "models/rabbitmq/topology.hpp"

namespace noloss::models::rabbitmq {

class Broker;

/// What the metadata store says of a mirrored queue.
struct QueueView {
  std::uint64_t version = 0;
  sim::NodeId leader = sim::kNoNode;
  std::vector<sim::NodeId> mirrors;  ///< oldest first
  std::vector<sim::NodeId> synced;   ///< of the mirrors
  [[nodiscard]] bool has(sim::NodeId node) const;
};
struct QueueViewLetter final : ToQueue {
  QueueView view;
  bool decided = true;  ///< false: the sender has only just started and asks as well
};
struct MirrorPublish final : ToQueue {
  SeqId seq = 0;
  PublishSeq publish = 0;
  ContentPtr content;
};
struct MirrorForget final : ToQueue {
  SeqId seq = 0;
  std::uint64_t copy = 0;  ///< for mirrors that know it only from its channel
};
struct MirrorStop final : ToQueue {};
struct MirrorJoin final : ToQueue {};
/// The leader's whole content for a mirror that joins, in order.
struct MirrorSync final : ToQueue {
  struct Item {
    ContentPtr content;
    sim::VirtualTime expires = sim::kNever;
  };
  std::vector<std::pair<SeqId, Item>> items;
};

class Mirrors {
 public:
  Mirrors(Broker& broker, QueueId queue);

  [[nodiscard]] bool enabled() const { return info_.mirrored; }
  /// This node's replica leads, as far as this node knows.
  [[nodiscard]] bool leads() const;
  [[nodiscard]] bool mirrors() const;
  [[nodiscard]] const QueueView& view() const { return view_; }
  /// False after a start, until the metadata is known.
  [[nodiscard]] bool decided() const { return decided_; }

  void create();
  /// Of a queue that was not mirrored: its home node leads, and everybody knows.
  void begin();
  /// The policy asks for another number of mirrors.
  void resize();
  /// Mirrors that joined and lack what is older.
  [[nodiscard]] std::vector<sim::NodeId> unsynced() const;
  void recover();
  /// When the role has to be decided with what was heard until then.
  [[nodiscard]] sim::VirtualTime decision() const { return decided_ ? sim::kNever : decision_; }
  /// Whoever was in the cluster when this node was last in it has to be heard, since one of them may have gone on
  /// alone; the others get some time to answer.
  void decide();
  /// Adopts what is newer. True if this node's role has changed.
  bool learn(sim::NodeId from, const QueueViewLetter& letter);
  /// True if this node's replica has to lead now.
  bool node_down(sim::NodeId node);
  void node_up(sim::NodeId node);
  /// The leader says that it stops in an orderly way; and a mirror hears it.
  void leader_stops();
  void leader_stopped() { orderly_ = true; }

  // --- leader ---
  void tell(sim::MessageKind kind, const boost::intrusive_ptr<ToQueue>& letter, std::int64_t bytes = 0);
  /// Whether the node becomes a mirror; `next` is the first message that it will get.
  bool join(sim::NodeId node, SeqId next);
  void synced(sim::NodeId node);
  /// Everything before `oldest` is gone: whoever joined later than that has all there is.
  void oldest_is(SeqId oldest);

 private:
  void change(QueueView view);
  void persist();
  void announce();
  void ask_to_join();
  [[nodiscard]] boost::intrusive_ptr<QueueViewLetter> letter() const;

  Broker& broker_;
  QueueId queue_;
  const QueueInfo& info_;
  std::string name_;
  QueueView view_;
  bool decided_ = true;
  sim::VirtualTime decision_ = sim::kNever;
  bool orderly_ = false;                               ///< the leader said that it stops
  std::set<sim::NodeId> heard_;                        ///< since the start
  std::vector<std::pair<sim::NodeId, SeqId>> joined_;  ///< mirrors that lack what is older
};

}  // namespace noloss::models::rabbitmq
