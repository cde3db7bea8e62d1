// Connections with congestion control: order and completeness, the send buffer, and how much gets through a line that
// loses packets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/network_world.hpp"

namespace noloss::sim {
namespace {

using testing::IsEmpty;

constexpr LatencySetup kLong{.p50 = 30ms, .p99 = 30ms, .bandwidth = 1'250'000'000, .congestion_control = true};
constexpr std::int64_t kBytes = 1000;

class Congestion : public testing::Test, public NetworkWorld {
 protected:
  explicit Congestion(std::uint64_t seed = 1) : NetworkWorld(kLong, seed) {
    simulation.start_all();
    at(0ms, client, [this](Peer& me) { me.connect(server); });
  }

  void lose(std::int64_t percent) {
    network().lose({client.id(), server.id()}, percent * 10'000, 11);
    network().lose({server.id(), client.id()}, percent * 10'000, 12);
  }
  [[nodiscard]] bool writable() { return network().writable(client.machine->process(), client.peer->connection); }
  /// Whenever the socket has room, from 1 s on.
  void keep_writing(Duration until) {
    at(1s, client, [this, until](Peer& me) {
      for (int number = 1; now() < until; me.sleep(5ms)) {
        while (writable()) me.say(number++, kBytes);
      }
    });
  }
  void expect_in_order() const {
    int next = 0;
    for (const Heard& each : server.heard) {
      if (each.what == "opened") continue;
      ASSERT_EQ(each.what, std::to_string(++next));
    }
  }
  /// Bytes a second, once the first window is over.
  [[nodiscard]] std::int64_t goodput(Duration from, Duration until) const {
    const auto heard = std::count_if(server.heard.begin(), server.heard.end(),
                                     [&](const Heard& each) { return each.at >= from && each.at < until; });
    return heard * kBytes * 1000 / ((until - from) / 1ms);
  }

  Node& client = add("client");
  Node& server = add("server");
};

TEST_F(Congestion, OneMessageTakesOneWay) {
  at(100ms, client, [](Peer& me) { me.say(1, kBytes); });
  run_until(200ms);
  ASSERT_EQ(server.heard.size(), 2U);
  EXPECT_EQ(server.heard.back().what, "1");
  EXPECT_LT(server.heard.back().at, 131ms);
}

TEST_F(Congestion, TheFirstWindowHoldsTheRestBackForARoundTrip) {
  at(100ms, client, [](Peer& me) {
    for (int number = 1; number <= 20; ++number) me.say(number, kBytes);
  });
  run_until(135ms);
  EXPECT_EQ(server.heard.size(), 1U + 10U);  // nothing waits to become a full segment
  run_until(195ms);
  EXPECT_EQ(server.heard.size(), 1U + 20U);
}

TEST_F(Congestion, TheSocketFillsAndSaysWhenThereIsRoom) {
  int written = 0;
  at(100ms, client, [&](Peer& me) {
    while (writable()) me.say(++written, kBytes);
    EXPECT_FALSE(writable());
  });
  run_until(110ms);
  EXPECT_EQ(written, 20);  // two thirds of twice ten segments
  run_until(1s);
  EXPECT_TRUE(writable());
  EXPECT_EQ(server.heard.size(), 1U + 20U);
}

TEST_F(Congestion, LossDelaysAndNeverLosesOrReorders) {
  lose(20);
  at(1s, client, [](Peer& me) {
    for (int number = 1; number <= 200; ++number) me.say(number, kBytes);
  });
  run_until(120s);
  EXPECT_EQ(server.heard.size(), 1U + 200U);
  expect_in_order();
}

TEST_F(Congestion, ACutIsOvercomeByRetransmissions) {
  cut(100ms, 3s, {{client.id()}, {server.id()}});
  at(200ms, client, [](Peer& me) {
    for (int number = 1; number <= 5; ++number) me.say(number, kBytes);
  });
  run_until(2900ms);
  EXPECT_EQ(server.heard.size(), 1U);
  run_until(8s);
  EXPECT_EQ(server.heard.size(), 1U + 5U);
  expect_in_order();
}

TEST_F(Congestion, WhatTheKernelHeldIsGoneWithThePower) {
  cut(100ms, 20s, {{client.id()}, {server.id()}});
  at(200ms, client, [](Peer& me) { me.say(1, kBytes); });
  power_off(1s, 2s, client);
  run_until(60s);
  for (const Heard& each : server.heard) EXPECT_NE(each.what, "1");
}

TEST_F(Congestion, AnOrderlyCloseComesBehindTheData) {
  at(100ms, client, [](Peer& me) {
    for (int number = 1; number <= 30; ++number) me.say(number, kBytes);
    me.close();
  });
  run_until(2s);
  ASSERT_EQ(server.heard.size(), 1U + 30U + 1U);
  EXPECT_EQ(server.heard.back().what, "closed");
}

/// Goodput against loss in each direction. The square root law (Mathis et al., 1997) for packets of two segments gives
/// 1.22 * sqrt(2) * 1448 B / 60 ms / sqrt(p), without timeouts; these bounds are half and one and a half of it, and
/// less below where timeouts rule.
struct Line {
  std::int64_t percent;
  std::int64_t least;
  std::int64_t most;
};

class CongestionGoodput : public Congestion, public testing::WithParamInterface<Line> {};

TEST_P(CongestionGoodput, FollowsTheSquareRootLaw) {
  lose(GetParam().percent);
  keep_writing(310s);
  run_until(310s);
  expect_in_order();
  const std::int64_t found = goodput(10s, 310s);
  RecordProperty("bytes_per_second", std::to_string(found));
  EXPECT_GE(found, GetParam().least);
  EXPECT_LE(found, GetParam().most);
}

INSTANTIATE_TEST_SUITE_P(Lines, CongestionGoodput,
                         testing::Values(Line{1, 208'000, 625'000}, Line{2, 147'000, 442'000},
                                         Line{4, 104'000, 312'000}, Line{6, 85'000, 255'000}, Line{8, 73'000, 220'000},
                                         Line{10, 50'000, 198'000}, Line{15, 20'000, 161'000},
                                         Line{25, 2'500, 125'000}));

}  // namespace
}  // namespace noloss::sim
