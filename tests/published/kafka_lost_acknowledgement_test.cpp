// Lost acknowledgements and retries of Kafka's producer. Published (at-least-once delivery as TRAK, Wu et al., ISSREW
// 2019, measured it; KIP-98): each acknowledgement that is lost gives exactly one duplicate and no loss; with sequence
// numbers there is none, also across a change of the leader, since the numbers are in the log; a producer that starts
// again has a new id, and duplicates are back.
#include <fmt/core.h>

#include "tests/published/report.hpp"
#include "tests/published/runs.hpp"

namespace noloss::published {
namespace {

constexpr int kMessages = 40;

struct Case {
  bool idempotent = false;
  const char* send = "sync";
  int brokers = 1;
  const char* source = "memory";
};

/// A record is a batch, and one batch is on its way: what an acknowledgement tells is one message.
harness::Scenario story(const Case& of, const std::string& faults) {
  return scenario_of(
      "kafka",
      fmt::format("duration: 60s\nbrokers: {{count: {0}}}\n"
                  "topic: {{replication.factor: {0}, config: {{min.insync.replicas: {1}}}}}\n"
                  "producers:\n"
                  "  config: {{enable.idempotence: {2}, max.in.flight.requests.per.connection: 1, batch.size: 0, "
                  "linger.ms: 0}}\n"
                  "  application: {{send: {3}, source: {4}}}\n  workload: {{messages: {5}}}\n"
                  "consumers: {{config: {{auto.offset.reset: earliest, enable.auto.commit: false}}}}\n"
                  "operations: [{{at: 45s, do: start, target: consumer-1}}]\nfaults:\n{6}",
                  of.brokers, std::min(of.brokers, 2), of.idempotent, of.send, of.source, kMessages, faults));
}

struct Sum {
  std::int64_t faults = 0;
  std::int64_t duplicates = 0;
  std::int64_t lost = 0;
};

/// `fault` at each of the answers in turn.
Sum at_each_answer(const Case& of, const char* fault, const char* mark) {
  Sum sum;
  for (int k = 1; k <= kMessages; ++k) {
    const std::string at = fmt::format("at: \"broker-1 sent:produce_response #{}\"", k);
    const Course ran = run(story(of, fmt::format(fmt::runtime(fault), at)), static_cast<std::uint64_t>(k));
    EXPECT_EQ(ran.fired.front(), 1U);
    EXPECT_TRUE(ran.effective.front());
    EXPECT_TRUE(mark == nullptr || ran.reached(mark)) << mark;
    sum.faults += ran.fired.front();
    sum.duplicates += ran.totals.duplicates;
    sum.lost += ran.totals.lost_acked + ran.totals.lost_silent;
  }
  EXPECT_EQ(sum.faults, kMessages);
  return sum;
}

constexpr const char* kDrop = "  - {{{0}, action: drop}}\n";
constexpr const char* kDropAndKill =
    "  - {{{0}, action: drop}}\n  - {{{0}, action: kill, target: broker-1, duration: 20s}}\n";
constexpr const char* kKillProducer = "  - {{{0}, action: kill, target: producer-1, duration: 1s}}\n";

void expect(const Sum& sum, bool duplicates, const char* fault, const std::string& what) {
  compare_exactly(fmt::format("{} {}, {} duplicates, 0 lost", sum.faults, fault, duplicates ? sum.faults : 0),
                  fmt::format("{} {}, {} duplicates, {} lost", sum.faults, fault, sum.duplicates, sum.lost),
                  fmt::format("TRAK and KIP-98, Kafka: {}", what));
}

TEST(KafkaLostAcknowledgement, OneDuplicateEach) {
  for (const char* const send : {"sync", "async"}) {
    expect(at_each_answer({.send = send}, kDrop, nullptr), true, "dropped",
           fmt::format("acknowledgements dropped, send {}, idempotence off", send));
  }
}

TEST(KafkaLostAcknowledgement, NoneWithSequenceNumbers) {
  for (const char* const send : {"sync", "async"}) {
    expect(at_each_answer({.idempotent = true, .send = send}, kDrop, "duplicate batch answered"), false, "dropped",
           fmt::format("acknowledgements dropped, send {}, idempotence on", send));
  }
}

TEST(KafkaLostAcknowledgement, AcrossAChangeOfLeader) {
  for (const bool idempotent : {false, true}) {
    expect(at_each_answer({.idempotent = idempotent, .brokers = 3}, kDropAndKill, "leader_elected"), !idempotent,
           "dropped",
           fmt::format("acknowledgement dropped, then another leader, idempotence {}", idempotent ? "on" : "off"));
  }
}

TEST(KafkaLostAcknowledgement, DuplicatesAreBackAfterARestartOfTheProducer) {
  expect(at_each_answer({.idempotent = true, .source = "outbox"}, kKillProducer, nullptr), true, "killed",
         "producer killed before its acknowledgement, sends again from its outbox, idempotence on");
}

}  // namespace
}  // namespace noloss::published
