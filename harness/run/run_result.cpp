#include "harness/run/run_result.hpp"

namespace noloss::harness {

std::string_view name(Stage stage) {
  constexpr std::array<std::string_view, 3> kNames{"produce", "store", "consume"};
  return kNames[static_cast<std::size_t>(stage)];
}

const std::vector<TotalColumn>& total_columns() {
  static const std::vector<TotalColumn> columns{
      {"sent", &Totals::sent, "messages that the application handed to the client"},
      {"acked", &Totals::acked, "messages reported to the application as successful"},
      {"failed", &Totals::failed, "messages reported as failed"},
      {"uncertain", &Totals::uncertain, "messages whose outcome the application cannot know"},
      {"processed", &Totals::processed, "messages processed at least once"},
      {"lost_acked", &Totals::lost_acked, "messages reported as successful and never processed"},
      {"lost_silent", &Totals::lost_silent, "messages never processed of which the application was told nothing"},
      {"lost_in_produce", &Totals::lost_in_produce, "lost messages that no broker appended"},
      {"lost_in_store", &Totals::lost_in_store, "lost messages that some broker appended and none kept readable"},
      {"lost_in_consume", &Totals::lost_in_consume, "lost messages that were readable and passed over"},
      {"lost_by_policy", &Totals::lost_by_policy, "messages dropped because the system was told to"},
      {"duplicates", &Totals::duplicates, "effects beyond the first of each message"},
      {"reordered", &Totals::reordered, "messages whose first effect came out of order"},
      {"phantom", &Totals::phantom, "deliveries of what was not sent or no longer exists"},
      {"detected", &Totals::detected, "losses that the sequence check reported"},
      {"false_alarms", &Totals::false_alarms, "reports of the sequence check without a loss"},
  };
  return columns;
}

}  // namespace noloss::harness
