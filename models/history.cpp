#include "models/history.hpp"
#include "sim/planted.hpp"

#include <algorithm>
#include <array>

namespace noloss::models {
namespace {

constexpr std::array<std::string_view, 13> kNames{"send",      "attempt", "acked",       "failed", "uncertain",
                                                  "written",   "durable", "undurable",   "gone",   "held",
                                                  "delivered", "effect",  "acknowledged"};

MessageRef message_of(const sim::Payload& record) { return static_cast<const Record&>(record).message; }

}  // namespace

std::string_view name(HistoryEventKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

int MessageRecord::durable_copies() const {
  return static_cast<int>(
      std::count_if(copies.begin(), copies.end(), [](const Copy& copy) { return copy.durable > 0; }));
}

int MessageRecord::present_copies() const {
  return static_cast<int>(
      std::count_if(copies.begin(), copies.end(), [](const Copy& copy) { return copy.present > 0; }));
}

MessageRef History::sent(sim::NodeId node, const MessageId& id, std::uint64_t check_number, std::int64_t bytes,
                         bool outcome_expected) {
  constexpr std::size_t kShortRun = 64;
  if (messages_.empty()) messages_.reserve(kShortRun);  // records are large, and most runs are short
  const MessageRef ref{static_cast<std::uint32_t>(messages_.size())};
  MessageRecord& record = messages_.emplace_back();
  record.id = id;
  record.check_number = check_number;
  record.bytes = bytes;
  record.sent_at = simulation_.now();
  record.outcome_expected = outcome_expected;
  if (outcome_expected && waiting_++ == 0) waiting_since_ = simulation_.now();
  note(node, HistoryEventKind::send, ref);
  return ref;
}

void History::attempted(sim::NodeId node, MessageRef message) {
  MessageRecord& record = at(message);
  if (record.attempts++ > 0 && record.appends > 0) simulation_.mark("ack lost, message resent");
  record.aborted = false;
  note(node, HistoryEventKind::attempt, message);
}

void History::told(sim::NodeId node, MessageRef message, Outcome outcome) {
  MessageRecord& record = at(message);
  const bool first = record.outcome == Outcome::none;
  if (record.outcome == Outcome::acked) return;  // a success is final
  record.outcome = outcome;
  record.told_at = simulation_.now();
  if (record.outcome_expected) {
    if (outcome == Outcome::acked) end_wait(true);
    if (first && !record.forgotten) --waiting_;
  }
  if (outcome == Outcome::acked) margin_changed(message);
  note(node,
       outcome == Outcome::acked    ? HistoryEventKind::acked
       : outcome == Outcome::failed ? HistoryEventKind::failed
                                    : HistoryEventKind::uncertain,
       message);
}

void History::forgotten(MessageRef message) {
  MessageRecord& record = at(message);
  if (record.open()) --waiting_;
  record.forgotten = true;
}

void History::delivered(sim::NodeId node, MessageRef message) {
  ++at(message).deliveries;
  note(node, HistoryEventKind::delivered, message);
}

void History::effect(sim::NodeId node, MessageRef message) {
  MessageRecord& record = at(message);
  if (record.effects++ == 0) {
    record.first_effect_at = simulation_.now();
    if (latest_effect_.size() <= record.id.producer) latest_effect_.resize(record.id.producer + 1);
    auto& partitions = latest_effect_[record.id.producer];
    if (partitions.size() <= record.id.partition) partitions.resize(record.id.partition + 1, kNoMessage);
    MessageRef& latest = partitions[record.id.partition];
    if (latest != kNoMessage && index(latest) > index(message)) {
      reordered_.push_back(message);
    } else {
      latest = message;
    }
  }
  note(node, HistoryEventKind::effect, message);
}

void History::acknowledged(sim::NodeId node, MessageRef message) {
  note(node, HistoryEventKind::acknowledged, message);
}

void History::alarm(const Alarm& alarm) { alarms_.push_back(alarm); }

void History::held(sim::NodeId node, MessageRef message) {
  ++at(message).appends;
  at(message).policy = {};  // whatever was dropped before, this copy was not
  note(node, HistoryEventKind::held, message);
}

Copy& History::copy_at(MessageRecord& record, sim::NodeId node) {
  for (Copy& copy : record.copies) {
    if (copy.node == node) return copy;
  }
  return record.copies.emplace_back(Copy{node});
}

void History::written(sim::NodeId node, const sim::Payload& record) {
  const MessageRef message = message_of(record);
  if (message == kNoMessage) return;
  ++at(message).appends;
  ++copy_at(at(message), node).present;
  if (NOLOSS_BUG("count a cached copy as durable")) ++copy_at(at(message), node).durable;
  note(node, HistoryEventKind::written, message);
}

void History::durable(sim::NodeId node, const sim::Payload& record) {
  const MessageRef message = message_of(record);
  if (message == kNoMessage) return;
  ++copy_at(at(message), node).durable;
  note(node, HistoryEventKind::durable, message);
}

void History::undurable(sim::NodeId node, const sim::Payload& record) {
  const MessageRef message = message_of(record);
  if (message == kNoMessage) return;
  Copy& copy = copy_at(at(message), node);
  if (copy.durable > 0) --copy.durable;
  margin_changed(message);
  note(node, HistoryEventKind::undurable, message);
}

void History::gone(sim::NodeId node, const sim::Payload& record) {
  const MessageRef message = message_of(record);
  if (message == kNoMessage) return;
  Copy& copy = copy_at(at(message), node);
  if (copy.present > 0) --copy.present;
  copy.durable = std::min(copy.durable, copy.present);
  at(message).last_gone_at = simulation_.now();
  margin_changed(message);
  note(node, HistoryEventKind::gone, message);
}

void History::margin_changed(MessageRef message) {
  // A record that is written again is durable twice or not at all for an instant; only what an instant leaves counts.
  if (simulation_.now() != margins_time_) settle_margins();
  margins_time_ = simulation_.now();
  if (at(message).outcome == Outcome::acked) margins_changed_.push_back(message);
}

void History::settle_margins() {
  for (const MessageRef message : margins_changed_) {
    const std::int64_t copies = at(message).durable_copies();
    min_durable_ = std::min(min_durable_.value_or(copies), copies);
  }
  margins_changed_.clear();
}

std::optional<std::int64_t> History::min_durable_copies() {
  settle_margins();
  return min_durable_;
}

void History::end_wait(bool success) {
  if (!disturbing_) return;
  longest_unavailable_ = std::max(longest_unavailable_, simulation_.now() - waiting_since_);
  if (success) waiting_since_ = simulation_.now();
}

void History::disturb_ended() {
  if (waiting_ > 0) end_wait(false);
  disturbing_ = false;
}

void History::note(sim::NodeId node, HistoryEventKind kind, MessageRef message) {
  if (!keep_events_) return;
  const MessageRecord& record = at(message);
  events_.push_back({simulation_.now(), node, kind, message, record.durable_copies(), record.present_copies()});
}

}  // namespace noloss::models
