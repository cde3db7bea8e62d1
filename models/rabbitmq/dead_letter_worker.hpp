// The leader of a quorum queue passes dead letters on and keeps each until its targets have confirmed it
// (rabbit_fifo_dlx_worker; dead-letter-strategy at-least-once).
//
// Modelled: a channel of the broker's own in confirm mode, 32 messages in flight, mandatory semantics (a message
// without a route stays), another attempt for whatever was refused or not confirmed for 3 minutes, so that a target may
// get it twice. Not modelled: messages parked in memory for long, the shorter pauses after some refusals.
//
// volatile, lost with leadership: everything; the dead letters themselves are part of the queue's state.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "models/rabbitmq/channel.hpp"
#include "models/rabbitmq/mailbox.hpp"
#include "models/rabbitmq/protocol.hpp"

namespace noloss::models::rabbitmq {

class Broker;

class DeadLetterWorker final : private ChannelOwner {
 public:
  DeadLetterWorker(Broker& broker, QueueId queue, Mailbox& mailbox);
  DeadLetterWorker(const DeadLetterWorker&) = delete;
  DeadLetterWorker& operator=(const DeadLetterWorker&) = delete;

  /// Its leader leads no more. Not the destructor's business: a process that dies closes nothing.
  void stop();
  /// `number` is the queue's own for this dead letter.
  void offer(std::uint64_t number, ContentPtr content);
  /// Numbers that all targets have confirmed since the last call.
  [[nodiscard]] std::vector<std::uint64_t> take_confirmed() { return std::exchange(confirmed_, {}); }
  void timers();
  [[nodiscard]] sim::VirtualTime next_timer() const;

 private:
  struct Letter {
    std::uint64_t number = 0;
    ContentPtr content;
  };
  struct InFlight {
    Letter letter;
    sim::VirtualTime again{};
  };
  void settled(PublishSeq seq, bool accepted) override;
  void send();

  Broker& broker_;
  QueueId queue_;
  Mailbox& mailbox_;
  std::uint64_t channel_;
  std::deque<Letter> waiting_;
  std::map<PublishSeq, InFlight> in_flight_;  ///< refused ones as well, until they are sent again
  std::vector<std::uint64_t> confirmed_;
};

}  // namespace noloss::models::rabbitmq
