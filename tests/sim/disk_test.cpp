// Where bytes are, and when they move on: process, page cache, medium. Faults of the device: disk_faults_test.cpp.
#include <set>

#include "tests/sim/disk_fixture.hpp"

namespace noloss::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::AnyOf;

// --- the page cache ---

TEST_F(DiskTest, WhatIsWrittenIsReadBack) {
  append("log", {"a", "b", "c"});
  EXPECT_EQ(contents("log"), "a b c");
  EXPECT_EQ(file("log").size(), 3000);
  EXPECT_EQ(file("log").durable_size(), 0);
}

TEST_F(DiskTest, PageCacheSurvivesAKill) {
  append("log", {"a", "b"});
  kill_and_restart();
  EXPECT_EQ(contents("log"), "a b");
  EXPECT_EQ(ledger.copies("a"), 1);
}

TEST_F(DiskTest, PageCacheIsLostWithThePower) {
  make_file("log");
  append("log", {"a", "b"});
  lose_power(Unsynced::lose_all);
  restart();
  EXPECT_EQ(contents("log"), "");
  EXPECT_EQ(effects().bytes_lost, 2000U);
  EXPECT_EQ(ledger.copies("a"), 0);
}

TEST_F(DiskTest, ADeadProcessWritesNothing) {
  append("log", {"a"});
  File& log = file("log");
  machine().kill();
  EXPECT_EQ(log.append(1000, letter("b")), IoResult::io_error);
  EXPECT_EQ(log.truncate(0), IoResult::io_error);
  EXPECT_EQ(contents("log"), "");  // nor does it read
  restart();
  EXPECT_EQ(contents("log"), "a");
}

TEST_F(DiskTest, AnOverwriteReplacesWhatItTouches) {
  append("log", {"a", "b", "c"});
  file("log").write(500, 600, letter("x"));
  EXPECT_EQ(contents("log"), "~ x ~ c");
  EXPECT_EQ(ledger.copies("a"), 0);
  EXPECT_EQ(ledger.copies("b"), 0);
  EXPECT_EQ(file("log").check(500, 600), RecordState::intact);
  EXPECT_EQ(file("log").check(0, 1000), RecordState::damaged);
}

TEST_F(DiskTest, ATruncationCutsTheLastRecord) {
  append("log", {"a", "b"});
  file("log").truncate(1500);
  EXPECT_EQ(contents("log"), "a ~");
  EXPECT_EQ(file("log").read_all().back().bytes, 500);
  EXPECT_EQ(ledger.copies("b"), 0);
}

TEST_F(DiskTest, AHoleReadsAsDamage) {
  append("log", {"a"});
  file("log").write(2000, 1000, letter("b"));
  EXPECT_EQ(contents("log"), "a ~ b");
  EXPECT_EQ(file("log").check(0, 3000), RecordState::damaged);
  EXPECT_EQ(file("log").check(2000, 1000), RecordState::intact);
}

TEST_F(DiskTest, CheckFindsNothingBehindTheEnd) {
  append("log", {"a"});
  EXPECT_EQ(file("log").check(0, 1000), RecordState::intact);
  EXPECT_EQ(file("log").check(500, 1000), RecordState::damaged);
}

// --- sync ---

TEST_F(DiskTest, WhatIsSyncedSurvivesEveryPowerLoss) {
  for (const Unsynced unsynced : kEveryRule) {
    OneBroker broker;
    broker.make_file("log");
    broker.append("log", {"a", "b"});
    EXPECT_EQ(broker.sync("log"), IoResult::ok);
    EXPECT_EQ(broker.file("log").durable_size(), 2000);
    EXPECT_EQ(broker.ledger.durable_copies("b"), 1);
    broker.lose_power(unsynced);
    broker.restart();
    EXPECT_EQ(broker.contents("log"), "a b");
    EXPECT_EQ(broker.effects().bytes_lost, 0U);
  }
}

TEST_F(DiskTest, ASyncCoversWhatWasWrittenBeforeTheCall) {
  make_file("log");
  append("log", {"before"});
  after(milliseconds{1}, [this] { append("log", {"during"}); });
  EXPECT_EQ(sync("log"), IoResult::ok);
  EXPECT_EQ(file("log").durable_size(), 1000);
  EXPECT_EQ(ledger.durable_copies("during"), 0);
  lose_power(Unsynced::lose_all);
  EXPECT_EQ(ledger.copies("before"), 1);
  restart();
  EXPECT_EQ(contents("log"), "before");
}

