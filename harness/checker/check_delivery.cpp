// no_duplicates, order, no_phantom, available, replicas_agree.
#include <fmt/core.h>

#include <algorithm>

#include "harness/checker/checkers.hpp"
#include "sim/planted.hpp"

namespace noloss::harness {

GuaranteeResult check_no_duplicates(const Evidence& evidence, const Course& course, Totals& totals) {
  GuaranteeResult result;
  for (const models::MessageRecord& record : evidence.history.messages()) {
    if (record.effects < 2 || NOLOSS_BUG("checker ignores duplicates")) continue;
    totals.duplicates += record.effects - 1;
    if (result.verdict == Verdict::violated) continue;
    result.verdict = Verdict::violated;
    result.story = fmt::format("{} took effect {} times; sent {} time{}, delivered {} times",
                               message_name(record.id, course.names), record.effects, record.attempts,
                               record.attempts == 1 ? "" : "s", record.deliveries);
  }
  return result;
}

GuaranteeResult check_order(const Evidence& evidence, const Course& course, Totals& totals) {
  GuaranteeResult result;
  const auto& late = evidence.history.reordered();
  totals.reordered = static_cast<std::int64_t>(late.size());
  if (late.empty()) return result;
  const models::MessageRecord& first = evidence.history.messages()[models::index(late.front())];
  result.verdict = Verdict::violated;
  result.story = fmt::format("{} took effect at {}, after a message that was sent later",
                             message_name(first.id, course.names), time_text(first.first_effect_at));
  return result;
}

GuaranteeResult check_no_phantom(const Evidence& evidence, const Course& course, Totals& totals) {
  GuaranteeResult result;
  const auto& messages = evidence.history.messages();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const bool gone = !evidence.exists[i] && messages[i].policy.empty();
    if (messages[i].deliveries == 0 || !(gone || messages[i].aborted)) continue;
    ++totals.phantom;
    if (result.verdict == Verdict::violated) continue;
    result.verdict = Verdict::violated;
    result.story = fmt::format(
        "{} was delivered, {}", message_name(messages[i].id, course.names),
        messages[i].aborted ? "although its transaction was aborted" : "and no longer exists after recovery");
  }
  return result;
}

GuaranteeResult check_available(const Evidence& evidence, const Course& /*course*/, Totals& /*totals*/) {
  GuaranteeResult result;
  if (evidence.settled) return result;
  result.verdict = Verdict::violated;
  result.detail = evidence.waits.empty() ? "unknown" : std::string{evidence.waits.front()};
  result.story = "after heal and drain:";
  for (const std::string_view wait : evidence.waits) result.story += fmt::format(" {};", wait);
  if (!evidence.waits.empty()) result.story.pop_back();
  return result;
}

GuaranteeResult check_replicas_agree(const Evidence& evidence, const Course& course, Totals& /*totals*/) {
  GuaranteeResult result;
  for (const models::PartitionState& partition : evidence.state.partitions) {
    for (std::size_t a = 0; a < partition.replicas.size(); ++a) {
      for (std::size_t b = a + 1; b < partition.replicas.size(); ++b) {
        const models::ReplicaState& one = partition.replicas[a];
        const models::ReplicaState& other = partition.replicas[b];
        if (!one.can_lead || !other.can_lead) continue;
        const auto common =
            static_cast<std::size_t>(std::min({one.commit, other.commit, std::ssize(one.log), std::ssize(other.log)}));
        for (std::size_t position = 0; position < common; ++position) {
          if (one.log[position].record == other.log[position].record) continue;
          result.verdict = Verdict::violated;
          result.story = fmt::format(
              "partition {}: {} and {} hold different records at {}, below both commit positions", partition.partition,
              course.names.nodes[sim::index(one.node)], course.names.nodes[sim::index(other.node)], position);
          return result;
        }
      }
    }
  }
  return result;
}

}  // namespace noloss::harness
