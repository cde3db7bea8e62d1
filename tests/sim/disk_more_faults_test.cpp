// Faults of the device (slow, full, unreadable, corrupt, replaced), and what becomes of names.
#include <set>

#include "tests/sim/disk_fixture.hpp"

namespace noloss::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kDraws = 200;

class DiskDeviceTest : public DiskTest {};
class DiskNamesTest : public DiskTest {};

// --- disk_slow ---

TEST_F(DiskDeviceTest, ASlowDiskTakesFactorTimesAsLong) {
  append("log", {"a"}, kPageBytes);
  const Duration fast = duration([this] { file("log").sync(); });
  disk().slow(100, false);
  append("log", {"b"}, kPageBytes);
  EXPECT_EQ(duration([this] { file("log").sync(); }), 100 * fast);
  EXPECT_EQ(duration([this] { append("log", {"c"}); }), Duration{0});  // into the page cache
  EXPECT_EQ(effects().operations_slowed, 1U);
  disk().slow(1, false);
  EXPECT_EQ(duration([this] { file("log").sync(); }), fast);
}

TEST_F(DiskDeviceTest, AnOperationThatIsHealedHalfWayGoesOnAtFullSpeed) {
  disk().create("log", FileClass::log);
  disk().slow(100, false);
  after(milliseconds{100}, [this] { disk().slow(1, false); });
  EXPECT_EQ(duration([this] { file("log").sync(); }), milliseconds{101});
}

TEST_F(DiskDeviceTest, AStalledSyncCompletesAfterTheHeal) {
  make_file("log");
  append("log", {"a"}, kPageBytes);
  after(milliseconds{1}, [this] { disk().slow(1, true); });
  after(seconds{10}, [this] {
    EXPECT_EQ(file("log").durable_size(), 0);
    disk().slow(1, false);
  });
  const Duration fast = milliseconds{2} + std::chrono::nanoseconds{2731};
  EXPECT_EQ(duration([this] { EXPECT_EQ(file("log").sync(), IoResult::ok); }), seconds{10} - milliseconds{1} + fast);
  EXPECT_EQ(file("log").durable_size(), kPageBytes);
  EXPECT_EQ(effects().operations_slowed, 1U);
}

TEST_F(DiskDeviceTest, UnderAStallNothingIsWrittenBack) {
  append("log", {"a"});
  disk().slow(1, true);
  sleep(seconds{100});
  EXPECT_EQ(file("log").durable_size(), 0);
  disk().slow(1, false);
  sleep(seconds{4});
  EXPECT_EQ(file("log").durable_size(), 0);
  sleep(seconds{2});  // the next wake-up
  EXPECT_EQ(file("log").durable_size(), 1000);
}

TEST_F(DiskDeviceTest, WritebackBeforeAStallHasHappened) {
  append("log", {"a"});
  sleep(seconds{36});
  disk().slow(1, true);
  EXPECT_EQ(file("log").durable_size(), 1000);
}

TEST_F(DiskDeviceTest, AKilledProcessDoesNotWaitForAStalledDisk) {
  make_file("log");
  append("log", {"a"});
  disk().slow(1, true);
  after(milliseconds{5}, [this] { machine().kill(); });
  process([this] { file("log").sync(); });
  restart();
  disk().slow(1, false);
  sleep(seconds{1});
  EXPECT_EQ(file("log").durable_size(), 1000);
  EXPECT_EQ(times(WorldEvent::sync_done), 0U);
}

// --- disk_full ---

TEST_F(DiskDeviceTest, AFullDiskRefusesWrites) {
  append("log", {"a"});
  disk().fill(true);
  EXPECT_EQ(file("log").append(1000, letter("b")), IoResult::no_space);
  EXPECT_EQ(file("log").write(0, 1000, letter("c")), IoResult::no_space);
  EXPECT_EQ(effects().writes_refused, 2U);
  EXPECT_EQ(ledger.copies("b"), 0);
  EXPECT_EQ(sync("log"), IoResult::ok);
  disk().fill(false);
  append("log", {"d"});
  EXPECT_EQ(contents("log"), "a d");
}

// --- disk_error ---

TEST_F(DiskDeviceTest, AnUnreadableBlockIsReadableAfterTheHeal) {
  append("log", {"a", "b", "c"}, kPageBytes);
  sync("log");
  EXPECT_EQ(disk().make_unreadable(1, FileClass::log, 7), 1);
  const std::string found = contents("log");
  EXPECT_THAT(found, testing::AnyOf("! b c", "a ! c", "a b !"));
  const auto at = static_cast<std::int64_t>(found.find('!') / 2) * kPageBytes;
  EXPECT_EQ(file("log").check(at, kPageBytes), RecordState::unreadable);
  EXPECT_EQ(effects().reads_damaged, 2U);
  EXPECT_EQ(ledger.durable_copies("b"), 1);
  disk().make_readable();
  EXPECT_EQ(contents("log"), "a b c");
}

