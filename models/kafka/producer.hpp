// The Java client's producer: what an application sends with, in a producer's process or inside a consumer's.
//
// Modelled (KafkaProducer, RecordAccumulator, Sender, TransactionManager): batches that wait for linger.ms or until
// they are full; a buffer that blocks send; up to max.in.flight.requests.per.connection produce requests on each
// connection; retries behind retry.backoff.ms, at the head of their partition; delivery.timeout.ms from the creation of
// a batch, after which it is reported as timed out wherever it is; acks; idempotence with a producer id, an epoch and
// sequences for each partition, which are bumped and restarted where the broker's state does not fit any more; with a
// transactional id, batches that wait until their partition is part of the transaction, and are dropped when it is
// aborted. Not modelled: compression, partitioners (the application chooses), one request for several batches.
//
// volatile, lost on kill: everything here.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "models/application/client.hpp"
#include "models/kafka/network_client.hpp"
#include "models/kafka/protocol.hpp"
#include "models/kafka/topology.hpp"
#include "models/kafka/transaction_manager.hpp"
#include "sim/process.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::kafka {

struct ProducerOptions {
  Acks acks = Acks::all;
  bool idempotence = true;
  std::int64_t retries = 0;
  sim::Duration delivery_timeout{0};
  sim::Duration request_timeout{0};
  std::size_t max_in_flight = 5;
  sim::Duration linger{0};
  std::int64_t batch_bytes = 0;
  std::int64_t buffer_bytes = 0;
  sim::Duration max_block{0};
  sim::Duration retry_backoff{0};
  sim::Duration metadata_max_age{0};
};
/// As ProducerConfig makes them of what is written and what is not.
[[nodiscard]] ProducerOptions producer_options(const OptionValues& config, const Behaviours& behaviours);

class Producer final : public ProducerClient {
 public:
  /// `attempts`: where each attempt to send a message is noted; null: the messages are somebody else's, sent on.
  Producer(sim::Process& process, const Topology& topology, std::uint32_t entity, const OptionValues& config,
           const std::vector<std::string>& connect, History* attempts);

  /// Fiber: the sender.
  void loop();
  [[nodiscard]] TransactionManager& transactions() { return transactions_; }

  [[nodiscard]] std::uint32_t partitions() const override { return static_cast<std::uint32_t>(lanes_.size()); }
  void send(MessagePtr message, SendMode mode, Done done) override;
  [[nodiscard]] sim::Duration retry_backoff() const override { return options_.retry_backoff; }

 private:
  struct Record {
    MessagePtr message;
    SendMode mode = SendMode::sync;
    Done done;
  };
  struct Batch {
    PartitionIndex partition = 0;
    std::vector<Record> records;
    std::int64_t bytes = 0;
    sim::VirtualTime created{};
    sim::VirtualTime not_before{};
    std::int64_t attempts = 0;
    ProducerStamp stamp;  ///< from the first attempt on
    std::size_t record_count = 0;
    bool done = false;  ///< its outcome was reported, wherever it is
  };
  using BatchPtr = std::shared_ptr<Batch>;
  /// One partition.
  struct Lane {
    PartitionIndex partition = 0;
    std::deque<BatchPtr> queue;         ///< not on their way; those that are sent again in front
    std::deque<BatchPtr> on_their_way;  ///< sent, and no answer yet
    std::deque<BatchPtr> unsettled;     ///< have sequences and no answer for good, in order of them
    std::int32_t epoch = -1;            ///< of the producer, as this partition uses it
    std::int64_t next_sequence = 0;
    std::int64_t last_acked_sequence = -1;
    bool unresolved = false;  ///< a batch expired that may have been stored
  };

  // producer.cpp: the accumulator and the sender
  void expire();
  [[nodiscard]] static bool waits_to_be_sent(const Lane& lane, const BatchPtr& batch);
  [[nodiscard]] sim::VirtualTime expiry(const Batch& batch) const;
  [[nodiscard]] bool drain();
  [[nodiscard]] bool may_send(const Lane& lane, sim::NodeId leader) const;
  [[nodiscard]] bool batch_ready(const Lane& lane) const;
  [[nodiscard]] sim::VirtualTime next_due() const;
  void transmit(Lane& lane, sim::NodeId leader);
  void finish(Batch& batch, Outcome outcome);
  [[nodiscard]] bool retriable(const Batch& batch) const;
  void retry(Lane& lane, const BatchPtr& batch);
  /// Its outcome is not a success.
  void give_up(Batch& batch, Outcome outcome);

  // producer_transactions.cpp
  void advance_transaction();
  [[nodiscard]] bool incomplete() const;
  void drop_batches();
  void take_back_sequences(Lane& lane, const Batch& batch);

  // producer_idempotence.cpp: sequences, and what an answer means for them
  void learn_partitions(std::size_t known) { add_lanes(lanes_, topology_, entity_, known); }
  [[nodiscard]] bool has_producer_id();
  void stamp(Lane& lane, const BatchPtr& batch);
  void answered(Lane& lane, const BatchPtr& batch, const ProduceResponse* response);
  void succeeded(Lane& lane, const BatchPtr& batch);
  void failed(Lane& lane, const BatchPtr& batch, Error error);
  [[nodiscard]] bool may_retry(Lane& lane, const Batch& batch, Error error);
  void bump_epoch(Lane& lane);
  void forget_producer_id();
  void resolve(Lane& lane);

  sim::Process& process_;
  const Topology& topology_;
  std::uint32_t entity_;
  ProducerOptions options_;
  History* attempts_;
  NetworkClient network_;
  TransactionManager transactions_;
  std::deque<Lane> lanes_;  ///< of the partitions that this client knows of
  std::int64_t held_bytes_ = 0;
  sim::WaitQueue space_;
  std::size_t without_topic_ = 0;  ///< calls of send that wait for their partition to exist
  ProducerId id_ = kNoProducerId;
  std::int32_t epoch_ = 0;
  bool asking_for_id_ = false;
};

}  // namespace noloss::models::kafka
