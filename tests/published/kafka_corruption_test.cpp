// One damaged block in the log of a Kafka leader. Published (CORDS: Ganesan et al., FAST 2017, Kafka 0.9): the leader
// drops the damaged record and everything behind it, the followers, which are ahead now, end their processes, so that
// acknowledged records are lost and nothing can be written. There the cluster starts with the damage; here all brokers
// are killed, the damaged one last, so that it leads when they are back. Our addition: followers of later releases
// truncate without a word, and nothing is lost where only the damaged broker restarts, since another one leads then.
#include <fmt/core.h>

#include "tests/published/report.hpp"
#include "tests/published/runs.hpp"

namespace noloss::published {
namespace {

constexpr int kRuns = 20;
constexpr int kBefore = 100;
constexpr int kAfter = 20;

constexpr const char* kEveryoneRestarts =
    "  - {at: 11s, action: kill, target: broker-2, duration: 30s}\n"
    "  - {at: 11s, action: kill, target: broker-3, duration: 30s}\n"
    "  - {at: 32s, action: kill, target: broker-1, duration: 1s}\n";
constexpr const char* kLeaderRestarts = "  - {at: 11s, action: kill, target: broker-1, duration: 1s}\n";

/// Messages, a damaged block, restarts, and more messages.
harness::Scenario story(const char* release, const char* restarts) {
  return scenario_of(
      "kafka", fmt::format("release: \"{}\"\nduration: 120s\ndrain: 30s\n"
                           "brokers: {{count: 3, config: {{unclean.leader.election.enable: false, "
                           "offsets.topic.replication.factor: 1}}}}\n"
                           "topic: {{replication.factor: 3, config: {{min.insync.replicas: 2, flush.messages: 1}}}}\n"
                           "producers:\n  config: {{acks: all, retries: 3}}\n"
                           "  application: {{send: async, on_error: give_up}}\n"
                           "  workload: [{{messages: {}, rate: 50/s}}, {{at: 80s, messages: {}, rate: 20/s}}]\n"
                           "consumers: {{config: {{auto.offset.reset: earliest, enable.auto.commit: false}}}}\n"
                           "operations: [{{at: 110s, do: start, target: consumer-1}}]\n"
                           "faults:\n  - {{at: 10s, action: corrupt, target: broker-1, in: log, blocks: 1}}\n{}",
                           release, kBefore, kAfter, restarts));
}

struct Outcome {
  int lossy = 0;        ///< runs
  int exits = 0;        ///< runs in which a follower ended its process
  int truncations = 0;  ///< runs in which a follower cut off what was committed
  int unwritable = 0;   ///< runs in which nothing of the second part was acknowledged
};

Outcome outcome(const char* release, const char* restarts) {
  const harness::Scenario scenario = story(release, restarts);
  Outcome sum;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    const Course ran = course(scenario, seed);
    EXPECT_TRUE(ran.effective[0]) << "nothing was damaged";
    EXPECT_TRUE(ran.reached("damaged records cut in recovery"));
    sum.lossy += ran.totals.lost_acked > 0 ? 1 : 0;
    sum.exits += ran.reached("follower exits, log truncation not allowed") ? 1 : 0;
    sum.truncations += ran.reached("committed records truncated") ? 1 : 0;
    sum.unwritable += ran.totals.acked == kBefore ? 1 : 0;
  }
  return sum;
}

std::string written(int of, const char* what) { return fmt::format("{} in {} of {} runs", what, of, kRuns); }

TEST(KafkaCorruption, TheLeaderTruncatesAndTheFollowersExit) {
  const Outcome found = outcome("0.9", kEveryoneRestarts);
  const std::string where = "FAST 2017, CORDS, Kafka 0.9, one damaged block of the leader's log: ";
  compare_exactly(written(kRuns, "acknowledged records lost"), written(found.lossy, "acknowledged records lost"),
                  where + "the leader drops it and all behind it");
  compare_exactly(written(kRuns, "followers exit"), written(found.exits, "followers exit"),
                  where + "the followers are ahead");
  compare_exactly(written(kRuns, "writes unavailable"), written(found.unwritable, "writes unavailable"),
                  where + "writes");
}

TEST(KafkaCorruption, FollowersTruncateFrom011On) {
  const Outcome found = outcome("0.11", kEveryoneRestarts);
  const std::string where = "KIP-101, our addition to CORDS, Kafka 0.11: ";
  compare_exactly(written(kRuns, "acknowledged records lost"), written(found.lossy, "acknowledged records lost"),
                  where + "the leader drops the block and all behind it");
  compare_exactly(written(0, "followers exit"), written(found.exits, "followers exit"), where + "the followers");
  compare_exactly(written(kRuns, "followers truncate"), written(found.truncations, "followers truncate"),
                  where + "the followers agree with the leader");
  compare_exactly(written(0, "writes unavailable"), written(found.unwritable, "writes unavailable"), where + "writes");
}

TEST(KafkaCorruption, NothingIsLostWhereAnotherBrokerLeads) {
  for (const char* const release : {"0.9", "0.11", "4.1"}) {
    const Outcome found = outcome(release, kLeaderRestarts);
    const std::string where =
        fmt::format("our addition to CORDS, Kafka {}, only the damaged leader restarts: ", release);
    compare_exactly(written(0, "acknowledged records lost"), written(found.lossy, "acknowledged records lost"),
                    where + "an in-sync follower leads, the block is fetched again");
    compare_exactly(written(0, "writes unavailable"), written(found.unwritable, "writes unavailable"),
                    where + "writes");
  }
}

}  // namespace
}  // namespace noloss::published
