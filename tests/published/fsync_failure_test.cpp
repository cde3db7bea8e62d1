// "Can Applications Recover from fsync Failures?" (Rebello et al., ATC 2020) on the textbook system: an fsync fails,
// the broker syncs again or stops, and then the power fails.
//
// Published: whoever syncs again acknowledges a message and loses it. With ext4 in ordered mode (and XFS) only once the
// cache is gone, since reads see the new content until then; with Btrfs at once, since the content goes back to the
// old; with ext4 in data mode the first fsync has already said 0 for nothing. Stopping at the first error and
// recovering loses nothing, but in data mode, where the error comes after the false success. Recovering from a peer
// loses nothing.
#include <fmt/core.h>

#include "tests/published/report.hpp"
#include "tests/published/runs.hpp"

namespace noloss::published {
namespace {

constexpr int kMessages = 20;
constexpr const char* kModes[] = {"ext4_ordered", "ext4_data", "btrfs"};

struct Case {
  const char* policy;
  const char* mode;
  bool power_loss;
  int replicas = 1;
};

/// The fsync behind message `k` of 20 fails; the power, if it does, once `k` is acknowledged. Messages fill whole
/// pages, so that the next one does not make the failed page dirty again. The consumer comes when all of this is over.
harness::Scenario story(const Case& of, int k) {
  std::string faults = fmt::format(
      "  - {{at: \"producer-1 sent:produce_request #{}\", action: fsync_error, target: broker-1, semantics: {}}}\n", k,
      of.mode);
  if (of.power_loss) {
    faults += fmt::format(
        "  - {{at: \"producer-1 acked #{}\", action: power_loss, target: broker-1, unsynced: lose_all, "
        "duration: 500ms}}\n",
        k);
  }
  return scenario(fmt::format(
      "duration: 30s\nbrokers: {{count: {}, config: {{flush: sync, on.fsync.error: {}, replicas.acks: {}}}}}\n"
      "topic: {{replicas: {}}}\nproducers: {{workload: {{messages: {}, size: 8KiB}}}}\n"
      "operations: [{{at: 20s, do: start, target: consumer-1}}]\nfaults:\n{}",
      of.replicas, of.policy, of.replicas, of.replicas, kMessages, faults));
}

/// Runs, one for each message whose fsync fails, in which something acknowledged is lost.
int runs_with_loss(const Case& of) {
  int losses = 0;
  for (int k = 1; k <= kMessages; ++k) {
    const Course course = run(story(of, k), static_cast<std::uint64_t>(k));
    EXPECT_TRUE(course.effective[0]) << of.mode << ": the fsync behind message " << k << " has failed";
    losses += course.lost_told_at.empty() ? 0 : 1;
  }
  return losses;
}

void compare_losses(const Case& of, bool loses) {
  compare_exactly(fmt::format("loss in {} of {} runs", loses ? kMessages : 0, kMessages),
                  fmt::format("loss in {} of {} runs", runs_with_loss(of), kMessages),
                  fmt::format("ATC 2020: {}, on an error {}, {}{}", of.mode, of.policy,
                              of.power_loss ? "then power loss" : "power stays",
                              of.replicas > 1 ? fmt::format(", {} replicas", of.replicas) : ""));
}

TEST(FsyncFailure, SyncAgainThenPowerLoss) {
  for (const char* const mode : kModes) compare_losses({"retry", mode, true}, true);
}

TEST(FsyncFailure, SyncAgainWhileThePowerStays) {
  compare_losses({"retry", "ext4_ordered", false}, false);
  compare_losses({"retry", "ext4_data", false}, false);
  compare_losses({"retry", "btrfs", false}, true);
}

TEST(FsyncFailure, StopThenPowerLoss) {
  compare_losses({"stop", "ext4_ordered", true}, false);
  compare_losses({"stop", "btrfs", true}, false);
  compare_losses({"stop", "ext4_data", true}, true);
}

TEST(FsyncFailure, StopAndRecoverFromAPeer) {
  for (const char* const mode : kModes) compare_losses({"stop", mode, true, 2}, false);
}

}  // namespace
}  // namespace noloss::published
