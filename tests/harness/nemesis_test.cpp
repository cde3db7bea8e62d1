// The random nemesis: swarm testing, counts, placement, and that the same seed gives the same plan.
#include "harness/search/nemesis.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "harness/search/fix_setup.hpp"

namespace noloss::harness {
namespace {

using namespace std::chrono_literals;
using sim::Action;
using sim::Fault;
using sim::FaultPlan;
using sim::Quantity;

constexpr std::uint64_t kSeeds = 4000;

Fault line(Action action, std::string target, Quantity count = Quantity{1}) {
  Fault fault;
  fault.action = action;
  fault.target = std::move(target);
  fault.count = count;
  return fault;
}

Fault link(Action action, std::string from, std::string to, sim::Side side = sim::Side::request) {
  Fault fault = line(action, std::move(from));
  fault.peer = std::move(to);
  fault.side = side;
  return fault;
}

class NemesisTest : public testing::Test {
 protected:
  NemesisTest() {
    census.last_activity = sim::kStart + 400ms;
    for (const char* broker : {"broker-1", "broker-2", "broker-3"}) {
      add(broker, {{"append", 100}, {"sync.start", 90}, {"sync.done", 90}, {"received:fetch_response", 80}});
    }
    add("broker-1", {{"sent:produce_response", 100}, {"sent:deliver", 50}, {"received:produce_request", 100}});
    add("broker-2", {{"sent:fetch_request", 80}});
    add("coordinator", {{"sent:heartbeat_response", 40}});
    add("producer-1", {{"sent", 50},
                       {"acked", 50},
                       {"sent:produce_request", 50},
                       {"sent:lookup", 1},
                       {"received:produce_response", 50}});
    add("producer-2", {{"sent", 50}, {"acked", 50}, {"sent:produce_request", 50}, {"received:produce_response", 50}});
    add("consumer-1", {{"received", 100}, {"processed", 100}, {"acknowledged", 100}, {"received:deliver", 50}});
    add("consumer-1", {{"failed", 0}});
    census.holders = {{"leader", {"broker-1"}}, {"follower", {"broker-2", "broker-3"}}};
  }

  void add(const std::string& node, const std::vector<std::pair<std::string, std::uint64_t>>& events) {
    for (const auto& [event, count] : events) census.counts.push_back({node, event, count});
  }
  [[nodiscard]] std::vector<FaultPlan> plans() const {
    const Nemesis nemesis{configuration, census};
    std::vector<FaultPlan> all;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) all.push_back(nemesis.draw(seed));
    return all;
  }
  /// All faults of all seeds.
  [[nodiscard]] std::vector<Fault> faults() const {
    std::vector<Fault> all;
    for (const FaultPlan& plan : plans()) all.insert(all.end(), plan.begin(), plan.end());
    return all;
  }
  [[nodiscard]] std::uint64_t count_of(const std::string& node, const std::string& event) const {
    for (const MomentCensus::Count& count : census.counts) {
      if (count.node == node && count.event == event) return count.count;
    }
    return 0;
  }

  Configuration configuration;
  MomentCensus census;
};

std::size_t number_of(const FaultPlan& plan, Action action) {
  return static_cast<std::size_t>(
      std::count_if(plan.begin(), plan.end(), [&](const Fault& fault) { return fault.action == action; }));
}

/// In hundredths of `whole`.
std::size_t percent(std::size_t part, std::size_t whole) { return part * 100 / whole; }

TEST_F(NemesisTest, EachKindIsAbsentInAboutHalfOfThePlans) {
  constexpr std::array kKinds{Action::kill, Action::power_loss, Action::pause, Action::partition, Action::fsync_lie};
  for (const Action action : kKinds) configuration.faults.push_back(line(action, "any broker"));
  for (const Action action : kKinds) {
    std::size_t absent = 0;
    for (const FaultPlan& plan : plans()) absent += number_of(plan, action) == 0 ? 1 : 0;
    EXPECT_GE(percent(absent, kSeeds), 45U) << sim::name(action);
    EXPECT_LE(percent(absent, kSeeds), 53U) << sim::name(action);
  }
}

TEST_F(NemesisTest, AtLeastOneFaultIsPlacedAlsoWhereCountsMayBeZero) {
  configuration.faults = {line(Action::kill, "any broker", {0, 2}), line(Action::pause, "leader", {0, 1})};
  for (const FaultPlan& plan : plans()) EXPECT_GE(plan.size(), 1U);
}

TEST_F(NemesisTest, NothingIsPlacedWhereTheScenarioHasNoFaults) {
  for (const FaultPlan& plan : plans()) EXPECT_TRUE(plan.empty());
}

TEST_F(NemesisTest, CountsStayWithinTheirRangeAndReachItsEnds) {
  configuration.faults = {line(Action::kill, "any broker", {1, 3}), line(Action::pause, "leader", Quantity{2})};
  std::set<std::size_t> kills;
  for (const FaultPlan& plan : plans()) {
    kills.insert(number_of(plan, Action::kill));
    const std::size_t pauses = number_of(plan, Action::pause);
    EXPECT_TRUE(pauses == 0 || pauses == 2) << pauses;
  }
  EXPECT_THAT(kills, testing::ElementsAre(0U, 1U, 2U, 3U));
}

TEST_F(NemesisTest, TheSameSeedGivesTheSamePlan) {
  configuration.faults = {line(Action::kill, "any broker", {0, 3}), link(Action::drop, "producer-1", "leader")};
  EXPECT_EQ(plans(), plans());
  EXPECT_EQ(draw_plan(configuration, 7, census), Nemesis(configuration, census).draw(7));
  EXPECT_NE(draw_plan(configuration, 7, census), draw_plan(configuration, 8, census));
}

TEST_F(NemesisTest, ALineMoreAtTheEndLeavesThePlacesOfTheOthers) {
  configuration.faults = {line(Action::kill, "any broker", {1, 3})};
  const std::vector<FaultPlan> before = plans();
  configuration.faults.push_back(line(Action::pause, "leader"));
  const std::vector<FaultPlan> after = plans();
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (number_of(after[i], Action::kill) != before[i].size()) continue;  // it was the one that had to be there
    EXPECT_TRUE(std::equal(before[i].begin(), before[i].end(), after[i].begin()));
  }
}

