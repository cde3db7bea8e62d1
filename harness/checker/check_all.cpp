// Runs every checker and counts what belongs to no single guarantee.
#include <algorithm>

#include "harness/checker/checkers.hpp"

namespace noloss::harness {

void check_all(const Evidence& evidence, const Course& course, RunResult& result) {
  Totals& totals = result.totals;
  for (const models::MessageRecord& record : evidence.history.messages()) {
    ++totals.sent;
    totals.acked += record.outcome == models::Outcome::acked ? 1 : 0;
    totals.failed += record.outcome == models::Outcome::failed ? 1 : 0;
    totals.uncertain += record.outcome == models::Outcome::uncertain ? 1 : 0;
    totals.processed += record.processed() ? 1 : 0;
  }
  result.of(Guarantee::no_acked_loss) = check_no_acked_loss(evidence, course, totals);
  result.of(Guarantee::no_silent_loss) = check_no_silent_loss(evidence, course, totals);
  result.of(Guarantee::no_duplicates) = check_no_duplicates(evidence, course, totals);
  result.of(Guarantee::order) = check_order(evidence, course, totals);
  result.of(Guarantee::no_phantom) = check_no_phantom(evidence, course, totals);
  result.of(Guarantee::available) = check_available(evidence, course, totals);
  result.of(Guarantee::replicas_agree) = check_replicas_agree(evidence, course, totals);
  result.of(Guarantee::loss_detected) = check_loss_detected(evidence, course, totals);
}

}  // namespace noloss::harness
