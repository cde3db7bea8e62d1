// Loss, delay and slow: how late a message and those behind it arrive, and what the fault's counter says.
#include "network_world.hpp"
#include "sim/network.hpp"

namespace noloss::sim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr LinkSelector kEverywhere{};

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

TEST_F(Loss, ThatNobodyRetransmitsLetsNothingBehindItArrive) {
  at(10ms, [this] { fault = network().lose(requests(), kWhole, 1); });
  at(20ms, client, [](Peer& me) { me.say(1); });
  heal_at(21500us);  // the first is lost at 21 ms, the second gets there
  at(21ms, client, [](Peer& me) { me.say(2); });
  power_off(21800us, 2s, client);
  run_until(10s);
  EXPECT_THAT(since_opened(server), IsEmpty());
  EXPECT_EQ(effect(), 1U);
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
