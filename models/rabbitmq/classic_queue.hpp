// A classic queue on its home node (rabbit_amqqueue_process with rabbit_variable_queue).
//
// Modelled: messages in publish order, consumers in turn with prefetch, hand-over to a waiting consumer without
// storage, when each publish is confirmed, requeue to the original place, TTL at the head, length limits, dead letters
// (at-most-once, the only kind that classic queues have), non-durable queues, expiry of the queue when nobody uses it;
// bodies that are read from disk when they are needed after a start, 2048 at a time. Not modelled: paging of what was
// published since then, lazy mode, priorities, exclusive queues, single active consumer.
//
// A mirrored queue has such a process on each node. One leads; the others keep the same messages, in the leader's order
// and under its numbers, and confirm them on their own; see mirrors.hpp.
//
// A file that cannot be written, synced or read ends the process (QueueCrash); see supervision.hpp.
//
// Invariants: (1) a message is ready, held by a consumer, or gone; (2) what waits for a confirm is in one of the first
// two, or its storage has confirmed it.
//
// volatile, lost on kill: everything but what the storage has written.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <vector>

#include "models/rabbitmq/classic_storage.hpp"
#include "models/rabbitmq/definitions.hpp"
#include "models/rabbitmq/mirrors.hpp"
#include "models/rabbitmq/queue_process.hpp"
#include "models/rabbitmq/topology.hpp"

namespace noloss::models::rabbitmq {

class Broker;

class ClassicQueue final : public QueueProcess {
 public:
  ClassicQueue(Broker& broker, QueueId id);

  void loop() override;
  void recover() override;
  void crashed() override;
  void restart() override;
  void close() override;
  [[nodiscard]] Mailbox& mailbox() override { return mailbox_; }

  void leader_stops() override { mirrors_.leader_stops(); }
  [[nodiscard]] const Mirrors& mirrors() const { return mirrors_; }
  /// A policy makes it a mirrored queue: on its home node it leads, elsewhere this is a mirror that has nothing yet.
  void begin_mirroring();
  [[nodiscard]] bool leads() const override { return runs_ && mirrors_.leads(); }
  [[nodiscard]] bool drained() const override { return ready_.empty() && held_.empty(); }
  [[nodiscard]] bool waits_for_copies() const override { return false; }
  [[nodiscard]] bool exists() const override { return exists_; }
  [[nodiscard]] std::int64_t bytes() const override;
  [[nodiscard]] std::vector<MessageRef> messages() const override;

 private:
  struct Item {
    ContentPtr content;
    bool stored = false;   ///< the storage knows it
    bool on_disk = false;  ///< its body has not been read since the process started
    bool redelivered = false;
    sim::VirtualTime expires = sim::kNever;
  };
  struct Consumer {
    ChannelId channel;
    bool auto_ack = false;
    std::int64_t prefetch = 0;
    std::int64_t holds = 0;
    [[nodiscard]] bool has_room() const { return auto_ack || prefetch == 0 || holds < prefetch; }
  };
  struct Held {
    Item item;
    ChannelId channel;
  };
  /// Whom to tell when the message is safe.
  struct Owed {
    ChannelId channel;
    PublishSeq seq = 0;
  };

  void handle(const Letter& letter);
  void handle_mirroring(const Letter& letter);
  void recover_content();
  void start_empty();
  // classic_mirror.cpp
  void node_changed(const Letter& letter);
  void view_learned(sim::NodeId from, const QueueViewLetter& letter);
  void promote();
  void decide();
  void start_as_decided();
  void stop_mirroring();
  void mirrored(const MirrorPublish& letter);
  void forget_mirrored(const MirrorForget& letter);
  void take_sync(const MirrorSync& letter);
  void let_join(sim::NodeId node);
  void tell_mirrors(SeqId seq, const QueuePublish& request);
  void tell_mirrors_to_forget(SeqId seq, const Content& content);
  /// A publish that this mirror has from its channel, and not yet from the leader.
  void wait_for_leader(const boost::intrusive_ptr<const QueuePublish>& request);
  [[nodiscard]] Item make_item(const ContentPtr& content);
  void keep(SeqId seq, Item item, const ChannelId& channel, PublishSeq publish);

  // classic_definition.cpp
  void declare();
  void redefine(const QueueDefinition& definition);
  /// Throws away what is ready.
  void purge(std::string_view rule);
  /// Throws away everything; nothing is dead-lettered.
  void remove(std::string_view rule);
  [[nodiscard]] bool may_expire() const;
  void expire_queue();
  void synchronise(sim::NodeId node);

  void publish(const QueuePublish& request);
  void refuse(const QueuePublish& request);
  void settle(const QueueSettle& request);
  void take_back(SeqId seq);
  void consumers_gone(bool (*gone)(const ChannelId&, const ChannelId&), const ChannelId& whose);
  /// Reads the bodies at the head that are not in memory. Crashes over one that cannot be read.
  void read_ahead();
  /// Hands out what is ready to consumers in turn.
  void serve();
  [[nodiscard]] Consumer* next_consumer();
  void hand_over(Consumer& consumer, SeqId seq, const Item& item);
  /// With so many more ready messages.
  [[nodiscard]] bool over_length(std::int64_t more) const;
  /// With what is ready, and `next` if it is given.
  [[nodiscard]] bool over_limit(const Content* next) const;
  /// Drops or dead-letters messages at the head that are too many or too old.
  void limit_length();
  void expire();
  void give_up(SeqId seq, const Item& item, std::string_view rule, bool rejected);
  /// The queue has no more to do with it.
  void forget(SeqId seq, const Item& item);
  void confirm(SeqId seq);
  void confirm(const ChannelId& channel, PublishSeq seq, bool accepted);
  void send_confirms();
  /// The first message that the queue still has; the next one if there is none.
  [[nodiscard]] SeqId oldest() const;
  [[nodiscard]] sim::VirtualTime deadline() const;

  Broker& broker_;
  QueueId id_;
  const QueueInfo& info_;
  Mailbox mailbox_;
  Mirrors mirrors_;
  ClassicStorage storage_;
  bool exists_;
  std::uint64_t incarnation_ = 1;  ///< of the definition
  sim::VirtualTime unused_since_;  ///< without consumers, and not declared again
  bool expires_ = false;           ///< it has said so
  bool runs_ = true;               ///< false: its process has crashed, and has not recovered yet
  SeqId next_seq_ = 0;
  std::map<SeqId, Item> ready_;
  std::map<SeqId, Held> held_;
  std::map<SeqId, Owed> owed_;
  std::map<std::uint64_t, boost::intrusive_ptr<const QueuePublish>> early_;  ///< by copy: see wait_for_leader()
  std::set<std::uint64_t> expected_;  ///< copies that came from the leader before they came from the channel
  std::deque<Consumer> consumers_;    ///< the next one to be served first
  struct Confirms {
    ChannelId channel;
    bool accepted = true;
    std::vector<PublishSeq> seqs;
  };
  std::vector<Confirms> confirms_;  ///< to be sent when the letter has been handled
};

}  // namespace noloss::models::rabbitmq
