// Connections without link faults: handshake, order, and every way in which an end stops.
#include "sim/network.hpp"

#include "network_world.hpp"

namespace noloss::sim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

// ---------------------------------------------------------------- connecting

TEST_F(NetworkTest, ConnectingTakesOneRoundTripAndTheServerLearnsOfItHalfATripLater) {
  run_until(1s);
  EXPECT_THAT(client.connects, ElementsAre(Pair(ConnectResult::connected, 2ms)));
  EXPECT_THAT(server.heard, ElementsAre(Heard{"opened", 3ms}));
  EXPECT_EQ(server.peer->connection->peer(server.id()), client.id());
  EXPECT_EQ(server.peer->connection->peer(client.id()), server.id());
}

TEST_F(NetworkTest, NobodyListensSoTheConnectionIsRefused) {
  Node& mute = add("mute");
  mute.listens = false;
  mute.machine->start();
  at(10ms, client, [&](Peer& me) { me.connect(mute); });
  run_until(2s);
  EXPECT_EQ(client.connects.back(), std::pair(ConnectResult::refused, Duration{12ms}));
}

TEST_F(NetworkTest, AKilledServerRefuses) {
  at(10ms, [this] { server.machine->kill(); });
  at(10ms, client, [this](Peer& me) { me.connect(server); });
  run_until(1s);
  EXPECT_EQ(client.connects.back(), std::pair(ConnectResult::refused, Duration{12ms}));
}

TEST_F(NetworkTest, AServerWithoutPowerDoesNotAnswer) {
  power_off(10ms, 1h, server);
  at(20ms, client, [this](Peer& me) { me.connect(server, 300ms); });
  run_until(2s);
  EXPECT_EQ(client.connects.back(), std::pair(ConnectResult::timed_out, Duration{320ms}));
}

TEST_F(NetworkTest, TheSynIsRetransmittedUntilTheServerRunsAgain) {
  power_off(10ms, 2s, server);
  at(20ms, client, [this](Peer& me) { me.connect(server, 10s); });
  run_until(20s);
  // It arrives 1, 3 and 7 s after the first; the second retransmission finds the server.
  EXPECT_EQ(client.connects.back(), std::pair(ConnectResult::connected, Duration{20ms + 3s + 2ms}));
}

TEST_F(NetworkTest, APausedServerIsConnectedToByItsKernel) {
  at(10ms, [this] { server.machine->pause(); });
  at(20ms, client, [this](Peer& me) { me.connect(server); });
  run_until(1s);
  EXPECT_EQ(client.connects.back(), std::pair(ConnectResult::connected, Duration{22ms}));
  EXPECT_THAT(server.words(), ElementsAre("opened"));
  at(1s, [this] { server.machine->resume(); });
  run_until(2s);
  EXPECT_THAT(server.words(), ElementsAre("opened", "opened"));
}

TEST_F(NetworkTest, AClientThatIsKilledWhileItConnectsLeavesNoConnection) {
  at(1500us, [this] { client.machine->kill(); });
  run_until(1s);
  EXPECT_THAT(client.connects, IsEmpty());
  EXPECT_THAT(server.heard, IsEmpty());
}

// ---------------------------------------------------------------- messages

TEST_F(NetworkTest, MessagesArriveInOrderWhateverTheirDelays) {
  NetworkWorld world{LatencySetup{}};
  Node& sender = world.add("sender");
  Node& receiver = world.add("receiver");
  world.simulation.start_all();
  world.at(0ms, sender, [&](Peer& me) {
    me.connect(receiver);
    me.say_all(1, 100);
  });
  world.run_until(1s);
  ASSERT_EQ(receiver.heard.size(), 101U);
  for (int number = 1; number <= 100; ++number) {
    EXPECT_EQ(receiver.heard[static_cast<std::size_t>(number)].what, std::to_string(number));
  }
}

TEST_F(NetworkTest, SentAndReceivedAreMomentsWithTheSameNumbers) {
  at(10ms, client, [](Peer& me) { me.say(7); });
  run_until(1s);
  const TraceEvent sent{kStart + 10ms, client.id(), request.sent, 7, 0};
  const TraceEvent received{kStart + 11ms, server.id(), request.received, 7, 0};
  EXPECT_THAT(simulation.trace().events(), testing::IsSupersetOf({sent, received}));
  EXPECT_EQ(simulation.count(server.id(), request.received), 1U);
}

