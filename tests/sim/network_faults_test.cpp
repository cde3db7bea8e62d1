// Faults on links: what each one does to a message, to those behind it, and what its counter says.
#include "network_world.hpp"
#include "sim/network.hpp"

namespace noloss::sim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr LinkSelector kEverywhere{};

class NetworkFaults : public NetworkTest {
 protected:
  [[nodiscard]] std::vector<std::vector<NodeId>> apart() const { return {{client.id()}, {server.id()}}; }
  [[nodiscard]] LinkSelector requests() const { return {client.id(), server.id()}; }
  [[nodiscard]] LinkSelector responses() const { return {server.id(), client.id()}; }
  [[nodiscard]] std::uint64_t effect() { return network().effect(fault); }
  void heal_at(Duration time) {
    at(time, [this] { network().heal(fault); });
  }

  Network::FaultHandle fault = 0;
};

// ---------------------------------------------------------------- partition

using Partition = NetworkFaults;

TEST_F(Partition, HoldsPacketsAndDeliversThemLateWhenItHeals) {
  at(10ms, [this] { fault = network().cut(apart(), false); });
  at(20ms, client, [](Peer& me) { me.say_all(1, 2); });
  at(30ms, server, [](Peer& me) { me.say(3); });
  heal_at(5s);
  run_until(10s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 5s + 1ms}, Heard{"2", 5s + 1ms}));
  EXPECT_THAT(client.heard, ElementsAre(Heard{"3", 5s + 1ms}));
  EXPECT_EQ(effect(), 3U);
}

TEST_F(Partition, HoldsWhatWasInFlightWhenItCame) {
  at(10ms, client, [](Peer& me) { me.say(1); });
  cut(10500us, 1s, apart());
  run_until(2s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 1s + 1ms}));
}

TEST_F(Partition, WhatIsSentAfterItHealedStaysBehindWhatWasHeld) {
  at(10ms, [this] { fault = network().cut(apart(), false); });
  at(20ms, client, [](Peer& me) { me.say(1); });
  heal_at(1s);
  at(1s, client, [](Peer& me) { me.say(2); });
  run_until(2s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 1s + 1ms}, Heard{"2", 1s + 1ms}));
}

TEST_F(Partition, ThatNothingCrossesHasNoEffect) {
  at(10ms, [this] { fault = network().cut(apart(), false); });
  heal_at(5s);
  at(6s, client, [](Peer& me) { me.say(1); });
  run_until(10s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 6s + 1ms}));
  EXPECT_EQ(effect(), 0U);
}

TEST_F(Partition, LongerThanTheClientsTimeoutMakesItClose) {
  cut(10ms, 5s, apart());
  at(20ms, client, [](Peer& me) { me.say(1); });
  at(1s, client, [](Peer& me) { me.close(); });
  run_until(10s);
  // The request arrives although nobody waits for its answer any more.
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 5s + 1ms}, Heard{"closed", 5s + 1ms}));
}

TEST_F(Partition, OneWayLetsTheAnswersThrough) {
  cut(10ms, 1s, apart(), true);
  at(20ms, client, [](Peer& me) { me.say(1); });
  at(20ms, server, [](Peer& me) { me.say(2); });
  run_until(2s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 1s + 1ms}));
  EXPECT_THAT(client.heard, ElementsAre(Heard{"2", 21ms}));
}

TEST_F(Partition, ABridgeReachesBothHalves) {
  Node& bridge = add("bridge");
  bridge.machine->start();
  cut(10ms, 1h, apart());
  at(20ms, bridge, [this](Peer& me) { me.connect(client); });
  at(30ms, bridge, [this](Peer& me) { me.connect(server); });
  at(40ms, client, [this](Peer& me) { me.connect(server, 100ms); });
  run_until(1s);
  EXPECT_THAT(bridge.connects, ElementsAre(Pair(ConnectResult::connected, 22ms), Pair(ConnectResult::connected, 32ms)));
  EXPECT_EQ(client.connects.back(), std::pair(ConnectResult::timed_out, Duration{140ms}));
  EXPECT_TRUE(network().blocked(client.id(), server.id()));
  EXPECT_FALSE(network().blocked(bridge.id(), server.id()));
}

TEST_F(Partition, ThatOverlapsAnotherHoldsUntilBothHaveHealed) {
  cut(10ms, 1s, apart());
  cut(20ms, 3s, apart());
  at(30ms, client, [](Peer& me) { me.say(1); });
  run_until(5s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 3s + 1ms}));
}

