// What happened to every message of a run, recorded from outside the models.
//
// Clients and applications report calls, outcomes, deliveries and effects. Copies are reported by the disks themselves
// (DiskListener), so no model's word is taken for what is durable. One summary a message is always kept; the single
// events only when a replay asks. Owned by the run, outlives every process.
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/message.hpp"
#include "sim/disk.hpp"
#include "sim/ids.hpp"
#include "sim/simulation.hpp"
#include "sim/time.hpp"

namespace noloss::models {

/// What the application was told about a send, last. none: not yet, or it never looked.
/// returned: no route, and the broker said so; withdrawn: the application itself aborted its transaction. What an
/// application makes of these is its own decision, so the history never holds them.
enum class Outcome : std::uint8_t { none, acked, failed, uncertain, returned, withdrawn };

/// Copies of a message on one node's disk.
struct Copy {
  sim::NodeId node{};
  std::uint16_t present = 0;  ///< records, in the page cache or on disk
  std::uint16_t durable = 0;  ///< of these, on disk
};

struct MessageRecord {
  MessageId id;
  std::uint64_t check_number = 0;
  std::int64_t bytes = 0;
  sim::VirtualTime sent_at{};
  sim::VirtualTime told_at{};
  sim::VirtualTime first_effect_at = sim::kNever;
  Outcome outcome = Outcome::none;
  bool outcome_expected = true;                 ///< false: oneway
  bool aborted = false;                         ///< with its transaction, for certain, and not sent again since
  std::uint32_t commits_asked = 0;              ///< of its transactions, and not refused: it may be in any of these
  bool forgotten = false;                       ///< the application does not wait for it any more, and was told nothing
  std::string_view policy;                      ///< the rule by which the system dropped it on purpose; empty: none
  sim::VirtualTime last_gone_at = sim::kNever;  ///< when a copy was last lost
  std::uint32_t attempts = 0;
  std::uint32_t appends = 0;
  std::uint32_t deliveries = 0;
  std::uint32_t effects = 0;
  boost::container::small_vector<Copy, 3> copies;

  /// The application still waits for the outcome.
  [[nodiscard]] bool open() const { return outcome_expected && outcome == Outcome::none && !forgotten; }
  [[nodiscard]] bool processed() const { return first_effect_at != sim::kNever; }
  [[nodiscard]] int durable_copies() const;
  [[nodiscard]] int present_copies() const;
};

enum class HistoryEventKind : std::uint8_t {
  send,
  attempt,
  acked,
  failed,
  uncertain,
  written,
  durable,
  undurable,
  gone,
  held,
  delivered,
  effect,
  acknowledged,
};
[[nodiscard]] std::string_view name(HistoryEventKind kind);

struct HistoryEvent {
  sim::VirtualTime time{};
  sim::NodeId node{};
  HistoryEventKind kind{};
  MessageRef message = kNoMessage;
  std::int32_t durable = 0;  ///< copies after the event
  std::int32_t present = 0;
};

/// A number that a consumer's sequence check reported as missing. Fields that the check does not know are empty.
struct Alarm {
  sim::NodeId consumer{};
  std::optional<std::uint32_t> producer;
  std::uint32_t incarnation = 0;
  std::optional<std::uint32_t> partition;
  std::uint64_t number = 0;
};

class History final : public sim::DiskListener {
 public:
  explicit History(sim::Simulation& simulation) : simulation_(simulation) {}

  void keep_events(bool keep) { keep_events_ = keep; }

  // --- producers ---
  MessageRef sent(sim::NodeId node, const MessageId& id, std::uint64_t check_number, std::int64_t bytes,
                  bool outcome_expected);
  void attempted(sim::NodeId node, MessageRef message);
  /// What the application was told now; a later success replaces an earlier failure.
  void told(sim::NodeId node, MessageRef message, Outcome outcome);
  /// The application does not wait for this message any more without having been told anything (its process died).
  void forgotten(MessageRef message);

  // --- producers with transactions ---
  /// The application asks to commit the transaction that the message is in.
  void commit_asked(MessageRef message) { ++at(message).commits_asked; }
  /// That commit will not happen.
  void commit_refused(MessageRef message) { --at(message).commits_asked; }
  /// The application gave the transaction up.
  void aborted(MessageRef message) { at(message).aborted = at(message).commits_asked == 0; }

  /// The system dropped the message on purpose, by the rule `policy`, which must outlive the run.
  void dropped(MessageRef message, std::string_view policy) { at(message).policy = policy; }

  // --- consumers ---
  void delivered(sim::NodeId node, MessageRef message);
  /// Something happened in the consumer's store. An idempotent store reports only the first time.
  void effect(sim::NodeId node, MessageRef message);
  void acknowledged(sim::NodeId node, MessageRef message);
  void alarm(const Alarm& alarm);

  // --- brokers ---
  /// A broker holds it in memory, and perhaps never writes it.
  void held(sim::NodeId node, MessageRef message);

  // --- disks ---
  void written(sim::NodeId node, const sim::Payload& record) override;
  void durable(sim::NodeId node, const sim::Payload& record) override;
  void gone(sim::NodeId node, const sim::Payload& record) override;
  void undurable(sim::NodeId node, const sim::Payload& record) override;

  // --- the run ---
  /// Ends the disturb phase: unavailability is measured up to here.
  void disturb_ended();

  // --- checkers ---
  [[nodiscard]] const std::vector<MessageRecord>& messages() const { return messages_; }
  [[nodiscard]] const std::vector<HistoryEvent>& events() const { return events_; }
  [[nodiscard]] const std::vector<Alarm>& alarms() const { return alarms_; }
  /// First effects that came after the first effect of a message sent later by the same producer to that partition.
  [[nodiscard]] const std::vector<MessageRef>& reordered() const { return reordered_; }
  /// Smallest number of durable copies that any acknowledged message had from then on. Empty: none acknowledged.
  [[nodiscard]] std::optional<std::int64_t> min_durable_copies();
  [[nodiscard]] sim::Duration longest_unavailable() const { return longest_unavailable_; }

 private:
  MessageRecord& at(MessageRef message) { return messages_[index(message)]; }
  void note(sim::NodeId node, HistoryEventKind kind, MessageRef message);
  Copy& copy_at(MessageRecord& record, sim::NodeId node);
  void margin_changed(MessageRef message);
  void settle_margins();
  void end_wait(bool success);

  sim::Simulation& simulation_;
  std::vector<MessageRecord> messages_;
  std::vector<HistoryEvent> events_;
  std::vector<Alarm> alarms_;
  std::vector<MessageRef> reordered_;
  std::vector<std::vector<MessageRef>> latest_effect_;  ///< by producer, by partition: the latest sent that took effect
  std::vector<MessageRef> margins_changed_;             ///< at margins_time_; counted once that instant is over
  sim::VirtualTime margins_time_ = sim::kStart;
  std::optional<std::int64_t> min_durable_;
  std::int64_t waiting_ = 0;  ///< sends without an outcome
  sim::VirtualTime waiting_since_ = sim::kStart;
  sim::Duration longest_unavailable_{0};
  bool disturbing_ = true;
  bool keep_events_ = false;
};

}  // namespace noloss::models
