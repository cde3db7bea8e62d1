// Process kill against power loss of Kafka's brokers, by flush policy. Published: what LazyFS (Ramos et al., PVLDB
// 17(11), 2024) and the Jepsen analyses found for systems that acknowledge from the page cache, Kafka's documentation
// of its flush settings, and the kernel's writeback constants (5 s between two looks, 30 s of age). A kill loses
// nothing; one machine's power loss nothing that an in-sync replica holds; the loss of all machines everything since
// the last flush.
#include <fmt/core.h>

#include "tests/published/report.hpp"
#include "tests/published/runs.hpp"

namespace noloss::published {
namespace {

using namespace std::chrono_literals;

struct Policy {
  const char* name;
  const char* brokers;
  const char* topic;
  sim::Duration longest;   ///< how long an acknowledged message can be without its flush ...
  sim::Duration shortest;  ///< ... and how long the oldest lost one was at least, in the worst of many runs
  const char* published;   ///< of the loss of all machines
};
/// A flush that was called before the message came and one that did not end count as if they had not been.
constexpr sim::Duration kTwoFlushes = 5ms;
constexpr sim::Duration kScheduler = 100ms;
constexpr Policy kPolicies[] = {
    {"never", "", "", 35s + kTwoFlushes, 30s, "the last 30 to 35 s lost"},
    {"each 500 ms", "log.flush.scheduler.interval.ms: 100", ", flush.ms: 500", 500ms + kScheduler + kTwoFlushes, 250ms,
     "at most the interval lost"},
    {"each message", "", ", flush.messages: 1", 0s, 0s, "0 lost"},
};

struct Blow {
  const char* action;
  const char* target;
};

/// A minute of messages, 20 a second; the blow at `at_ms`; the consumer comes when it is over.
harness::Scenario story(const Policy& policy, int replicas, const Blow& blow, int at_ms) {
  const bool power = std::string{blow.action} == "power_loss";
  return scenario_of(
      "kafka", fmt::format("duration: 110s\ndrain: 400s\nbrokers: {{count: {0}, config: {{{1}}}}}\n"
                           "topic: {{replication.factor: {0}, config: {{min.insync.replicas: {2}{3}}}}}\n"
                           "producers: {{application: {{send: async}}, workload: {{messages: 1200, rate: 20/s}}}}\n"
                           "consumers: {{config: {{auto.offset.reset: earliest, enable.auto.commit: false}}, "
                           "application: {{processing: {{time: 100us}}}}}}\n"
                           "operations: [{{at: 90s, do: start, target: consumer-1}}]\n"
                           "faults: [{{at: {4}ms, action: {5}, target: {6}, duration: 2s{7}}}]\n",
                           replicas, policy.brokers, std::min(replicas, 2), policy.topic, at_ms, blow.action,
                           blow.target, power ? ", unsynced: lose_all" : ""));
}

struct Losses {
  std::size_t most = 0;     ///< messages in one run
  sim::Duration oldest{0};  ///< time from an acknowledgement to the blow that undid it
};

Losses losses(const Policy& policy, int replicas, const Blow& blow) {
  Losses found;
  for (int at_ms = 41'300; at_ms <= 54'000; at_ms += 1400) {
    const Course ran = run(story(policy, replicas, blow, at_ms), static_cast<std::uint64_t>(at_ms));
    EXPECT_GT(ran.fired[0], 0U);
    found.most = std::max(found.most, ran.lost_told_at.size());
    for (const sim::VirtualTime told : ran.lost_told_at) {
      EXPECT_LE(told, ran.faults_at[0]) << "acknowledged after the blow, and lost";
      found.oldest = std::max(found.oldest, ran.faults_at[0] - told);
    }
  }
  return found;
}

void expect_none(const Policy& policy, int replicas, const Blow& blow, const std::string& what) {
  const Losses found = losses(policy, replicas, blow);
  compare_exactly("0 lost", fmt::format("{} lost", found.most),
                  fmt::format("PVLDB 17(11), Kafka: {}, flush {}", what, policy.name));
}

TEST(KafkaFlushPolicy, KillLosesNothing) {
  for (const Policy& policy : kPolicies) {
    expect_none(policy, 1, {"kill", "broker-1"}, "process kill of the only replica");
    expect_none(policy, 3, {"kill", "all brokers"}, "process kill of all 3 replicas");
  }
}

TEST(KafkaFlushPolicy, PowerLossOfTheLeaderLosesNothingThatAnInSyncReplicaHolds) {
  for (const Policy& policy : kPolicies) {
    expect_none(policy, 3, {"power_loss", "leader"}, "power loss of the leader, 3 replicas, acks=all");
  }
}

TEST(KafkaFlushPolicy, PowerLossOfAllReplicasLosesWhatWasNotFlushed) {
  for (const int replicas : {1, 3}) {
    for (const Policy& policy : kPolicies) {
      const Losses found = losses(policy, replicas, {"power_loss", "all brokers"});
      compare({.published = policy.published,
               .simulated = found.most > 0 ? fmt::format("oldest lost {} ms", found.oldest / 1ms) : "0 lost",
               .interval = fmt::format("[{} ms, {} ms]", policy.shortest / 1ms, policy.longest / 1ms),
               .agrees = policy.shortest <= found.oldest && found.oldest <= policy.longest,
               .source = fmt::format("PVLDB 17(11), Kafka, kernel writeback: power loss of all {} replicas, flush {}",
                                     replicas, policy.name)});
    }
  }
}

// flush.ms alone is never looked at: log.flush.scheduler.interval.ms is never by default.
TEST(KafkaFlushPolicy, AFlushIntervalAloneNeverFlushes) {
  const Policy alone{"each 500 ms, no scheduler", "", ", flush.ms: 500", 35s + kTwoFlushes, 30s, ""};
  const Losses found = losses(alone, 1, {"power_loss", "all brokers"});
  compare({.published = "the last 30 to 35 s lost",
           .simulated = fmt::format("oldest lost {} ms", found.oldest / 1ms),
           .interval = fmt::format("[{} ms, {} ms]", alone.shortest / 1ms, alone.longest / 1ms),
           .agrees = alone.shortest <= found.oldest && found.oldest <= alone.longest,
           .source = "Kafka LogManager.flushDirtyLogs: flush.ms without log.flush.scheduler.interval.ms"});
}

}  // namespace
}  // namespace noloss::published
