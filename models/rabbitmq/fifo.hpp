// The state machine of a quorum queue (rabbit_fifo): the same commands in the same order give the same state anywhere.
//
// Modelled: enqueuers and their sequence numbers, consumers with what they hold, the returns that are served before the
// rest, delivery limits, length limits, TTL by the leader's clock, consumers on a node that cannot be reached.
// Effects are for the leader alone and may be lost or repeated when leadership changes. Not modelled: priorities,
// single active consumer, purge, message bytes limits.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

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
  tick,                    ///< only its time counts
};

/// What a Raft entry carries.
struct FifoCommand final : LogCommand {
  FifoKind kind = FifoKind::noop;
  ChannelId channel;
  std::uint64_t enqueue_seq = 0;  ///< 0: nobody waits for it (a dead letter)
  std::vector<std::uint64_t> deliveries;
  bool failed = false;  ///< requeue: processing failed, as far as the consumer can tell
  std::int64_t prefetch = 0;
  sim::NodeId node{};
};
using FifoCommandPtr = boost::intrusive_ptr<const FifoCommand>;

enum class FifoReply : std::uint8_t {
  ok,
  gap,  ///< an enqueue came before one that the same channel sent earlier; it was not taken
};

/// What the leader does once a command is applied.
struct FifoEffect {
  enum class What : std::uint8_t { deliver, settled, dropped, dead_letter, full, not_full };
  What what = What::deliver;
  ChannelId channel = {};      ///< deliver, full, not_full
  std::uint64_t delivery = 0;  ///< deliver; dead_letter: its number
  bool redelivered = false;
  ContentPtr content = {};
  std::string_view rule = {};  ///< dropped: why
  bool rejected = false;       ///< dropped by a consumer
};

class Fifo {
 public:
  Fifo(const QueueInfo& info, const Release& release) : info_(info), release_(release) {}

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
  void drop(const Item& item, std::string_view rule, bool rejected, Effects& effects);
  void expire(sim::VirtualTime now, Effects& effects);
  void limit_length(Effects& effects);
  void serve(Effects& effects);
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
};

}  // namespace noloss::models::rabbitmq
