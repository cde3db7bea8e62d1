// Whatever a process and its disk go through: nothing durable is lost, nothing appears that was never written, and the
// listener knows every copy. Random histories, compared with a reference that holds real bytes.
#include <rapidcheck.h>

#include <set>
#include <sstream>

#include "tests/sim/disk_fixture.hpp"
#include "tests/sim/disk_reference.hpp"

namespace noloss::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Step {
  enum class What : std::uint8_t {
    append,
    overwrite,
    truncate,
    sync,
    sync_during_change,
    writeback,
    kill,
    power_loss,
    power_loss_during_sync,  // always
    fail_ordered,
    fail_data,
    fail_btrfs,
    lie,
    honest,  // faults
  };
  What what = What::append;
  std::int64_t where = 0;
  std::int64_t bytes = 1;
  Unsynced unsynced = Unsynced::lose_all;
  std::uint64_t draw = 0;
};
constexpr int kSteps = static_cast<int>(Step::What::fail_ordered);
constexpr int kStepsWithFaults = static_cast<int>(Step::What::honest) + 1;

std::ostream& operator<<(std::ostream& out, const Step& step) {
  constexpr const char* kNames[] = {"append",
                                    "overwrite",
                                    "truncate",
                                    "sync",
                                    "sync during change",
                                    "writeback",
                                    "kill",
                                    "power loss",
                                    "power loss during sync",
                                    "fail ordered",
                                    "fail data",
                                    "fail btrfs",
                                    "lie",
                                    "honest"};
  return out << kNames[static_cast<int>(step.what)] << " where=" << step.where << " bytes=" << step.bytes
             << " unsynced=" << static_cast<int>(step.unsynced) << " draw=" << step.draw;
}

rc::Gen<std::vector<Step>> histories(int kinds) {
  using rc::gen::inRange;
  using rc::gen::set;
  const auto what = rc::gen::map(inRange(0, kinds), [](int kind) { return static_cast<Step::What>(kind); });
  const auto bytes = rc::gen::oneOf(inRange<std::int64_t>(1, 300), inRange<std::int64_t>(1, 6000));
  const auto step = rc::gen::build<Step>(
      set(&Step::what, what), set(&Step::where, inRange<std::int64_t>(0, 100)), set(&Step::bytes, bytes),
      set(&Step::unsynced, rc::gen::element(Unsynced::lose_all, Unsynced::prefix, Unsynced::any_subset)),
      set(&Step::draw, inRange<std::uint64_t>(0, 1000)));
  // Ranges grow with the size; only the length of a history shall.
  return rc::gen::scale(0.5, rc::gen::container<std::vector<Step>>(rc::gen::resize(rc::kNominalSize, step)));
}

/// Does the steps with the disk and with the reference, and compares them after each one.
class Comparison {
 public:
  Comparison() { broker_.make_file("log"); }

