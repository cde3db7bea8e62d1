// What an application sees of a system's client. Each system implements both; the applications are shared by all.
#pragma once

#include <cstdint>
#include <functional>

#include "models/history.hpp"
#include "models/message.hpp"
#include "models/setup.hpp"
#include "sim/scheduler.hpp"
#include "sim/time.hpp"

namespace noloss::models {

/// What supervisors give a program between SIGTERM and SIGKILL: terminationGracePeriodSeconds of Kubernetes.
inline constexpr sim::Duration kGracePeriod = std::chrono::seconds{30};

/// Lives in the producer's process and dies with it.
class ProducerClient {
 public:
  using Done = std::function<void(Outcome)>;

  virtual ~ProducerClient() = default;
  [[nodiscard]] virtual std::uint32_t partitions() const = 0;
  /// Hands a message over; waits only while the client's buffer is full. `done` is called exactly once, from a fiber of
  /// the client, unless the process dies before; it must not wait. For oneway: once the message is on its way or
  /// dropped, with Outcome::none.
  virtual void send(MessagePtr message, SendMode mode, Done done) = 0;
  /// Pause before the application's own resend.
  [[nodiscard]] virtual sim::Duration retry_backoff() const = 0;
};

/// Sends the message and waits, in the caller's fiber, for its outcome.
[[nodiscard]] Outcome send_and_wait(sim::Scheduler& scheduler, ProducerClient& client, const MessagePtr& message);

/// A message in a consumer's hand.
struct Delivery {
  MessagePtr message;
  std::int64_t position = 0;  ///< the client's own: offset, delivery tag
  std::uint64_t session = 0;  ///< the connection that it came over; acknowledgements on another are void
};

class ConsumerClient {
 public:
  virtual ~ConsumerClient() = default;
  /// Waits for the next message.
  virtual Delivery receive() = 0;
  /// Sends the acknowledgement and goes on; where it is part of a transaction, it may wait for the transaction's end.
  virtual void acknowledge(const Delivery& delivery) = 0;
  /// Sends it and waits for the confirmation. False: the connection broke first, nobody knows.
  virtual bool acknowledge_and_wait(const Delivery& delivery) = 0;
  /// Processing failed: gives the message back, as the system's client does it. False: there is no way to, the
  /// application tries again by itself.
  virtual bool give_back(const Delivery& /*delivery*/) { return false; }
  /// Whether the client has given out messages that will count as consumed although the application has not had them:
  /// it takes them before it closes the client in an orderly way.
  [[nodiscard]] virtual bool owes() const { return false; }
  /// Whether messages wait in the client or acknowledgements are unconfirmed.
  [[nodiscard]] virtual bool idle() const = 0;
};

/// Where a consumer's application sends on what it has processed.
class Forwarder {
 public:
  virtual ~Forwarder() = default;
  /// Waits as the application does. False: it was not sent on, and must not be acknowledged.
  [[nodiscard]] virtual bool forward(const MessagePtr& message) = 0;
};

}  // namespace noloss::models
