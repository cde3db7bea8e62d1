// What a power loss leaves of what was not synced, rule by rule.
#include <set>

#include "tests/sim/disk_fixture.hpp"

namespace noloss::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kDraws = 200;

class DiskPowerTest : public DiskTest {};

TEST_F(DiskPowerTest, PrefixKeepsTheFirstBytesInWriteOrder) {
  std::set<std::string> seen;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    OneBroker broker;
    broker.make_file("log");
    broker.append("log", {"a", "b", "c"}, 2 * kSectorBytes);
    broker.lose_power(Unsynced::prefix, draw);
    broker.restart();
    seen.insert(broker.contents("log"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"", "~", "a", "a ~", "a b", "a b ~", "a b c"}));
}

TEST_F(DiskPowerTest, AnySubsetKeepsLosesAndTearsPages) {
  std::set<std::string> seen;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    OneBroker broker;
    broker.make_file("log");
    broker.append("log", {"a", "b"}, kPageBytes);
    broker.lose_power(Unsynced::any_subset, draw);
    broker.restart();
    seen.insert(broker.contents("log"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"", "~", "a", "a ~", "~ b", "a b", "~ ~"}));
}

TEST_F(DiskPowerTest, ATornPageDoesNotHarmItsDurableSectors) {
  std::set<std::string> seen;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    OneBroker broker;
    broker.make_file("log");
    broker.append("log", {"synced"}, 700);
    broker.sync("log");
    broker.append("log", {"b"}, 700);  // shares a sector with the one before
    broker.lose_power(Unsynced::any_subset, draw);
    broker.restart();
    seen.insert(broker.contents("log"));
    EXPECT_EQ(broker.ledger.durable_copies("synced"), 1);
  }
  EXPECT_EQ(seen, (std::set<std::string>{"synced", "synced b", "synced ~"}));
}

TEST_F(DiskPowerTest, AnOverwriteThatWasNotSyncedMayBeOldNewOrTorn) {
  std::set<std::string> seen;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    OneBroker broker;
    broker.make_file("checkpoint");
    broker.append("checkpoint", {"old"}, 2 * kSectorBytes);
    broker.sync("checkpoint");
    broker.file("checkpoint").write(0, 2 * kSectorBytes, letter("new"));
    EXPECT_EQ(broker.ledger.durable_copies("old"), 1);  // no longer in the cache, still on disk
    broker.lose_power(Unsynced::any_subset, draw);
    broker.restart();
    seen.insert(broker.contents("checkpoint"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"old", "new", "~"}));
}

TEST_F(DiskPowerTest, AnOverwriteOfOneSectorIsNeverTorn) {
  std::set<std::string> seen;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    OneBroker broker;
    broker.make_file("checkpoint");
    broker.append("checkpoint", {"old"}, kSectorBytes);
    broker.sync("checkpoint");
    broker.file("checkpoint").write(0, kSectorBytes, letter("new"));
    broker.lose_power(Unsynced::any_subset, draw);
    broker.restart();
    seen.insert(broker.contents("checkpoint"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"old", "new"}));
}

TEST_F(DiskPowerTest, PrefixMayStopAtAnOverwriteInBetween) {
  std::set<std::string> seen;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    OneBroker broker;
    broker.make_file("checkpoint");
    broker.append("checkpoint", {"one"}, kSectorBytes);
    broker.file("checkpoint").write(0, kSectorBytes, letter("two"));
    broker.file("checkpoint").write(0, kSectorBytes, letter("three"));
    EXPECT_EQ(broker.ledger.copies("one"), 0);
    broker.lose_power(Unsynced::prefix, draw);
    broker.restart();
    const std::string found = broker.contents("checkpoint");
    if (found == "one") {
      EXPECT_EQ(broker.ledger.copies("one"), 1);  // it has come back
    }
    seen.insert(found);
  }
  EXPECT_EQ(seen, (std::set<std::string>{"", "one", "two", "three"}));
}

