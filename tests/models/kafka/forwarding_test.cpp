// Consumers that send on what they processed, looked at more closely than a scenario can.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/kafka/protocol.hpp"
#include "models/kafka/release.hpp"
#include "tests/models/kafka/kafka_fixture.hpp"

namespace noloss::models::kafka {
namespace {

using namespace std::chrono_literals;

enum class Way : std::uint8_t { plain, transaction };

/// orders -> consumer-1 (and others) -> bills -> the last consumer.
class ForwardingRun : public KafkaRun {
 public:
  explicit ForwardingRun(Way way, std::string release = "4.1", std::size_t forwarders = 1)
      : KafkaRun(std::move(release)) {
    replicas(3);
    set(OptionScope::broker, "min.insync.replicas", "2");
    set(OptionScope::producer, "acks", "all");
    set(OptionScope::producer, "retries", "2147483647");
    set(OptionScope::consumer, "enable.auto.commit", "false");
    set(OptionScope::consumer, "isolation.level", "read_committed");
    set(OptionScope::consumer, "session.timeout.ms", "6s");
    messages(60, 50);
    setup().entities.front().name = "orders";
    setup().entities.push_back(setup().entities.front());
    setup().entities.back().name = "bills";
    const ConsumersSetup last = setup().consumers.front();
    setup().consumers.clear();
    for (std::size_t i = 1; i <= forwarders; ++i) {
      ConsumersSetup& group = setup().consumers.emplace_back(last);
      group.from = "orders";
      group.forward.enabled = true;
      group.forward.to = "bills";
      group.forward.config = setup().producers.front().config;
      group.forward.transaction = way == Way::transaction;
      if (way == Way::transaction) set(group.forward.config, "transactional.id", "forwarder-" + std::to_string(i));
    }
    setup().consumers.push_back(last);
    setup().consumers.back().from = "bills";
    set(setup().consumers.back().config, "session.timeout.ms", "600s");  // it stays, whatever its coordinator does
  }

