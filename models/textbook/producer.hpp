// The producer's process: the textbook client, and the application around it.
//
// Modelled: a buffer of limited size; a connection a partition with up to `max.in.flight` requests without an answer;
// an attempt that fails after `timeout` from its beginning, which closes the connection and fails what was held on it;
// `retries` further attempts after `retry.backoff` each; the coordinator asked for the leader at the start, on "not
// leader" and on a broken connection.
// Not modelled: batching, one connection for several partitions of a broker.
//
// volatile, lost on kill: everything here. durable: ProducerState.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "models/application/producer.hpp"
#include "models/textbook/leader_link.hpp"
#include "models/textbook/protocol.hpp"
#include "models/textbook/topology.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::textbook {

struct ProducerOptions {
  std::int64_t retries = 3;
  sim::Duration timeout{0};
  std::size_t max_in_flight = 5;
  std::size_t buffer = 1000;
  sim::Duration retry_backoff{0};
};
[[nodiscard]] ProducerOptions producer_options(const ProducersSetup& setup);

class Producer;

/// The messages of one partition, in and behind its connection.
class ProducerLane {
 public:
  ProducerLane(Producer& producer, std::uint32_t partition);

  void enqueue(MessagePtr message, SendMode mode, ProducerClient::Done done);
  void loop();

 private:
  struct Attempt {
    MessagePtr message;
    SendMode mode = SendMode::sync;
    ProducerClient::Done done;
    std::int64_t retries_left = 0;
    sim::VirtualTime ready{};  ///< not before: the backoff
    sim::VirtualTime deadline{};
    std::uint64_t request = 0;
    bool uncertain = false;  ///< an earlier attempt may have been stored
  };

  void serve_connection();
  void pump();
  void handle(const sim::Arrival& arrival);
  void fail_overdue();
  void connection_lost();
  /// The attempt, alone in its list, ends or goes back to the queue.
  void attempt_failed(std::list<Attempt> attempt, bool maybe_stored);
  void finish(Attempt& attempt, Outcome outcome);
  [[nodiscard]] sim::VirtualTime next_due() const;

  Producer& producer_;
  std::uint32_t partition_;
  LeaderLink link_;
  std::unique_ptr<sim::Inbox> inbox_;
  sim::ConnectionPtr connection_;
  std::list<Attempt> queue_;  // lists: an attempt stays where it is when it goes from one to another
  std::list<Attempt> in_flight_;
  sim::WaitQueue work_;
  std::uint64_t requests_ = 0;
};

class Producer final : public sim::Program, public ProducerClient {
 public:
  Producer(sim::Process& process, const Topology& topology, std::uint32_t entity, const ProducersSetup& setup,
           const SequenceCheckSetup& check, ProducerState& state, History& history);

  void run() override { application_.run(); }
  void stop() override { application_.close(); }

  [[nodiscard]] std::uint32_t partitions() const override { return static_cast<std::uint32_t>(lanes_.size()); }
  void send(MessagePtr message, SendMode mode, Done done) override;
  [[nodiscard]] sim::Duration retry_backoff() const override { return options_.retry_backoff; }

 private:
  friend class ProducerLane;
  void buffered(std::ptrdiff_t change);

  sim::Process& process_;
  const Topology& topology_;
  ProducerOptions options_;
  History& history_;
  std::vector<std::unique_ptr<ProducerLane>> lanes_;
  std::size_t held_ = 0;  ///< messages in the client
  sim::WaitQueue space_;
  ProducerApplication application_;
};

}  // namespace noloss::models::textbook