TEST_F(Partition, ThatReturnsBeforeTheRetransmissionHoldsItAgain) {
  cut(10ms, 1s, apart());
  cut(1s + 500us, 2s, apart());
  at(30ms, client, [](Peer& me) { me.say(1); });
  run_until(5s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 2s + 1ms}));
}

TEST_F(Partition, OutlastsTcp) {
  at(10ms, [this] { fault = network().cut(apart(), false); });
  at(20ms, client, [](Peer& me) { me.say(1); });
  run_until(2h);
  EXPECT_THAT(client.heard, ElementsAre(Heard{"reset", 21ms + 924600ms}));
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"reset", 21ms + 924600ms}));
}

TEST_F(Partition, HealedInTimeLetsAConnectThrough) {
  cut(10ms, 500ms, apart());
  at(20ms, client, [this](Peer& me) { me.connect(server, 1s); });
  run_until(2s);
  EXPECT_EQ(client.connects.back(), std::pair(ConnectResult::connected, Duration{502ms}));
}

TEST_F(Partition, AnAttemptToConnectThatTimedOutIsNeverHeardOf) {
  cut(10ms, 500ms, {{server.id()}, {client.id()}}, true);  // the SYN gets there, the answer does not get back
  at(20ms, client, [this](Peer& me) { me.connect(server, 100ms); });
  run_until(2s);
  EXPECT_EQ(client.connects.back(), std::pair(ConnectResult::timed_out, Duration{120ms}));
  EXPECT_THAT(since_opened(server), IsEmpty());
}

TEST_F(Partition, WhatItHeldIsGoneWhenTheSenderLosesPower) {
  cut(10ms, 5s, apart());
  at(20ms, client, [](Peer& me) { me.say(1); });
  power_off(1s, 2s, client);
  at(6s, server, [](Peer& me) { me.say(2); });
  run_until(10s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"reset", 6s + 2ms}));
}

TEST_F(Partition, WhatItHeldOutlivesAKilledSender) {
  cut(10ms, 5s, apart());
  at(20ms, client, [](Peer& me) { me.say(1); });
  at(1s, [this] { client.machine->kill(); });
  run_until(10s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 5s + 1ms}, Heard{"reset", 5s + 1ms}));
}

// ---------------------------------------------------------------- drop

using Drop = NetworkFaults;

TEST_F(Drop, OfARequestLosesItAndResetsBothEnds) {
  at(10ms, [this] { fault = network().drop_next(requests()); });
  at(20ms, client, [](Peer& me) { me.say_all(1, 3); });
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"reset", 21ms}));
  EXPECT_THAT(client.heard, ElementsAre(Heard{"reset", 21ms}));
  EXPECT_EQ(effect(), 3U);
  EXPECT_TRUE(client.peer->connection->broken());
}

TEST_F(Drop, OfAResponseLosesOnlyTheAnswer) {
  at(10ms, [this] { fault = network().drop_next(responses()); });
  at(20ms, client, [](Peer& me) { me.say(1); });
  at(30ms, server, [](Peer& me) { me.say(2); });
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 21ms}, Heard{"reset", 31ms}));
  EXPECT_THAT(client.heard, ElementsAre(Heard{"reset", 31ms}));
  EXPECT_EQ(effect(), 1U);
}

TEST_F(Drop, InASentMomentHitsThatMessage) {
  at_moment(client, request.sent, 2, [this] {
    EXPECT_EQ(network().sending().from, client.id());
    EXPECT_EQ(network().sending().to, server.id());
    fault = network().drop_next(network().sending());
  });
  at(10ms, client, [](Peer& me) { me.say_all(1, 2); });
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 11ms}, Heard{"reset", 11ms}));
  EXPECT_EQ(effect(), 1U);
  EXPECT_EQ(network().sending().from, kNoNode);
}

TEST_F(Drop, DeliversWhatTheOtherSideHadSentUntilTheReset) {
  at(19500us, server, [](Peer& me) { me.say(1); });
  at(20ms, [this] { fault = network().drop_next(requests()); });
  at(20ms, client, [](Peer& me) { me.say(2); });
  at(20500us, server, [](Peer& me) { me.say(3); });
  run_until(1s);
  EXPECT_THAT(client.heard, ElementsAre(Heard{"1", 20500us}, Heard{"reset", 21ms}));
  EXPECT_EQ(effect(), 2U) << "the request, and the answer that came too late";
}