  void run(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      take(step);
      compare();
    }
  }
  /// What was found after each step.
  [[nodiscard]] const std::vector<std::string>& story() const { return story_; }
  OneBroker& broker() { return broker_; }

 private:
  [[nodiscard]] File& log() { return broker_.file("log"); }
  [[nodiscard]] std::int64_t somewhere(const Step& step) {
    return ReferenceFile::length(reference_.cache) * step.where / 100;
  }

  void take(const Step& step) {
    using What = Step::What;
    switch (step.what) {
      case What::append:
      case What::overwrite:
      case What::truncate: return change(step);
      case What::sync: return sync(nullptr);
      case What::sync_during_change: return sync(&step);
      case What::writeback: broker_.sleep(seconds{36}); return write_back();
      case What::kill: return broker_.kill_and_restart();
      case What::power_loss: return lose_power(step);
      case What::power_loss_during_sync:
        broker_.after(milliseconds{1}, [&] { broker_.lose_power(step.unsynced, step.draw); });
        broker_.process([&] { log().sync(); });
        if (!late_error_) failing_.reset();
        return lost_power(step);
      case What::fail_ordered: return fail(FsyncSemantics::ext4_ordered);
      case What::fail_data: return fail(FsyncSemantics::ext4_data);
      case What::fail_btrfs: return fail(FsyncSemantics::btrfs);
      case What::lie:
      case What::honest: lying_ = step.what == What::lie; return broker_.disk().lie(lying_);
    }
  }

  void change(const Step& step) {
    if (step.what == Step::What::truncate) {
      const std::int64_t size = somewhere(step);
      reference_.truncate(size);
      log().truncate(size);
      return;
    }
    const std::int64_t offset = step.what == Step::What::overwrite ? somewhere(step) : log().size();
    const std::uint32_t number = reference_.write(offset, step.bytes);
    log().write(offset, step.bytes, letter(std::to_string(number)));
  }

  void fail(FsyncSemantics semantics) {
    failing_ = semantics;
    broker_.disk().fail_syncs(semantics, true);
  }

  void sync(const Step* during) {
    const ReferenceFile::Snapshot taken = reference_.take();
    if (during != nullptr) {
      constexpr Step::What kChanges[] = {Step::What::append, Step::What::overwrite, Step::What::truncate};
      Step changed = *during;
      changed.what = kChanges[during->draw % 3];
      broker_.after(milliseconds{1}, [this, changed] { change(changed); });
    }
    const IoResult result = broker_.sync("log");
    if (late_error_) {
      RC_ASSERT(result == IoResult::io_error);
      late_error_ = false;
    } else if (failing_) {
      RC_ASSERT(result == (failing_ == FsyncSemantics::ext4_data ? IoResult::ok : IoResult::io_error));
      late_error_ = failing_ == FsyncSemantics::ext4_data;
      sync_failed_ = true;
      if (failing_ == FsyncSemantics::btrfs) reference_.revert();
      failing_.reset();
    } else {
      RC_ASSERT(result == IoResult::ok);
      if (!lying_) reference_.flush();
      reference_.reached(taken, !lying_);
    }
  }

  void write_back() {
    if (reference_.dirty.empty() && !reference_.cut_waits()) return;
    if (!lying_ && reference_.lied_about_truncation()) reference_.flush();
    reference_.reached(reference_.take(), !lying_);
  }

  void lose_power(const Step& step) {
    broker_.lose_power(step.unsynced, step.draw);
    lost_power(step);
  }

  void lost_power(const Step& step) {
    broker_.restart();
    late_error_ = false;
    const std::set<std::uint32_t> found = read();
    if (step.unsynced == Unsynced::lose_all) {
      RC_ASSERT(found == reference_.intact(reference_.medium));
      RC_ASSERT(log().size() == ReferenceFile::length(reference_.medium));
    } else if (step.unsynced == Unsynced::prefix) {
      // Once a failed sync left part of a write on a clean page and the rest of it was overwritten or cut off, the disk
      // forgets that part: it may take the file as shorter, where the reference has bytes that nobody can read.
      const std::vector<Bytes> possible = reference_.prefixes();
      RC_ASSERT(std::any_of(possible.begin(), possible.end(), [&](const Bytes& content) {
        const bool same_length = log().size() == ReferenceFile::length(content);
        return (same_length || sync_failed_) && found == reference_.intact(content);
      }));
    } else {
      RC_ASSERT(reference_.subset_can_leave(found));
    }
    for (const std::uint32_t number : reference_.intact(reference_.medium)) {
      if (reference_.intact(number, reference_.cache)) RC_ASSERT(found.contains(number));
    }
    reference_.adopt(bytes_found());
    sync_failed_ = false;
  }

  /// Numbers of the intact records, which must be where they were written.
  std::set<std::uint32_t> read() {
    std::set<std::uint32_t> found;
    std::int64_t end = 0;
    for (const StoredRecord& record : log().read_all()) {
      RC_ASSERT(record.offset == end);
      end = record.offset + record.bytes;
      if (record.state != RecordState::intact) continue;
      const auto number = static_cast<std::uint32_t>(std::stoul(dynamic_cast<const Letter&>(*record.payload).name));
      const ReferenceWrite& written = reference_.writes.at(number);
      RC_ASSERT(record.offset == written.offset);
      RC_ASSERT(record.bytes == written.bytes);
      RC_ASSERT(log().check(record.offset, record.bytes) == RecordState::intact);
      found.insert(number);
    }
    RC_ASSERT(end == log().size());
    return found;
  }
  Bytes bytes_found() {
    Bytes content(static_cast<std::size_t>(log().size()), ReferenceFile::kJunk);
    for (const std::uint32_t number : read()) {
      const ReferenceWrite& written = reference_.writes.at(number);
      std::fill_n(content.begin() + written.offset, written.bytes, number);
    }
    return content;
  }

  void compare() {
    RC_ASSERT(log().size() == ReferenceFile::length(reference_.cache));
    RC_ASSERT(read() == reference_.intact(reference_.cache));
    RC_ASSERT(log().durable_size() <= log().size());  // settles writeback, so that the listener is up to date
    for (const auto& [number, written] : reference_.writes) {
      if (written.bytes == 0) continue;
      const std::string name = std::to_string(number);
      const bool durable = reference_.intact(number, reference_.medium);
      const bool exists =
          durable || reference_.intact(number, reference_.cache) || reference_.intact(number, reference_.device);
      RC_ASSERT(broker_.ledger.copies(name) == (exists ? 1 : 0));
      RC_ASSERT(broker_.ledger.durable_copies(name) == (durable ? 1 : 0));
    }
    story_.push_back(broker_.contents("log"));
  }

  OneBroker broker_;
  ReferenceFile reference_;
  std::optional<FsyncSemantics> failing_;
  bool late_error_ = false;
  bool sync_failed_ = false;  ///< since the last power loss
  bool lying_ = false;
  std::vector<std::string> story_;
};

/// Each of rapidcheck's cases is some histories, since one takes little time.
void check(const char* what, const std::function<void()>& property) {
  constexpr int kTimes = 20;
  EXPECT_TRUE(rc::check(what, [&] {
    for (int i = 0; i < kTimes; ++i) property();
  })) << what;
}

TEST(DiskProperty, AnHonestDiskAgreesWithTheReference) {
  check("histories without disk faults", [] {
    const std::vector<Step> steps = *histories(kSteps);
    Comparison().run(steps);
  });
}

TEST(DiskProperty, AFaultyDiskAgreesWithTheReference) {
  check("histories with failing and lying syncs", [] {
    const std::vector<Step> steps = *histories(kStepsWithFaults);
    Comparison().run(steps);
  });
}

TEST(DiskProperty, TheSameHistoryEndsTheSameBesideAnotherFile) {
  check("an unrelated file changes nothing", [] {
    const std::vector<Step> steps = *histories(kStepsWithFaults);
    Comparison alone;
    alone.run(steps);
    Comparison again;
    again.broker().append("another", {"-1", "-2"}, 5000);
    again.run(steps);
    RC_ASSERT(alone.story() == again.story());
  });
}

}  // namespace
}  // namespace noloss::sim