TEST_F(DiskTest, ASecondSyncCoversWhatWasWrittenDuringTheFirst) {
  make_file("log");
  append("log", {"a"});
  after(milliseconds{1}, [this] {
    append("log", {"b"});
    machine().process().spawn([this] { file("log").sync(); });
  });
  const VirtualTime start = simulation().now();
  sync("log");
  EXPECT_EQ(simulation().now() - start, 2 * (milliseconds{2} + nanoseconds{2731}));  // one after the other
  EXPECT_EQ(file("log").durable_size(), 2000);
}

TEST_F(DiskTest, SyncTakesItsTimeAndThatOfTheBytes) {
  constexpr DiskSetup kNvme;
  append("log", {"a"}, kPageBytes);
  const Duration page = duration([this] { file("log").sync(); });
  EXPECT_EQ(page, kNvme.sync + nanoseconds{2731});  // 4096 / 1.5 GB/s, rounded up
  append("log", {"b"}, 100 * kPageBytes);
  EXPECT_EQ(duration([this] { file("log").sync(); }), kNvme.sync + nanoseconds{273067});
  EXPECT_EQ(duration([this] { file("log").sync(); }), kNvme.sync);  // nothing to write
}

TEST_F(DiskTest, TwiceTheBytesTakeNoLessTime) {
  Duration before{0};
  for (std::int64_t bytes = 1; bytes < 10'000'000; bytes *= 2) {
    append("log", {"a"}, bytes);
    const Duration took = duration([this] { file("log").sync(); });
    EXPECT_GE(took, before) << bytes;
    before = took;
  }
}

TEST_F(DiskTest, MomentsOfASync) {
  append("log", {"a", "b"});
  simulation().trace().keep_events(true);
  sync("log");
  const std::vector<TraceEvent>& events = simulation().trace().events();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].event, id(WorldEvent::sync_start));
  EXPECT_EQ(events[1].event, id(WorldEvent::sync_done));
  EXPECT_EQ(events[1].first, 2000U);
  EXPECT_GE(events[1].time - events[0].time, milliseconds{2});
}

TEST_F(DiskTest, AProcessKilledDuringASyncLeavesItToTheKernel) {
  make_file("log");
  append("log", {"a"});
  bool returned = false;
  after(milliseconds{1}, [this] { machine().kill(); });
  process([&] {
    file("log").sync();
    returned = true;
  });
  EXPECT_FALSE(returned);
  EXPECT_EQ(times(WorldEvent::sync_done), 0U);
  EXPECT_EQ(file("log").durable_size(), 1000);
  EXPECT_EQ(ledger.durable_copies("a"), 1);
}

TEST_F(DiskTest, APowerLossDuringASyncMakesNothingDurable) {
  make_file("log");
  append("log", {"a"});
  after(milliseconds{1}, [this] { lose_power(Unsynced::lose_all); });
  process([this] { file("log").sync(); });
  EXPECT_EQ(times(WorldEvent::sync_done), 0U);
  restart();
  EXPECT_EQ(contents("log"), "");
  append("log", {"b"});
  EXPECT_EQ(sync("log"), IoResult::ok);  // the device serves the next life
}

TEST_F(DiskTest, WhatASyncHasInFlightMaySurviveAPowerLoss) {
  std::set<std::string> seen;
  for (std::uint64_t draw = 0; draw < 64; ++draw) {
    OneBroker broker;
    broker.make_file("log");
    broker.append("log", {"a"}, kSectorBytes);
    broker.after(milliseconds{1}, [&] { broker.lose_power(Unsynced::any_subset, draw); });
    broker.process([&] { broker.file("log").sync(); });
    broker.restart();
    seen.insert(broker.contents("log"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"", "a", "~"}));
}

/// Does something at one moment, as the fault injector does.
struct AtMoment final : MomentListener {
  explicit AtMoment(std::function<void()> what) : deed(std::move(what)) {}
  void happened(NodeId, EventId, std::uint64_t) override { deed(); }
  std::function<void()> deed;
};

TEST_F(DiskTest, AKillAtSyncDoneComesBeforeTheProcessActsOnIt) {
  append("log", {"a"});
  AtMoment injector([this] { machine().kill(); });
  simulation().listen_moments(&injector);
  simulation().watch(machine().id(), id(WorldEvent::sync_done), 1);
  bool returned = false;
  process([&] {
    file("log").sync();
    returned = true;
  });
  EXPECT_FALSE(returned);
  EXPECT_EQ(file("log").durable_size(), 1000);
}

