// Open and aborted transactions of a log, the last stable offset, and what a reader leaves out.
#include "models/kafka/log_transactions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace noloss::models::kafka {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A log as a word: letters are records of transactions of the producers a, b, ..; "." is a record without one; after
/// "+" or "-" a letter is the marker by which that producer commits or aborts.
class LogTransactionsTest : public testing::Test {
 protected:
  void append(std::string_view word) {
    RecordKind kind = RecordKind::message;
    for (const char letter : word) {
      if (letter == '+' || letter == '-') {
        kind = letter == '+' ? RecordKind::commit_marker : RecordKind::abort_marker;
        continue;
      }
      LogRecord record;
      record.kind = kind;
      record.offset = std::ssize(log_);
      if (letter != '.') record.producer = {letter, 0, true, 0};
      transactions_.appended(record);
      log_.push_back({record.offset, record.kind, record.producer});
      kind = RecordKind::message;
    }
  }
  /// Offsets of messages that a reader of [from, to) sees.
  std::vector<Offset> seen(Offset from, Offset to) {
    AbortedFilter filter(transactions_.aborted_between(from, to));
    std::vector<Offset> offsets;
    for (Offset offset = from; offset < to; ++offset) {
      LogRecord record;
      record.offset = offset;
      record.kind = log_[static_cast<std::size_t>(offset)].kind;
      record.producer = log_[static_cast<std::size_t>(offset)].producer;
      if (!filter.hides(record) && record.kind == RecordKind::message) offsets.push_back(offset);
    }
    return offsets;
  }

  struct Entry {
    Offset offset = 0;
    RecordKind kind{};
    ProducerStamp producer;
  };
  LogTransactions transactions_;
  std::vector<Entry> log_;
};

TEST_F(LogTransactionsTest, WithoutTransactionsEverythingCommittedIsStable) {
  append("...");
  EXPECT_EQ(transactions_.last_stable(2), 2);
  EXPECT_EQ(transactions_.last_stable(3), 3);
}

TEST_F(LogTransactionsTest, AnOpenTransactionHidesWhatFollows) {
  append("..a..");
  EXPECT_EQ(transactions_.last_stable(5), 2);
  EXPECT_EQ(transactions_.last_stable(1), 1);
}

TEST_F(LogTransactionsTest, TheMarkerCountsOnceItIsCommitted) {
  append(".a.+a");
  EXPECT_EQ(transactions_.last_stable(3), 1) << "the marker at 3 may yet be lost";
  EXPECT_EQ(transactions_.last_stable(4), 4);
}

TEST_F(LogTransactionsTest, TheOldestOfSeveralDecides) {
  append("ab+a");
  EXPECT_EQ(transactions_.last_stable(3), 1);
  append("-b");
  EXPECT_EQ(transactions_.last_stable(4), 4);
}

TEST_F(LogTransactionsTest, AbortedRecordsAreLeftOutAndNothingElse) {
  append("ab.a-ab+b");  // a at 0 and 3 is aborted at 4; b at 1 and 5 is committed at 6
  EXPECT_THAT(seen(0, 7), ElementsAre(1, 2, 5));
  EXPECT_THAT(seen(3, 7), ElementsAre(5)) << "from the middle of an aborted transaction";
}

TEST_F(LogTransactionsTest, AProducerMayAbortAndThenCommit) {
  append("aa-aa+aa-a");
  EXPECT_THAT(seen(0, 7), ElementsAre(3));
  EXPECT_THAT(seen(3, 7), ElementsAre(3));
}

TEST_F(LogTransactionsTest, ABatchBehindItsOwnMarkerOpensATransactionAgain) {
  append("a-aa..");
  EXPECT_EQ(transactions_.last_stable(5), 2);
  EXPECT_TRUE(transactions_.open('a'));
  EXPECT_THAT(seen(0, 5), ElementsAre(2, 3, 4));
}

TEST_F(LogTransactionsTest, AMarkerForNothingChangesNothing) {
  append("-a.+a");
  EXPECT_EQ(transactions_.last_stable(3), 3);
  EXPECT_THAT(transactions_.aborted(), IsEmpty());
}

}  // namespace
}  // namespace noloss::models::kafka
