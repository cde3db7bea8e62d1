// Faults of disks: that each fires, and that it matters.
#include "tests/sim/fault_world.hpp"

namespace noloss::sim {
namespace {

using testing::StartsWith;

// ---------------------------------------------------------------- fsync_error

TEST_F(InjectorTest, FsyncErrorFailsTheNextSyncOnly) {
  use({fault(Action::fsync_error, at_moment("broker-1", "sync.start", 4), "broker-1")});
  run_until(40ms);
  EXPECT_EQ(doings["broker-1"].failed_syncs, 1);
  EXPECT_EQ(count("broker-1", "sync.failed"), 1U);
  EXPECT_TRUE(report().effective);
  EXPECT_EQ(report().what, "1 sync of broker-1 failed");
}

TEST_F(InjectorTest, FsyncErrorSemanticsReachTheDisk) {
  Fault silent = fault(Action::fsync_error, at_moment("broker-1", "sync.start", 4), "broker-1");
  silent.semantics = FsyncSemantics::ext4_data;
  use({silent});
  run_until(40ms);
  EXPECT_EQ(count("broker-1", "sync.failed"), 1U) << "the one after it";
  EXPECT_EQ(report().what, "2 syncs of broker-1 failed") << "one of them said 0";
}

TEST_F(InjectorTest, FsyncErrorFailsEachSyncUntilItHeals) {
  Fault error = fault(Action::fsync_error, at_time(10ms), "broker-1", 20ms);
  error.once = false;
  use({error});
  run_until(60ms);
  EXPECT_GE(doings["broker-1"].failed_syncs, 4);
  EXPECT_LE(doings["broker-1"].failed_syncs, 10);
  EXPECT_EQ(report().healed_at, kStart + 30ms);
  EXPECT_GT(doings["broker-1"].promised, 15'000) << "healed";
}

TEST_F(InjectorTest, FsyncErrorWaitsForASyncAndIsClearedWithTheDisturbPhase) {
  use({fault(Action::kill, at_time(5ms), "broker-1", 100ms), fault(Action::fsync_error, at_time(6ms), "broker-1")});
  run_until(50ms);
  EXPECT_FALSE(report(1).effective);
  injector->heal_all();
  run_until(80ms);
  EXPECT_EQ(doings["broker-1"].failed_syncs, 0);
  EXPECT_FALSE(report(1).effective);
}

// ---------------------------------------------------------------- fsync_lie

TEST_F(InjectorTest, FsyncLieMattersWhenPowerIsLost) {
  Fault loss = fault(Action::power_loss, at_moment("broker-1", "sync.done", 6), "broker-1");
  loss.unsynced = Unsynced::lose_all;
  use({fault(Action::fsync_lie, at_moment("broker-1", "sync.start", 3), "broker-1", 100ms), loss});
  run_until(40ms);
  EXPECT_EQ(doings["broker-1"].found, 2000) << "the last honest sync covered two records";
  EXPECT_THAT(report(0).what, testing::EndsWith(" syncs of broker-1 lied"));
  EXPECT_TRUE(report(0).effective);
}

TEST_F(InjectorTest, AnHonestSyncAfterTheLieMakesItGood) {
  Fault loss = fault(Action::power_loss, at_moment("broker-1", "sync.done", 12), "broker-1");
  loss.unsynced = Unsynced::lose_all;
  use({fault(Action::fsync_lie, at_moment("broker-1", "sync.start", 3), "broker-1", 5ms), loss});
  run_until(60ms);
  EXPECT_EQ(doings["broker-1"].found, 12'000);
}

// ---------------------------------------------------------------- disk_slow

TEST_F(InjectorTest, DiskSlowMakesSyncsTakeLonger) {
  Fault slow = fault(Action::disk_slow, at_time(10ms), "broker-1", 30ms);
  slow.factor = Quantity{10};
  use({slow});
  run_until(100ms);
  EXPECT_GE(*std::max_element(doings["broker-1"].syncs.begin(), doings["broker-1"].syncs.end()), 5ms);
  EXPECT_LT(doings["broker-1"].syncs.back(), 1ms) << "healed";
  EXPECT_TRUE(report().effective);
  EXPECT_THAT(report().what, StartsWith("disk of broker-1 10 times as slow: "));
}

TEST_F(InjectorTest, AStalledDiskGoesOnWhenItHeals) {
  Fault stall = fault(Action::disk_slow, at_time(10ms), "broker-1", 50ms);
  stall.stall = true;
  use({stall});
  run_until(59ms);
  const std::int64_t appended = doings["broker-1"].appended;
  EXPECT_LE(appended, 6000);
  run_until(100ms);
  EXPECT_GT(doings["broker-1"].appended, appended);
  EXPECT_EQ(report().what, "disk of broker-1 stalled: 1 operation late");
}

TEST_F(InjectorTest, TheEndOfOneSlownessLeavesAnotherThatActs) {
  Fault mild = fault(Action::disk_slow, at_time(10ms), "broker-1", 10ms);
  mild.factor = Quantity{2};
  Fault severe = fault(Action::disk_slow, at_time(11ms), "broker-1", 200ms);
  severe.factor = Quantity{20};
  use({mild, severe});
  run_until(150ms);
  EXPECT_GE(doings["broker-1"].syncs.back(), 10ms);
  run_until(300ms);
  EXPECT_LT(doings["broker-1"].syncs.back(), 1ms);
}

// ---------------------------------------------------------------- disk_full

TEST_F(InjectorTest, DiskFullRefusesWrites) {
  use({fault(Action::disk_full, at_time(10ms), "broker-1", 20ms)});
  run_until(60ms);
  EXPECT_GE(doings["broker-1"].refused_writes, 1);
  EXPECT_GT(doings["broker-1"].appended, 10'000) << "healed";
  EXPECT_TRUE(report().effective);
  EXPECT_THAT(report().what, StartsWith("disk of broker-1 full: "));
}

TEST_F(InjectorTest, AFullDiskOnWhichNothingIsWrittenHasNoEffect) {
  use({fault(Action::disk_full, at_time(10ms), "producer-1", 20ms)});
  run_until(60ms);
  EXPECT_EQ(report().fired, 1U);
  EXPECT_FALSE(report().effective);
}

// ---------------------------------------------------------------- disk_error, corrupt

TEST_F(InjectorTest, DiskErrorFailsReadsUntilItHeals) {
  use({fault(Action::disk_error, at_time(20ms), "broker-1", 30ms), fault(Action::kill, at_time(21ms), "broker-1", 5ms),
       fault(Action::kill, at_time(60ms), "broker-1", 5ms)});
  run_until(40ms);
  EXPECT_GE(doings["broker-1"].damaged, 1);
  EXPECT_TRUE(report().effective);
  const std::int64_t damaged = doings["broker-1"].damaged;
  run_until(80ms);
  EXPECT_EQ(doings["broker-1"].damaged, damaged) << "healed";
  EXPECT_THAT(report().what, StartsWith("blocks of broker-1 unreadable: "));
}

TEST_F(InjectorTest, ADiskErrorThatNobodyReadsHasNoEffect) {
  use({fault(Action::disk_error, at_time(20ms), "broker-1", 30ms)});
  run_until(80ms);
  EXPECT_EQ(report().fired, 1U);
  EXPECT_FALSE(report().effective);
}

TEST_F(InjectorTest, CorruptDamagesWhatWasDurableForGood) {
  use({fault(Action::corrupt, at_time(20ms), "broker-1"), fault(Action::kill, at_time(21ms), "broker-1", 5ms)});
  run_until(40ms);
  EXPECT_GE(doings["broker-1"].damaged, 1);
  EXPECT_TRUE(report().effective);
  EXPECT_EQ(report().what, "1 block of broker-1 corrupted");
  const std::int64_t damaged = doings["broker-1"].damaged;
  injector->heal_all();
  machine("broker-1").kill();
  machine("broker-1").start();
  run_until(60ms);
  EXPECT_GT(doings["broker-1"].damaged, damaged) << "never healed";
}

TEST_F(InjectorTest, NothingOfThatClassCanBeCorrupted) {
  Fault corrupt = fault(Action::corrupt, at_time(20ms), "broker-1");
  corrupt.in = FileClass::metadata;
  use({corrupt});
  run_until(40ms);
  EXPECT_FALSE(report().effective);
  EXPECT_EQ(report().what, "no effect: no such data on the disk of broker-1");
}

}  // namespace
}  // namespace noloss::sim
