#include "models/rabbitmq/dead_letter_worker.hpp"

#include <algorithm>

#include "models/rabbitmq/broker.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr std::size_t kPrefetch = 32;
constexpr sim::Duration kSettleTimeout = std::chrono::minutes{3};

}  // namespace

DeadLetterWorker::DeadLetterWorker(Broker& broker, QueueId queue, Mailbox& mailbox)
    : broker_(broker), queue_(queue), mailbox_(mailbox), channel_(broker.open_channel(*this)) {}

void DeadLetterWorker::stop() { broker_.close_channel(channel_); }

void DeadLetterWorker::offer(std::uint64_t number, ContentPtr content) {
  waiting_.push_back({number, std::move(content)});
  send();
}

void DeadLetterWorker::send() {
  Channel* const channel = broker_.channel(channel_);
  while (channel != nullptr && !waiting_.empty() && in_flight_.size() < kPrefetch) {
    Letter letter = std::move(waiting_.front());
    waiting_.pop_front();
    const ContentPtr content = letter.content;
    if (NOLOSS_BUG("rabbitmq: a dead letter is forgotten when it is sent")) {
      confirmed_.push_back(letter.number);
      mailbox_.poke();
    }
    // Noted before it goes out: a refusal may come at once.
    in_flight_.emplace(channel->next_seq(), InFlight{std::move(letter), broker_.now() + kSettleTimeout});
    channel->publish(content->route, content);
  }
}

void DeadLetterWorker::settled(PublishSeq seq, bool accepted) {
  const auto done = in_flight_.find(seq);
  if (done == in_flight_.end() || !accepted) return;  // refused: again later
  confirmed_.push_back(done->second.letter.number);
  in_flight_.erase(done);
  mailbox_.poke();
}

sim::VirtualTime DeadLetterWorker::next_timer() const {
  sim::VirtualTime next = sim::kNever;
  for (const auto& [seq, flight] : in_flight_) next = std::min(next, flight.again);
  return next;
}

void DeadLetterWorker::timers() {
  for (auto next = in_flight_.begin(); next != in_flight_.end();) {
    const auto flight = next++;
    if (flight->second.again > broker_.now()) continue;
    waiting_.push_back(std::move(flight->second.letter));
    in_flight_.erase(flight);
  }
  send();
}

}  // namespace noloss::models::rabbitmq
