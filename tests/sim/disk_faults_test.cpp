// Faults of the disk: each one fires, matters, and heals as its row in the contract says.
#include <set>

#include "tests/sim/disk_fixture.hpp"

namespace noloss::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kDraws = 200;
class DiskFaultTest : public DiskTest {};

// --- power loss ---

TEST_F(DiskFaultTest, PrefixKeepsTheFirstBytesInWriteOrder) {
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

TEST_F(DiskFaultTest, AnySubsetKeepsLosesAndTearsPages) {
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

TEST_F(DiskFaultTest, ATornPageDoesNotHarmItsDurableSectors) {
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

TEST_F(DiskFaultTest, AnOverwriteThatWasNotSyncedMayBeOldNewOrTorn) {
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

TEST_F(DiskFaultTest, AnOverwriteOfOneSectorIsNeverTorn) {
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

TEST_F(DiskFaultTest, PrefixMayStopAtAnOverwriteInBetween) {
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

TEST_F(DiskFaultTest, ATruncationThatIsNotSyncedMayBeUndone) {
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

TEST_F(DiskFaultTest, ASyncedTruncationNeverComesBack) {
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

TEST_F(DiskFaultTest, TheSameDrawHasTheSameResultWhateverElseIsOnTheDisk) {
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

TEST_F(DiskFaultTest, AfterAPowerLossThereIsNothingToWrite) {
  make_file("log");
  append("log", {"a"}, kPageBytes);
  lose_power(Unsynced::lose_all);
  restart();
  EXPECT_EQ(duration([this] { file("log").sync(); }), milliseconds{2});
  sleep(seconds{100});
  EXPECT_EQ(contents("log"), "");
}

// --- fsync_error ---

TEST_F(DiskFaultTest, AfterAFailedSyncARetryLies) {
  make_file("log");
  append("log", {"a"});
  disk().fail_syncs(FsyncSemantics::ext4_ordered, true);
  EXPECT_EQ(sync("log"), IoResult::io_error);
  EXPECT_EQ(times(WorldEvent::sync_failed), 1U);
  EXPECT_EQ(sync("log"), IoResult::ok);
  EXPECT_EQ(contents("log"), "a");  // memory has it
  EXPECT_EQ(file("log").durable_size(), 0);
  lose_power(Unsynced::any_subset);
  restart();
  EXPECT_EQ(contents("log"), "");
  EXPECT_EQ(effects().syncs_failed, 1U);
}

TEST_F(DiskFaultTest, AFailedSyncIsLostForCertainUnderEveryDraw) {
  for (const Unsynced unsynced : kEveryRule) {
    for (std::uint64_t draw = 0; draw < kDraws / 4; ++draw) {
      OneBroker broker;
      broker.make_file("log");
      broker.append("log", {"a"}, kPageBytes);
      broker.disk().fail_syncs(FsyncSemantics::ext4_ordered, true);
      broker.sync("log");
      broker.append("log", {"b"}, kPageBytes);
      broker.sync("log");
      broker.lose_power(unsynced, draw);
      broker.restart();
      EXPECT_EQ(broker.contents("log"), "~ b");
    }
  }
}

TEST_F(DiskFaultTest, AWriteToTheSamePageRepairsAFailedSync) {
  make_file("log");
  append("log", {"a"});
  disk().fail_syncs(FsyncSemantics::ext4_ordered, true);
  sync("log");
  append("log", {"b"});
  EXPECT_EQ(sync("log"), IoResult::ok);
  EXPECT_EQ(file("log").durable_size(), 2000);
  lose_power(Unsynced::lose_all);
  restart();
  EXPECT_EQ(contents("log"), "a b");
}

TEST_F(DiskFaultTest, WithDataJournalingTheNextSyncFails) {
  make_file("log");
  append("log", {"a"});
  disk().fail_syncs(FsyncSemantics::ext4_data, true);
  EXPECT_EQ(sync("log"), IoResult::ok);
  EXPECT_EQ(file("log").durable_size(), 0);
  append("log", {"b"});
  EXPECT_EQ(sync("log"), IoResult::io_error);
  EXPECT_EQ(file("log").durable_size(), 0);  // and wrote nothing
  EXPECT_EQ(sync("log"), IoResult::ok);
  EXPECT_EQ(contents("log"), "a b");
  lose_power(Unsynced::any_subset);
  restart();
  EXPECT_EQ(contents("log"), "");
}

TEST_F(DiskFaultTest, WithBtrfsTheContentGoesBack) {
  make_file("log");
  append("log", {"a"});
  sync("log");
  append("log", {"b"});
  disk().fail_syncs(FsyncSemantics::btrfs, true);
  EXPECT_EQ(sync("log"), IoResult::io_error);
  EXPECT_EQ(contents("log"), "a");
  EXPECT_EQ(file("log").size(), 1000);
  EXPECT_EQ(ledger.copies("b"), 0);
  append("log", {"c"});
  EXPECT_EQ(sync("log"), IoResult::ok);
  EXPECT_EQ(file("log").durable_size(), 2000);
}

TEST_F(DiskFaultTest, WithBtrfsOverwrittenAndTruncatedContentComesBack) {
  make_file("log");
  append("log", {"a", "b", "c"});
  sync("log");
  file("log").write(0, 1000, letter("x"));
  file("log").truncate(2000);
  disk().fail_syncs(FsyncSemantics::btrfs, true);
  sync("log");
  EXPECT_EQ(contents("log"), "a b c");
  EXPECT_EQ(ledger.durable_copies("a"), 1);
  lose_power(Unsynced::any_subset);
  restart();
  EXPECT_EQ(contents("log"), "a b c");
}

TEST_F(DiskFaultTest, WithBtrfsASyncThatWaitsBehindBringsNothingBack) {
  make_file("log");
  append("log", {"a"});
  disk().fail_syncs(FsyncSemantics::btrfs, true);
  IoResult second = IoResult::io_error;
  after(milliseconds{1}, [&] {
    append("log", {"b"});
    machine().process().spawn([&] { second = file("log").sync(); });
  });
  EXPECT_EQ(sync("log"), IoResult::io_error);
  EXPECT_EQ(second, IoResult::ok);  // there was nothing left to write
  EXPECT_EQ(contents("log"), "");
  lose_power(Unsynced::lose_all);
  restart();
  EXPECT_EQ(contents("log"), "");
}

TEST_F(DiskFaultTest, SyncsFailUntilHealedUnlessOnce) {
  append("log", {"a"});
  disk().fail_syncs(FsyncSemantics::ext4_ordered, false);
  EXPECT_EQ(sync("log"), IoResult::io_error);
  EXPECT_EQ(sync("log"), IoResult::io_error);
  disk().clear_sync_errors();
  EXPECT_EQ(sync("log"), IoResult::ok);
}

// --- fsync_lie ---

TEST_F(DiskFaultTest, ALyingDiskLosesWhatItSaidWasSynced) {
  for (const Unsynced unsynced : kEveryRule) {
    for (std::uint64_t draw = 0; draw < kDraws / 4; ++draw) {
      OneBroker broker;
      broker.make_file("log");
      broker.disk().lie(true);
      broker.append("log", {"a"});
      EXPECT_EQ(broker.sync("log"), IoResult::ok);
      EXPECT_EQ(broker.effects().syncs_lied, 1U);
      EXPECT_EQ(broker.file("log").durable_size(), 0);
      broker.lose_power(unsynced, draw);
      broker.restart();
      EXPECT_EQ(broker.contents("log"), "");
    }
  }
}

TEST_F(DiskFaultTest, WhatADiskLiedAboutSurvivesAKill) {
  disk().lie(true);
  append("log", {"a"});
  sync("log");
  kill_and_restart();
  EXPECT_EQ(contents("log"), "a");
}

TEST_F(DiskFaultTest, AfterTheLieNothingIsFlushedByItself) {
  make_file("log");
  disk().lie(true);
  append("log", {"a"});
  sync("log");
  disk().lie(false);
  EXPECT_EQ(ledger.durable_copies("a"), 0);
  lose_power(Unsynced::any_subset);
  restart();
  EXPECT_EQ(contents("log"), "");
}

TEST_F(DiskFaultTest, AfterTheLieTheNextSyncOfAnyFileFlushesAll) {
  make_file("log");
  disk().lie(true);
  append("log", {"a"});
  sync("log");
  disk().lie(false);
  sync("another");
  EXPECT_EQ(ledger.durable_copies("a"), 1);
  EXPECT_EQ(file("log").durable_size(), 1000);
  lose_power(Unsynced::lose_all);
  restart();
  EXPECT_EQ(contents("log"), "a");
}

TEST_F(DiskFaultTest, ALieAboutATruncationIsUndoneByAPowerLoss) {
  for (const Unsynced unsynced : kEveryRule) {
    for (std::uint64_t draw = 0; draw < kDraws / 4; ++draw) {
      OneBroker broker;
      broker.make_file("log");
      broker.append("log", {"a", "b"});
      broker.sync("log");
      broker.disk().lie(true);
      broker.file("log").truncate(1000);
      broker.append("log", {"c"});
      broker.sync("log");
      EXPECT_EQ(broker.contents("log"), "a c");
      broker.lose_power(unsynced, draw);
      broker.restart();
      EXPECT_EQ(broker.contents("log"), "a b");
    }
  }
}

TEST_F(DiskFaultTest, AfterTheLieWritebackBehindATruncationMakesItDurable) {
  make_file("log");
  append("log", {"a", "b"});
  sync("log");
  disk().lie(true);
  file("log").truncate(1000);
  sync("log");
  disk().lie(false);
  append("log", {"c"});
  sleep(seconds{36});
  lose_power(Unsynced::lose_all);
  restart();
  EXPECT_EQ(contents("log"), "a c");
}

TEST_F(DiskFaultTest, UnderALieTheKernelWritesToTheWriteCache) {
  make_file("log");
  disk().lie(true);
  append("log", {"a"});
  sleep(seconds{40});
  disk().lie(false);
  EXPECT_EQ(file("log").durable_size(), 0);
  sync("log");
  EXPECT_EQ(file("log").durable_size(), 1000);
}

}  // namespace
}  // namespace noloss::sim
