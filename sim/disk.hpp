// The disk of a machine, with the page cache above it and, where it lies, a write cache of its own.
//
// What is modelled, and from where: the "Disk model" of the fault contract. A file is written in the page cache (4 KiB
// pages of 512 B sectors). sync() covers what was written before the call and makes it durable at its completion. The
// kernel writes old dirty pages back. Directory entries are durable only after sync_directory(). A power loss
// keeps, drops or tears what was not synced; a sector that held durable bytes is afterwards the old or the new one.
// Not modelled: the bytes themselves (a write carries a Payload, and checksums are ideal: a record is intact, or it is
// known not to be), read latency outside recovery, several disks, file permissions, fragmentation.
//
// Ownership: a Disk belongs to its Machine and outlives every process on it. A File belongs to its Disk and lives until
// it is unlinked and its removal is durable, or the disk is wiped: programs find their files by name at each start.
// Errors: as the system calls give them, IoResult. Writes and syncs of a process that is dead do nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/fault/fault.hpp"
#include "sim/ids.hpp"
#include "sim/payload.hpp"
#include "sim/scheduler.hpp"
#include "sim/setup.hpp"
#include "sim/time.hpp"
#include "sim/unsynced.hpp"

namespace noloss::sim {

class Disk;
class Machine;
class Simulation;

inline constexpr std::int64_t kPageBytes = 4096;
inline constexpr std::int64_t kSectorBytes = 512;

enum class IoResult : std::uint8_t { ok, io_error, no_space };

/// What a read finds at a place where a record was once written.
enum class RecordState : std::uint8_t {
  intact,     ///< every byte as written: the checksum fits
  damaged,    ///< torn, zeroed, corrupted: the checksum fails
  unreadable  ///< the device answers EIO
};

/// A record as it lies in a file. Sorted by offset, without overlap.
struct StoredRecord {
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
  PayloadPtr payload;  ///< what was written there; meaningful only if intact
  RecordState state = RecordState::intact;
};

/// Which unsynced bytes a power loss takes; `draw` seeds the choices, per file and page.
struct LossRule {
  Unsynced unsynced = Unsynced::any_subset;
  std::uint64_t draw = 0;
  std::optional<std::vector<UnsyncedItem>> kept = std::nullopt;  ///< exactly these survive; nothing is drawn

  [[nodiscard]] bool keeps(std::string_view file, UnsyncedItem::Kind kind, std::uint64_t number) const;
};

/// Learns when a copy of a payload becomes durable and when one is gone. The history and the checkers count copies
/// with it, so that nobody has to take a model's word for what is on disk. Calls for one copy are nested: written,
/// durable, undurable, gone; a copy that was gone and comes back (a truncation or an overwrite that was not durable,
/// undone by a power loss) is written again. What the kernel writes back by itself is told at the next use of the disk.
/// Must not call the disk.
class DiskListener {
 public:
  virtual void written(NodeId node, const Payload& record) = 0;  ///< into the page cache, or come back
  virtual void durable(NodeId node, const Payload& record) = 0;  ///< every byte on the medium
  /// Every byte of it is no longer on the medium. Comes before gone() for each copy that was durable.
  virtual void undurable(NodeId node, const Payload& record) = 0;
  /// Neither the cache nor the disk has it intact any more (truncated, overwritten, lost, damaged).
  virtual void gone(NodeId node, const Payload& record) = 0;

 protected:
  ~DiskListener() = default;
};

/// An open file. All calls are made from a fiber of the machine's process; those marked "waits" suspend it. Before the
/// process first starts, whoever builds the run may write and read as well, and waits for nothing.
class File {
 public:
  [[nodiscard]] std::string_view name() const;
  [[nodiscard]] FileClass file_class() const;
  /// Length as the process sees it (page cache).
  [[nodiscard]] std::int64_t size() const;
  /// Length up to which everything is durable if the power failed now (as far as an honest disk told the kernel).
  /// For tests and checkers only: no real program can ask this.
  [[nodiscard]] std::int64_t durable_size() const;

