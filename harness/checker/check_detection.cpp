// loss_detected: what the consumers' own sequence check reported, held against what was lost.
#include <fmt/core.h>

#include <map>
#include <tuple>
#include <vector>

#include "harness/checker/checkers.hpp"

namespace noloss::harness {
namespace {

/// What an alarm names. 0xffffffff stands for what the check does not know.
using Stream = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint64_t>;
constexpr std::uint32_t kUnknown = 0xffffffff;

Stream stream_of(const models::Alarm& alarm) {
  return {alarm.producer.value_or(kUnknown), alarm.producer ? alarm.incarnation : kUnknown,
          alarm.partition.value_or(kUnknown), alarm.number};
}

Stream stream_of(const models::MessageRecord& record, bool identity, bool per_partition) {
  return {identity ? record.id.producer : kUnknown, identity ? record.id.incarnation : kUnknown,
          per_partition ? record.id.partition : kUnknown, record.check_number};
}

}  // namespace

GuaranteeResult check_loss_detected(const Evidence& evidence, const Course& course, Totals& totals) {
  GuaranteeResult result;
  if (!evidence.sequence_check) {
    result.verdict = Verdict::inconclusive;
    result.story = "no consumer has a sequence check; set consumers.application.sequence_check";
    return result;
  }
  const auto& messages = evidence.history.messages();
  std::vector<bool> reported(messages.size());
  std::string false_alarm;
  std::map<std::pair<bool, bool>, std::multimap<Stream, std::size_t>> by_stream;
  for (const models::Alarm& alarm : evidence.history.alarms()) {
    auto& streams = by_stream[{alarm.producer.has_value(), alarm.partition.has_value()}];
    if (streams.empty()) {
      for (std::size_t i = 0; i < messages.size(); ++i) {
        streams.emplace(stream_of(messages[i], alarm.producer.has_value(), alarm.partition.has_value()), i);
      }
    }
    // A true alarm names a number whose message was never processed, whatever its producer was told.
    bool true_alarm = false;
    const auto [first, last] = streams.equal_range(stream_of(alarm));
    for (auto named = first; named != last && !true_alarm; ++named) {
      if (messages[named->second].processed() || reported[named->second]) continue;
      true_alarm = true;
      reported[named->second] = true;
    }
    if (true_alarm) continue;
    ++totals.false_alarms;
    if (!false_alarm.empty()) continue;
    false_alarm = fmt::format("{} reported number {} as missing, and it was processed or never given out",
                              course.names.nodes[sim::index(alarm.consumer)], alarm.number);
  }
  std::string missed;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].outcome != models::Outcome::acked || !lost(evidence.fates[i])) continue;
    if (reported[i]) {
      ++totals.detected;
    } else if (missed.empty()) {
      missed = fmt::format("{} was lost and no check reported it", message_name(messages[i].id, course.names));
    }
  }
  if (!missed.empty() || !false_alarm.empty()) {
    result.verdict = Verdict::violated;
    result.detail = missed.empty() ? "false alarm" : "missed";
    result.story = missed.empty() ? false_alarm : missed;
  }
  return result;
}

}  // namespace noloss::harness
