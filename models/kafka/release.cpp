#include "models/kafka/release.hpp"

#include <charconv>
#include <cstddef>

namespace noloss::models::kafka {
namespace {

constexpr std::int32_t kLast = 1'000;  // of a line: "2.7" is the last 2.7

constexpr std::array<std::string_view, 39> kReleases{
    "0.8.2", "0.9", "0.10.2", "0.10",  "0.11.0", "0.11", "1.0",   "1.1",   "2.0", "2.1",   "2.2",   "2.3",   "2.4",
    "2.5",   "2.6", "2.7.0",  "2.7.1", "2.7.2",  "2.7",  "2.8.0", "2.8.1", "2.8", "3.0.0", "3.0.1", "3.0",   "3.1.0",
    "3.1.1", "3.1", "3.2",    "3.3",   "3.4",    "3.5",  "3.6",   "3.7",   "3.8", "3.9",   "4.0",   "4.1.0", "4.1"};

/// From this release on (`first`) and no longer in `end`.
struct Span {
  Release first{};
  Release end{{kLast, 0, 0}};

  [[nodiscard]] constexpr bool holds(const Release& release) const { return release >= first && release < end; }
};

struct Row {
  bool Behaviours::*behaviour;
  Span span;
};

constexpr Release kKraft{{3, 3, 0}};

// One row a behaviour; two where it came, went and came again.
constexpr std::array kRows{
    Row{&Behaviours::follower_exits_out_of_range, {{}, {{0, 11, 0}}}},
    Row{&Behaviours::join_needs_epoch_start, {{{2, 1, 0}}}},
    Row{&Behaviours::fetch_fenced_by_epoch, {{{2, 1, 0}}}},
    Row{&Behaviours::isr_through_controller, {{{2, 7, 0}}}},
    Row{&Behaviours::counts_diverging_fetch, {{{2, 7, 0}}, {{2, 7, 2}}}},
    Row{&Behaviours::counts_diverging_fetch, {{{2, 8, 0}}, {{2, 8, 1}}}},
    Row{&Behaviours::fenced_cannot_join, {kKraft}},
    Row{&Behaviours::stale_broker_epoch_cannot_join, {{{3, 5, 0}}}},
    Row{&Behaviours::effective_min_isr, {{{3, 7, 0}}}},
    Row{&Behaviours::strict_min_isr, {{{3, 7, 0}}}},
    Row{&Behaviours::registration_cleans_isr, {{{2, 2, 0}}, kKraft}},  // KIP-380
    Row{&Behaviours::registration_cleans_isr, {{{4, 0, 0}}}},
    Row{&Behaviours::elects_fenced_last_leader, {{{4, 0, 0}}, {{4, 1, 0}}}},
    Row{&Behaviours::registers_after_shutdown, {{{4, 1, 0}}}},
    Row{&Behaviours::kraft, {kKraft}},
    Row{&Behaviours::unclean_for_brokers_at_once, {{{2, 0, 0}}, kKraft}},
    Row{&Behaviours::unclean_for_topics_at_once, {{{2, 1, 0}}, kKraft}},
    Row{&Behaviours::sweeps_leaderless, {{{3, 9, 0}}}},
    Row{&Behaviours::deletes_records, {{{0, 11, 0}}}},
    Row{&Behaviours::metadata_has_topic_ids, {{{2, 8, 2}}}},
    Row{&Behaviours::fetches_by_topic_id, {{{3, 1, 0}}}},
    Row{&Behaviours::consumer_detects_truncation, {{{2, 3, 0}}}},
    Row{&Behaviours::async_commit_covers_poll, {{{3, 7, 0}}, {{4, 0, 0}}}},
    Row{&Behaviours::producer_bumps_epoch, {{{2, 5, 0}}}},
    Row{&Behaviours::idempotence_exists, {{{0, 11, 0}}}},
    Row{&Behaviours::idempotence_by_default, {{{3, 0, 1}}, {{3, 1, 0}}}},
    Row{&Behaviours::idempotence_by_default, {{{3, 1, 1}}}},
    Row{&Behaviours::idempotence_refuses_in_flight, {{{4, 0, 0}}}},
    Row{&Behaviours::group_fences_offsets, {{{2, 5, 0}}}},
    Row{&Behaviours::verifies_offsets, {{{3, 7, 0}}}},
    Row{&Behaviours::delivery_timeout, {{{2, 1, 0}}}},
    Row{&Behaviours::state_outlives_retention, {{{2, 4, 0}}}},
};

constexpr Truncation truncation(const Release& release) {
  if (release < Release{{0, 11, 0}}) return Truncation::high_watermark;
  if (release < Release{{2, 0, 0}}) return Truncation::epoch_once;
  if (release < Release{{2, 7, 0}}) return Truncation::epoch_rounds;
  return Truncation::on_fetch;
}

}  // namespace

Release parse_release(std::string_view text) {
  Release release{{kLast, kLast, kLast}};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::int32_t& part : release.parts) {
    if (at >= end) break;
    at = std::from_chars(at, end, part).ptr + 1;
  }
  return release;
}

std::span<const std::string_view> known_releases() { return kReleases; }

Behaviours behaviours(const Release& release) {
  Behaviours result;
  for (const Row& row : kRows) result.*row.behaviour = false;
  for (const Row& row : kRows) {
    if (row.span.holds(release)) result.*row.behaviour = true;
  }
  result.truncation = truncation(release);
  return result;
}

}  // namespace noloss::models::kafka
