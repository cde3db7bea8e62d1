// The names of a disk's files: as the process sees them, and as they are on the medium. Internal to the disk.
//
// Model: creations, renames and removals are changes in one order; they are on the medium only after a sync of the
// directory. A power loss applies a part of those that are not: under any_subset each one or not, except that a change
// never survives without an earlier one that shares a name with it. A rename is atomic.
// Not modelled: subdirectories, the journal's own commits every few seconds, hard links.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/disk.hpp"

namespace noloss::sim {

class DiskDirectory {
 public:
  struct Entry {
    std::string name;
    File* file = nullptr;
  };

  [[nodiscard]] File* find(std::string_view name) const { return find(seen_, name); }
  /// As the process sees them, sorted by name.
  [[nodiscard]] const std::vector<Entry>& entries() const { return seen_; }
  /// Whether the file has a name, on the medium or for the process, or may get one back.
  [[nodiscard]] bool holds(const File& file) const;

  void create(std::string_view name, File& file);
  /// Precondition of both: the name exists.
  void rename(std::string_view from, std::string_view to);
  void unlink(std::string_view name);

  /// Changes so far; what a sync that is called now covers.
  [[nodiscard]] std::uint64_t changes() const { return on_medium_ + pending_.size(); }
  /// The first `upto` changes have reached the device.
  void reached(std::uint64_t upto, bool honest);
  [[nodiscard]] bool lied() const { return lied_ > 0; }
  void flush_write_cache();
  void make_durable() { reached(changes(), true); }
  void lose(const LossRule& rule);
  void add_unsynced(std::vector<UnsyncedItem>& items) const;
  void clear();

 private:
  struct Change {
    enum class What : std::uint8_t { create, rename, unlink } what;
    std::string name;
    std::string to;  ///< of a rename
    File* file = nullptr;

    [[nodiscard]] bool touches(std::string_view other) const { return name == other || to == other; }
    [[nodiscard]] bool builds_on(const Change& earlier) const;
  };

  [[nodiscard]] static File* find(const std::vector<Entry>& entries, std::string_view name);
  static void set(std::vector<Entry>& entries, std::string_view name, File* file);
  static void apply(std::vector<Entry>& entries, const Change& change);
  [[nodiscard]] std::vector<bool> survivors(const LossRule& rule) const;
  /// Of the pending changes before `index`, those that touch its name.
  [[nodiscard]] std::uint64_t times_before(std::size_t index) const;

  std::vector<Entry> seen_;
  std::vector<Entry> stored_;
  std::vector<Change> pending_;  ///< not on the medium, in order
  std::size_t lied_ = 0;         ///< the first so many of them are in the device's write cache
  std::uint64_t on_medium_ = 0;
};

}  // namespace noloss::sim
