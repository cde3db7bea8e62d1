// What the run's observers learn from brokers beyond disks: messages in memory, what left a queue and why.
//
// Brokers only write to it. It outlives them, so that the checkers know at the end what a queue that forgets has
// already given away.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "models/history.hpp"
#include "models/rabbitmq/protocol.hpp"

namespace noloss::models::rabbitmq {

class Ledger {
 public:
  Ledger(History& history, std::size_t queues) : history_(history), settled_(queues) {}

  void held(sim::NodeId node, const Content& content) {
    if (!content.message->heartbeat()) history_.held(node, content.message->ref);
  }
  /// A consumer acknowledged it, or the queue counted it as done when it was sent.
  void settled(QueueId queue, const Content& content) {
    if (!content.message->heartbeat()) settled_[queue].push_back(content.message->ref);
  }
  void dropped(const Content& content, std::string_view rule) { dropped(*content.message, rule); }
  void dropped(const Message& message, std::string_view rule) {
    if (!message.heartbeat()) history_.dropped(message.ref, rule);
  }
  [[nodiscard]] const std::vector<MessageRef>& settled(QueueId queue) const { return settled_[queue]; }
  /// A consumer of a stream will get nothing below `next` any more, as long as it does not begin anew.
  void reads(QueueId queue, sim::NodeId consumer, std::int64_t next) { read_[{queue, consumer}] = next; }
  /// 0: it has never begun.
  [[nodiscard]] std::int64_t read(QueueId queue, sim::NodeId consumer) const {
    const auto known = read_.find({queue, consumer});
    return known == read_.end() ? 0 : known->second;
  }
  /// A number for a publish or a record that no other has.
  [[nodiscard]] std::uint64_t next_number() { return ++numbers_; }

 private:
  History& history_;
  std::vector<std::vector<MessageRef>> settled_;
  std::map<std::pair<QueueId, sim::NodeId>, std::int64_t> read_;
  std::uint64_t numbers_ = 0;
};

}  // namespace noloss::models::rabbitmq
