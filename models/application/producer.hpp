// The producer's application: what the user's own code does around the client.
//
// Modelled: a workload at a rate; sync, async and oneway sends; errors retried, given up or never looked at; messages
// that come from memory (a crash forgets what was in flight) or from a durable outbox; the interceptor that numbers
// messages, and its heartbeat; an orderly end, which waits for the outcomes. Shared by all systems.
// Not modelled: the cost of the application's own work, several threads that send.
#pragma once

#include <cstdint>
#include <vector>

#include "models/application/client.hpp"
#include "models/events.hpp"
#include "models/history.hpp"
#include "models/message.hpp"
#include "models/setup.hpp"
#include "sim/process.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models {

/// What outlives the producer's process: where its work comes from, its durable outbox, and the run's view of it.
struct ProducerState {
  std::uint32_t number = 0;  ///< from 0
  std::size_t part = 0;      ///< of the workload
  std::int64_t next = 0;     ///< message of that part
  sim::VirtualTime part_began = sim::kNever;
  std::uint32_t incarnation = 0;           ///< of the identity
  std::vector<std::uint64_t> sequences;    ///< last number given out, by partition
  std::uint64_t check_sequence = 0;        ///< the same over all partitions
  std::vector<MessagePtr> unacknowledged;  ///< handed over and without a success (outbox: durable; else only counted)
  std::int64_t closing_heartbeats = 0;     ///< acknowledged since the last message's outcome
  bool exhausted = false;                  ///< the whole workload was handed over
};

class ProducerApplication {
 public:
  ProducerApplication(sim::Process& process, ProducerClient& client, const ProducersSetup& setup,
                      const SequenceCheckSetup& check, const CommonEvents& events, ProducerState& state,
                      History& history);

  /// The application's main fiber.
  void run();
  /// An orderly end: nothing more is sent, and what was handed over gets its outcome; a transaction is completed. The
  /// application waits for as long as a supervisor lets it (30 s), and returns.
  void close();
  /// Everything was handed over and has its outcome.
  [[nodiscard]] static bool settled(const ProducerState& state, const SequenceCheckSetup& check);

 private:
  void begin_life();
  void run_part(const WorkloadPart& part);
  [[nodiscard]] MessagePtr next_message(const WorkloadPart& part);
  void hand_over(const MessagePtr& message);
  void send(const MessagePtr& message);
  void send_until_told(const MessagePtr& message);
  void send_async(const MessagePtr& message);
  /// Returns whether the application sends it again.
  bool told(const MessagePtr& message, Outcome outcome);
  void settle(const MessagePtr& message);
  void wait_for_outcomes();
  void beat();

  sim::Process& process_;
  sim::Simulation& simulation_;
  ProducerClient& client_;
  const ProducersSetup& setup_;
  const SequenceCheckSetup& check_;
  const CommonEvents& events_;
  ProducerState& state_;
  History& history_;
  sim::WaitQueue outcomes_;
  std::uint32_t round_robin_ = 0;
  bool closing_ = false;
};

}  // namespace noloss::models