  void set(OptionValues& values, std::string_view name, const std::string& text) {
    for (const OptionRow& row : options(setup().release)) {
      if (row.name == name) values.set(name, read_option(row, text));
    }
  }
  using KafkaRun::set;
  [[nodiscard]] ConsumersSetup& forwarder() { return setup().consumers.front(); }
  /// At the `number`th message that it has processed.
  [[nodiscard]] sim::Fault& fault_at_processed(sim::Action action, std::string target, std::uint64_t number) {
    sim::Fault& placed = fault(action, std::move(target));
    placed.at.moment = sim::MomentRef{"consumer-1", "processed", number, {}};
    return placed;
  }
  void expect_exactly_once() {
    EXPECT_TRUE(cluster().settled());
    EXPECT_EQ(acked(), 60);
    EXPECT_EQ(processed(), 60);
    EXPECT_EQ(duplicates(), 0);
  }
};

TEST(KafkaForwarding, HasItsEffectOnceAtTheLastConsumer) {
  for (const std::string_view release : known_releases()) {
    const bool transactions = behaviours(parse_release(release)).idempotence_exists;
    for (const Way way : {Way::plain, Way::transaction}) {
      if (way == Way::transaction && !transactions) continue;
      ForwardingRun run(way, std::string{release});
      run.run(60s);
      SCOPED_TRACE(std::string{release});
      run.expect_exactly_once();
    }
  }
}

TEST(KafkaForwarding, WithoutTransactionsACrashDoublesWhatWasNotCommitted) {
  ForwardingRun run(Way::plain);
  run.fault_at_processed(sim::Action::kill, "consumer-1", 30).duration = sim::Quantity{1s};
  run.run(90s);
  EXPECT_EQ(run.lost(), 0);
  EXPECT_GT(run.duplicates(), 0);
}

TEST(KafkaForwarding, InATransactionACrashTakesBackBoth) {
  for (const std::string release : {"2.4", "3.9", "4.1"}) {
    ForwardingRun run(Way::transaction, release);
    run.fault_at_processed(sim::Action::kill, "consumer-1", 30).duration = sim::Quantity{1s};
    run.run(120s);
    SCOPED_TRACE(release);
    run.expect_exactly_once();
  }
}

TEST(KafkaForwarding, ANewGroupCoordinatorKnowsWhatIsPending) {
  for (const std::string release : {"2.5", "3.9", "4.1"}) {
    ForwardingRun run(Way::transaction, release);
    sim::Fault& kill = run.fault(sim::Action::kill, "group_coordinator");
    kill.at.moment = sim::MomentRef{"consumer-1", "received:txn_offset_commit_response", 5, {}};
    kill.duration = sim::Quantity{20s};
    run.run(120s);
    SCOPED_TRACE(release);
    run.expect_exactly_once();
  }
}

TEST(KafkaForwarding, AStalledMemberIsRefusedByItsGeneration) {
  ForwardingRun run(Way::transaction, "3.9", 2);
  run.fault_at_processed(sim::Action::pause, "consumer-1", 10).duration = sim::Quantity{20s};
  run.run(120s);
  EXPECT_TRUE(run.reached("offsets of a fenced consumer refused"));
  run.expect_exactly_once();
}

TEST(KafkaForwarding, WithoutItsGenerationAStalledMemberDoubles) {
  ForwardingRun run(Way::transaction, "3.9", 2);
  run.set(run.forwarder().config, "send.offsets", "group_id");
  run.fault_at_processed(sim::Action::pause, "consumer-1", 10).duration = sim::Quantity{20s};
  run.run(120s);
  EXPECT_EQ(run.lost(), 0);
  EXPECT_GT(run.duplicates(), 0);
}

/// The heir asks for positions while the dead member's transaction holds them.
TEST(KafkaForwarding, AnHeirWaitsUntilTheOffsetsAreStable) {
  ForwardingRun run(Way::transaction, "3.9", 2);
  run.set(run.forwarder().forward.config, "transaction.timeout.ms", "15s");
  sim::Fault& pause = run.fault(sim::Action::pause, "consumer-1");
  pause.at.moment = sim::MomentRef{"consumer-1", "received:txn_offset_commit_response", 5, {}};
  pause.duration = sim::Quantity{40s};
  run.run(180s);
  EXPECT_TRUE(run.reached("consumer waited for stable offsets"));
  EXPECT_TRUE(run.reached("transaction timed out"));
  run.expect_exactly_once();
}

class AbortedForwarding : public ::testing::TestWithParam<OnAbort> {};

TEST_P(AbortedForwarding, LosesWhatItDoesNotReadAgain) {
  ForwardingRun run(Way::transaction, "3.9");
  run.setup().entities.back().assignment = {{2, 3, 1}};
  run.set(run.forwarder().forward.config, "request.timeout.ms", "2s");
  run.set(run.forwarder().forward.config, "delivery.timeout.ms", "3s");
  run.forwarder().forward.on_abort = GetParam();
  sim::Fault& cut = run.fault_at_processed(sim::Action::partition, "", 20);
  cut.shape = sim::PartitionShape::sides;
  cut.sides = {{"consumer-1"}, {"broker-2"}};
  cut.duration = sim::Quantity{8s};
  run.run(120s);
  EXPECT_TRUE(run.cluster().settled());
  EXPECT_TRUE(run.reached("transaction aborted"));
  EXPECT_EQ(run.duplicates(), 0);
  EXPECT_EQ(run.lost() > 0, GetParam() == OnAbort::go_on);
}

INSTANTIATE_TEST_SUITE_P(KafkaForwarding, AbortedForwarding, ::testing::Values(OnAbort::seek, OnAbort::go_on),
                         [](const auto& instance) {
                           return std::string{instance.param == OnAbort::seek ? "seek" : "go_on"};
                         });

}  // namespace
}  // namespace noloss::models::kafka
