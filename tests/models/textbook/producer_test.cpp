// The producer's client: attempts, timeouts, retries, the window and the buffer behind it.
#include "tests/models/textbook/textbook_world.hpp"

namespace noloss::models::textbook {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ProducerTest : public TextbookTest {
 protected:
  ProducerTest() { no_consumer(); }

  /// The application learns of the client's own last word, and does nothing more.
  void client_alone(std::string_view retries) {
    producer().on_error = OnError::give_up;
    producer_option("retries", retries);
  }
  void broker_hangs(Duration from, Duration time = kForEver) {
    disturb(fault(Action::pause, at_time(from), "broker-1", time));
  }
  /// Every request meets a connection that breaks.
  void requests_get_lost(std::int64_t how_many = sim::kUnlimited) {
    Fault each =
        drop({std::nullopt, sim::MomentRef{"producer-1", "sent:produce_request", 0, 0ns}}, "producer-1", "broker-1");
    each.every = 1;
    each.count = Quantity{how_many};
    disturb(each);
  }
  /// One message at the start, so that there is a connection, and the others later.
  void messages_on_an_old_connection(std::int64_t number, Duration from) {
    messages(1);
    WorkloadPart later;
    later.at = Quantity{from};
    later.messages = Quantity{number};
    producer().workload.push_back(later);
  }
  [[nodiscard]] std::vector<Nanoseconds> attempts() {
    std::vector<Nanoseconds> times;
    for (const Seen& each : seen("producer-1", "sent:produce_request")) times.push_back(each.at);
    return times;
  }
};

// ---------------------------------------------------------------- timeout

TEST_F(ProducerTest, AnAttemptFailsThreeSecondsAfterTheCall) {
  client_alone("0");
  messages(1, 1, 1s);
  broker_hangs(900ms);
  run_until(10s);
  EXPECT_EQ(when("producer-1", "sent"), ns(1s));
  EXPECT_EQ(when("producer-1", "failed"), ns(1s) + ns(3s));
  EXPECT_EQ(sent().at(0).outcome, Outcome::uncertain) << "it may be stored";
}

TEST_F(ProducerTest, AMessageThatNeverLeftTimesOutTooAndHasFailedForCertain) {
  client_alone("0");
  messages(1, 1, 1s);
  disturb(cut(at_time(0s), {{"producer-1"}, {"broker-1", "coordinator"}}));
  run_until(10s);
  EXPECT_EQ(sent().at(0).attempts, 0U);
  EXPECT_GE(when("producer-1", "failed"), ns(1s) + ns(3s));
  EXPECT_LE(when("producer-1", "failed"), ns(1s) + ns(3s) + ns(1100ms)) << "it sees it between two tries to connect";
  EXPECT_EQ(sent().at(0).outcome, Outcome::failed);
}

TEST_F(ProducerTest, TheTimeoutIsForEachAttempt) {
  client_alone("2");
  producer_option("timeout", "700ms");
  messages(1, 1, 1s);
  broker_hangs(900ms);
  run_until(10s);
  EXPECT_EQ(when("producer-1", "failed"), ns(1s) + 3 * ns(700ms) + 2 * ns(100ms));
}

TEST_F(ProducerTest, ATimeoutClosesTheConnectionAndWhatWasHeldOnItIsLost) {
  client_alone("0");
  producer().send = SendMode::async;
  messages_on_an_old_connection(3, 1s);
  disturb(cut(at_time(900ms), {{"producer-1"}, {"broker-1"}}, 5s));
  run_until(30s);
  EXPECT_THAT(attempts(), SizeIs(4));
  EXPECT_EQ(with_outcome(Outcome::uncertain), 3U);
  EXPECT_EQ(count("broker-1", "append"), 1U) << "the network was mended, but the connection was gone";
}

TEST_F(ProducerTest, WhatWasHeldForLessThanTheTimeoutArrivesLateAndOnce) {
  producer().send = SendMode::async;
  messages_on_an_old_connection(3, 1s);
  disturb(cut(at_time(900ms), {{"producer-1"}, {"broker-1"}}, 1s));
  run_until(30s);
  EXPECT_EQ(with_outcome(Outcome::acked), 4U);
  EXPECT_THAT(attempts(), SizeIs(4));
  EXPECT_GE(when("broker-1", "append", 2), ns(1900ms));
  EXPECT_EQ(count("broker-1", "append"), 4U);
}

// ---------------------------------------------------------------- retries

class Retries : public ProducerTest, public testing::WithParamInterface<std::uint32_t> {};

TEST_P(Retries, AreCountedBesideTheFirstAttempt) {
  client_alone(std::to_string(GetParam()));
  messages(1, 1, 1s);
  requests_get_lost();
  run_until(60s);
  EXPECT_THAT(attempts(), SizeIs(1 + GetParam()));
  EXPECT_EQ(with_outcome(Outcome::uncertain), 1U);
}

INSTANTIATE_TEST_SUITE_P(Numbers, Retries, testing::Values(0, 1, 3, 7));

TEST_F(ProducerTest, ThreeRetriesAreTheDefault) {
  producer().on_error = OnError::give_up;
  messages(1, 1, 1s);
  requests_get_lost();
  run_until(60s);
  EXPECT_THAT(attempts(), SizeIs(4));
}

class Backoff : public ProducerTest, public testing::WithParamInterface<std::pair<std::string, Duration>> {};

TEST_P(Backoff, PassesBeforeARetryOfTheClient) {
  producer_option("retry.backoff", GetParam().first);
  messages(1, 1, 1s);
  disturb(drop(at_moment("producer-1", "sent:produce_request", 1), "producer-1", "broker-1"));
  run_until(10s);
  ASSERT_THAT(attempts(), SizeIs(2));
  const Nanoseconds broken = attempts()[0] + ns(kPacket);
  EXPECT_GE(attempts()[1], broken + ns(GetParam().second));
  EXPECT_LE(attempts()[1], broken + ns(GetParam().second) + ns(10ms));
}

TEST_P(Backoff, PassesBeforeAResendByTheApplication) {
  producer_option("retry.backoff", GetParam().first);
  producer_option("retries", "0");
  messages(1, 1, 1s);
  disturb(drop(at_moment("producer-1", "sent:produce_request", 1), "producer-1", "broker-1"));
  run_until(10s);
  ASSERT_THAT(attempts(), SizeIs(2));
  EXPECT_GE(attempts()[1], when("producer-1", "failed") + ns(GetParam().second));
  EXPECT_LE(attempts()[1], when("producer-1", "failed") + ns(GetParam().second) + ns(10ms));
}

INSTANTIATE_TEST_SUITE_P(Lengths, Backoff,
                         testing::Values(std::pair<std::string, Duration>{"100ms", 100ms},
                                         std::pair<std::string, Duration>{"2s", 2s}),
                         [](const auto& each) { return "of_" + each.param.first; });

TEST_F(ProducerTest, TheDefaultBackoffIs100Milliseconds) {
  producer_option("retries", "0");
  messages(1, 1, 1s);
  disturb(drop(at_moment("producer-1", "sent:produce_request", 1), "producer-1", "broker-1"));
  run_until(10s);
  EXPECT_GE(attempts().at(1), when("producer-1", "failed") + ns(100ms));
  EXPECT_LE(attempts().at(1), when("producer-1", "failed") + ns(110ms));
}

// ---------------------------------------------------------------- modes

TEST_F(ProducerTest, SendSyncReturnsWithTheOutcome) {
  messages(20, 1'000'000);
  run_until(2s);
  ASSERT_THAT(sent(), SizeIs(20));
  for (std::size_t i = 1; i < 20; ++i) EXPECT_GE(sent()[i].sent_at, sent()[i - 1].told_at);
}

TEST_F(ProducerTest, SendAsyncReturnsAtOnceAndCallsBack) {
  producer().send = SendMode::async;
  messages(20, 1'000'000);
  run_until(2s);
  for (const MessageRecord& each : sent()) EXPECT_LT(each.sent_at, sim::kStart + 20us);
  EXPECT_EQ(with_outcome(Outcome::acked), 20U);
}

TEST_F(ProducerTest, SendOnewayIsNeverAnswered) {
  producer().send = SendMode::oneway;
  messages(20);
  run_until(2s);
  EXPECT_EQ(count("broker-1", "append"), 20U);
  EXPECT_EQ(count("broker-1", "sent:produce_response"), 0U);
  EXPECT_EQ(with_outcome(Outcome::none), 20U);
  for (const MessageRecord& each : sent()) EXPECT_FALSE(each.outcome_expected);
}

TEST_F(ProducerTest, SendOnewayIsNeverTriedAgain) {
  producer().send = SendMode::oneway;
  producer_option("retries", "3");
  messages(20, 100);
  disturb(drop(at_moment("producer-1", "sent:produce_request", 5), "producer-1", "broker-1"));
  run_until(5s);
  EXPECT_LT(count("broker-1", "append"), 20U);
  for (const MessageRecord& each : sent()) EXPECT_LE(each.attempts, 1U);
}

TEST_F(ProducerTest, AnApplicationThatIgnoresErrorsIsToldNothing) {
  producer().send = SendMode::async;
  producer().on_error = OnError::ignore;
  producer_option("retries", "0");
  messages(1, 1, 1s);
  disturb(drop(at_moment("producer-1", "sent:produce_request", 1), "producer-1", "broker-1"));
  run_until(5s);
  EXPECT_EQ(sent().at(0).outcome, Outcome::none);
  EXPECT_THAT(attempts(), SizeIs(1));
}

TEST_F(ProducerTest, AnApplicationThatRetriesSendsUntilItSucceeds) {
  messages(1, 1, 1s);
  requests_get_lost(20);
  run_until(60s);
  EXPECT_EQ(sent().at(0).attempts, 21U) << "many more than the client alone would try";
  EXPECT_EQ(sent().at(0).outcome, Outcome::acked);
}

// ---------------------------------------------------------------- the window and the buffer

class InFlight : public ProducerTest, public testing::WithParamInterface<std::size_t> {
 protected:
  InFlight() {
    producer().send = SendMode::async;
    messages(50, 100'000, 1s);
  }
};

TEST_P(InFlight, IsWhatAConnectionCarriesAndTheRestWaitsInTheClient) {
  producer_option("max.in.flight", std::to_string(GetParam()));
  broker_hangs(900ms);
  run_until(2s);
  EXPECT_THAT(sent(), SizeIs(50)) << "the application has handed them over";
  EXPECT_THAT(attempts(), SizeIs(GetParam()));
}

TEST_P(InFlight, IsNeverExceeded) {
  producer_option("max.in.flight", std::to_string(GetParam()));
  run_until(2s);
  EXPECT_EQ(with_outcome(Outcome::acked), 50U);
  const std::vector<Nanoseconds> requests = attempts();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_LE(i + 1 - count("producer-1", "received:produce_response", 0, requests[i] + 1), GetParam());
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, InFlight, testing::Values(1, 2, 5, 20));

TEST_F(ProducerTest, FiveRequestsAreInFlightWhereNothingElseIsSaid) {
  producer().send = SendMode::async;
  messages(50, 100'000, 1s);
  broker_hangs(900ms);
  run_until(2s);
  EXPECT_THAT(attempts(), SizeIs(5));
}

TEST_F(ProducerTest, SendBlocksWhenTheBufferIsFull) {
  producer().send = SendMode::async;
  producer_option("buffer", "10");
  messages(50, 100'000, 1s);
  broker_hangs(900ms, 1s);
  run_until(1800ms);
  EXPECT_THAT(sent(), SizeIs(11)) << "ten in the client, and the call that waits for room";
  run_until(5s);
  EXPECT_EQ(with_outcome(Outcome::acked), 50U);
}

TEST_F(ProducerTest, AThousandMessagesAreBufferedWhereNothingElseIsSaid) {
  producer().send = SendMode::async;
  messages(2000, 100'000, 1s);
  broker_hangs(900ms);
  run_until(2s);
  EXPECT_THAT(sent(), SizeIs(1001));
}

// ---------------------------------------------------------------- partitions

TEST_F(ProducerTest, MessagesWithoutKeyGoRoundRobin) {
  setup.entities.at(0).partitions = 3;
  messages(9);
  run_until(2s);
  ASSERT_THAT(sent(), SizeIs(9));
  for (std::uint32_t i = 0; i < 9; ++i) {
    EXPECT_EQ(sent()[i].id.partition, i % 3);
    EXPECT_EQ(sent()[i].id.sequence, 1 + i / 3) << "a number for each partition, without gaps";
  }
}

TEST_F(ProducerTest, MessagesOfOneKeyGoToOnePartition) {
  setup.entities.at(0).partitions = 3;
  messages(9);
  producer().workload.at(0).keys = Quantity{1};
  run_until(2s);
  for (const MessageRecord& each : sent()) EXPECT_EQ(each.id.partition, sent().at(0).id.partition);
}

// ---------------------------------------------------------------- who leads

TEST_F(ProducerTest, AClientAsksForTheLeaderWhenItStartsAndWhenAConnectionBreaks) {
  messages(50, 100);
  disturb(drop(at_moment("producer-1", "sent:produce_request", 20), "producer-1", "broker-1"));
  run_until(150ms);
  EXPECT_EQ(count("producer-1", "sent:lookup"), 1U);
  run_until(5s);
  EXPECT_EQ(count("producer-1", "sent:lookup"), 2U);
  EXPECT_EQ(with_outcome(Outcome::acked), 50U);
}

TEST_F(ProducerTest, AClientAsksForTheLeaderOnNotLeader) {
  brokers(2, 2, 2);
  messages(1000, 100);
  disturb(cut(at_time(1200ms), {{"broker-1"}, {"coordinator"}}, 10s));
  run_until(3150ms);
  const std::size_t asked = count("producer-1", "sent:lookup");
  run_until(10s);
  EXPECT_GT(count("producer-1", "sent:lookup"), asked);
  const Nanoseconds elected = when("broker-2", "elected");
  EXPECT_GT(count("broker-2", "received:produce_request", elected), 0U) << "and so it finds the new one";
}

}  // namespace
}  // namespace noloss::models::textbook