TEST_F(DiskPowerTest, ATruncationThatIsNotSyncedMayBeUndone) {
  std::set<std::string> seen;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    OneBroker broker;
    broker.make_file("log");
    broker.append("log", {"a", "b"}, kPageBytes);
    broker.sync("log");
    broker.file("log").truncate(kPageBytes);
    broker.append("log", {"c"}, kPageBytes);
    broker.lose_power(Unsynced::any_subset, draw);
    broker.restart();
    seen.insert(broker.contents("log"));
  }
  // "a b": undone, and what was written there later is gone with it.
  EXPECT_EQ(seen, (std::set<std::string>{"a b", "a", "a c", "a ~"}));
}

TEST_F(DiskPowerTest, ASyncedTruncationNeverComesBack) {
  for (const Unsynced unsynced : kEveryRule) {
    for (std::uint64_t draw = 0; draw < kDraws / 4; ++draw) {
      OneBroker broker;
      broker.make_file("log");
      broker.append("log", {"a", "b"});
      broker.sync("log");
      broker.file("log").truncate(1000);
      broker.sync("log");
      EXPECT_EQ(broker.ledger.copies("b"), 0);
      broker.lose_power(unsynced, draw);
      broker.restart();
      EXPECT_EQ(broker.contents("log"), "a");
    }
  }
}

TEST_F(DiskPowerTest, TheSameDrawHasTheSameResultWhateverElseIsOnTheDisk) {
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    std::set<std::string> seen;
    for (const bool other : {false, true}) {
      OneBroker broker;
      if (other) {
        broker.make_file("another");
        broker.append("another", {"x", "y"}, 5 * kPageBytes);
      }
      broker.make_file("log");
      broker.append("log", {"a", "b", "c"}, 3000);
      broker.lose_power(draw % 2 == 0 ? Unsynced::prefix : Unsynced::any_subset, draw);
      broker.restart();
      seen.insert(broker.contents("log"));
    }
    EXPECT_EQ(seen.size(), 1U) << draw;
  }
}

TEST_F(DiskPowerTest, AfterAPowerLossThereIsNothingToWrite) {
  make_file("log");
  append("log", {"a"}, kPageBytes);
  lose_power(Unsynced::lose_all);
  restart();
  EXPECT_EQ(duration([this] { file("log").sync(); }), milliseconds{2});
  sleep(seconds{100});
  EXPECT_EQ(contents("log"), "");
}

TEST_F(DiskPowerTest, AWriteHalfOverwrittenOnEitherPageIsNeverWhole) {
  std::set<std::string> seen;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    OneBroker broker;
    broker.make_file("log");
    broker.append("log", {"a"}, 2 * kPageBytes);
    broker.sync("log");
    broker.file("log").write(0, kSectorBytes, letter("x"));
    broker.file("log").write(kPageBytes, kSectorBytes, letter("y"));
    broker.lose_power(Unsynced::any_subset, draw);
    broker.restart();
    seen.insert(broker.contents("log"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"a", "x ~ ~ ~", "~ ~ y ~", "x ~ y ~"}));
}

// --- after a failed sync ---

TEST_F(DiskPowerTest, AFailedSyncOfTheEndLeavesTheFileShort) {
  make_file("log");
  append("log", {"a", "b"}, kPageBytes);
  disk().fail_syncs(FsyncSemantics::ext4_ordered, true);
  sync("log");
  file("log").write(0, kPageBytes, letter("x"));
  EXPECT_EQ(sync("log"), IoResult::ok);
  EXPECT_EQ(contents("log"), "x b");
  lose_power(Unsynced::any_subset);
  restart();
  EXPECT_EQ(contents("log"), "x");
}

TEST_F(DiskPowerTest, WhatWasSyncedBehindAFailedSyncStaysDurable) {
  for (const Unsynced unsynced : kEveryRule) {
    for (std::uint64_t draw = 0; draw < kDraws / 4; ++draw) {
      OneBroker broker;
      broker.make_file("log");
      broker.append("log", {"a"}, 6000);
      broker.disk().fail_syncs(FsyncSemantics::ext4_ordered, true);
      broker.sync("log");
      broker.append("log", {"b"}, 1000);  // in the second page of the two that the disk thinks clean
      broker.sync("log");
      broker.append("log", {"c"}, 500);
      broker.lose_power(unsynced, draw);
      broker.restart();
      EXPECT_THAT(broker.contents("log"), testing::AnyOf("~ b", "~ b c", "~ b ~"));
    }
  }
}

}  // namespace
}  // namespace noloss::sim
