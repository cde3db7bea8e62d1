// A classic queue whose process crashes over its disk: what is started again, how often, and what is left.
#include "tests/models/rabbitmq/stream_world.hpp"

namespace noloss::models::rabbitmq {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class QueueCrashTest : public StreamTest {
 protected:
  QueueCrashTest() {
    setup_.brokers.count = 1;
    set(OptionScope::entity, "type", "classic");
    set(OptionScope::producer, "delivery_mode", "2");
    messages(20, 1000);
  }
  void size(std::int64_t bytes) { setup_.producers.front().workload.front().size = sim::Quantity{bytes}; }
};

TEST_F(QueueCrashTest, IsStartedAgainAndRefusesWhatItOwed) {
  starts_at("consumer-1", 10s);
  fault(100ms, Action::disk_full, "broker-1", 200ms);
  run_until(1s);
  EXPECT_EQ(happened("broker-1", "queue.crashed"), 1U) << "at the first flush, 200 ms after the first publish";
  EXPECT_THAT(leaders(), ElementsAre("broker-1"));
  run_until(10s);
  EXPECT_TRUE(finish(60s)) << "what was refused is published again";
  EXPECT_EQ(acked(), 20);
  EXPECT_EQ(lost(), 0);
}

TEST_F(QueueCrashTest, TheSixthCrashWithinTenSecondsIsTheLast) {
  starts_at("consumer-1", 60s);
  fault(100ms, Action::disk_full, "broker-1", 8s);
  run_until(8s);
  EXPECT_EQ(happened("broker-1", "queue.crashed"), 6U);
  run_until(40s);
  EXPECT_EQ(happened("broker-1", "queue.crashed"), 6U);
  EXPECT_THAT(leaders(), IsEmpty()) << "although there is room again";
  EXPECT_EQ(happened("broker-1", "killed"), 0U) << "the node goes on";
}

TEST_F(QueueCrashTest, KeepsWhatItHadWritten) {
  starts_at("consumer-1", 20s);
  fault(500ms, Action::disk_full, "broker-1", 8s);
  run_until(400ms);
  EXPECT_EQ(acked(), 20);
  run_until(19s);
  EXPECT_EQ(happened("broker-1", "queue.crashed"), 0U) << "nothing is left to be written";
  EXPECT_TRUE(finish(60s));
  EXPECT_EQ(lost(), 0);
  EXPECT_EQ(duplicates(), 0);
}

TEST_F(QueueCrashTest, TheStoreOfLargerMessagesTakesTheVirtualHostAlong) {
  size(8192);
  starts_at("consumer-1", 10s);
  fault(100ms, Action::disk_full, "broker-1", 200ms);
  run_until(1s);
  EXPECT_TRUE(reached("virtual host restarted"));
  EXPECT_THAT(leaders(), ElementsAre("broker-1"));
  run_until(10s);
  EXPECT_TRUE(finish(60s));
  EXPECT_EQ(acked(), 20);
  EXPECT_EQ(lost(), 0);
}

TEST_F(QueueCrashTest, AFileThatIsHalfGarbageIsCompactedAndLosesNothing) {
  size(1'048'576);
  messages(40, 100);
  set(OptionScope::consumer, "prefetch_count", "1");
  setup_.consumers.front().processing_time = sim::Quantity{Duration{3s}};
  fault(45s, Action::kill, "broker-1", 1s);  // what was moved is found again
  run_until(44s);
  ASSERT_TRUE(reached("message store compacted"));
  EXPECT_TRUE(finish(300s));
  EXPECT_EQ(acked(), 40);
  EXPECT_EQ(lost(), 0);
}

}  // namespace
}  // namespace noloss::models::rabbitmq
