// Partition and drop: what each one does to a message, to those behind it, and what its counter says.
#include "network_world.hpp"
#include "sim/network.hpp"

namespace noloss::sim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr LinkSelector kEverywhere{};

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

TEST_F(Partition, WhatArrivesAtItAfterItsSenderLostPowerIsGoneToo) {
  cut(10ms, 5s, apart());
  at(20ms, client, [](Peer& me) { me.say(1); });
  power_off(20500us, 2s, client);
  run_until(10s);
  EXPECT_THAT(since_opened(server), IsEmpty());
}

TEST_F(Partition, WhatItHeldIsGoneWhenTheSenderGivesTheConnectionUp) {
  cut(10ms, 5s, apart());
  at(20ms, client, [](Peer& me) { me.say(1); });
  at(1s, client, [](Peer& me) { me.reset(); });
  run_until(10s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"reset", 5s + 1ms}));
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

}  // namespace
}  // namespace noloss::sim
