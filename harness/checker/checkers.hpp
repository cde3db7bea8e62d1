// One checker a guarantee. Each reads the evidence and returns a verdict with its first finding; totals are filled on
// the way. What each guarantee means is the contract in scenarios/README.md.
#pragma once

#include <string>
#include <vector>

#include "harness/checker/fate.hpp"
#include "harness/run/run_result.hpp"
#include "sim/fault/injector.hpp"

namespace noloss::harness {

/// Names for stories.
struct RunNames {
  std::vector<std::string> nodes;      ///< by NodeId
  std::vector<std::string> producers;  ///< by producer number
};

/// What the run was like, for the one line that tells of a loss.
struct Course {
  const std::vector<sim::FaultReport>& faults;
  const RunNames& names;
};

/// "producer-1/0/117".
[[nodiscard]] std::string message_name(const models::MessageId& id, const RunNames& names);
/// "1.004s", to the microsecond where needed.
[[nodiscard]] std::string time_text(sim::VirtualTime time);
/// The fault without which the message would most likely live: the last that fired before its loss. Null: none.
[[nodiscard]] const sim::FaultReport* cause_of(const models::MessageRecord& record, Fate fate, const Course& course);
/// "producer-1/0/117 acknowledged at 1.004s, lost in store: broker-1 lost power at 1.005s".
[[nodiscard]] std::string loss_story(const models::MessageRecord& record, Fate fate, const Course& course);

[[nodiscard]] GuaranteeResult check_no_acked_loss(const Evidence& evidence, const Course& course, Totals& totals);
[[nodiscard]] GuaranteeResult check_no_silent_loss(const Evidence& evidence, const Course& course, Totals& totals);
[[nodiscard]] GuaranteeResult check_no_duplicates(const Evidence& evidence, const Course& course, Totals& totals);
[[nodiscard]] GuaranteeResult check_order(const Evidence& evidence, const Course& course, Totals& totals);
[[nodiscard]] GuaranteeResult check_no_phantom(const Evidence& evidence, const Course& course, Totals& totals);
[[nodiscard]] GuaranteeResult check_available(const Evidence& evidence, const Course& course, Totals& totals);
[[nodiscard]] GuaranteeResult check_replicas_agree(const Evidence& evidence, const Course& course, Totals& totals);
[[nodiscard]] GuaranteeResult check_loss_detected(const Evidence& evidence, const Course& course, Totals& totals);

/// All of them, and the totals that belong to no single guarantee.
void check_all(const Evidence& evidence, const Course& course, RunResult& result);

}  // namespace noloss::harness
