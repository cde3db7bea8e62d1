// Which faults a search could place where, on runs small enough to count by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/campaign/explore.hpp"
#include "harness/run/runner.hpp"
#include "harness/scenario/reader.hpp"

namespace noloss::harness {
namespace {

/// One message on one broker, or on two; the search is about `faults`.
class Scope {
 public:
  explicit Scope(const std::string& faults, const std::string& cluster = "") {
    const std::string text =
        "version: 1\nsystem: textbook\n" + cluster + "producers: {workload: {messages: 1}}\nfaults:\n" + faults;
    ReadResult read = read_scenario("scope.yaml", text);
    EXPECT_TRUE(read.scenario) << (read.problems.empty() ? "" : format(read.problems.front()));
    scenario_ = std::move(*read.scenario);
    fix_schedule(scenario_.configurations.front());
  }
  /// Every plan of at most `faults` faults.
  std::vector<sim::FaultPlan> plans(std::uint32_t faults) {
    RunRequest request{.scenario = &scenario_, .configuration = &scenario_.configurations.front()};
    request.space = runner_.explore(request, {}, {.faults = faults}, [](std::uint64_t) { return true; });
    std::vector<sim::FaultPlan> all;
    for (request.number = 0; request.number < request.space->size(); ++request.number) {
      all.push_back(runner_.replay(request).plan);
    }
    return all;
  }

 private:
  Scenario scenario_;
  Runner runner_;
};

std::set<std::string> moments(const std::vector<sim::FaultPlan>& plans) {
  std::set<std::string> all;
  for (const sim::FaultPlan& plan : plans) {
    for (const sim::Fault& fault : plan) all.insert(fault.at.moment->node + " " + fault.at.moment->event);
  }
  return all;
}

TEST(RecordingTest, NumberNoughtHasNoFault) {
  EXPECT_TRUE(Scope("  - {action: kill, target: broker-1}\n").plans(1).front().empty());
}

TEST(RecordingTest, AKillIsPlacedAtTheMomentsOfTheNodeThatItHits) {
  const auto at = moments(Scope("  - {action: kill, target: broker-1}\n").plans(1));
  EXPECT_TRUE(at.contains("broker-1 sync.done"));
  EXPECT_TRUE(at.contains("broker-1 sent:produce_response"));
  EXPECT_TRUE(std::all_of(at.begin(), at.end(), [](const auto& moment) { return moment.starts_with("broker-1 "); }));
}

TEST(RecordingTest, AWriteAndTheSyncThatBeginsAtOnceAreOneSite) {
  const auto at = moments(Scope("  - {action: kill, target: broker-1}\n").plans(1));
  EXPECT_TRUE(at.contains("broker-1 sync.start"));
  EXPECT_FALSE(at.contains("broker-1 append")) << "nothing was written or sent between the two";
}

TEST(RecordingTest, ADropIsPlacedAtEachMessageOfItsSide) {
  const auto at = moments(Scope("  - {action: drop, target: \"producer-1 -> broker-1\", side: response}\n").plans(1));
  EXPECT_EQ(at, std::set<std::string>{"broker-1 sent:produce_response"});
}

TEST(RecordingTest, AHandlerFailsAtWhatItReceives) {
  const auto at = moments(Scope("  - {action: handler_error, target: consumer-1}\n").plans(1));
  EXPECT_EQ(at, std::set<std::string>{"consumer-1 received"});
}

TEST(RecordingTest, APartitionIsPlacedAtMessagesThatCrossIt) {
  const std::string two = "brokers: {count: 2, config: {replicas.acks: 2}}\ntopic: {replicas: 2}\n";
  const auto at = moments(Scope("  - {action: partition, sides: [[broker-1], [broker-2]]}\n", two).plans(1));
  EXPECT_TRUE(at.contains("broker-2 sent:fetch_request"));
  EXPECT_FALSE(at.contains("broker-1 sent:heartbeat")) << "it goes to the coordinator";
}

TEST(RecordingTest, APowerLossLeavesEverySubsetOfThePages) {
  const auto plans =
      Scope("  - {action: power_loss, target: broker-1}\n", "brokers: {config: {flush: async}}\n").plans(1);
  std::set<std::vector<std::string>> kept;
  for (const sim::FaultPlan& plan : plans) {
    for (const sim::Fault& fault : plan) kept.insert(fault.keep.value_or(std::vector<std::string>{}));
  }
  EXPECT_TRUE(kept.contains({}));
  EXPECT_TRUE(kept.contains({"broker-1 log-0 page 0"}));
}

TEST(RecordingTest, ASecondFaultComesLaterAndAlsoAtMomentsThatTheFirstMade) {
  const auto plans = Scope("  - {action: kill, target: broker-1, duration: 200ms}\n").plans(2);
  const auto at = moments(plans);
  EXPECT_TRUE(at.contains("broker-1 recovered")) << "there is none without a first kill";
  EXPECT_TRUE(std::any_of(plans.begin(), plans.end(), [](const auto& plan) { return plan.size() == 2; }));
}

TEST(RecordingTest, FaultsOfTheScenarioBelongToEveryPlan) {
  const auto plans = Scope(
                         "  - {at: 0s, action: fsync_lie, target: broker-1, duration: 1s}\n"
                         "  - {action: power_loss, target: broker-1, unsynced: lose_all}\n")
                         .plans(1);
  for (const sim::FaultPlan& plan : plans) EXPECT_EQ(plan.front().action, sim::Action::fsync_lie);
  EXPECT_EQ(plans.front().size(), 1U);
}

TEST(RecordingTest, BehindAPlanThatOnlyRenamesBrokersNothingIsPlaced) {
  const std::string three = "brokers: {count: 3, config: {replicas.acks: 2}}\ntopic: {replicas: 3}\n";
  Scope scope("  - {action: kill, target: any broker, duration: 200ms}\n", three);
  std::map<std::string, int> behind;  // plans of two faults, by whom the first one hits
  for (const sim::FaultPlan& plan : scope.plans(2)) {
    if (plan.size() == 2) ++behind[plan.front().target];
  }
  EXPECT_LT(behind["broker-3"], behind["broker-2"] / 2) << "the two followers do the same most of the time";
}

}  // namespace
}  // namespace noloss::harness
