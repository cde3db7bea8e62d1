// The vocabulary of the disk's tests: a machine whose process does what the test says, and letters that it writes.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/disk.hpp"
#include "sim/fiber.hpp"
#include "sim/machine.hpp"
#include "sim/simulation.hpp"
#include "sim/trace.hpp"

namespace noloss::sim {

inline constexpr Unsynced kEveryRule[] = {Unsynced::lose_all, Unsynced::prefix, Unsynced::any_subset};

/// What the tests write: a record with a name.
struct Letter : Payload {
  explicit Letter(std::string named) : name(std::move(named)) {}
  const std::string name;
};

inline PayloadPtr letter(std::string name) { return PayloadPtr(new Letter(std::move(name))); }

/// Counts copies as a checker does, and refuses calls that are not nested.
class Ledger final : public DiskListener {
 public:
  void written(NodeId, const Payload& record) override { ++entry(record).copies; }
  void durable(NodeId, const Payload& record) override {
    Entry& known = entry(record);
    ++known.durable;
    EXPECT_LE(known.durable, known.copies) << name(record);
  }
  void undurable(NodeId, const Payload& record) override { EXPECT_GE(--entry(record).durable, 0) << name(record); }
  void gone(NodeId, const Payload& record) override {
    Entry& known = entry(record);
    --known.copies;
    EXPECT_LE(known.durable, known.copies) << name(record);
    EXPECT_GE(known.copies, 0) << name(record);
  }

  [[nodiscard]] int copies(const std::string& of) { return entries_[of].copies; }
  [[nodiscard]] int durable_copies(const std::string& of) { return entries_[of].durable; }

 private:
  struct Entry {
    int copies = 0;
    int durable = 0;
  };
  static const std::string& name(const Payload& record) { return dynamic_cast<const Letter&>(record).name; }
  Entry& entry(const Payload& record) { return entries_[name(record)]; }
  std::map<std::string, Entry> entries_;
};

/// Runs `start` in the first fiber of each life.
class Script : public Program {
 public:
  explicit Script(std::function<void()>& start) : start_(start) {}
  void run() override {
    if (start_) start_();
  }

 private:
  std::function<void()>& start_;
};

/// One broker with a disk. Builds it with `setup`, as `nvme` by default.
class OneBroker {
 public:
  explicit OneBroker(const DiskSetup& setup = {}) : simulation_(pool(), events(), SimulationSetup{}) {
    simulation_.listen_disks(&ledger);
    MachineSetup broker;
    broker.name = "broker-1";
    broker.disk = setup;
    machine_ = &simulation_.add_machine(broker, [this](Process&) { return std::make_unique<Script>(at_start); });
    simulation_.start_all();
    simulation_.scheduler().run_until(kNever);
  }

  // --- do ---
  /// The process does this in a fiber of its own, and everything that follows from it happens.
  void process(std::function<void()> story) {
    machine_->process().spawn(std::move(story));
    simulation_.scheduler().run_until(kNever);
  }
  /// At the time `delay` after now; something must be going on until then.
  void after(Duration delay, std::function<void()> deed) {
    simulation_.scheduler().at(simulation_.now() + delay, std::move(deed));
  }
  void sleep(Duration duration) {
    simulation_.scheduler().spawn(
        nullptr, [this, duration] { simulation_.scheduler().block_until(simulation_.now() + duration); });
    simulation_.scheduler().run_until(kNever);
  }
  void append(std::string_view file, const std::vector<std::string>& letters, std::int64_t bytes = 1000) {
    for (const std::string& name : letters) {
      ASSERT_EQ(disk().create(file, FileClass::log).append(bytes, letter(name)), IoResult::ok);
    }
  }
  IoResult sync(std::string_view file) {
    IoResult result = IoResult::io_error;
    process([&] { result = disk().create(file, FileClass::log).sync(); });
    return result;
  }
  IoResult sync_directory() {
    IoResult result = IoResult::io_error;
    process([&] { result = disk().sync_directory(); });
    return result;
  }
  /// As any program that takes care of its files starts: the empty file has a name that is durable.
  void make_file(std::string_view file) {
    disk().create(file, FileClass::log);
    ASSERT_EQ(sync_directory(), IoResult::ok);
  }
  void kill_and_restart() {
    ASSERT_TRUE(machine_->kill());
    restart();
  }
  void lose_power(Unsynced unsynced, std::uint64_t draw = 0) { ASSERT_TRUE(machine_->lose_power({unsynced, draw})); }
  void restart() {
    ASSERT_TRUE(machine_->start());
    simulation_.scheduler().run_until(kNever);
  }

  // --- observe ---
  /// What a log reader finds: names of intact letters, ~ for damaged bytes, ! for unreadable ones, in order.
  [[nodiscard]] std::string contents(std::string_view file) {
    File* found = disk().find(file);
    if (found == nullptr) return "no file";
    std::string text;
    for (const StoredRecord& record : found->read_all()) {
      if (!text.empty()) text += ' ';
      if (record.state == RecordState::damaged) text += '~';
      if (record.state == RecordState::unreadable) text += '!';
      if (record.state == RecordState::intact) text += dynamic_cast<const Letter&>(*record.payload).name;
    }
    return text;
  }
  /// How long the process takes for it.
  [[nodiscard]] Duration duration(const std::function<void()>& story) {
    Duration took{-1};
    process([&] {
      const VirtualTime start = simulation_.now();
      story();
      took = simulation_.now() - start;
    });
    return took;
  }
  [[nodiscard]] std::uint64_t times(WorldEvent event) const { return simulation_.count(machine_->id(), id(event)); }

  [[nodiscard]] Simulation& simulation() { return simulation_; }
  [[nodiscard]] Machine& machine() { return *machine_; }
  [[nodiscard]] Disk& disk() { return machine_->disk(); }
  [[nodiscard]] File& file(std::string_view name) { return *disk().find(name); }
  [[nodiscard]] const Disk::Effects& effects() { return disk().effects(); }

  Ledger ledger;
  std::function<void()> at_start;

 private:
  static FiberPool& pool() {
    static thread_local FiberPool fibers;
    return fibers;
  }
  static const EventTable& events() {
    static const EventTable table;
    return table;
  }

  Simulation simulation_;
  Machine* machine_ = nullptr;
};

class DiskTest : public testing::Test, public OneBroker {};

}  // namespace noloss::sim
