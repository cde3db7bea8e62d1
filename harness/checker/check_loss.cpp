// no_acked_loss and no_silent_loss.
#include <fmt/core.h>

#include "harness/checker/checkers.hpp"
#include "sim/planted.hpp"

namespace noloss::harness {
namespace {

std::string detail(const models::MessageRecord& record, Fate fate) {
  if (!record.policy.empty()) return fmt::format("policy: {}", record.policy);
  return std::string{name(stage(fate))};
}

void count_stage(const models::MessageRecord& record, Fate fate, Totals& totals) {
  if (!record.policy.empty()) ++totals.lost_by_policy;
  switch (stage(fate)) {
    case Stage::produce: ++totals.lost_in_produce; break;
    case Stage::store: ++totals.lost_in_store; break;
    case Stage::consume: ++totals.lost_in_consume; break;
  }
}

/// Goes over the messages that `concerns`; the first lost one makes the story. Pending ones leave the run undecided.
template <class Concerns, class Count>
GuaranteeResult check_losses(const Evidence& evidence, const Course& course, Concerns&& concerns, Count&& count) {
  GuaranteeResult result;
  bool undecided = false;
  const auto& messages = evidence.history.messages();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (!concerns(messages[i])) continue;
    if (NOLOSS_BUG("checker ignores the last message") && i + 1 == messages.size()) continue;
    const Fate fate = evidence.fates[i];
    undecided = undecided || fate == Fate::pending;
    if (!lost(fate)) continue;
    count(messages[i], fate);
    if (result.verdict == Verdict::violated) continue;
    result.verdict = Verdict::violated;
    result.detail = detail(messages[i], fate);
    result.story = loss_story(messages[i], fate, course);
  }
  if (result.verdict == Verdict::holds && undecided) {
    result.verdict = Verdict::inconclusive;
    result.story = "a message that was not processed may still be readable; see 'available'";
  }
  return result;
}

bool acknowledged(const models::MessageRecord& record) { return record.outcome == models::Outcome::acked; }

/// Neither an error nor a doubt was reported for it.
bool unreported(const models::MessageRecord& record) {
  return record.outcome == models::Outcome::none || record.outcome == models::Outcome::acked;
}

}  // namespace

GuaranteeResult check_no_acked_loss(const Evidence& evidence, const Course& course, Totals& totals) {
  return check_losses(evidence, course, acknowledged, [&](const models::MessageRecord&, Fate) { ++totals.lost_acked; });
}

GuaranteeResult check_no_silent_loss(const Evidence& evidence, const Course& course, Totals& totals) {
  // A message that was acknowledged and lost vanished without a report too, so this covers every loss there is.
  return check_losses(evidence, course, unreported, [&](const models::MessageRecord& record, Fate fate) {
    ++totals.lost_silent;
    count_stage(record, fate, totals);
  });
}

}  // namespace noloss::harness
