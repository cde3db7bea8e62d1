// The sequence checkers over a recorded history from anywhere: what was lost, duplicated, reordered, never sent.
//
// Needs no simulation and no model: only that each producer numbered its messages per partition without gaps, in the
// order of the calls to send. Events may come in any order, so that the records of clients and consumers can simply
// be joined; only effects are compared with each other in the order in which they come.
// Memory grows with the number of gaps, not of messages. Not seen: more than one consumer group.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/checker/interval_set.hpp"
#include "harness/scenario/guarantee.hpp"

namespace noloss::harness {

enum class AuditEvent : std::uint8_t {
  sent,       ///< the application called send
  acked,      ///< it was told of success
  failed,     ///< it was told of an error: the message is not stored
  uncertain,  ///< it was told that nobody knows, as after a timeout
  delivered,  ///< a consumer got it; counts as the effect where no `processed` is recorded at all
  processed,  ///< it took effect in the consumer's store
  other,      ///< known and not judged: attempts, copies, the consumer's acknowledgements
};

/// Words of a file for the events, "send" and "effect" and the like included.
struct AuditWord {
  std::string_view word;
  AuditEvent event = AuditEvent::other;
  std::string_view meaning;
};
[[nodiscard]] std::span<const AuditWord> audit_words();

/// What was found of one producer in one partition. A message's number stands in several sets if several things are
/// wrong with it.
struct StreamAudit {
  std::string producer;
  std::string partition;
  std::uint64_t sent = 0;  ///< numbers, as all counts here: a message that was sent twice counts once
  std::uint64_t acked = 0;
  std::uint64_t failed = 0;     ///< and not acked
  std::uint64_t uncertain = 0;  ///< and neither acked nor failed
  std::uint64_t processed = 0;
  IntervalSet lost_acked;   ///< success was reported, no effect
  IntervalSet lost_silent;  ///< no effect, and no failure and no doubt was reported; those of lost_acked among them
  IntervalSet missing;      ///< only of a record without producers: gaps between the numbers that were seen
  IntervalSet duplicated;
  std::uint64_t duplicates = 0;  ///< effects beyond the first one
  IntervalSet reordered;         ///< first effects that came after the first effect of a later number
  IntervalSet phantom;           ///< delivered or processed, but never sent
};

/// The verdict of one guarantee over the whole record.
struct AuditVerdict {
  std::string_view name;  ///< of a guarantee, or "no_missing"
  Verdict verdict = Verdict::holds;
  std::uint64_t messages = 0;  ///< that violate it
  std::string reason;          ///< why it is inconclusive
};

struct AuditReport {
  std::vector<StreamAudit> streams;  ///< by producer and partition, numbers in names by value
  std::vector<AuditVerdict> verdicts;
  std::uint64_t events = 0;
  bool producers_recorded = false;
  bool consumers_recorded = false;
  AuditEvent effect = AuditEvent::processed;  ///< what counted as the effect: processed or delivered
};

class Audit {
 public:
  /// Precondition: sequence below 2^63.
  void add(std::string_view producer, std::string_view partition, std::uint64_t sequence, AuditEvent event);
  [[nodiscard]] AuditReport finish() const;

 private:
  /// First effects, and what was wrong with them as they came.
  struct Effects {
    IntervalSet seen;
    IntervalSet again;
    IntervalSet late;
    std::uint64_t repeats = 0;
    std::optional<std::uint64_t> highest;
    void add(std::uint64_t sequence);
  };
  struct Stream {
    IntervalSet sent;
    IntervalSet acked;
    IntervalSet failed;
    IntervalSet uncertain;
    Effects delivered;
    Effects processed;
  };
  /// Numbers within names compare by value: producer-2 before producer-10.
  struct NaturalOrder {
    bool operator()(const std::pair<std::string, std::string>& a, const std::pair<std::string, std::string>& b) const;
  };

  [[nodiscard]] StreamAudit judged(const Stream& stream, const AuditReport& report) const;

  std::map<std::pair<std::string, std::string>, Stream, NaturalOrder> streams_;
  const std::pair<std::string, std::string>* last_key_ = nullptr;  ///< most lines name the stream of the line before
  Stream* last_ = nullptr;
  std::uint64_t events_ = 0;
  bool producers_recorded_ = false;
  bool delivered_recorded_ = false;
  bool processed_recorded_ = false;
};

}  // namespace noloss::harness
