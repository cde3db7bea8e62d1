// An Erlang process's mailbox: letters in order of arrival, read by one fiber.
#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "sim/ids.hpp"
#include "sim/payload.hpp"
#include "sim/time.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::rabbitmq {

enum class LetterKind : std::uint8_t {
  message,    ///< of the protocol; `kind` says which
  node_down,  ///< the link to `from` broke: DOWN with reason noconnection for everything there
  node_up,
  suspected,  ///< `from` was silent for a while, without the link having broken
  written,    ///< the write-ahead log has synced entries of this member
};

struct Letter {
  LetterKind what = LetterKind::message;
  sim::EventId kind{};  ///< the `sent` event of its message kind
  sim::NodeId from{};
  sim::PayloadPtr payload;
};

class Mailbox {
 public:
  explicit Mailbox(sim::Scheduler& scheduler) : readers_(scheduler) {}

  void post(Letter letter) {
    letters_.push_back(std::move(letter));
    readers_.notify_one();
  }
  /// Wakes the reader without a letter: something it computes its deadline from has changed.
  void poke() {
    poked_ = true;
    readers_.notify_one();
  }
  /// The process is no more.
  void clear() { letters_.clear(); }
  [[nodiscard]] bool empty() const { return letters_.empty(); }
  /// Empty at the deadline, or when poked.
  [[nodiscard]] std::optional<Letter> receive_until(sim::VirtualTime deadline) {
    if (letters_.empty() && !std::exchange(poked_, false)) readers_.wait_until(deadline);
    poked_ = false;
    if (letters_.empty()) return std::nullopt;
    Letter letter = std::move(letters_.front());
    letters_.pop_front();
    return letter;
  }

 private:
  std::deque<Letter> letters_;
  sim::WaitQueue readers_;
  bool poked_ = false;
};

}  // namespace noloss::models::rabbitmq
