// The state machine of a quorum queue (rabbit_fifo): the same commands in the same order give the same state anywhere.
//
// Modelled: enqueuers and their sequence numbers, consumers with what they hold, the returns that are served before the
// rest, delivery limits, length limits, TTL by the leader's clock, consumers on a node that cannot be reached.
// Effects are for the leader alone and may be lost or repeated when leadership changes. Not modelled: priorities,
// single active consumer.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "models/rabbitmq/definitions.hpp"
#include "models/rabbitmq/log_command.hpp"
#include "models/rabbitmq/protocol.hpp"
#include "models/rabbitmq/topology.hpp"

namespace noloss::models::rabbitmq {

enum class FifoKind : std::uint8_t {
  noop,  ///< a new leader's first entry
  register_enqueuer,
  enqueue,
  checkout,  ///< basic.consume
  settle,
  requeue,
  discard,
  channel_down,
  node_down,
  node_up,
  dead_letters_confirmed,  ///< by their targets
  purge,
  define,  ///< the queue was deleted, declared again, or has another policy
  tick,    ///< only its time counts
};

/// What a Raft entry carries.
struct FifoCommand final : LogCommand {
  FifoKind kind = FifoKind::noop;
  ChannelId channel;
  std::uint64_t enqueue_seq = 0;  ///< 0: nobody waits for it (a dead letter); of a registration: the first to come
  std::vector<std::uint64_t> deliveries;
  bool failed = false;  ///< requeue: processing failed, as far as the consumer can tell
  std::int64_t prefetch = 0;
  sim::NodeId node{};
  QueueDefinition definition;
};
using FifoCommandPtr = boost::intrusive_ptr<const FifoCommand>;

enum class FifoReply : std::uint8_t {
  ok,
  gap,  ///< an enqueue came before one that the same channel sent earlier; it was not taken
};

/// What the leader does once a command is applied.
struct FifoEffect {
  enum class What : std::uint8_t { deliver, settled, dropped, removed, dead_letter, full, not_full };
  What what = What::deliver;
  ChannelId channel = {};      ///< deliver, full, not_full
  std::uint64_t delivery = 0;  ///< deliver; dead_letter: its number
  bool redelivered = false;
  ContentPtr content = {};
  std::string_view rule = {};  ///< dropped, and removed (which dead-letters nothing): why
  bool rejected = false;       ///< dropped by a consumer
};

class Fifo {
 public:
  /// `info`: as the queue was declared.
  Fifo(const QueueInfo& info, const Release& release) : info_(info), release_(release), exists_(info.exists_at_start) {}

  FifoReply apply(const FifoCommand& command, std::vector<FifoEffect>& effects);

  [[nodiscard]] bool drained() const;
  [[nodiscard]] std::int64_t bytes() const;
  [[nodiscard]] std::vector<MessageRef> messages() const;
  /// Channels that a new leader has to tell.
  [[nodiscard]] std::vector<ChannelId> channels() const;
  /// Nodes with consumers.
  [[nodiscard]] std::vector<sim::NodeId> consumer_nodes() const;
  /// What a consumer holds from `delivery` on: a channel that missed some asks for them.
  void deliver_again(const ChannelId& channel, std::uint64_t delivery, std::vector<FifoEffect>& effects) const;
  /// Dead letters that their targets have not confirmed, for a new leader.
  void dead_letters_again(std::vector<FifoEffect>& effects) const;
  [[nodiscard]] bool exists() const { return exists_; }
  /// Of the definition that it has.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  /// When the queue itself expires if nobody consumes from it before.
  [[nodiscard]] sim::VirtualTime unused_until() const;
  /// When time alone changes something.
  [[nodiscard]] sim::VirtualTime next_expiry() const;

 private:
  struct Item {
    ContentPtr content;
    std::int64_t returns = 0;  ///< that count against the delivery limit
    bool redelivered = false;
    sim::VirtualTime expires = sim::kNever;
  };
  struct Consumer {
    std::int64_t prefetch = 0;
    std::uint64_t next_delivery = 1;
    std::map<std::uint64_t, Item> holds;
    bool reachable = true;
    sim::VirtualTime give_up = sim::kNever;  ///< when what it holds goes back though it may be alive
  };
  using Effects = std::vector<FifoEffect>;

  FifoReply enqueue(const FifoCommand& command, Effects& effects);
  void take_back(Consumer& consumer, bool counts, bool to_back, Effects& effects);
  void take_back(Item item, bool counts, bool to_back, Effects& effects);
  void node_changed(const FifoCommand& command, Effects& effects);
  void settle(const FifoCommand& command, Effects& effects);
  void redefine(const QueueDefinition& definition, sim::VirtualTime now, Effects& effects);
  void purge(std::string_view rule, Effects& effects);
  [[nodiscard]] const QueuePolicy& policy() const { return changed_ ? *changed_ : info_; }
  void drop(const Item& item, std::string_view rule, bool rejected, Effects& effects);
  void expire(sim::VirtualTime now, Effects& effects);
  void limit_length(Effects& effects);
  void serve(Effects& effects);
  /// Messages that are ready, and dead letters whose targets have not confirmed them.
  [[nodiscard]] std::int64_t kept() const {
    return std::ssize(returns_) + std::ssize(messages_) + std::ssize(dead_letters_);
  }
  [[nodiscard]] std::int64_t kept_bytes() const;
  /// With `more` beyond what is kept: messages, or bytes.
  [[nodiscard]] bool exceeds_limit(std::int64_t more) const;
  /// Four fifths of each limit.
  [[nodiscard]] bool below_soft_limit() const;
  [[nodiscard]] std::size_t ready() const { return returns_.size() + messages_.size(); }
  [[nodiscard]] Item& head() { return returns_.empty() ? messages_.front() : returns_.front(); }
  Item take_head();

  const QueueInfo& info_;
  const Release& release_;
  std::deque<Item> returns_;
  std::deque<Item> messages_;
  std::map<ChannelId, std::uint64_t> enqueuers_;  ///< the next sequence number of each
  std::map<ChannelId, Consumer> consumers_;
  std::deque<ChannelId> turn_;                        ///< consumers, the next one to be served first
  std::map<std::uint64_t, FifoEffect> dead_letters_;  ///< at-least-once: kept until confirmed
  std::uint64_t next_dead_letter_ = 1;
  bool full_ = false;
  std::optional<QueuePolicy> changed_;  ///< the policy, once there was another one
  std::uint64_t version_ = 0;
  std::uint64_t incarnation_ = 1;
  bool exists_;
  sim::VirtualTime unused_since_ = sim::kStart;
};

}  // namespace noloss::models::rabbitmq
