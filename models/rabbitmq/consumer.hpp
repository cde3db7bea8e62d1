// The consumer's process: an AMQP consumer and the application around it.
//
// Modelled: basic.consume with prefetch and auto-ack; single acknowledgements, which are not confirmed by anybody;
// basic.nack where processing failed; what waits in the client when its connection ends is dropped, and an
// acknowledgement of a delivery of an earlier connection is swallowed. Not modelled: basic.get, several queues.
//
// volatile, lost on kill: everything here. durable: ConsumerState.
#pragma once

#include <cstdint>
#include <deque>

#include "models/application/consumer.hpp"
#include "models/rabbitmq/client.hpp"
#include "models/rabbitmq/ledger.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::rabbitmq {

class Consumer final : public sim::Program, public ConsumerClient, private ClientHandler {
 public:
  Consumer(sim::Process& process, const Topology& topology, QueueId queue, const ConsumersSetup& setup,
           ConsumerState& state, Ledger& ledger, History& history);

  void run() override { application_.run(); }
  void stop() override { static_cast<void>(application_.finish()); }
  bool fail_handler(std::int64_t times) override;
  bool stall_handler(sim::Duration duration) override;

  Delivery receive() override;
  void acknowledge(const Delivery& delivery) override;
  bool acknowledge_and_wait(const Delivery& delivery) override;
  bool give_back(const Delivery& delivery) override;
  [[nodiscard]] bool idle() const override { return ready_.empty() && client_.connected(); }

 private:
  void connected() override;
  void received(const sim::Arrival& arrival) override;
  void disconnected() override { ready_.clear(); }
  [[nodiscard]] bool valid(const Delivery& delivery) const;

  sim::Process& process_;
  Ledger& ledger_;
  History& history_;
  QueueId queue_;
  bool auto_ack_;
  bool requeue_;
  bool rejects_;  ///< with basic.reject
  std::int64_t prefetch_;
  std::string stream_offset_;
  std::deque<Delivery> ready_;
  sim::WaitQueue arrived_;
  Client client_;
  ConsumerApplication application_;
};

}  // namespace noloss::models::rabbitmq
