// Faults of the disk: each one fires, matters, and heals as its row in the contract says.

#include "tests/sim/disk_fixture.hpp"

namespace noloss::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kDraws = 200;
class DiskFaultTest : public DiskTest {};

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
