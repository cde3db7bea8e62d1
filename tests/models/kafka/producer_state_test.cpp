// What a partition remembers of idempotent producers.
#include "models/kafka/producer_state.hpp"

#include <gtest/gtest.h>

namespace noloss::models::kafka {
namespace {

using namespace std::chrono_literals;

class ProducerStateTest : public testing::Test {
 protected:
  /// Appends a batch if the state accepts it.
  Error append(std::int32_t epoch, std::int64_t sequence, std::int32_t records = 1) {
    const ProducerStamp stamp{7, epoch, false, sequence};
    const auto decision = states_.check(stamp, records, now_, 1h);
    duplicate_ = decision.duplicate_of;
    if (decision.error != Error::none || duplicate_) return decision.error;
    LogRecord last;
    offset_ += records;
    last.offset = offset_ - 1;
    last.producer = stamp;
    last.batch_records = records;
    last.index_in_batch = records - 1;
    last.appended = now_;
    states_.appended(last);
    return Error::none;
  }

  /// Appends a transaction's marker if the state accepts it.
  Error mark(std::int32_t epoch, Epoch coordinator_epoch) {
    LogRecord marker;
    marker.kind = RecordKind::abort_marker;
    marker.producer = {7, epoch, true, -1};
    marker.coordinator_epoch = coordinator_epoch;
    marker.offset = offset_;
    const Error error = states_.check_marker(marker.producer, coordinator_epoch);
    if (error != Error::none) return error;
    ++offset_;
    states_.appended(marker);
    return error;
  }

  ProducerStates states_;
  sim::VirtualTime now_ = sim::kStart;
  Offset offset_ = 0;
  std::optional<ProducerStates::Batch> duplicate_;
};

TEST_F(ProducerStateTest, SequencesMustFollowEachOther) {
  EXPECT_EQ(append(0, 0, 3), Error::none);
  EXPECT_EQ(append(0, 3), Error::none);
  EXPECT_EQ(append(0, 5), Error::out_of_order_sequence_number);
  EXPECT_EQ(append(0, 4), Error::none);
}

TEST_F(ProducerStateTest, TheLastFiveBatchesAreDuplicates) {
  for (std::int64_t sequence = 0; sequence < 6; ++sequence) ASSERT_EQ(append(0, sequence), Error::none);
  EXPECT_EQ(append(0, 1), Error::none);
  ASSERT_TRUE(duplicate_);
  EXPECT_EQ(duplicate_->base_offset, 1);
  EXPECT_EQ(append(0, 0), Error::out_of_order_sequence_number);  // the sixth from the end is forgotten
}

TEST_F(ProducerStateTest, ANewEpochBeginsAtZeroAndFencesTheOldOne) {
  ASSERT_EQ(append(0, 0), Error::none);
  EXPECT_EQ(append(1, 1), Error::out_of_order_sequence_number);
  EXPECT_EQ(append(1, 0), Error::none);
  EXPECT_EQ(append(0, 1), Error::invalid_producer_epoch);
}

TEST_F(ProducerStateTest, AnUnknownProducerMayBeginAnywhere) { EXPECT_EQ(append(3, 1000), Error::none); }

TEST_F(ProducerStateTest, AnIdleProducerIsForgotten) {
  ASSERT_EQ(append(0, 0), Error::none);
  now_ += 2h;
  EXPECT_EQ(append(0, 0), Error::none);
  EXPECT_FALSE(duplicate_) << "it was appended again";
}

TEST_F(ProducerStateTest, ATruncationBelowItsLastBatchForgetsTheProducer) {
  ASSERT_EQ(append(0, 0), Error::none);
  states_.forget_below(1);
  EXPECT_EQ(append(0, 17), Error::none);
}

TEST_F(ProducerStateTest, AMarkerOfTheSameEpochLetsTheSequencesGoOn) {
  ASSERT_EQ(append(0, 0), Error::none);
  EXPECT_EQ(mark(0, 1), Error::none);
  EXPECT_EQ(append(0, 1), Error::none);
}

TEST_F(ProducerStateTest, AMarkerOfANewEpochFencesTheOldOne) {
  ASSERT_EQ(append(0, 0), Error::none);
  EXPECT_EQ(mark(1, 1), Error::none);
  EXPECT_EQ(append(0, 1), Error::invalid_producer_epoch);
  EXPECT_EQ(append(1, 0), Error::none);
}

TEST_F(ProducerStateTest, MarkersOfAnOlderEpochOrCoordinatorAreRefused) {
  ASSERT_EQ(append(3, 0), Error::none);
  EXPECT_EQ(mark(2, 1), Error::invalid_producer_epoch);
  EXPECT_EQ(mark(3, 5), Error::none);
  EXPECT_EQ(mark(3, 4), Error::transaction_coordinator_fenced);
}

}  // namespace
}  // namespace noloss::models::kafka
