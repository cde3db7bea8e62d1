// Detecting loss from outside: the consumer's half of the sequence check.
//
// The producer's interceptor numbers messages; this half checks, per producer and per partition, that the numbers rise
// by one. It knows a redelivery from a gap, and a late message from a lost one: a gap is reported only after `grace`
// later messages of the same stream, or when a second heartbeat finds it still open. Its state lies in the consumer's
// store and is updated in the same atomic step as the effect.
// Blind spots, on purpose: the tail without a heartbeat, a producer that died, what `identity: false` merges and what
// `per_partition: false` tears apart.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "models/history.hpp"
#include "models/message.hpp"
#include "models/setup.hpp"

namespace noloss::models {

class SequenceCheck {
 public:
  SequenceCheck(const SequenceCheckSetup& setup, sim::NodeId consumer, History& history)
      : setup_(setup), consumer_(consumer), history_(history) {}

  /// A message took effect, again or for the first time; or a heartbeat came by.
  void seen(const Message& message);

 private:
  struct Key {
    std::uint64_t producer = 0;   ///< producer and incarnation; 0 if `identity` is off
    std::uint32_t partition = 0;  ///< 0 if `per_partition` is off
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Gap {
    std::uint64_t number = 0;
    std::int64_t later = 0;  ///< messages of the stream since
    bool heartbeat_passed = false;
  };
  struct Stream {
    std::uint64_t next = 1;
    std::vector<Gap> gaps;  ///< by number
  };

  void heartbeat(const Message& message, Stream& stream);
  void open_gaps(Stream& stream, std::uint64_t upto);
  void report(const Message& message, std::uint64_t number);

  SequenceCheckSetup setup_;
  sim::NodeId consumer_;
  History& history_;
  std::map<Key, Stream> streams_;
};

}  // namespace noloss::models
