// Clusters with transactional producers, looked at more closely than a scenario can.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/kafka/protocol.hpp"
#include "models/kafka/release.hpp"
#include "tests/models/kafka/kafka_fixture.hpp"

namespace noloss::models::kafka {
namespace {

using namespace std::chrono_literals;

class TransactionRun : public KafkaRun {
 public:
  explicit TransactionRun(std::string release = "4.1", std::uint32_t size = 5) : KafkaRun(std::move(release)) {
    replicas(3);
    set(OptionScope::producer, "transactional.id", "orders");
    set(OptionScope::producer, "acks", "all");
    set(OptionScope::producer, "retries", "2147483647");
    set(OptionScope::consumer, "isolation.level", "read_committed");
    set(OptionScope::consumer, "enable.auto.commit", "false");
    setup().producers.front().transaction_size = size;
    messages(50, 500);
  }
  [[nodiscard]] std::uint64_t count(sim::EventId event) {
    std::uint64_t total = 0;
    for (std::uint32_t i = 0; i < setup().brokers.count; ++i) total += simulation().count(sim::NodeId{i}, event);
    return total;
  }
  [[nodiscard]] std::int64_t aborted() const {
    return std::count_if(history().messages().begin(), history().messages().end(),
                         [](const MessageRecord& record) { return record.aborted; });
  }
};

TEST(KafkaTransactions, AreReadOnceTheyAreCommitted) {
  for (const std::string_view release : known_releases()) {
    if (!behaviours(parse_release(release)).idempotence_exists) continue;
    TransactionRun run{std::string{release}};
    run.run(60s);
    EXPECT_TRUE(run.cluster().settled()) << release;
    EXPECT_EQ(run.acked(), 50) << release;
    EXPECT_EQ(run.processed(), 50) << release;
    EXPECT_EQ(run.duplicates(), 0) << release;
    EXPECT_EQ(run.count(events().txn_prepared), 10U) << release;
    EXPECT_EQ(run.count(events().txn_completed), 10U) << release;
  }
}

TEST(KafkaTransactions, WithoutATransactionalIdNothingOfThemExists) {
  KafkaRun run;
  run.replicas(3);
  run.run(30s);
  EXPECT_TRUE(run.cluster().holders("txn_coordinator").empty());
}

TEST(KafkaTransactions, WhatTheApplicationAbortsIsNotRead) {
  TransactionRun run;
  run.setup().producers.front().transaction_aborts = sim::Quantity{500'000};
  run.messages(50, 100);  // slow enough that batches are stored before their transaction is aborted
  run.run(60s);
  EXPECT_TRUE(run.cluster().settled());
  EXPECT_GT(run.aborted(), 0);
  EXPECT_EQ(run.aborted() + run.acked(), 50);
  EXPECT_EQ(run.processed(), run.acked());
  EXPECT_TRUE(run.reached("aborted records hidden"));
}

TEST(KafkaTransactions, TheLastOneIsCommittedEvenIfItIsNotFull) {
  TransactionRun run("4.1", 20);
  run.run(60s);
  EXPECT_EQ(run.acked(), 50);
  EXPECT_EQ(run.count(events().txn_prepared), 3U);
}

TEST(KafkaTransactions, ACrashedProducersTransactionIsAbortedByItsNextLife) {
  TransactionRun run;
  run.messages(52, 500);
  sim::Fault& kill = run.fault(sim::Action::kill, "producer-1");
  kill.at.time = sim::kStart + 155ms;  // with something in a transaction
  kill.duration = sim::Quantity{1s};
  run.run(60s);
  EXPECT_TRUE(run.cluster().settled());
  EXPECT_EQ(run.lost(), 0);
  EXPECT_EQ(run.duplicates(), 0);
  EXPECT_FALSE(run.reached("transaction timed out"));
}

TEST(KafkaTransactions, AProducerThatIsGoneLeavesItToTheTimeout) {
  TransactionRun run("4.1", 50);
  run.set(OptionScope::producer, "transaction.timeout.ms", "5s");
  run.messages(50, 100);
  sim::Fault& kill = run.fault(sim::Action::kill, "producer-1");
  kill.at.time = sim::kStart + 300ms;
  kill.duration = sim::Quantity{40s};
  run.run(30s);
  EXPECT_TRUE(run.reached("transaction timed out"));
  EXPECT_EQ(run.processed(), 0);
}

TEST(KafkaTransactions, ANewCoordinatorFinishesWhatTheOldOneDecided) {
  TransactionRun run;
  sim::Fault& kill = run.fault(sim::Action::kill, "txn_coordinator");
  kill.at.time = sim::kStart + 130ms;
  kill.duration = sim::Quantity{30s};
  run.run(90s);
  EXPECT_TRUE(run.cluster().settled());
  EXPECT_EQ(run.acked(), 50);
  EXPECT_EQ(run.processed(), 50);
  EXPECT_EQ(run.duplicates(), 0);
}

/// The last batch of the second transaction arrives in the third, and was given up in between.
class LateBatch : public TransactionRun {
 public:
  LateBatch(std::string release, std::string delivery_timeout) : TransactionRun(std::move(release), 10) {
    set(OptionScope::producer, "linger.ms", "0ms");
    set(OptionScope::producer, "request.timeout.ms", "2s");
    set(OptionScope::producer, "delivery.timeout.ms", delivery_timeout);
    setup().producers.front().on_error = OnError::give_up;
    messages(60, 10);
    sim::Fault& late = fault(sim::Action::delay, "producer-1");
    late.peer = "leader";
    late.message = "produce";
    late.at.moment = sim::MomentRef{"producer-1", "sent", 20, {}};
    late.by = sim::Quantity{3s};
    run(120s);
  }
  [[nodiscard]] std::int64_t phantoms() const {
    return std::count_if(history().messages().begin(), history().messages().end(),
                         [](const MessageRecord& record) { return record.aborted && record.deliveries > 0; });
  }
};

TEST(KafkaTransactions, ABatchThatExpiredInItsFirstAttemptDuringCommitJoinsTheNextOne) {
  for (const std::string release : {"3.6", "3.9"}) EXPECT_EQ(LateBatch(release, "2s").phantoms(), 1) << release;
  EXPECT_EQ(LateBatch("4.1", "2s").phantoms(), 0);
}

TEST(KafkaTransactions, ABatchThatWasToBeSentAgainRaisesTheEpoch) {
  LateBatch run("3.9", "2100ms");
  EXPECT_GT(run.aborted(), 0);
  EXPECT_EQ(run.phantoms(), 0);
}

}  // namespace
}  // namespace noloss::models::kafka