TEST_F(NemesisTest, EveryFaultIsPlacedAndNothingIsLeftToDraw) {
  Fault slow = line(Action::disk_slow, "any broker");
  slow.factor = {2, 1000};
  slow.duration = {1'000'000, 2'000'000};
  Fault delay = link(Action::delay, "producer-1", "leader");
  delay.by = {1'000, 5'000};
  configuration.faults = {slow, delay, line(Action::power_loss, "all brokers", {0, 2})};
  std::set<std::uint64_t> draws;
  std::size_t number = 0;
  for (const Fault& fault : faults()) {
    EXPECT_TRUE(fault.at.placed());
    EXPECT_EQ(fault.count, Quantity{1});
    EXPECT_TRUE(fault.duration.fixed() && fault.factor.fixed() && fault.by.fixed());
    EXPECT_GE(fault.draw, 1U);
    EXPECT_LT(fault.draw, std::uint64_t{1} << 53U);
    draws.insert(fault.draw);
    ++number;
  }
  EXPECT_EQ(draws.size(), number);
}

TEST_F(NemesisTest, MomentsAreThoseOfTheCensusAndTimesLieInItsSpan) {
  configuration.faults = {line(Action::kill, "any broker")};
  std::size_t times = 0;
  for (const Fault& fault : faults()) {
    if (fault.at.time) {
      ++times;
      EXPECT_LE(*fault.at.time, sim::kStart + 500ms);
      continue;
    }
    EXPECT_GE(fault.at.moment->number, 1U);
    EXPECT_LE(fault.at.moment->number, count_of(fault.at.moment->node, fault.at.moment->event));
    EXPECT_LE(fault.at.moment->delay, 1ms);
  }
  EXPECT_GE(percent(times, kSeeds), 22U);
  EXPECT_LE(percent(times, kSeeds), 28U);
}

TEST_F(NemesisTest, TimesStayWithinTheDisturbPhase) {
  configuration.faults = {line(Action::kill, "any broker")};
  configuration.duration = 100ms;
  for (const Fault& fault : faults()) {
    if (fault.at.time) {
      EXPECT_LE(*fault.at.time, sim::kStart + 100ms);
    }
  }
}

TEST_F(NemesisTest, DangerousMomentsAreChosenMoreOftenThanTheirShare) {
  configuration.faults = {line(Action::power_loss, "leader")};
  std::map<std::string, std::size_t> chosen;
  for (const Fault& fault : faults()) {
    if (fault.at.moment) ++chosen[fault.at.moment->event];
  }
  EXPECT_GT(chosen["sync.done"], chosen["received:produce_request"]);
  EXPECT_GT(chosen["append"], chosen["received:produce_request"]);
  EXPECT_GT(chosen["sent:produce_response"], chosen["received:produce_request"] / 2);
}

TEST_F(NemesisTest, FaultsAreMostlyPlacedAtMomentsOfWhomTheyHit) {
  configuration.faults = {line(Action::kill, "leader"), line(Action::kill, "consumer-1"),
                          line(Action::kill, "any broker")};
  std::size_t same = 0;
  std::size_t all = 0;
  for (const Fault& fault : faults()) {
    if (!fault.at.moment) continue;
    if (fault.target == "leader") {
      EXPECT_EQ(fault.at.moment->node, "broker-1");
    }
    if (fault.target == "consumer-1") {
      EXPECT_EQ(fault.at.moment->node, "consumer-1");
    }
    if (!fault.target.starts_with("broker") && fault.target != "any broker") continue;
    ++all;
    same += fault.target == fault.at.moment->node ? 1 : 0;
  }
  EXPECT_GE(percent(same, all), 70U);
  EXPECT_LE(percent(same, all), 80U);
}

