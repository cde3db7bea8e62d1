// Process kill against power loss, by flush policy, on the textbook system. Published: what LazyFS (Ramos et al.,
// PVLDB 17(11), 2024) and the Jepsen analysis of NATS found for real systems, and the kernel's writeback constants
// (5 s between two looks, 30 s of age): a kill loses nothing; one machine's power loss nothing that a replica holds
// which is elected; the loss of all machines everything since the last flush: 30 to 35 s where nobody flushes, the
// interval where a timer does, nothing where each message is flushed before its acknowledgement.
#include <fmt/core.h>

#include "tests/published/report.hpp"
#include "tests/published/runs.hpp"

namespace noloss::published {
namespace {

using namespace std::chrono_literals;

struct Policy {
  const char* name;
  const char* config;
  sim::Duration longest;   ///< how long an acknowledged message can be without its flush ...
  sim::Duration shortest;  ///< ... and how long the oldest lost one was at least, in the worst of many runs
  const char* published;   ///< of the loss of all machines
};
/// A flush that was called before the message came and one that did not end count as if they had not been.
constexpr sim::Duration kTwoFlushes = 5ms;
constexpr Policy kPolicies[] = {
    {"never", "flush: async, flush.interval: 1h", 35s + kTwoFlushes, 30s, "the last 30 to 35 s lost"},
    {"each 500 ms", "flush: async, flush.interval: 500ms", 500ms + kTwoFlushes, 250ms, "at most the interval lost"},
    {"each message", "flush: sync", 0s, 0s, "0 lost"},
};

struct Blow {
  const char* action;
  const char* target;
  const char* unsynced = "lose_all";
};

/// A minute of messages, 20 a second; the blow at `at_ms`; the consumer comes when it is over.
harness::Scenario story(const Policy& policy, int replicas, int acks, const Blow& blow, int at_ms) {
  const std::string rule = std::string{blow.action} == "power_loss" ? fmt::format(", unsynced: {}", blow.unsynced) : "";
  return scenario(
      fmt::format("duration: 100s\nbrokers: {{count: {}, config: {{{}, replicas.acks: {}}}}}\ntopic: {{replicas: {}}}\n"
                  "producers: {{workload: {{messages: 1200, rate: 20/s}}}}\n"
                  "operations: [{{at: 75s, do: start, target: consumer-1}}]\n"
                  "faults: [{{at: {}ms, action: {}, target: {}, duration: 2s{}}}]\n",
                  replicas, policy.config, acks, replicas, at_ms, blow.action, blow.target, rule));
}

struct Losses {
  std::size_t most = 0;     ///< messages in one run
  sim::Duration oldest{0};  ///< time from an acknowledgement to the blow that undid it
};

Losses losses(const Policy& policy, int replicas, int acks, const Blow& blow) {
  Losses found;
  for (int at_ms = 41'300; at_ms <= 54'000; at_ms += 700) {
    const Course course = run(story(policy, replicas, acks, blow, at_ms), static_cast<std::uint64_t>(at_ms));
    EXPECT_GT(course.fired[0], 0U);
    found.most = std::max(found.most, course.lost_told_at.size());
    for (const sim::VirtualTime told : course.lost_told_at) {
      EXPECT_LE(told, course.faults_at[0]) << "acknowledged after the blow, and lost";
      found.oldest = std::max(found.oldest, course.faults_at[0] - told);
    }
  }
  return found;
}

void expect_none(const Policy& policy, int replicas, int acks, const Blow& blow, const std::string& what) {
  const Losses found = losses(policy, replicas, acks, blow);
  compare_exactly("0 lost", fmt::format("{} lost", found.most), fmt::format("{}, flush {}", what, policy.name));
}

TEST(FlushPolicy, KillLosesNothing) {
  for (const Policy& policy : kPolicies) {
    expect_none(policy, 1, 1, {"kill", "broker-1"}, "PVLDB 17(11): process kill");
  }
}

TEST(FlushPolicy, PowerLossOfTheLeaderLosesNothingThatAReplicaHolds) {
  for (const Policy& policy : kPolicies) {
    expect_none(policy, 3, 2, {"power_loss", "leader"}, "PVLDB 17(11): power loss of the leader, 2 of 3 copies");
  }
}

TEST(FlushPolicy, PowerLossOfAllReplicasLosesWhatWasNotFlushed) {
  for (const int replicas : {1, 3}) {
    for (const Policy& policy : kPolicies) {
      const Losses found = losses(policy, replicas, replicas, {"power_loss", "all brokers"});
      compare({.published = policy.published,
               .simulated = found.most > 0 ? fmt::format("oldest lost {} ms", found.oldest / 1ms) : "0 lost",
               .interval = fmt::format("[{} ms, {} ms]", policy.shortest / 1ms, policy.longest / 1ms),
               .agrees = policy.shortest <= found.oldest && found.oldest <= policy.longest,
               .source = fmt::format("PVLDB 17(11), kernel writeback: power loss of all {} replicas, flush {}",
                                     replicas, policy.name)});
    }
  }
}

TEST(FlushPolicy, NoRuleOfSurvivalLosesMore) {
  for (const char* const unsynced : {"prefix", "any_subset"}) {
    for (const Policy& policy : kPolicies) {
      EXPECT_LE(losses(policy, 1, 1, {"power_loss", "all brokers", unsynced}).oldest, policy.longest)
          << unsynced << ", flush " << policy.name;
    }
  }
}

}  // namespace
}  // namespace noloss::published
