// The producer's process over the stream protocol: the stream client's producer and the application around it.
//
// Modelled: publishing ids that rise by one, kept for everything unconfirmed; after a lost connection, or when the
// writer went away, the client declares its publisher again and publishes everything unconfirmed in the old order, so
// that a publisher with a name stores it once. The name's last publishing id is asked for first. An application with a
// durable outbox keeps the ids in it; one without goes on after the last id that the broker knows. Source: the stream
// Java client (StreamProducer.running, ProducerBuilder.name), rabbitmq.com/docs/streams#deduplication. Not modelled:
// the client's own confirm timeout, batching, publishing to the writer's node only.
//
// volatile, lost on kill: everything here. durable: ProducerState, and the ids of an outbox.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "models/application/producer.hpp"
#include "models/rabbitmq/client.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::rabbitmq {

/// Publishing ids of messages; they outlive the process where the application has an outbox.
struct PublishingIds {
  std::uint64_t last = 0;
  std::map<MessageRef, std::uint64_t> of;
};

class StreamProducer final : public sim::Program, public ProducerClient, private ClientHandler {
 public:
  StreamProducer(sim::Process& process, const Topology& topology, QueueId stream, const ProducersSetup& setup,
                 const SequenceCheckSetup& check, ProducerState& state, PublishingIds& ids, History& history);

  void run() override { application_.run(); }
  void stop() override { application_.close(); }

  [[nodiscard]] std::uint32_t partitions() const override { return 1; }
  void send(MessagePtr message, SendMode mode, Done done) override;
  [[nodiscard]] sim::Duration retry_backoff() const override;

 private:
  enum class State : std::uint8_t { away, declaring, asking, ready };
  struct Outstanding {
    MessagePtr message;
    Done done;
    sim::VirtualTime deadline = sim::kNever;
  };

  void connected() override;
  void received(const sim::Arrival& arrival) override;
  void disconnected() override;
  void responded(bool ok, bool found, std::uint64_t value);
  void become_ready();
  [[nodiscard]] std::uint64_t id_for(const Message& message);
  void publish(std::uint64_t id, const MessagePtr& message);
  void wait_for_confirms();

  sim::Process& process_;
  History& history_;
  QueueId stream_;
  std::string name_;  ///< empty: no deduplication
  bool keeps_ids_;
  sim::Duration confirm_timeout_;
  PublishingIds& ids_;
  State link_ = State::away;
  bool knows_last_ = false;  ///< in this life
  std::map<std::uint64_t, Outstanding> outstanding_;
  sim::WaitQueue changed_;
  Client client_;
  ProducerApplication application_;
};

}  // namespace noloss::models::rabbitmq
