// What a Disk and a File are made of. Internal to the disk.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/disk.hpp"
#include "sim/disk_content.hpp"
#include "sim/disk_device.hpp"
#include "sim/disk_directory.hpp"

namespace noloss::sim {

class File::Impl {
 public:
  Impl(Disk::Impl& owner, File& self, std::string_view first_name, FileClass of_class, DiskCopies copies)
      : disk(owner), file(self), name(first_name), born_as(first_name), file_class(of_class), content(copies) {}

  Disk::Impl& disk;
  File& file;
  std::string name;           ///< its last one, if it has none any more
  const std::string born_as;  ///< seeds what survives of it
  const FileClass file_class;
  DiskContent content;
  bool late_error = false;  ///< the next sync reports what the one before did not
};

class Disk::Impl final : public DiskDevice::Owner {
 public:
  Impl(Simulation& run, Machine& of, const DiskSetup& with);

  // --- queries ---
  /// The process can act on the world. Before its first life whoever builds the run may.
  [[nodiscard]] bool alive() const;
  [[nodiscard]] VirtualTime now() const;
  /// Time for that many bytes on a device at full speed, rounded up.
  [[nodiscard]] Duration transfer(std::int64_t bytes) const;

  // --- for files (disk_file.cpp) ---
  /// Writeback that was due by now has happened after this. Before anything that depends on it, or changes what it
  /// does.
  void settle() {
    if (now() >= writeback_due) write_back();
  }
  /// After each change that made something dirty.
  void note_dirty() {
    ++activity;
    if (writeback_due == kNever) writeback_due = next_writeback(now(), now());
  }
  [[nodiscard]] IoResult refuse_write();
  void throttle();
  IoResult sync(File::Impl& file, OnKill on_kill);
  /// Suspends the current fiber until the operation has completed.
  IoResult wait_for(DiskOperation& operation, OnKill on_kill = OnKill::unwind);
  void count_damaged(RecordState state) {
    if (state != RecordState::intact) ++effects.reads_damaged;
  }

  // --- for the device ---
  void completing() override { settle(); }
  void completed(DiskOperation& operation) override;

  // --- for faults (disk.cpp) ---
  void lose_power(const LossRule& rule);
  void wipe(bool new_identity);
  void sweep();
  /// A live file, and what of it is on its way to the device.
  struct InFlight {
    File::Impl* file;
    std::vector<const DiskSnapshot*> snapshots;
  };
  [[nodiscard]] std::vector<InFlight> in_flight() const;
  struct Block {
    File::Impl* file;
    PageIndex page;
  };
  [[nodiscard]] std::vector<Block> choose_blocks(std::int64_t count, FileClass in, std::uint64_t seed) const;
  /// When the kernel will write back what is dirty since `oldest`; later than `after`.
  [[nodiscard]] VirtualTime next_writeback(VirtualTime oldest, VirtualTime after) const;
  [[nodiscard]] VirtualTime oldest_dirty() const;
  [[nodiscard]] static File::Impl& impl(File& file) { return *file.impl_; }
  File& add_file(std::string_view name, FileClass file_class);

  Simulation& simulation;
  Machine& machine;
  const DiskSetup setup;
  DiskDevice device;
  DiskDirectory directory;
  std::vector<std::unique_ptr<File>> files;  ///< every one that ever was: a fiber that unwinds may still hold one
  std::vector<File::Impl*> live;             ///< those that have a name somewhere, in order of creation
  Effects effects;
  VirtualTime writeback_due = kNever;  ///< the tick at which there may be something old enough
  std::uint64_t activity = 0;          ///< see Disk::activity()
  std::uint64_t life = 0;              ///< counts ends of the process: who asked in an earlier life gets no answer
  std::uint32_t identity = 1;
  std::optional<FsyncSemantics> failing;
  bool failing_once = false;
  bool lies = false;
  bool lied = false;  ///< something is in the device's write cache only
  bool full = false;
  bool writing_back = false;

 private:
  void write_back();
  void submit_writeback(File::Impl& file, std::size_t pages, VirtualTime when);
  [[nodiscard]] DiskOperation::Outcome decide_outcome(File::Impl& file);
  void store(File::Impl& file, const DiskSnapshot& snapshot);
  void store_synced(DiskOperation& operation);
  void flush_write_cache();
  IoResult end_sync(DiskOperation& operation);
  /// Nothing that is in flight for this file will reach the device.
  void cancel(const File::Impl& file);
};

}  // namespace noloss::sim