TEST_F(Drop, LeavesOtherConnectionsAlone) {
  Node& other = add("other");
  other.machine->start();
  at(5ms, other, [this](Peer& me) { me.connect(server); });
  at(10ms, [this] { fault = network().drop_next(requests()); });
  at(20ms, other, [](Peer& me) { me.say(1); });
  at(30ms, client, [](Peer& me) { me.say(2); });
  at(40ms, other, [](Peer& me) { me.say(3); });
  run_until(1s);
  EXPECT_THAT(server.words(), ElementsAre("opened", "opened", "1", "reset", "3"));
}

TEST_F(Drop, HealedBeforeItFoundAMessageDoesNothing) {
  at(10ms, [this] { fault = network().drop_next(requests()); });
  heal_at(15ms);
  at(20ms, client, [](Peer& me) { me.say(1); });
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 21ms}));
  EXPECT_EQ(effect(), 0U);
}

TEST_F(Drop, OfAMessageWhoseSenderIsKilledTooGivesOneReset) {
  at_moment(client, request.sent, 1, [this] {
    client.machine->kill();
    fault = network().drop_next(requests());
  });
  at(10ms, client, [](Peer& me) { me.say(1); });
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"reset", 11ms}));
  EXPECT_EQ(effect(), 1U);
}

TEST_F(Drop, TheClientConnectsAgain) {
  at(10ms, [this] { fault = network().drop_next(kEverywhere); });
  at(20ms, client, [](Peer& me) { me.say(1); });
  at(30ms, client, [this](Peer& me) {
    me.connect(server);
    me.say(2);
  });
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"reset", 21ms}, Heard{"opened", 33ms}, Heard{"2", 33ms}));
}

// ---------------------------------------------------------------- loss

using Loss = NetworkFaults;

TEST_F(Loss, IsRetransmittedAfter200MillisecondsThenTwiceThat) {
  at(10ms, [this] { fault = network().lose(requests(), kWhole, 1); });
  at(20ms, client, [](Peer& me) { me.say(1); });
  heal_at(1s);  // attempts arrive at 21, 221, 621 and 1421 ms
  run_until(5s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 1421ms}));
  EXPECT_EQ(effect(), 3U);
}

TEST_F(Loss, MakesThoseBehindWait) {
  at(10ms, [this] { fault = network().lose(requests(), kWhole, 1); });
  at(20ms, client, [](Peer& me) { me.say(1); });
  heal_at(30ms);
  at(40ms, client, [](Peer& me) { me.say(2); });
  at(300ms, client, [](Peer& me) { me.say(3); });
  run_until(5s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 221ms}, Heard{"2", 221ms}, Heard{"3", 301ms}));
}

TEST_F(Loss, OfASynCostsASecond) {
  at(10ms, [this] { fault = network().lose(requests(), kWhole, 1); });
  at(20ms, client, [this](Peer& me) { me.connect(server, 10s); });
  heal_at(500ms);
  run_until(5s);
  EXPECT_EQ(client.connects.back(), std::pair(ConnectResult::connected, Duration{20ms + 1s + 2ms}));
}

TEST_F(Loss, OfEverythingEndsTheConnectionAfterFifteenRetransmissions) {
  at(10ms, [this] { fault = network().lose(requests(), kWhole, 1); });
  at(20ms, client, [](Peer& me) { me.say(1); });
  run_until(2h);
  EXPECT_THAT(client.heard, ElementsAre(Heard{"reset", 21ms + 924600ms}));
  EXPECT_EQ(effect(), 16U);
}

TEST_F(Loss, OfSomePacketsLosesNoMessage) {
  at(10ms, [this] { fault = network().lose(kEverywhere, kWhole / 10, 3); });
  for (int number = 1; number <= 200; ++number) {
    at(20ms + number * 1ms, client, [number](Peer& me) { me.say(number); });
  }
  run_until(60s);
  ASSERT_EQ(server.heard.size(), 201U);
  for (int number = 1; number <= 200; ++number) {
    EXPECT_EQ(server.heard[static_cast<std::size_t>(number)].what, std::to_string(number));
  }
  EXPECT_GT(effect(), 5U);
  EXPECT_LT(effect(), 60U);
}

TEST_F(Loss, DuringAPartitionIsRetransmittedAfterItHeals) {
  at(10ms, [this] { fault = network().lose(requests(), kWhole, 1); });
  at(20ms, client, [](Peer& me) { me.say(1); });
  heal_at(30ms);
  cut(40ms, 1s, apart());
  run_until(5s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 1s + 1ms}));
}

// ---------------------------------------------------------------- delay and slow

using Delay = NetworkFaults;