TEST_F(DiskDeviceTest, OnlyBlocksOfTheClassThatAreOnTheMediumAreChosen) {
  append("log", {"a"}, kPageBytes);
  EXPECT_EQ(disk().make_unreadable(3, FileClass::log, 1), 0);  // nothing there yet
  sync("log");
  EXPECT_EQ(disk().make_unreadable(3, FileClass::index, 1), 0);
  EXPECT_EQ(disk().make_unreadable(3, FileClass::log, 1), 1);
  EXPECT_EQ(contents("log"), "!");
}

// --- corrupt ---

TEST_F(DiskDeviceTest, ACorruptBlockDamagesItsRecordsForGood) {
  make_file("log");
  append("log", {"a", "b", "c"}, kPageBytes);
  sync("log");
  EXPECT_EQ(disk().corrupt(2, Damage::junk, FileClass::log, 5), 2);
  EXPECT_EQ(ledger.copies("a") + ledger.copies("b") + ledger.copies("c"), 1);
  EXPECT_EQ(ledger.durable_copies("a") + ledger.durable_copies("b") + ledger.durable_copies("c"), 1);
  const std::string found = contents("log");
  EXPECT_THAT(found, testing::AnyOf("a ~ ~", "~ b ~", "~ ~ c"));
  lose_power(Unsynced::any_subset);
  restart();
  EXPECT_EQ(contents("log"), found);
}

TEST_F(DiskDeviceTest, ACorruptPlaceIsGoodAgainOnceOverwritten) {
  append("log", {"a"}, kPageBytes);
  sync("log");
  disk().corrupt(1, Damage::zeros, FileClass::log, 5);
  EXPECT_EQ(file("log").check(0, kPageBytes), RecordState::damaged);
  file("log").write(0, kPageBytes, letter("b"));
  EXPECT_EQ(contents("log"), "b");
  sync("log");
  EXPECT_EQ(file("log").durable_size(), kPageBytes);
}

TEST_F(DiskDeviceTest, CorruptionOfTheMediumDoesNotTouchWhatIsOnlyInTheCache) {
  append("log", {"a"});
  sync("log");
  append("log", {"b"});
  disk().corrupt(1, Damage::junk, FileClass::log, 5);
  EXPECT_EQ(contents("log"), "~ b");
}

// --- wipe ---

TEST_F(DiskDeviceTest, AWipedDiskIsEmpty) {
  make_file("log");
  append("log", {"a"});
  sync("log");
  const std::uint32_t identity = disk().identity();
  lose_power(Unsynced::lose_all);
  disk().wipe(false);
  restart();
  EXPECT_EQ(contents("log"), "no file");
  EXPECT_EQ(disk().identity(), identity);
  EXPECT_EQ(ledger.copies("a"), 0);
  EXPECT_EQ(effects().bytes_lost, 1000U);
  append("log", {"b"});
  EXPECT_EQ(sync("log"), IoResult::ok);
}

TEST_F(DiskDeviceTest, AWipeMayChangeTheIdentity) {
  const std::uint32_t identity = disk().identity();
  lose_power(Unsynced::lose_all);
  disk().wipe(true);
  EXPECT_NE(disk().identity(), identity);
}

TEST_F(DiskDeviceTest, AFiberThatUnwindsMayStillHoldAFileOfAWipedDisk) {
  struct SyncAtEnd {
    File& file;
    ~SyncAtEnd() {
      file.append(10, letter("late"));
      file.sync();
    }
  };
  make_file("log");
  after(seconds{1}, [this] {
    lose_power(Unsynced::lose_all);
    disk().wipe(false);
  });
  process([this] {
    const SyncAtEnd guard{file("log")};
    machine().process().sleep(seconds{2});
  });
  EXPECT_EQ(ledger.copies("late"), 0);
}

// --- names ---

TEST_F(DiskNamesTest, ANewFileIsLostWithItsEntryHoweverOftenItWasSynced) {
  append("log", {"a"});
  sync("log");
  lose_power(Unsynced::lose_all);
  restart();
  EXPECT_EQ(contents("log"), "no file");
  EXPECT_EQ(ledger.copies("a"), 0);
  EXPECT_EQ(effects().bytes_lost, 1000U);
}

TEST_F(DiskNamesTest, AnEntrySurvivesOnceTheDirectoryIsSynced) {
  append("log", {"a"});
  EXPECT_EQ(duration([this] { disk().sync_directory(); }), milliseconds{2});
  lose_power(Unsynced::lose_all);
  restart();
  EXPECT_EQ(contents("log"), "");  // the file is there; its bytes were not synced
}

TEST_F(DiskNamesTest, ADirectorySyncCoversChangesBeforeTheCall) {
  append("before", {"a"});
  after(milliseconds{1}, [this] { append("during", {"b"}); });
  sync_directory();
  lose_power(Unsynced::lose_all);
  EXPECT_EQ(disk().list(), std::vector<std::string>{"before"});
}

