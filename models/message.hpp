// A message and its identity, the same for every system.
//
// The identity is what the producer's interceptor puts in: producer, incarnation of that producer, partition, and a
// number that rises by one in each (producer, incarnation, partition). A resend keeps it.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstdint>

#include "sim/payload.hpp"
#include "sim/time.hpp"

namespace noloss::models {

/// A message's place in the history of its run; dense, in order of the calls to send.
enum class MessageRef : std::uint32_t {};
inline constexpr MessageRef kNoMessage{0xffffffff};
constexpr std::size_t index(MessageRef ref) { return static_cast<std::size_t>(ref); }

struct MessageId {
  std::uint32_t producer = 0;     ///< from 0, in order of the producers' names
  std::uint32_t incarnation = 1;  ///< rises when the producer crashed and has no outbox
  std::uint32_t partition = 0;
  std::uint64_t sequence = 0;  ///< from 1

  friend bool operator==(const MessageId&, const MessageId&) = default;
};

struct Message : sim::Payload {
  MessageRef ref = kNoMessage;  ///< kNoMessage: a heartbeat of the sequence check
  MessageId id;
  std::uint64_t check_number = 0;  ///< the number that the sequence check sees
  std::int64_t bytes = 0;

  [[nodiscard]] bool heartbeat() const { return ref == kNoMessage; }
};
using MessagePtr = boost::intrusive_ptr<const Message>;

/// Base of everything that a model writes to a disk, so that the history can count copies without asking the model.
struct Record : sim::Payload {
  MessageRef message = kNoMessage;  ///< kNoMessage: positions, epochs, metadata
};

}  // namespace noloss::models