TEST_F(NemesisTest, DropsArePlacedWhereAMessageOfTheirSideLeaves) {
  configuration.faults = {link(Action::drop, "any producer", "leader", sim::Side::request),
                          link(Action::drop, "any producer", "leader", sim::Side::response)};
  for (const Fault& fault : faults()) {
    if (!fault.at.moment) continue;
    const sim::MomentRef& moment = *fault.at.moment;
    EXPECT_EQ(moment.delay, sim::Duration{0});
    if (fault.side == sim::Side::request) {
      EXPECT_EQ(moment.event, "sent:produce_request");
      if (fault.target != "any producer") {
        EXPECT_EQ(fault.target, moment.node);
      }
    } else {
      EXPECT_EQ(moment.event, "sent:produce_response");
      EXPECT_EQ(moment.node, "broker-1");
    }
  }
}

TEST_F(NemesisTest, ADelayOfEveryPacketIsNotPlacedWhereItWouldHitOneMessage) {
  configuration.faults = {link(Action::delay, "producer-1", "leader")};
  for (const Fault& fault : faults()) {
    if (fault.at.moment) {
      EXPECT_FALSE(fault.at.moment->event.starts_with("sent")) << fault.at.moment->event;
    }
  }
}

TEST_F(NemesisTest, HandlerFaultsHitTheMessageThatWasReceived) {
  configuration.faults = {line(Action::handler_error, "any consumer")};
  for (const Fault& fault : faults()) {
    if (fault.at.moment) {
      EXPECT_EQ(fault.at.moment->event, "received");
    }
  }
}

TEST_F(NemesisTest, ElectionsArePlacedAtAlthoughARunWithoutFaultsHasNone) {
  add("broker-1", {{"elected", 0}});
  configuration.faults = {line(Action::kill, "leader", {2, 2})};
  std::size_t at_elections = 0;
  for (const Fault& fault : faults()) at_elections += fault.at.moment && fault.at.moment->event == "elected" ? 1 : 0;
  EXPECT_GT(at_elections, 0U);
}

TEST_F(NemesisTest, ScriptedFaultsStayWhereTheyAre) {
  Fault scripted = line(Action::power_loss, "leader");
  scripted.at.moment = sim::MomentRef{"broker-1", "append", 40, 10ms};
  scripted.duration = {1, 1000};
  Fault repeated = line(Action::drop, "producer-1", Quantity{sim::kUnlimited});
  repeated.every = 5;
  repeated.at.moment = sim::MomentRef{"producer-1", "acked", 0, {}};
  configuration.faults = {scripted, line(Action::kill, "any broker", {1, 2}), repeated};
  for (const FaultPlan& plan : plans()) {
    ASSERT_GE(plan.size(), 3U);
    EXPECT_EQ(plan.front().at, scripted.at);
    EXPECT_EQ(plan.front().target, "leader");
    EXPECT_TRUE(plan.front().duration.fixed());
    EXPECT_EQ(plan.back().every, 5U);
    EXPECT_EQ(plan.back().count, Quantity{sim::kUnlimited});
  }
}

// ---------------------------------------------------------------- fix_setup

TEST(FixSetup, DrawsEachRangeFromTheSeed) {
  models::Setup setup;
  setup.producers[0].workload[0].messages = {10, 20};
  setup.consumers[0].processing_time = {1'000, 9'000};
  setup.brokers.config.set("flush.interval", {{5, 50}, "5..50"});
  ASSERT_TRUE(has_ranges(setup));
  std::set<std::int64_t> messages;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    models::Setup fixed = setup;
    fix_setup(fixed, seed);
    EXPECT_FALSE(has_ranges(fixed));
    models::Setup again = setup;
    fix_setup(again, seed);
    EXPECT_EQ(fixed.producers[0].workload[0].messages, again.producers[0].workload[0].messages);
    EXPECT_EQ(fixed.brokers.config.integer("flush.interval"), again.brokers.config.integer("flush.interval"));
    EXPECT_GE(fixed.brokers.config.integer("flush.interval"), 5);
    EXPECT_LE(fixed.brokers.config.integer("flush.interval"), 50);
    messages.insert(fixed.producers[0].workload[0].messages.value());
  }
  EXPECT_EQ(messages.size(), 11U);
}

TEST(FixSetup, LeavesWhatIsFixed) {
  models::Setup setup;
  EXPECT_FALSE(has_ranges(setup));
  fix_setup(setup, 3);
  EXPECT_EQ(setup.producers[0].workload[0].messages, Quantity{50});
  EXPECT_EQ(setup.producers[0].workload[0].at, Quantity{-1});
}

}  // namespace
}  // namespace noloss::harness