TEST_F(DiskNamesTest, ARenameIsAtomic) {
  std::set<std::string> seen;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    OneBroker broker;
    broker.append("checkpoint", {"old"});
    broker.append("checkpoint.tmp", {"new"});
    broker.sync("checkpoint");
    broker.sync("checkpoint.tmp");
    broker.sync_directory();
    EXPECT_EQ(broker.disk().rename("checkpoint.tmp", "checkpoint"), IoResult::ok);
    EXPECT_EQ(broker.contents("checkpoint"), "new");
    EXPECT_EQ(broker.disk().find("checkpoint.tmp"), nullptr);
    broker.lose_power(draw % 2 == 0 ? Unsynced::any_subset : Unsynced::prefix, draw);
    broker.restart();
    const bool renamed = broker.disk().find("checkpoint.tmp") == nullptr;
    EXPECT_EQ(broker.contents("checkpoint"), renamed ? "new" : "old");
    EXPECT_EQ(broker.file("checkpoint").name(), "checkpoint");
    seen.insert(broker.contents("checkpoint"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"old", "new"}));
}

TEST_F(DiskNamesTest, ARenameOfUnsyncedContentCanLeaveAnEmptyFile) {
  append("checkpoint", {"old"});
  sync("checkpoint");
  sync_directory();
  append("checkpoint.tmp", {"new"});
  disk().rename("checkpoint.tmp", "checkpoint");
  sync_directory();
  EXPECT_EQ(ledger.copies("old"), 0);
  lose_power(Unsynced::lose_all);
  restart();
  EXPECT_EQ(contents("checkpoint"), "");
}

TEST_F(DiskNamesTest, AnUnlinkThatIsNotSyncedMayBeUndone) {
  std::set<std::string> seen;
  for (std::uint64_t draw = 0; draw < 50; ++draw) {
    OneBroker broker;
    broker.append("log", {"a"});
    broker.sync("log");
    broker.sync_directory();
    EXPECT_EQ(broker.disk().unlink("log"), IoResult::ok);
    EXPECT_EQ(broker.contents("log"), "no file");
    broker.lose_power(Unsynced::any_subset, draw);
    EXPECT_EQ(broker.effects().bytes_lost, 0U);
    broker.restart();
    seen.insert(broker.contents("log"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"a", "no file"}));
}

TEST_F(DiskNamesTest, ASyncedUnlinkIsTheEndOfTheFile) {
  append("log", {"a"});
  sync("log");
  sync_directory();
  disk().unlink("log");
  sync_directory();
  EXPECT_EQ(ledger.copies("a"), 0);
  append("log", {"b"});  // another file of that name
  EXPECT_EQ(contents("log"), "b");
}

TEST_F(DiskNamesTest, AChangeNeverSurvivesOneThatItBuildsOn) {
  std::set<std::string> seen;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    OneBroker broker;
    broker.append("a", {"1"});
    broker.sync("a");
    broker.disk().rename("a", "b");
    broker.append("a", {"2"});
    broker.sync("a");
    broker.lose_power(Unsynced::any_subset, draw);
    broker.restart();
    seen.insert(broker.contents("a") + ", " + broker.contents("b"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"no file, no file", "1, no file", "no file, 1", "2, 1"}));
}

TEST_F(DiskNamesTest, WhatTheInitialStateHoldsIsDurable) {
  append("log", {"a"});
  disk().make_everything_durable();
  EXPECT_EQ(ledger.durable_copies("a"), 1);
  lose_power(Unsynced::lose_all);
  restart();
  EXPECT_EQ(contents("log"), "a");
}

TEST_F(DiskNamesTest, ErrorsOfNamesThatAreNotThere) {
  EXPECT_EQ(disk().rename("no", "name"), IoResult::io_error);
  EXPECT_EQ(disk().unlink("no"), IoResult::io_error);
  EXPECT_EQ(disk().find("no"), nullptr);
}

TEST_F(DiskNamesTest, ADirectoryEntryCanBeLiedAboutToo) {
  for (const Unsynced unsynced : kEveryRule) {
    for (std::uint64_t draw = 0; draw < kDraws / 4; ++draw) {
      OneBroker broker;
      broker.disk().lie(true);
      broker.append("log", {"a"});
      EXPECT_EQ(broker.sync_directory(), IoResult::ok);
      broker.lose_power(unsynced, draw);
      broker.restart();
      EXPECT_EQ(broker.contents("log"), "no file");
    }
  }
}

TEST_F(DiskNamesTest, ADirectorySyncFlushesWhatTheDiskLiedAbout) {
  make_file("log");
  disk().lie(true);
  append("log", {"a"});
  sync("log");
  disk().lie(false);
  sync_directory();
  EXPECT_EQ(file("log").durable_size(), 1000);
}

}  // namespace
}  // namespace noloss::sim
