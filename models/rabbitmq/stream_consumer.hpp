// The consumer's process over the stream protocol: the stream client's consumer and the application around it.
//
// Modelled: a subscription from an offset, or behind the one that was stored under the consumer's name; credit for ten
// chunks; offsets stored by the application for each message (manual), or by the client each so many messages and after
// a pause (auto), of what the application is done with; storing is not confirmed by anybody. A client that reconnects
// goes on behind what the application has had; a new process begins where the stored offset says. Source: the stream
// Java client (ConsumersCoordinator, OffsetTrackingCoordinator), rabbitmq.com/docs/streams#offset-tracking. Not
// modelled: single active consumers, super streams, filters.
//
// volatile, lost on kill: everything here. durable: ConsumerState.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "models/application/consumer.hpp"
#include "models/rabbitmq/client.hpp"
#include "models/rabbitmq/ledger.hpp"
#include "models/rabbitmq/stream_protocol.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::rabbitmq {

class StreamConsumer final : public sim::Program, public ConsumerClient, private ClientHandler {
 public:
  StreamConsumer(sim::Process& process, const Topology& topology, QueueId stream, const ConsumersSetup& setup,
                 ConsumerState& state, Ledger& ledger, History& history);

  void run() override { application_.run(); }
  void stop() override;
  bool fail_handler(std::int64_t times) override;
  bool stall_handler(sim::Duration duration) override;

  Delivery receive() override;
  void acknowledge(const Delivery& delivery) override;
  bool acknowledge_and_wait(const Delivery& delivery) override;
  [[nodiscard]] bool idle() const override { return ready_.empty() && subscribed_; }

 private:
  enum class Tracking : std::uint8_t { none, manual, automatic };
  struct Waiting {
    Delivery delivery;
    bool ends_chunk = false;
  };
  void connected() override;
  void received(const sim::Arrival& arrival) override;
  void disconnected() override;
  void responded(const StreamResponse& response);
  void subscribe();
  void delivered(const StreamDeliver& chunk);
  void store(Offset offset);
  /// The application has returned from its handler.
  void handled();
  void flush();

  sim::Process& process_;
  Ledger& ledger_;
  QueueId stream_;
  std::string name_;
  Tracking tracking_;
  OffsetSpecification from_;  ///< of the next subscription
  std::int64_t count_before_storage_;
  sim::Duration flush_interval_;
  bool asks_ = false;          ///< for the stored offset
  bool knows_stored_ = false;  ///< in this life
  bool subscribed_ = false;
  Offset in_hand_ = kNoOffset;  ///< of the application
  Offset done_ = kNoOffset;
  Offset stored_ = kNoOffset;
  std::int64_t unstored_ = 0;  ///< messages since
  std::deque<Waiting> ready_;
  sim::WaitQueue arrived_;
  Client client_;
  ConsumerApplication application_;
};

}  // namespace noloss::models::rabbitmq
