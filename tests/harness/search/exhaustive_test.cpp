// The exhaustive search against one that leaves out nothing, on small scopes drawn at random.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

#include "harness/campaign/explore.hpp"
#include "harness/run/runner.hpp"
#include "harness/scenario/reader.hpp"
#include "sim/random.hpp"

namespace noloss::harness {
namespace {

constexpr int kScopes = 208;
constexpr int kShards = 8;

/// A scenario of one or two messages, drawn from everything that the textbook system and the faults offer.
class RandomScope {
 public:
  explicit RandomScope(std::uint64_t seed) : random_(sim::derive_seed(seed, "small scope")) {
    const auto brokers = 1 + random_.below(3);
    const auto replicas = 1 + random_.below(brokers);
    const auto acks = 1 + random_.below(replicas);
    text_ = fmt::format(
        "version: 1\n"
        "system: textbook\n"
        "brokers: {{count: {}, config: {{flush: {}, replicas.acks: {}, on.fsync.error: {}}}}}\n"
        "topic: {{replicas: {}}}\n"
        "producers: {{config: {{retries: {}}}, application: {{send: {}, on_error: {}}}, workload: {{messages: {}}}}}\n"
        "consumers: {{application: {{acknowledge: {}, store: {}}}}}\n"
        "faults:\n",
        brokers, one_of({"sync", "async"}), acks, one_of({"stop", "retry"}), replicas, one_of({"0", "1"}),
        one_of({"sync", "async", "oneway"}), one_of({"retry", "ignore"}), 1 + random_.below(2),
        one_of({"after_processing", "before_processing", "automatic"}), one_of({"plain", "idempotent"}));
    faults = random_.below(3) == 0 ? 2 : 1;
    const std::uint64_t lines = faults == 2 ? 1 : 1 + random_.below(2);
    for (std::uint64_t i = 0; i < lines; ++i) text_ += "  - " + fault() + "\n";
  }

  [[nodiscard]] Scenario scenario() const {
    ReadResult read = read_scenario("scope.yaml", text_);
    EXPECT_TRUE(read.scenario) << text_ << (read.problems.empty() ? "" : format(read.problems.front()));
    fix_schedule(read.scenario->configurations.front());
    return std::move(*read.scenario);
  }
  [[nodiscard]] const std::string& text() const { return text_; }
  std::uint32_t faults = 1;

 private:
  std::string one_of(std::initializer_list<std::string_view> words) {
    return std::string{*(words.begin() + random_.below(words.size()))};
  }
  std::string fault() {
    static constexpr std::array<std::string_view, 9> kFaults{
        "{action: kill, target: any broker, duration: 300ms}",
        "{action: power_loss, target: any broker, duration: 300ms}",
        "{action: power_loss, target: all brokers, duration: 300ms, unsynced: lose_all}",
        "{action: kill, target: leader, duration: 4s}",
        "{action: drop, target: \"producer-1 -> any broker\", side: response}",
        "{action: fsync_error, target: any broker}",
        "{action: pause, target: any broker, duration: 4s}",
        "{action: kill, target: consumer-1, duration: 300ms}",
        "{action: partition, isolate: any broker, duration: 4s}"};
    return std::string{kFaults[random_.below(kFaults.size())]};
  }

  sim::RandomStream random_;
  std::string text_;
};

/// Every violation that some plan of the space finds: "no_acked_loss store".
std::set<std::string> violations(Runner& runner, const Scenario& scenario, const SearchScope& scope,
                                 std::uint64_t& plans) {
  RunRequest request{.scenario = &scenario, .configuration = &scenario.configurations.front()};
  request.space = runner.explore(request, {}, scope, [](std::uint64_t) { return true; });
  std::set<std::string> found;
  plans = request.space->size();
  for (request.number = 0; request.number < plans; ++request.number) {
    const RunResult result = runner.run(request);
    for (const Guarantee guarantee : kAllGuarantees) {
      if (result.of(guarantee).verdict != Verdict::violated) continue;
      found.insert(fmt::format("{} {}", name(guarantee), result.of(guarantee).detail));
    }
  }
  return found;
}

class SmallScopeTest : public testing::TestWithParam<int> {};

TEST_P(SmallScopeTest, SkippingChangesNoVerdict) {
  Runner runner;
  std::uint64_t skipping = 0;
  std::uint64_t everything = 0;
  for (int scope = GetParam(); scope < kScopes; scope += kShards) {
    const RandomScope drawn(static_cast<std::uint64_t>(scope));
    const Scenario scenario = drawn.scenario();
    std::uint64_t plans = 0;
    const auto with = violations(runner, scenario, {.faults = drawn.faults}, plans);
    skipping += plans;
    const auto without = violations(runner, scenario, {.faults = drawn.faults, .skip = Skip::nothing}, plans);
    everything += plans;
    EXPECT_EQ(with, without) << drawn.text() << "faults " << drawn.faults;
  }
  EXPECT_LT(skipping, everything);
  RecordProperty("plans_skipping", std::to_string(skipping));
  RecordProperty("plans_everything", std::to_string(everything));
  fmt::print("{} plans instead of {}\n", skipping, everything);
}

INSTANTIATE_TEST_SUITE_P(Scopes, SmallScopeTest, testing::Range(0, kShards));

}  // namespace
}  // namespace noloss::harness