  /// Writes at the end, into the page cache. Waits only above `dirty_limit`. no_space: nothing was written.
  IoResult append(std::int64_t bytes, PayloadPtr record);
  /// Overwrites [offset, offset + bytes); the old records that it touches are gone from the cache.
  IoResult write(std::int64_t offset, std::int64_t bytes, PayloadPtr record);
  /// Cuts the file in the cache. As durable as any other write: only after a sync.
  IoResult truncate(std::int64_t size);
  /// Waits for the device: fsync(2). Several callers at once each get a flush of their own, one after the other.
  IoResult sync(OnKill on_kill = OnKill::unwind);
  /// Reads the whole file; waits as long as the device needs for that many bytes.
  std::vector<StoredRecord> read_all();
  /// Checks one record that is being served, without waiting. Cheap while the disk is undamaged.
  [[nodiscard]] RecordState check(std::int64_t offset, std::int64_t bytes);

 private:
  friend class Disk;
  class Impl;
  explicit File(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;

 public:
  ~File();
};

class Disk {
 public:
  Disk(Simulation& simulation, Machine& machine, const DiskSetup& setup);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  // --- for programs ---
  /// Null if there is no such file (never created, or its directory entry was lost).
  [[nodiscard]] File* find(std::string_view name);
  /// Creates an empty file, or returns the one that there is. Its entry is durable after sync_directory().
  File& create(std::string_view name, FileClass file_class);
  /// As rename(2): atomic, replaces `to`. Durable after sync_directory().
  IoResult rename(std::string_view from, std::string_view to);
  IoResult unlink(std::string_view name);
  /// Waits for the device. Emits no moments, and fail_syncs() does not concern it.
  IoResult sync_directory();
  /// No space is left, as statfs(2) tells it. Asking a full disk counts as an effect of what filled it.
  [[nodiscard]] bool full();
  [[nodiscard]] std::vector<std::string> list() const;
  /// Changes at each wipe with `identity: new`; a directory id that a broker stores and compares.
  [[nodiscard]] std::uint32_t identity() const;

  // --- for building a run: what the initial state holds is durable ---
  void make_everything_durable();

  // --- for Machine ---
  void process_died();  ///< its waits are void; the kernel goes on
  void power_lost(const LossRule& rule);
  void wipe(bool new_identity);

  // --- faults; each `*_since_fault` style counter tells whether it had an effect ---
  /// The next sync (once) or each one until clear_sync_errors() fails so.
  void fail_syncs(FsyncSemantics semantics, bool once);
  void clear_sync_errors();
  void lie(bool on);
  void slow(std::int64_t factor, bool stall);  ///< {1, false} heals; a stalled operation completes after that
  void fill(bool on);
  /// Blocks chosen by `draw` among those that hold data of that class. Returns how many were hit.
  std::int64_t corrupt(std::int64_t blocks, Damage with, FileClass in, std::uint64_t draw);
  std::int64_t make_unreadable(std::int64_t blocks, FileClass in, std::uint64_t draw);
  void make_readable();  ///< heals make_unreadable

  /// What faults have done to observable results so far.
  struct Effects {
    std::uint64_t bytes_lost = 0;  ///< by power loss, wipe: bytes that a process had written
    std::uint64_t syncs_failed = 0;
    std::uint64_t syncs_lied = 0;  ///< returned 0 while something stayed in the write cache
    std::uint64_t operations_slowed = 0;
    std::uint64_t writes_refused = 0;
    std::uint64_t reads_damaged = 0;  ///< damaged or unreadable records handed out
  };
  [[nodiscard]] const Effects& effects() const;

  // --- for a search: what a power loss could take or leave now, and whether anything has happened since ---
  [[nodiscard]] std::vector<UnsyncedItem> unsynced();
  /// Counts everything that changes what the disk holds, or will hold: writes, changes of names, operations of the
  /// device that begin or end.
  [[nodiscard]] std::uint64_t activity() const;

 private:
  friend class File;
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace noloss::sim
