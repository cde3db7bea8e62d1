// The producer's process with librdkafka as its client, and the application around it.
//
// Modelled (rdkafka_broker.c, rdkafka_msg.c, rdkafka_queue.c; releases 0.11 to 1.6): send never waits, a full queue
// fails at once; messages wait one by one and become a batch when a request is written; a thread for each broker, which
// writes the next request only once the socket has taken the one before, looks at timeouts once a second (and when its
// connection comes or goes), and sleeps for up to a second where it has nothing to do. What wakes it: an answer, the
// socket, linger.ms of a message that it knows, and a message that comes into an empty queue, but the latter at most
// once in linger.ms: a wake-up that this limit swallows is not made up for. A message that times out in the queue is
// dropped, by itself; one that was written counts as failed with its request, whose timeout closes the connection.
// Connections to a broker that breaks again and again are made ever less often, up to reconnect.backoff.max.ms. Retries
// put messages back in their order. With acks=0 a message is done once the socket has taken it.
// Not modelled: idempotence and transactions, the time that the threads need, sparse connections, compression,
// defaults that differ from those of the Java client under the same name.
//
// volatile, lost on kill: everything here. durable: ProducerState.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "models/application/producer.hpp"
#include "models/kafka/network_client.hpp"
#include "models/kafka/protocol.hpp"
#include "models/kafka/topology.hpp"
#include "sim/process.hpp"

namespace noloss::models::kafka {

struct LibrdkafkaOptions {
  Acks acks = Acks::all;
  std::int64_t retries = 0;
  sim::Duration message_timeout{0};
  sim::Duration request_timeout{0};
  std::size_t max_in_flight = 0;
  sim::Duration linger{0};
  std::size_t batch_messages = 0;
  std::int64_t batch_bytes = 0;
  std::size_t queue_messages = 0;
  std::int64_t queue_bytes = 0;
  sim::Duration retry_backoff{0};
  sim::Duration metadata_max_age{0};
  sim::Duration first_reconnect{0};
  sim::Duration longest_reconnect{0};
};
[[nodiscard]] inline bool uses_librdkafka(const OptionValues& config) {
  return config.at("client").text == "librdkafka";
}
[[nodiscard]] LibrdkafkaOptions librdkafka_options(const OptionValues& config);

class LibrdkafkaProducer final : public sim::Program, public ProducerClient {
 public:
  LibrdkafkaProducer(sim::Process& process, const Topology& topology, std::uint32_t entity, const ProducersSetup& setup,
                     const SequenceCheckSetup& check, ProducerState& state, History& history);

  void run() override;
  void stop() override { application_.close(); }

  [[nodiscard]] std::uint32_t partitions() const override { return static_cast<std::uint32_t>(lanes_.size()); }
  void send(MessagePtr message, SendMode mode, Done done) override;
  [[nodiscard]] sim::Duration retry_backoff() const override { return options_.retry_backoff; }

 private:
  struct Waiting {
    MessagePtr message;
    SendMode mode = SendMode::sync;
    Done done;
    std::uint64_t number = 0;  ///< its place among all that were sent
    std::int64_t bytes = 0;
    sim::VirtualTime enqueued{};
    sim::VirtualTime not_before{};
    std::int64_t attempts = 0;
  };
  using Batch = std::vector<Waiting>;
  /// One partition.
  struct Lane {
    PartitionIndex partition = 0;
    sim::NodeId leader = sim::kNoNode;  ///< as of the last look at the metadata
    std::deque<Waiting> arriving;       ///< since the thread last looked
    std::deque<Waiting> queue;          ///< the thread's own
    std::int64_t queue_bytes = 0;
  };
  /// What serves one broker; the last one serves partitions without a leader.
  struct Thread {
    sim::NodeId node = sim::kNoNode;
    sim::VirtualTime wake_at{};
    sim::VirtualTime next_scan{};
    sim::VirtualTime next_poke{};  ///< earlier wake-ups by new messages are swallowed
    bool up = false;
    bool blocked = false;  ///< waits for the socket
  };

  void run_threads();
  [[nodiscard]] sim::VirtualTime wake_sleepers();
  void serve(Thread& thread);
  void scan(const Thread& thread);
  void expire(std::deque<Waiting>& queue);
  [[nodiscard]] bool produce(Thread& thread, Lane& lane);
  [[nodiscard]] Batch next_batch(Lane& lane);
  void transmit(Thread& thread, Lane& lane);
  void answered(Thread& thread, Lane& lane, Batch& batch, const ProduceResponse* response);
  void put_back(Lane& lane, Waiting message);
  void finish(Waiting& message, Outcome outcome);
  void poke(Thread& thread);
  [[nodiscard]] Thread& thread_of(const Lane& lane);
  [[nodiscard]] bool serves(const Thread& thread, const Lane& lane) const { return lane.leader == thread.node; }
  [[nodiscard]] sim::Duration request_timeout(const Thread& thread, const Batch& batch) const;
  [[nodiscard]] sim::VirtualTime now() const { return process_.simulation().now(); }

  void learn_partitions(std::size_t known) { add_lanes(lanes_, topology_, entity_, known); }

  sim::Process& process_;
  const Topology& topology_;
  std::uint32_t entity_;
  LibrdkafkaOptions options_;
  History& history_;
  NetworkClient network_;
  std::deque<Lane> lanes_;  ///< of the partitions that this client knows of
  std::vector<Thread> threads_;
  std::uint64_t sent_ = 0;
  std::size_t held_messages_ = 0;
  std::int64_t held_bytes_ = 0;
  ProducerApplication application_;
};

}  // namespace noloss::models::kafka
