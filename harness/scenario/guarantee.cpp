#include "harness/scenario/guarantee.hpp"

namespace noloss::harness {
namespace {

struct Row {
  std::string_view name;
  std::string_view meaning;
};

/// In the order of the enum.
constexpr std::array<Row, kGuarantees> kRows{{
    {"no_acked_loss", "every message whose success was reported to the application was processed at least once"},
    {"no_silent_loss", "every message that was not processed was reported to the application as failed or uncertain"},
    {"no_duplicates", "no message took effect twice in the consumer's store"},
    {"order", "for each producer and partition, first effects happened in the order of sending"},
    {"no_phantom", "nothing was delivered that was not sent, or that no longer exists after recovery"},
    {"available", "after the faults end, sends are accepted and everything readable is processed within the drain"},
    {"replicas_agree", "no two replicas that can lead hold different records at one committed position"},
    {"loss_detected", "the consumer's own sequence check reported every loss, without a false alarm"},
}};

constexpr std::array<std::string_view, 3> kVerdicts{"holds", "violated", "inconclusive"};

}  // namespace

std::string_view name(Guarantee guarantee) { return kRows[static_cast<std::size_t>(guarantee)].name; }
std::string_view meaning(Guarantee guarantee) { return kRows[static_cast<std::size_t>(guarantee)].meaning; }

std::optional<Guarantee> guarantee_named(std::string_view name) {
  for (const Guarantee guarantee : kAllGuarantees) {
    if (harness::name(guarantee) == name) return guarantee;
  }
  return std::nullopt;
}

std::string_view name(Verdict verdict) { return kVerdicts[static_cast<std::size_t>(verdict)]; }

}  // namespace noloss::harness
