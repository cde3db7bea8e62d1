// Words about a loss.
#include <fmt/core.h>

#include "harness/checker/checkers.hpp"

namespace noloss::harness {

std::string message_name(const models::MessageId& id, const RunNames& names) {
  const std::string life = id.incarnation > 1 ? fmt::format("#{}", id.incarnation) : std::string{};
  return fmt::format("{}{}/{}/{}", names.producers[id.producer], life, id.partition, id.sequence);
}

std::string time_text(sim::VirtualTime time) {
  const std::int64_t nanoseconds = time.time_since_epoch().count();
  const std::int64_t microseconds = nanoseconds / 1000;
  std::string text = fmt::format("{}.{:06}", microseconds / 1'000'000, microseconds % 1'000'000);
  while (text.ends_with("000")) text.resize(text.size() - 3);
  if (text.ends_with('.')) text.pop_back();
  return text + "s";
}

const sim::FaultReport* cause_of(const models::MessageRecord& record, Fate fate, const Course& course) {
  // In store, the copies went at a known instant. In produce and consume nothing was destroyed: what counts is the last
  // fault after the message came into being.
  const bool in_store = fate == Fate::lost_in_store && record.last_gone_at != sim::kNever;
  const sim::FaultReport* cause = nullptr;
  for (const sim::FaultReport& report : course.faults) {
    if (report.fired == 0 || (in_store && report.fired_at > record.last_gone_at)) continue;
    if (!in_store && report.healed_at != sim::kNever && report.healed_at < record.sent_at) continue;
    if (cause == nullptr || report.fired_at >= cause->fired_at) cause = &report;
  }
  return cause;
}

std::string loss_story(const models::MessageRecord& record, Fate fate, const Course& course) {
  const std::string told = record.outcome == models::Outcome::acked
                               ? fmt::format("acknowledged at {}", time_text(record.told_at))
                               : fmt::format("sent at {}, nothing reported", time_text(record.sent_at));
  std::string why;
  if (!record.policy.empty()) {
    why = fmt::format("dropped by policy {}", record.policy);
  } else if (const sim::FaultReport* cause = cause_of(record, fate, course)) {
    why = fmt::format("{} at {}", cause->what, time_text(cause->fired_at));
  } else {
    why = "no fault was needed";
  }
  return fmt::format("{} {}, lost in {}: {}", message_name(record.id, course.names), told, name(stage(fate)), why);
}

}  // namespace noloss::harness