TEST_F(NetworkTest, ALargeMessageTakesItsTimeOnTheLine) {
  at(10ms, client, [](Peer& me) { me.say(1, 1'250'000); });  // 1 ms at 1.25 GB/s
  at(10ms, client, [](Peer& me) { me.say(2, 2'500'000); });
  at(10ms, server, [](Peer& me) { me.say(3); });  // the other direction is another line
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 12ms}, Heard{"2", 14ms}));
  EXPECT_THAT(client.heard, ElementsAre(Heard{"3", 11ms}));
}

TEST_F(NetworkTest, APausedReceiverReadsLaterWhatArrivedMeanwhile) {
  at(10ms, [this] { server.machine->pause(); });
  at(20ms, client, [](Peer& me) { me.say_all(1, 2); });
  at(500ms, [this] { server.machine->resume(); });
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 500ms}, Heard{"2", 500ms}));
}

TEST_F(NetworkTest, EachEndKeepsItsOwnTag) {
  at(10ms, client, [this](Peer& me) { me.connection->tag(client.id()) = 5; });
  run_until(20ms);
  EXPECT_EQ(server.peer->connection->tag(server.id()), 0U);
  EXPECT_EQ(server.peer->connection->tag(client.id()), 5U);
}

// ---------------------------------------------------------------- close and reset

TEST_F(NetworkTest, AnOrderlyCloseComesBehindTheData) {
  at(10ms, client, [](Peer& me) {
    me.say_all(1, 2);
    me.close();
    me.say(3);
    EXPECT_FALSE(me.open());
  });
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 11ms}, Heard{"2", 11ms}, Heard{"closed", 11ms}));
  EXPECT_EQ(simulation.count(client.id(), request.sent), 2U);
}

TEST_F(NetworkTest, AMessageToAnEndThatClosedIsAnsweredWithAReset) {
  at(10ms, client, [](Peer& me) { me.close(); });
  at(20ms, server, [](Peer& me) {
    EXPECT_TRUE(me.open());
    me.say(1);
  });
  run_until(1s);
  EXPECT_THAT(client.heard, IsEmpty());
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"closed", 11ms}, Heard{"reset", 22ms}));
}

TEST_F(NetworkTest, BothEndsCloseAndNothingIsLeft) {
  at(10ms, client, [](Peer& me) { me.close(); });
  at(20ms, server, [](Peer& me) { me.close(); });
  run_until(1s);
  EXPECT_THAT(client.heard, IsEmpty());
  EXPECT_TRUE(server.peer->connection->broken());
}

TEST_F(NetworkTest, WhoClosesReadsNothingMoreFromTheConnection) {
  at(10ms, server, [](Peer& me) { me.say_all(1, 2); });
  at(10ms, [this] { client.machine->pause(); });
  at(20ms, [this] { client.machine->resume(); });
  at_moment(client, response.received, 1,
            [this] { network().close(client.machine->process(), client.peer->connection); });
  run_until(1s);
  EXPECT_THAT(client.words(), ElementsAre("1"));
}

TEST_F(NetworkTest, AResetComesBehindTheDataToo) {
  at(10ms, client, [](Peer& me) {
    me.say(1);
    me.reset();
  });
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 11ms}, Heard{"reset", 11ms}));
  EXPECT_FALSE(server.peer->open());
}

TEST_F(NetworkTest, AnInboxThatGoesAwayResetsItsConnections) {
  at(10ms, client, [this](Peer&) {
    Inbox another{client.machine->process()};
    ConnectionPtr connection;
    network().connect(another, server.id(), 1s, connection);
    network().send(client.machine->process(), connection, request, 0, new Number(1));
  });
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"opened", 13ms}, Heard{"1", 13ms}, Heard{"reset", 13ms}));
  EXPECT_TRUE(client.peer->open()) << "another inbox's connection";
}

// ---------------------------------------------------------------- processes and machines that stop

TEST_F(NetworkTest, AKilledProcessResetsItsConnectionBehindItsData) {
  at(10ms, client, [](Peer& me) { me.say_all(1, 2); });
  at(10500us, [this] { client.machine->kill(); });
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 11ms}, Heard{"2", 11ms}, Heard{"reset", 11500us}));
}

TEST_F(NetworkTest, DataOnItsWayToAKilledProcessIsLost) {
  at(10ms, client, [](Peer& me) { me.say(1); });
  at(10500us, [this] { server.machine->kill(); });
  at(10600us, [this] { server.machine->start(); });
  run_until(1s);
  EXPECT_THAT(server.words(), ElementsAre("opened"));
  EXPECT_THAT(client.heard, ElementsAre(Heard{"reset", 11500us}));
}

