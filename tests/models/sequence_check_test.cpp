// The sequence check on its own: numbers in, alarms out.
#include "models/application/sequence_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "models/textbook/textbook.hpp"

namespace noloss::models {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SequenceCheckTest : public testing::Test {
 protected:
  SequenceCheckTest() { use({.enabled = true, .grace = 3}); }

  void use(SequenceCheckSetup setup) { check_.emplace(setup, sim::NodeId{0}, history_); }
  void see(std::initializer_list<std::uint64_t> numbers, std::uint32_t producer = 0, std::uint32_t partition = 0) {
    for (const std::uint64_t number : numbers) {
      Message message;
      message.ref = MessageRef{0};
      message.id = {producer, 1, partition, number};
      message.check_number = number;
      check_->seen(message);
    }
  }
  void beat(std::uint64_t last) {
    Message heartbeat;
    heartbeat.check_number = last;
    check_->seen(heartbeat);
  }
  [[nodiscard]] std::vector<std::uint64_t> alarms() const {
    std::vector<std::uint64_t> numbers;
    for (const Alarm& alarm : history_.alarms()) numbers.push_back(alarm.number);
    return numbers;
  }

 private:
  sim::FiberPool fibers_;
  sim::Simulation simulation_{fibers_, textbook::system().event_table(), {}};
  History history_{simulation_};
  std::optional<SequenceCheck> check_;
};

TEST_F(SequenceCheckTest, NumbersThatRiseByOneAreFine) {
  see({1, 2, 3, 4, 5});
  EXPECT_THAT(alarms(), IsEmpty());
}

TEST_F(SequenceCheckTest, AGapIsReportedAfterTheGraceAndNotBefore) {
  see({1, 2, 5, 6});
  EXPECT_THAT(alarms(), IsEmpty());
  see({7});
  EXPECT_THAT(alarms(), ElementsAre(3, 4));
}

TEST_F(SequenceCheckTest, AMessageThatComesLateWithinTheGraceIsNotLost) {
  see({1, 3, 2, 4, 5, 6, 7});
  EXPECT_THAT(alarms(), IsEmpty());
}

TEST_F(SequenceCheckTest, ARedeliveryIsNoGap) {
  see({1, 2, 3, 2, 3, 1, 4, 5, 6});
  EXPECT_THAT(alarms(), IsEmpty());
}

TEST_F(SequenceCheckTest, TheFirstMessagesCanBeMissingToo) {
  see({3, 4, 5});
  EXPECT_THAT(alarms(), ElementsAre(1, 2));
}

TEST_F(SequenceCheckTest, NothingComesAfterTheTail) {
  see({1, 2, 3});
  EXPECT_THAT(alarms(), IsEmpty()) << "4 and 5 may have been sent; no later number says so";
}

TEST_F(SequenceCheckTest, TheSecondHeartbeatReportsALostTail) {
  see({1, 2, 3});
  beat(5);
  EXPECT_THAT(alarms(), IsEmpty());
  beat(5);
  EXPECT_THAT(alarms(), ElementsAre(4, 5));
}

TEST_F(SequenceCheckTest, ProducersAndPartitionsAreCountedApart) {
  see({1, 2}, 0, 0);
  see({1, 2}, 1, 0);
  see({1, 2}, 0, 1);
  see({3, 4, 5, 6}, 1, 0);
  EXPECT_THAT(alarms(), IsEmpty());
}

TEST_F(SequenceCheckTest, WithoutTheIdentityAnotherProducerCoversALoss) {
  use({.enabled = true, .identity = false, .grace = 3});
  see({1, 2}, 0);
  see({1, 2, 3}, 1);     // here is a 3 ...
  see({4, 5, 6, 7}, 0);  // ... so nobody sees that this producer's was lost
  EXPECT_THAT(alarms(), IsEmpty());
}

TEST_F(SequenceCheckTest, OneCountOverTwoPartitionsThatTwoConsumersReadIsFullOfGaps) {
  use({.enabled = true, .per_partition = false, .grace = 2});
  see({1, 3, 5, 7}, 0, 0);  // the even numbers went to the other consumer
  EXPECT_THAT(alarms(), ElementsAre(2, 4));
}

RC_GTEST_FIXTURE_PROP(SequenceCheckTest, ReportsExactlyWhatIsMissingFarFromTheTail, ()) {
  constexpr std::uint64_t kLast = 60;
  const auto lost = *rc::gen::container<std::set<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(1, kLast - 10));
  for (std::uint64_t number = 1; number <= kLast; ++number) {
    if (!lost.contains(number)) see({number});
  }
  RC_ASSERT(alarms() == std::vector<std::uint64_t>(lost.begin(), lost.end()));
}

}  // namespace
}  // namespace noloss::models
