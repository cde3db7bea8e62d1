// Followers pull; copies are counted; what is stored too seldom is neither acknowledged nor shown.
#include "tests/models/textbook/textbook_world.hpp"

namespace noloss::models::textbook {
namespace {

using testing::Contains;
using testing::Each;
using testing::IsEmpty;

class ReplicationTest : public TextbookTest {
 protected:
  ReplicationTest() {
    no_consumer();
    brokers(2, 2, 2);
  }
};

const std::vector<std::vector<std::string>> kLeaderFromFollower{{"broker-1"}, {"broker-2"}};

// ---------------------------------------------------------------- the fetch

TEST_F(ReplicationTest, ALeaderThatHasNothingMoreHoldsAFetchFor500Milliseconds) {
  messages(0);
  run_until(5s);
  const std::vector<Seen> asked = seen("broker-1", "received:fetch_request");
  const std::vector<Seen> answered = seen("broker-1", "sent:fetch_response");
  ASSERT_GE(answered.size(), 8U);
  for (std::size_t i = 0; i < answered.size(); ++i) {
    EXPECT_EQ(answered[i].at - asked.at(i).at, ns(500ms));
    EXPECT_EQ(answered[i].first, 0U) << "no record";
  }
}

TEST_F(ReplicationTest, ALeaderThatHasMoreAnswersAFetchAtOnce) {
  producer().send = SendMode::async;
  messages(100, 10'000);
  run_until(1s);
  std::size_t at_once = 0;
  for (const Seen& answer : seen("broker-1", "sent:fetch_response")) {
    if (answer.first == 0) continue;
    const bool asked_now = count("broker-1", "received:fetch_request", answer.at, answer.at + 1) > 0;
    const bool got_more_now = count("broker-1", "append", answer.at, answer.at + 1) > 0;
    EXPECT_TRUE(asked_now || got_more_now);
    at_once += asked_now ? 1 : 0;
  }
  EXPECT_GT(at_once, 3U);
}

TEST_F(ReplicationTest, OneFetchIsOutstanding) {
  messages(200);
  run_until(2s);
  const std::vector<Seen> asked = seen("broker-2", "sent:fetch_request");
  const std::vector<Seen> answered = seen("broker-2", "received:fetch_response");
  ASSERT_GT(answered.size(), 100U);
  for (std::size_t i = 1; i < asked.size(); ++i) EXPECT_LE(answered.at(i - 1).at, asked[i].at);
}

TEST_F(ReplicationTest, AFetchNamesTheLogEnd) {
  messages(20);
  run_until(2s);
  EXPECT_EQ(seen("broker-2", "sent:fetch_request").back().first, 21U) << "twenty messages behind one epoch record";
}

TEST_F(ReplicationTest, WithFlushSyncAFetchSaysThatEverythingBeforeItIsSynced) {
  messages(20, 100);
  run_until(2s);
  for (const Seen& copy : seen("broker-2", "replicated")) {
    EXPECT_GE(count("broker-2", "sync.done", copy.at - ns(kSync), copy.at + 1), 1U);
  }
  EXPECT_GT(count("broker-2", "replicated"), 0U);
  EXPECT_EQ(when("broker-2", "sync.done"), when("broker-2", "sent:fetch_request", 2));
}

TEST_F(ReplicationTest, WithFlushAsyncACopyCountsInThePageCache) {
  broker_option("flush", "async");
  messages(20, 100);
  run_until(450ms);
  EXPECT_EQ(with_outcome(Outcome::acked), 20U);
  EXPECT_EQ(count("broker-1", "sync.start") + count("broker-2", "sync.start"), 0U);
}

// ---------------------------------------------------------------- counting copies

struct Copies {
  std::uint32_t replicas, acks;
  const char* flush;
};
void PrintTo(const Copies& copies, std::ostream* out) {
  *out << 'R' << copies.replicas << 'n' << copies.acks << copies.flush;
}
class StoredCopies : public TextbookTest, public testing::WithParamInterface<Copies> {};

TEST_P(StoredCopies, AreThereWhenAMessageIsAcknowledged) {
  const auto& [replicas, acks, flush] = GetParam();
  no_consumer();
  brokers(replicas, replicas, acks);
  broker_option("flush", flush);
  messages(50, 500);
  run_until(2s);
  const bool synced = std::string{flush} == "sync";
  std::size_t acknowledged = 0;
  std::size_t exactly = 0;
  for (const HistoryEvent& event : history().events()) {
    if (event.kind != HistoryEventKind::acked) continue;
    const std::int32_t copies = synced ? event.durable : event.present;
    EXPECT_GE(copies, static_cast<std::int32_t>(acks));
    exactly += copies == static_cast<std::int32_t>(acks) ? 1 : 0;
    ++acknowledged;
  }
  EXPECT_EQ(acknowledged, 50U);
  if (acks == 1 && synced && replicas > 1) {
    EXPECT_GT(exactly, 0U) << "with n = 1 it does not wait for the followers";
  }
}

class TooFewCopies : public StoredCopies {};

TEST_P(TooFewCopies, AcknowledgeNothing) {
  const auto& [replicas, acks, flush] = GetParam();
  no_consumer();
  brokers(replicas, replicas, acks);
  broker_option("flush", flush);
  messages(50, 500, 1s);
  for (std::uint32_t broker = acks; broker <= replicas; ++broker) {
    disturb(kill_for_good(at_time(500ms), "broker-" + std::to_string(broker)));
  }
  run_until(20s);
  EXPECT_GT(sent().size(), 0U);
  EXPECT_EQ(with_outcome(Outcome::acked), 0U);
  heal();
  run_until(40s);
  EXPECT_EQ(with_outcome(Outcome::acked), sent().size()) << "now there are enough";
}

INSTANTIATE_TEST_SUITE_P(Numbers, StoredCopies,
                         testing::Values(Copies{1, 1, "sync"}, Copies{3, 1, "sync"}, Copies{2, 2, "sync"},
                                         Copies{3, 2, "sync"}, Copies{3, 3, "sync"}, Copies{3, 2, "async"},
                                         Copies{3, 3, "async"}),
                         testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(Numbers, TooFewCopies,
                         testing::Values(Copies{2, 2, "sync"}, Copies{3, 2, "sync"}, Copies{3, 3, "sync"},
                                         Copies{3, 2, "async"}, Copies{3, 3, "async"}),
                         testing::PrintToStringParamName());

TEST_F(ReplicationTest, TheAcknowledgementComesWithTheFetchThatSaysStored) {
  messages(1, 1, 100ms);
  run_until(2s);
  const Nanoseconds answered = when("broker-1", "sent:produce_response");
  const std::vector<Seen> asked = seen("broker-1", "received:fetch_request");
  const auto covering = std::find_if(asked.begin(), asked.end(), [](const Seen& each) { return each.first >= 2; });
  ASSERT_NE(covering, asked.end());
  EXPECT_EQ(answered, covering->at);
  EXPECT_GT(answered, when("broker-1", "sync.done"));
}

TEST_F(ReplicationTest, WithTooFewReplicasASendFailsAfterItsTimeoutAndTheMessageStaysInTheLog) {
  producer().on_error = OnError::give_up;
  producer_option("retries", "0");
  a_consumer();
  messages(1, 1, 1s);
  disturb(cut(at_time(900ms), kLeaderFromFollower, 10s));
  run_until(9s);
  EXPECT_EQ(when("producer-1", "failed"), ns(1s) + ns(3s));
  EXPECT_EQ(sent().at(0).outcome, Outcome::uncertain);
  EXPECT_EQ(count("consumer-1", "received"), 0U) << "consumers see it once two copies are stored, and not before";
  EXPECT_TRUE(finish());
  EXPECT_EQ(sent().at(0).attempts, 1U);
  EXPECT_EQ(sent().at(0).effects, 1U) << "it had stayed in the log";
}

TEST_F(ReplicationTest, ARetryOfWhatStayedInTheLogIsAcknowledgedAndStoredTwice) {
  a_consumer();
  messages(1, 1, 1s);
  disturb(cut(at_time(900ms), kLeaderFromFollower, 5s));
  EXPECT_TRUE((run_until(10s), finish()));
  EXPECT_EQ(sent().at(0).outcome, Outcome::acked);
  EXPECT_GE(sent().at(0).effects, 2U);
}

// ---------------------------------------------------------------- what consumers see

TEST_F(ReplicationTest, ConsumersSeeAMessageOnceItIsStoredOftenEnough) {
  brokers(3, 3, 3);
  a_consumer();
  consumer_option("prefetch", "100");
  messages(30, 200);
  run_until(5s);
  std::size_t delivered = 0;
  for (const HistoryEvent& event : history().events()) {
    if (event.kind != HistoryEventKind::delivered) continue;
    EXPECT_EQ(event.durable, 3);
    ++delivered;
  }
  EXPECT_EQ(delivered, 30U);
}

TEST_F(ReplicationTest, APositionIsReplicatedLikeAMessageBeforeItIsConfirmed) {
  a_consumer();
  consumer().processing_time = Quantity{100ms};
  messages(10);
  disturb(cut(at_time(550ms), kLeaderFromFollower, 1s));
  run_until(5s);
  EXPECT_EQ(count("consumer-1", "acknowledged"), 10U);
  EXPECT_GT(count("consumer-1", "sent:acknowledge", ns(560ms), ns(1500ms)), 3U);
  EXPECT_EQ(count("consumer-1", "acknowledged", ns(560ms), ns(1500ms)), 0U) << "one copy of the position is too few";
}

}  // namespace
}  // namespace noloss::models::textbook