TEST_F(NetworkTest, AnAnswerThatLeftBeforeTheKillArrivesBeforeTheReset) {
  at(10ms, server, [](Peer& me) { me.say(1); });
  at(10100us, [this] { server.machine->kill(); });
  run_until(1s);
  EXPECT_THAT(client.heard, ElementsAre(Heard{"1", 11ms}, Heard{"reset", 11100us}));
}

TEST_F(NetworkTest, AMessageWhoseSendingKillsTheSenderStillArrives) {
  at_moment(client, request.sent, 2, [this] { client.machine->kill(); });
  at(10ms, client, [](Peer& me) { me.say_all(1, 3); });
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 11ms}, Heard{"2", 11ms}, Heard{"reset", 11ms}));
}

TEST_F(NetworkTest, AMessageWhoseSendingTakesThePowerStillArrives) {
  at_moment(client, request.sent, 2, [this] { client.machine->lose_power({}); });
  at(10ms, client, [](Peer& me) { me.say_all(1, 3); });
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"1", 11ms}, Heard{"2", 11ms})) << "and no reset";
}

TEST_F(NetworkTest, AnOrderlyStopClosesConnections) {
  at(10ms, [this] { client.machine->stop(); });
  run_until(1s);
  EXPECT_THAT(since_opened(server), ElementsAre(Heard{"closed", 11ms}));
}

TEST_F(NetworkTest, PowerLossIsSilentUntilTheMachineRunsAndGetsAnOldPacket) {
  power_off(10ms, 5s, server);
  at(1s, client, [](Peer& me) { me.say_all(1, 2); });
  run_until(4s);
  EXPECT_THAT(client.heard, IsEmpty());
  run_until(10s);
  EXPECT_THAT(client.heard, ElementsAre(Heard{"reset", 5s + 1ms}));
  EXPECT_THAT(server.words(), ElementsAre("opened"));
}

TEST_F(NetworkTest, ALaterMessageOnAConnectionFromBeforeThePowerLossIsAnsweredWithAReset) {
  power_off(10ms, 1s, server);
  run_until(5s);
  EXPECT_THAT(client.heard, IsEmpty());
  at(5s, client, [](Peer& me) { me.say(1); });
  run_until(10s);
  EXPECT_THAT(client.heard, ElementsAre(Heard{"reset", 5s + 2ms}));
}

TEST_F(NetworkTest, AnAnswerThatLeftBeforeThePowerLossArrives) {
  at(10ms, server, [](Peer& me) { me.say(1); });
  power_off(10100us, 1s, server);
  run_until(5s);
  EXPECT_THAT(client.heard, ElementsAre(Heard{"1", 11ms}));
}

TEST_F(NetworkTest, APeerThatStaysWithoutPowerIsGivenUpAfterFifteenRetransmissions) {
  power_off(10ms, 1h, server);
  at(1s, client, [](Peer& me) { me.say(1); });
  run_until(2h);
  EXPECT_THAT(client.heard, ElementsAre(Heard{"reset", 1s + 1ms + 924600ms}));
}

// ---------------------------------------------------------------- inboxes

TEST_F(NetworkTest, ReceivingGivesUpAtItsDeadlineAndWhenItIsInterrupted) {
  std::vector<Heard> returned;
  at(10ms, client, [&](Peer& me) {
    Inbox quiet{client.machine->process()};
    at(300ms, [&] { quiet.interrupt(); });
    for (const Duration deadline : {100ms, 1000ms, 1000ms}) {
      const bool got = quiet.receive_until(kStart + deadline).has_value();
      returned.push_back({got ? "something" : "nothing", now()});
    }
    quiet.interrupt();
    returned.push_back({quiet.receive_until(kNever) ? "something" : "nothing", now()});
    EXPECT_TRUE(me.open());
  });
  run_until(5s);
  EXPECT_THAT(returned, ElementsAre(Heard{"nothing", 100ms}, Heard{"nothing", 300ms}, Heard{"nothing", 1s},
                                    Heard{"nothing", 1s}));
}

TEST_F(NetworkTest, AConsumerThatIsKilledAtAReceivedMomentHasTheMessageInHand) {
  at_moment(server, request.received, 2, [this] { server.machine->kill(); });
  at(10ms, client, [](Peer& me) { me.say_all(1, 3); });
  run_until(1s);
  EXPECT_THAT(server.words(), ElementsAre("opened", "1"));
  EXPECT_THAT(client.heard, ElementsAre(Heard{"reset", 12ms}));
}

}  // namespace
}  // namespace noloss::sim