TEST_F(Delay, IsAddedToEachPacketUntilItHeals) {
  at(10ms, [this] { fault = network().delay(requests(), Quantity{50ms}, std::nullopt); });
  at(20ms, client, [](Peer& me) { me.say(1); });
  at(20ms, server, [](Peer& me) { me.say(2); });
  heal_at(100ms);
  at(110ms, client, [](Peer& me) { me.say(3); });
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 71ms}, Heard{"3", 111ms}));
  EXPECT_THAT(client.heard, ElementsAre(Heard{"2", 21ms}));
  EXPECT_EQ(effect(), 1U);
}

TEST_F(Delay, OfARangeIsDrawnForEachPacket) {
  at(10ms, [this] { fault = network().delay(requests(), Quantity{10'000'000, 20'000'000}, std::nullopt); });
  at(20ms, client, [](Peer& me) { me.say(1); });
  at(50ms, client, [](Peer& me) { me.say(2); });
  run_until(1s);
  const Duration first = since_opened(server)[0].at - 20ms;
  const Duration second = since_opened(server)[1].at - 50ms;
  EXPECT_NE(first, second);
  EXPECT_TRUE(first >= 11ms && first <= 21ms);
  EXPECT_TRUE(second >= 11ms && second <= 21ms);
}

TEST_F(Delay, OfOneKindLeavesTheOthersAlone) {
  at(10ms, [this] { fault = network().delay(kEverywhere, Quantity{50ms}, response.sent); });
  at(20ms, client, [](Peer& me) { me.say(1); });
  at(20ms, server, [](Peer& me) { me.say(2); });
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 21ms}));
  EXPECT_THAT(client.heard, ElementsAre(Heard{"2", 71ms}));
}

TEST_F(Delay, OfOneMessageHoldsUpThoseBehindItWhileOtherConnectionsOvertake) {
  Node& other = add("other");
  other.machine->start();
  at(5ms, other, [this](Peer& me) { me.connect(server); });
  at_moment(client, request.sent, 2, [this] { fault = network().delay_one(requests(), Quantity{50ms}, request.sent); });
  at(20ms, client, [](Peer& me) { me.say_all(1, 3); });
  at(30ms, other, [](Peer& me) { me.say(4); });
  at(100ms, client, [](Peer& me) { me.say(5); });
  run_until(1s);
  const std::vector<Heard> heard(server.heard.begin() + 2, server.heard.end());
  EXPECT_THAT(heard,
              ElementsAre(Heard{"1", 21ms}, Heard{"4", 31ms}, Heard{"2", 71ms}, Heard{"3", 71ms}, Heard{"5", 101ms}));
  EXPECT_EQ(effect(), 1U);
}

using Slow = NetworkFaults;

TEST_F(Slow, LimitsTheBandwidthOfEachDirection) {
  at(10ms, [this] { fault = network().limit(requests(), 1'000'000); });
  at(20ms, client, [](Peer& me) { me.say(1, 10'000); });  // 10 ms each
  at(20ms, client, [](Peer& me) { me.say(2, 10'000); });
  at(20ms, server, [](Peer& me) { me.say(3, 10'000); });  // 8 us at 1.25 GB/s
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 31ms}, Heard{"2", 41ms}));
  EXPECT_THAT(client.heard, ElementsAre(Heard{"3", 21ms + 8us}));
  EXPECT_EQ(effect(), 2U);
}

TEST_F(Slow, LetsTheBacklogGoWhenItHeals) {
  at(10ms, [this] { fault = network().limit(requests(), 1'000); });
  at(20ms, client, [](Peer& me) { me.say(1, 10'000); });  // would take 10 s each
  at(20ms, client, [](Peer& me) { me.say(2, 10'000); });
  heal_at(1s);
  run_until(5s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 1s + 1ms + 8us}, Heard{"2", 1s + 1ms + 16us}));
}

TEST_F(Slow, BeyondTheBandwidthOfTheLinkHasNoEffect) {
  at(10ms, [this] { fault = network().limit(requests(), 100'000'000'000); });
  at(20ms, client, [](Peer& me) { me.say(1, 1'250'000); });
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 22ms}));
  EXPECT_EQ(effect(), 0U);
}

TEST_F(Slow, WhatHadNotLeftIsGoneWhenTheSenderLosesPower) {
  at(10ms, [this] { fault = network().limit(requests(), 1'000'000); });
  at(20ms, client, [](Peer& me) { me.say(1, 10'000); });
  at(20ms, client, [](Peer& me) { me.say(2, 10'000); });
  power_off(35ms, 1s, client);
  run_until(5s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 31ms}));
}

}  // namespace
}  // namespace noloss::sim
