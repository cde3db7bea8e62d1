// What a search asks of a disk: which unsynced items there are, and that exactly the chosen ones survive.
#include "tests/sim/disk_fixture.hpp"

namespace noloss::sim {
namespace {

using Items = std::vector<std::string>;

Items unsynced(OneBroker& broker) {
  Items items;
  for (const UnsyncedItem& item : broker.disk().unsynced()) items.push_back(to_text("broker-1", item));
  return items;
}

LossRule keeping(const Items& items) {
  LossRule rule{.unsynced = Unsynced::any_subset, .draw = 1, .kept = std::vector<UnsyncedItem>{}};
  for (const std::string& item : items) rule.kept->push_back(parse_unsynced(item)->item);
  return rule;
}

/// A broker whose log has a synced page and two that are not.
class DiskSurvivorsTest : public testing::Test {
 public:
  DiskSurvivorsTest() {
    broker.make_file("log");
    broker.append("log", {"a"}, kPageBytes);
    broker.sync("log");
    broker.append("log", {"b", "c"}, kPageBytes);
  }
  std::string after(const Items& kept) {
    broker.machine().lose_power(keeping(kept));
    broker.restart();
    return broker.contents("log");
  }
  OneBroker broker;
};

TEST_F(DiskSurvivorsTest, DirtyPagesAreUnsynced) {
  EXPECT_EQ(unsynced(broker), (Items{"broker-1 log page 1", "broker-1 log page 2"}));
}

TEST_F(DiskSurvivorsTest, APageThatASyncIsWritingIsUnsyncedUntilItReturns) {
  Items meanwhile;
  broker.after(std::chrono::microseconds{100}, [&] { meanwhile = unsynced(broker); });
  broker.sync("log");
  EXPECT_EQ(meanwhile, (Items{"broker-1 log page 1", "broker-1 log page 2"}));
  EXPECT_EQ(unsynced(broker), Items{});
}

TEST_F(DiskSurvivorsTest, NothingKeptIsEverythingLost) { EXPECT_EQ(after({}), "a"); }

TEST_F(DiskSurvivorsTest, TheFirstPageAlone) { EXPECT_EQ(after({"broker-1 log page 1"}), "a b"); }

TEST_F(DiskSurvivorsTest, TheLastPageAloneLeavesAHole) { EXPECT_EQ(after({"broker-1 log page 2"}), "a ~ c"); }

TEST_F(DiskSurvivorsTest, EveryPage) { EXPECT_EQ(after({"broker-1 log page 1", "broker-1 log page 2"}), "a b c"); }

TEST_F(DiskSurvivorsTest, ANewNameIsUnsyncedUntilItsDirectoryIs) {
  broker.disk().create("index", FileClass::index);
  EXPECT_EQ(unsynced(broker).front(), "broker-1 index name 0");
  broker.machine().lose_power(keeping({"broker-1 index name 0"}));
  broker.restart();
  EXPECT_NE(broker.disk().find("index"), nullptr);
}

TEST_F(DiskSurvivorsTest, ANewNameThatIsNotKeptIsGone) {
  broker.disk().create("index", FileClass::index);
  broker.machine().lose_power(keeping({}));
  broker.restart();
  EXPECT_EQ(broker.disk().find("index"), nullptr);
}

TEST_F(DiskSurvivorsTest, ATruncationThatIsNotKeptIsUndone) {
  broker.file("log").truncate(0);
  EXPECT_EQ(unsynced(broker), Items{"broker-1 log truncation 0"});
  EXPECT_EQ(after({}), "a");
}

TEST_F(DiskSurvivorsTest, ATruncationThatIsKept) {
  broker.file("log").truncate(0);
  EXPECT_EQ(after({"broker-1 log truncation 0"}), "");
}

TEST_F(DiskSurvivorsTest, WritingTheSameBytesAgainEndangersNothing) {
  for (const Unsynced rule : kEveryRule) {
    for (std::uint64_t draw = 0; draw < 50; ++draw) {
      OneBroker other;
      other.make_file("log");
      other.append("log", {"a"}, 3 * kPageBytes);
      other.sync("log");
      const PayloadPtr same = other.file("log").read_all().front().payload;
      other.file("log").write(0, 3 * kPageBytes, same);
      EXPECT_EQ(unsynced(other).size(), 3U);
      other.lose_power(rule, draw);
      other.restart();
      EXPECT_EQ(other.contents("log"), "a");
    }
  }
}

TEST_F(DiskSurvivorsTest, WritingTheSameBytesAgainRepairsWhatAFailedSyncLeft) {
  broker.disk().fail_syncs(FsyncSemantics::ext4_ordered, true);
  broker.sync("log");
  const auto records = broker.file("log").read_all();
  for (const StoredRecord& record : records) broker.file("log").write(record.offset, record.bytes, record.payload);
  EXPECT_EQ(broker.sync("log"), IoResult::ok);
  EXPECT_EQ(after({}), "a b c");
}

TEST_F(DiskSurvivorsTest, ActivityRisesWithEveryChangeAndWithNothingElse) {
  const std::uint64_t before = broker.disk().activity();
  EXPECT_NE(broker.disk().find("log"), nullptr);
  static_cast<void>(broker.disk().unsynced());
  EXPECT_EQ(broker.disk().activity(), before);
  broker.append("log", {"d"});
  const std::uint64_t written = broker.disk().activity();
  EXPECT_GT(written, before);
  broker.sync("log");
  EXPECT_GE(broker.disk().activity(), written + 2);  // it began and it ended
}

TEST(UnsyncedTextTest, WhatIsNoItemIsRefused) {
  for (const std::string_view text : {"", "broker-1", "broker-1 log page", "broker-1 log page x",
                                      "broker-1 log sector 1", "broker-1 log page 1 2", " log page 1"}) {
    EXPECT_FALSE(parse_unsynced(text)) << text;
  }
}

}  // namespace
}  // namespace noloss::sim
