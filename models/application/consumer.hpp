// The consumer's application: receive, process, store the effect, acknowledge, in the order that the scenario says.
//
// Modelled: acknowledgement after or before processing, or left to the system; processing that takes time, that fails
// before its effect, or that hangs; a store that keeps each effect or is keyed by the message; the interceptor that
// checks sequence numbers, whose state changes in the same atomic step as the effect; worker threads that process while
// the polling thread goes on; results that are sent on instead of stored; an orderly end, which finishes what is in
// hand. Shared by all systems. Not modelled: effects outside the store.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>

#include "models/application/client.hpp"
#include "models/application/sequence_check.hpp"
#include "models/events.hpp"
#include "models/history.hpp"
#include "models/setup.hpp"
#include "sim/process.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models {

/// The consumer's database and what else outlives its process.
struct ConsumerState {
  ConsumerState(const ConsumersSetup& setup, sim::NodeId node, History& history)
      : check(setup.sequence_check, node, history) {}

  std::set<MessageRef> keys;       ///< of an idempotent store
  std::set<MessageRef> poisonous;  ///< processing these always fails
  SequenceCheck check;
  bool busy = false;  ///< a message is in the application's hand
};

class ConsumerApplication {
 public:
  ConsumerApplication(sim::Process& process, ConsumerClient& client, const ConsumersSetup& setup,
                      const CommonEvents& events, ConsumerState& state, History& history,
                      Forwarder* forwarder = nullptr);

  /// The application's main fiber; never returns.
  void run();
  /// The message in hand, or else the next one, fails `times` times; -1: always.
  void fail_next(std::int64_t times);
  void stall_next(sim::Duration duration) { stall_ = duration; }
  /// failed: the application closes because of a failure, with messages in hand; not_in_time: a supervisor would have
  /// killed it by now (30 s).
  enum class Finished : std::uint8_t { all, failed, not_in_time };
  /// An orderly end: what is in hand is finished, and nothing more is taken but what the client owes.
  [[nodiscard]] Finished finish();
  [[nodiscard]] bool closing() const { return closing_; }

 private:
  /// A worker thread.
  void work();
  void handle(const Delivery& delivery);
  void in_hand(std::int64_t change);
  enum class Processed : std::uint8_t { done, skipped, given_back };
  [[nodiscard]] Processed process(const Delivery& delivery);
  [[nodiscard]] bool attempt_fails(MessageRef message);
  /// In the application's store, or wherever it is sent on to. False: nowhere yet.
  [[nodiscard]] bool put_result(const Delivery& delivery);
  void take_effect(const Message& message);
  /// The client is closed in an orderly way, then the process ends; it starts again after a second.
  [[noreturn]] void close();

  sim::Process& process_;
  sim::Simulation& simulation_;
  ConsumerClient& client_;
  const ConsumersSetup& setup_;
  const CommonEvents& events_;
  ConsumerState& state_;
  History& history_;
  Forwarder* forwarder_;       ///< null: results go to its own store
  std::int64_t failures_ = 0;  ///< of the message in hand, or of the next one; -1: always
  sim::Duration stall_{0};
  std::int64_t in_hand_ = 0;         ///< messages with the workers
  std::deque<Delivery> handed_off_;  ///< and those that wait for one
  sim::WaitQueue work_;
  bool closing_ = false;
  bool failed_ = false;  ///< it closes because of a failure
  sim::WaitQueue finished_;
};

}  // namespace noloss::models
