// Faults of the network: that each fires, and that it matters.
#include "tests/sim/fault_world.hpp"

namespace noloss::sim {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::StartsWith;

/// The longest of the round trips from number `first` on.
Duration longest(const std::vector<Duration>& all, std::size_t first = 0) {
  return *std::max_element(all.begin() + static_cast<std::ptrdiff_t>(first), all.end());
}

// ---------------------------------------------------------------- drop

TEST_F(InjectorTest, DropLosesTheRequestThatIsLeaving) {
  Fault drop = link_fault(Action::drop, at_moment("producer-1", "sent:request", 4), "producer-1", "broker-1");
  use({drop});
  run_until(30ms);
  EXPECT_EQ(doings["producer-1"].resets, 1);
  EXPECT_EQ(doings["broker-1"].requests, doings["producer-1"].requests - 1) << "one was lost on the way there";
  EXPECT_EQ(doings["producer-1"].answers, doings["broker-1"].requests);
  EXPECT_TRUE(report().effective);
  EXPECT_EQ(report().what, "producer-1 -> broker-1 broke: 1 message lost");
}

TEST_F(InjectorTest, DropLosesTheAcknowledgementAfterTheRequestWasServed) {
  Fault drop = link_fault(Action::drop, at_moment("broker-1", "sent:response", 4), "producer-1", "broker-1");
  drop.side = Side::response;
  use({drop});
  run_until(30ms);
  EXPECT_EQ(doings["producer-1"].resets, 1);
  EXPECT_EQ(doings["broker-1"].requests, doings["producer-1"].requests);
  EXPECT_EQ(doings["producer-1"].answers, doings["broker-1"].requests - 1);
}

TEST_F(InjectorTest, DropNeedsNoTargetAtAMessage) {
  use({fault(Action::drop, at_moment("broker-1", "sent:response", 4), "")});
  run_until(30ms);
  EXPECT_EQ(doings["producer-1"].answers, doings["broker-1"].requests - 1);
  EXPECT_THAT(report().nodes, ElementsAre(node("broker-1"), node("producer-1")));
}

TEST_F(InjectorTest, DropAtAnyOtherMomentHitsTheNextMessageOfItsSide) {
  Fault drop = link_fault(Action::drop, at_time(5ms), "producer-1", "broker-1");
  drop.side = Side::response;
  use({drop});
  run_until(30ms);
  EXPECT_EQ(doings["producer-1"].answers, doings["broker-1"].requests - 1);
}

TEST_F(InjectorTest, DropOfALinkThatSendsNothingHasNoEffect) {
  use({link_fault(Action::drop, at_time(5ms), "consumer-1", "broker-1")});
  run_until(30ms);
  EXPECT_EQ(report().fired, 1U);
  EXPECT_FALSE(report().effective);
  injector->heal_all();
  EXPECT_EQ(report().healed_at, kStart + 30ms) << "it waits no longer";
}

// ---------------------------------------------------------------- partition

TEST_F(InjectorTest, PartitionHoldsWhatThenArrivesLate) {
  Fault cut = fault(Action::partition, at_moment("producer-1", "sent:request", 4), "", 15ms);
  cut.shape = PartitionShape::sides;
  cut.sides = {{"producer-1"}, {"broker-1"}};
  use({cut});
  run_until(60ms);
  EXPECT_GE(longest(doings["producer-1"].round_trips), 15ms);
  EXPECT_EQ(doings["producer-1"].resets, 0);
  EXPECT_EQ(doings["producer-1"].answers, doings["broker-1"].requests) << "nothing was lost";
  EXPECT_TRUE(report().effective);
  EXPECT_EQ(report().what, "cut producer-1 | broker-1: 1 packet held");
}

TEST_F(InjectorTest, APartitionThatHoldsNothingHasNoEffect) {
  Fault cut = fault(Action::partition, at_time(5ms), "broker-2");
  use({cut});
  run_until(60ms);
  EXPECT_EQ(report().fired, 1U);
  EXPECT_FALSE(report().effective);
}

TEST_F(InjectorTest, IsolateLeavesClientsOnBothSidesUnlessToldOtherwise) {
  Fault cut = fault(Action::partition, at_time(5ms), "broker-1");
  use({cut});
  run_until(6ms);
  EXPECT_TRUE(this->cut("broker-1", "broker-2") && this->cut("coordinator", "broker-1"));
  EXPECT_FALSE(this->cut("producer-1", "broker-1") || this->cut("producer-1", "broker-2"));
  run_until(16ms);
  EXPECT_FALSE(this->cut("broker-1", "broker-2"));
}

TEST_F(InjectorTest, IsolateWithClientsOnOneSide) {
  Fault minority = fault(Action::partition, at_time(5ms), "broker-1");
  minority.clients = Clients::minority;
  Fault majority = fault(Action::partition, at_time(25ms), "broker-1");
  majority.clients = Clients::majority;
  use({minority, majority});
  run_until(6ms);
  EXPECT_TRUE(cut("producer-1", "broker-2"));
  EXPECT_FALSE(cut("producer-1", "broker-1"));
  run_until(26ms);
  EXPECT_TRUE(cut("producer-1", "broker-1"));
  EXPECT_FALSE(cut("producer-1", "broker-2"));
}

TEST_F(InjectorTest, OneWayHoldsOneDirection) {
  Fault cut = link_fault(Action::partition, at_time(5ms), "broker-1", "broker-2");
  cut.shape = PartitionShape::one_way;
  use({cut});
  run_until(6ms);
  EXPECT_TRUE(this->cut("broker-1", "broker-2"));
  EXPECT_FALSE(this->cut("broker-2", "broker-1"));
  EXPECT_EQ(report().what, "cut broker-1 -> broker-2: 0 packets held");
}

TEST_F(InjectorTest, SidesTakeRolesAndKinds) {
  lead("broker-2");
  Fault cut = fault(Action::partition, at_time(5ms), "");
  cut.shape = PartitionShape::sides;
  cut.sides = {{"leader"}, {"all brokers", "coordinator"}};
  use({cut});
  run_until(6ms);
  EXPECT_TRUE(this->cut("broker-2", "broker-1") && this->cut("broker-2", "coordinator"));
  EXPECT_FALSE(this->cut("broker-1", "broker-3"));
  EXPECT_EQ(report().what, "cut broker-2 | broker-1, broker-3 and coordinator: 0 packets held");
}

TEST(Injector, HalvesAndBridgesAreDrawn) {
  std::vector<std::string> seen;
  for (std::uint64_t draw = 1; draw <= 30; ++draw) {
    FaultWorld world{{.brokers = 4}};
    Fault halves = fault(Action::partition, at_time(5ms), "");
    halves.shape = PartitionShape::halves;
    halves.draw = draw;
    Fault bridge = fault(Action::partition, at_time(25ms), "");
    bridge.shape = PartitionShape::bridge;
    bridge.draw = draw;
    world.use({halves, bridge});
    world.run_until(6ms);
    const std::vector<std::string> nodes{"broker-1", "broker-2", "broker-3", "broker-4", "coordinator"};
    const auto cuts = [&] {
      std::vector<int> numbers;
      for (const std::string& from : nodes) {
        numbers.push_back(static_cast<int>(
            std::count_if(nodes.begin(), nodes.end(), [&](const std::string& to) { return world.cut(from, to); })));
      }
      std::sort(numbers.begin(), numbers.end());
      return numbers;
    };
    EXPECT_THAT(cuts(), ElementsAre(2, 2, 2, 3, 3)) << "two against three";
    seen.push_back(world.report().what);
    world.run_until(26ms);
    EXPECT_THAT(cuts(), ElementsAre(0, 2, 2, 2, 2)) << "one reaches all";
  }
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  EXPECT_GT(seen.size(), 5U);
}

// ---------------------------------------------------------------- loss, delay, slow

TEST_F(InjectorTest, LossDelaysAndNeverLoses) {
  Fault loss = link_fault(Action::loss, at_time(5ms), "producer-1", "broker-1", 100ms);
  loss.rate = Quantity{kWhole};
  use({loss});
  run_until(400ms);
  EXPECT_TRUE(report().effective);
  EXPECT_GT(report().healed_at, report().fired_at);
  EXPECT_THAT(report().what, AllOf(StartsWith("producer-1 -> broker-1: "), testing::HasSubstr("lost and sent again")));
  EXPECT_LT(doings["producer-1"].answers, 380);
}

TEST_F(InjectorTest, DelayAddsToEachPacketOfTheConnectionInBothDirections) {
  Fault delay = link_fault(Action::delay, at_time(10ms), "producer-1", "broker-1", 50ms);
  delay.by = Quantity{Duration{4ms}};
  use({delay});
  run_until(55ms);
  EXPECT_GE(longest(doings["producer-1"].round_trips), 8ms);
  run_until(100ms);
  EXPECT_LT(doings["producer-1"].round_trips.back(), 1ms) << "healed";
  EXPECT_TRUE(report().effective);
}

TEST_F(InjectorTest, DelayOfANodeHitsAllItsConnections) {
  Fault delay = fault(Action::delay, at_time(10ms), "broker-1", 50ms);
  delay.by = Quantity{Duration{4ms}};
  use({delay});
  run_until(55ms);
  EXPECT_GE(longest(doings["producer-1"].round_trips), 8ms);
}

TEST_F(InjectorTest, DelayAtAMessageHitsThatMessageAlone) {
  Fault delay = link_fault(Action::delay, at_moment("broker-1", "sent:response", 5), "producer-1", "broker-1");
  delay.by = Quantity{Duration{6ms}};
  use({delay});
  run_until(50ms);
  const auto& trips = doings["producer-1"].round_trips;
  EXPECT_GE(trips.at(4), 6ms);
  EXPECT_LT(trips.at(3), 1ms);
  EXPECT_LT(longest(trips, 5), 1ms);
  EXPECT_EQ(report().what, "producer-1 -> broker-1: 1 packet late by 6ms");
}

TEST_F(InjectorTest, DelayOfAKindHitsTheNextMessageOfThatKind) {
  Fault delay = link_fault(Action::delay, at_time(5ms), "producer-1", "broker-1");
  delay.by = Quantity{Duration{6ms}};
  delay.message = "response";
  use({delay});
  run_until(50ms);
  const auto& trips = doings["producer-1"].round_trips;
  EXPECT_EQ(std::count_if(trips.begin(), trips.end(), [](Duration trip) { return trip >= 6ms; }), 1);
}

TEST_F(InjectorTest, DelayOfAKindAtANodeHitsOneMessageOfAllItsConnections) {
  Fault delay = fault(Action::delay, at_time(5ms), "broker-1");
  delay.by = Quantity{Duration{6ms}};
  delay.message = "request";
  use({delay});
  run_until(50ms);
  const auto& trips = doings["producer-1"].round_trips;
  EXPECT_EQ(std::count_if(trips.begin(), trips.end(), [](Duration trip) { return trip >= 6ms; }), 1);
  EXPECT_EQ(report().what, "broker-1: 1 packet late by 6ms");
  injector->heal_all();
  EXPECT_EQ(report().healed_at, kNever) << "it was over with that message";
}

TEST_F(InjectorTest, ADelayOfAKindThatDoesNotLeaveHasNoEffect) {
  Fault delay = link_fault(Action::delay, at_time(5ms), "broker-2", "broker-3");
  delay.by = Quantity{Duration{6ms}};
  delay.message = "request";
  use({delay});
  run_until(50ms);
  EXPECT_FALSE(report().effective);
  injector->heal_all();
  EXPECT_EQ(report().healed_at, kStart + 50ms);
}

TEST_F(InjectorTest, SlowLimitsTheBandwidth) {
  Fault slow = link_fault(Action::slow, at_time(10ms), "producer-1", "broker-1", 50ms);
  slow.bandwidth = Quantity{100'000};  // a request of 1000 bytes takes 10 ms
  use({slow});
  run_until(100ms);
  EXPECT_GE(longest(doings["producer-1"].round_trips), 10ms);
  EXPECT_LT(doings["producer-1"].round_trips.back(), 1ms) << "healed";
  EXPECT_TRUE(report().effective);
}

TEST_F(InjectorTest, ALinkFaultOnWhichNothingTravelsHasNoEffect) {
  Fault slow = link_fault(Action::slow, at_time(10ms), "consumer-1", "broker-1", 50ms);
  slow.bandwidth = Quantity{1};
  Fault delay = link_fault(Action::delay, at_time(10ms), "broker-1", "broker-2", 50ms);
  delay.by = Quantity{Duration{4ms}};
  Fault loss = link_fault(Action::loss, at_time(10ms), "broker-1", "broker-2", 50ms);
  loss.rate = Quantity{kWhole};
  use({slow, delay, loss});
  run_until(100ms);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(report(i).fired, 1U);
    EXPECT_FALSE(report(i).effective);
  }
}

}  // namespace
}  // namespace noloss::sim
