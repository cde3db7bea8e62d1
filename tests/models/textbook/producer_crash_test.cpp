// What a producer that crashes forgets, and what its outbox keeps.
#include "tests/models/textbook/textbook_world.hpp"

namespace noloss::models::textbook {
namespace {

using testing::Each;
using testing::SizeIs;

/// A producer with one request on its way and a full buffer behind it dies while the broker hangs.
class ProducerCrash : public TextbookTest {
 protected:
  ProducerCrash() {
    no_consumer();
    producer().send = SendMode::async;
    producer_option("max.in.flight", "1");
    messages(100, 1000);
    disturb(fault(Action::pause, at_time(20ms), "broker-1", 500ms));
    disturb(fault(Action::kill, at_time(60ms), "producer-1", 200ms));
  }

  void use_outbox() { producer().source = ProducerSource::outbox; }
  void run_up_to_the_crash() {
    run_until(60ms);
    handed_over = sent().size();
    acknowledged = with_outcome(Outcome::acked);
    ASSERT_GT(handed_over, acknowledged + 20) << "the buffer must hold something";
    ASSERT_GT(acknowledged, 0U);
  }

  std::size_t handed_over = 0;
  std::size_t acknowledged = 0;
};

TEST_F(ProducerCrash, WithoutOutboxWhatWasNotSeenAcknowledgedIsForgotten) {
  run_up_to_the_crash();
  run_until(5s);
  for (std::size_t i = acknowledged; i < handed_over; ++i) {
    EXPECT_EQ(sent()[i].outcome, Outcome::none);
    EXPECT_TRUE(sent()[i].forgotten);
    EXPECT_EQ(sent()[i].attempts, i == acknowledged ? 1U : 0U) << "what was in the buffer never left";
  }
}

TEST_F(ProducerCrash, WithoutOutboxTheApplicationGoesOnWithTheNextMessage) {
  run_up_to_the_crash();
  run_until(5s);
  EXPECT_THAT(sent(), SizeIs(100)) << "none was handed over twice";
  for (std::size_t i = handed_over; i < 100; ++i) EXPECT_EQ(sent()[i].outcome, Outcome::acked);
}

TEST_F(ProducerCrash, WithoutOutboxItComesBackWithANewIncarnationAndCountsFrom1) {
  run_up_to_the_crash();
  run_until(5s);
  for (std::size_t i = 0; i < 100; ++i) {
    const bool first_life = i < handed_over;
    EXPECT_EQ(sent()[i].id.incarnation, first_life ? 1U : 2U);
    EXPECT_EQ(sent()[i].id.sequence, first_life ? i + 1 : i + 1 - handed_over);
    EXPECT_EQ(sent()[i].check_number, sent()[i].id.sequence);
  }
}

TEST_F(ProducerCrash, AnOutboxSendsAgainAllThatItDoesNotHoldAsAcknowledged) {
  use_outbox();
  run_up_to_the_crash();
  run_until(5s);
  EXPECT_THAT(sent(), SizeIs(100));
  EXPECT_EQ(with_outcome(Outcome::acked), 100U);
  for (std::size_t i = 0; i < acknowledged; ++i) EXPECT_EQ(sent()[i].attempts, 1U) << "and nothing else";
  EXPECT_EQ(sent()[acknowledged].attempts, 2U) << "it was on its way; the outbox cannot know";
}

TEST_F(ProducerCrash, AResendFromTheOutboxKeepsIdentityAndNumber) {
  use_outbox();
  run_up_to_the_crash();
  run_until(5s);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(sent()[i].id, (MessageId{0, 1, 0, i + 1}));
}

TEST_F(ProducerCrash, AnOutboxSendsItsOldMessagesBeforeNewOnes) {
  use_outbox();
  run_up_to_the_crash();
  run_until(5s);
  std::vector<std::uint64_t> requests;
  for (const Seen& each : seen("producer-1", "sent:produce_request")) {
    if (each.at > ns(60ms)) requests.push_back(each.first);
  }
  EXPECT_TRUE(std::is_sorted(requests.begin(), requests.end()));
  EXPECT_EQ(requests.at(0), acknowledged);
}

/// The process dies in the call of send, before the client has anything.
class CrashInSend : public TextbookTest {
 protected:
  CrashInSend() {
    no_consumer();
    messages(20, 100);
    disturb(fault(Action::kill, at_moment("producer-1", "sent", 10), "producer-1", 200ms));
  }
};

TEST_F(CrashInSend, AnOutboxRecordIsDurableBeforeSendHandsTheMessageOver) {
  producer().source = ProducerSource::outbox;
  run_until(5s);
  EXPECT_EQ(sent().at(9).outcome, Outcome::acked);
  EXPECT_EQ(with_outcome(Outcome::acked), 20U);
}

TEST_F(CrashInSend, WithoutOutboxTheMessageIsGone) {
  run_until(5s);
  EXPECT_EQ(sent().at(9).outcome, Outcome::none);
  EXPECT_EQ(sent().at(9).attempts, 0U);
  EXPECT_EQ(with_outcome(Outcome::acked), 19U);
}

// ---------------------------------------------------------------- resends without a crash

class Resend : public TextbookTest, public testing::WithParamInterface<const char*> {};

TEST_P(Resend, KeepsTheMessagesIdentityAndNumber) {
  producer_option("retries", GetParam());
  messages(20, 100);
  disturb(drop(at_moment("broker-1", "sent:produce_response", 10), "producer-1", "broker-1", sim::Side::response));
  run_until(5s);
  ASSERT_THAT(sent(), SizeIs(20)) << "a resend is no other message";
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(sent()[i].id, (MessageId{0, 1, 0, i + 1}));
  EXPECT_EQ(sent()[9].attempts, 2U);
  EXPECT_EQ(sent()[9].appends, 2U) << "a retried message may be stored twice";
  EXPECT_EQ(sent()[9].effects, 2U);
  EXPECT_EQ(sent()[9].outcome, Outcome::acked);
  EXPECT_TRUE(marked("ack lost, message resent"));
}

INSTANTIATE_TEST_SUITE_P(By, Resend, testing::Values("0", "3"), [](const auto& each) {
  return std::string{each.param} == "0" ? "the_application" : "the_client";
});

}  // namespace
}  // namespace noloss::models::textbook