TEST_F(DiskTest, APowerLossAtSyncDoneFindsTheBytesDurable) {
  make_file("log");
  append("log", {"a"});
  AtMoment injector([this] { lose_power(Unsynced::lose_all); });
  simulation().listen_moments(&injector);
  simulation().watch(machine().id(), id(WorldEvent::sync_done), 1);
  process([this] { file("log").sync(); });
  restart();
  EXPECT_EQ(contents("log"), "a");
}

TEST_F(DiskTest, AKillAtSyncStartComesBeforeTheDeviceHearsOfIt) {
  append("log", {"a"});
  AtMoment injector([this] { machine().kill(); });
  simulation().listen_moments(&injector);
  simulation().watch(machine().id(), id(WorldEvent::sync_start), 1);
  process([this] { file("log").sync(); });
  EXPECT_EQ(file("log").durable_size(), 0);
}

TEST_F(DiskTest, RecoveryReadsAtTheSpeedOfTheDevice) {
  append("log", {"a"}, 1'500'000);
  EXPECT_EQ(duration([this] { EXPECT_EQ(file("log").read_all().size(), 1U); }),
            milliseconds{1} + std::chrono::microseconds{100});
}

// --- writeback by the kernel ---

TEST_F(DiskTest, TheKernelWritesOldPagesAtItsNextWakeUp) {
  sleep(seconds{1});
  append("log", {"a"});
  sleep(milliseconds{33'999});
  EXPECT_EQ(file("log").durable_size(), 0);  // 34.999 s: old enough since 31 s, but nobody woke up
  sleep(milliseconds{2});
  EXPECT_EQ(file("log").durable_size(), 1000);
  EXPECT_EQ(ledger.durable_copies("a"), 1);
}

TEST_F(DiskTest, WritebackTakesWhatAPageHeldThen) {
  make_file("log");
  append("log", {"a"});
  sleep(seconds{36});
  append("log", {"b"});  // in the same page, after the wake-up at 35 s
  lose_power(Unsynced::lose_all);
  restart();
  EXPECT_EQ(contents("log"), "a");
}

TEST_F(DiskTest, WritebackOfYoungPagesWaits) {
  append("log", {"a"}, kPageBytes);
  sleep(seconds{20});
  append("log", {"b"}, kPageBytes);
  sleep(seconds{16});
  EXPECT_EQ(file("log").durable_size(), kPageBytes);
  sleep(seconds{20});
  EXPECT_EQ(file("log").durable_size(), 2 * kPageBytes);
}

TEST_F(DiskTest, WritebackMakesATruncationDurable) {
  make_file("log");
  append("log", {"a", "b"});
  sync("log");
  file("log").truncate(1000);
  EXPECT_EQ(ledger.durable_copies("b"), 1);
  sleep(seconds{36});
  lose_power(Unsynced::lose_all);
  restart();
  EXPECT_EQ(contents("log"), "a");
  EXPECT_EQ(ledger.copies("b"), 0);
}

TEST_F(DiskTest, AYoungTruncationIsNotWrittenBack) {
  make_file("log");
  append("log", {"a", "b"});
  sync("log");
  append("old", {"x"});
  sleep(seconds{20});
  file("log").truncate(1000);
  sleep(seconds{16});
  EXPECT_EQ(file("old").durable_size(), 1000);  // the kernel did wake up
  lose_power(Unsynced::lose_all);
  restart();
  EXPECT_EQ(contents("log"), "a b");
}

TEST_F(DiskTest, WritebackOfAKilledProcessGoesOn) {
  make_file("log");
  append("log", {"a"});
  machine().kill();
  sleep(seconds{36});
  EXPECT_EQ(file("log").durable_size(), 1000);
}

TEST(DiskSetupTest, WritebackCanBeOff) {
  DiskSetup setup;
  setup.writeback_wake = Duration{0};
  OneBroker broker(setup);
  broker.append("log", {"a"});
  broker.sleep(seconds{1000});
  EXPECT_EQ(broker.file("log").durable_size(), 0);
}

TEST(DiskSetupTest, AboveTheDirtyLimitAWriterWaitsForTheDevice) {
  DiskSetup setup;
  setup.dirty_limit = 2 * kPageBytes;
  setup.bandwidth = kPageBytes;  // a page takes a second
  OneBroker broker(setup);
  broker.disk().create("log", FileClass::log);
  const auto append = [&] { broker.append("log", {"a"}, kPageBytes); };
  EXPECT_EQ(broker.duration(append), seconds{0});
  EXPECT_EQ(broker.duration(append), seconds{0});
  EXPECT_EQ(broker.duration(append), seconds{3});
  EXPECT_EQ(broker.file("log").durable_size(), 3 * kPageBytes);
}

}  // namespace
}  // namespace noloss::sim
