// What one file holds: in the page cache, in the device's write cache, and on the medium. Internal to the disk.
//
// Model: writes are numbered (WriteId). A sector's content at a place is the number of the last write that it reflects;
// it reflects every earlier write to that sector too, since images are cumulative. A record is intact at a place iff
// all of its sectors there reflect its write and none reflects a later write (or truncation) of the same bytes. Not
// modelled: holes and junk as content of their own; bytes that no intact record holds are damaged bytes.
//
// Invariants: (1) `records_` is what the cache holds, sorted by offset, without overlap; what a write or truncation
// removed from the cache is a Shadow as long as it may lie on the medium or come back. (2) The medium is never newer
// than the write cache, and differs from it only if lied(). (3) Pages in `dirty_` are in the order in which they became
// dirty.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/disk.hpp"
#include "sim/time.hpp"

namespace noloss::sim {

using WriteId = std::uint32_t;
using PageIndex = std::uint32_t;

inline constexpr std::size_t kSectorsPerPage = kPageBytes / kSectorBytes;

/// Where content can be. The device's write cache equals the medium unless the device lied about a sync.
enum class Place : std::uint8_t { cache, device, medium };
inline constexpr std::size_t kPlaces = 3;

/// Tells the run's DiskListener about copies. Records without a payload are nobody's business.
class DiskCopies {
 public:
  DiskCopies(Simulation& simulation, NodeId node) : simulation_(&simulation), node_(node) {}
  void written(const PayloadPtr& record) const;
  void durable(const PayloadPtr& record) const;
  void undurable(const PayloadPtr& record) const;
  void gone(const PayloadPtr& record) const;

 private:
  Simulation* simulation_;
  NodeId node_;
};

struct DiskRecord {
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
  PayloadPtr payload;
  WriteId id = 0;
  bool damaged = false;  ///< for good: torn by a power loss, or corrupted
  bool known = false;    ///< the listener counts this copy
  bool durable = false;  ///< ... and counts it as durable

  [[nodiscard]] std::int64_t end() const { return offset + bytes; }
  /// A write of this payload at this place would change nothing.
  [[nodiscard]] bool same_bytes(std::int64_t at, std::int64_t size, const PayloadPtr& content) const {
    return offset == at && bytes == size && payload == content && !damaged;
  }
};

/// The part of a file that a sync or a writeback takes to the device: pages as they were when it was called.
struct DiskSnapshot {
  using Image = std::array<WriteId, kSectorsPerPage>;
  std::vector<PageIndex> pages;
  std::vector<Image> images;  ///< of the same pages
  std::int64_t size = 0;      ///< length of the file then
  std::int64_t bytes = 0;     ///< written since the snapshot before
  WriteId upto = 0;           ///< the last write or truncation that it covers
};

class DiskContent {
 public:
  explicit DiskContent(DiskCopies copies) : copies_(copies) {}

  [[nodiscard]] std::int64_t size() const { return length(Place::cache).size; }
  [[nodiscard]] std::int64_t size_at(Place place) const { return length(place).size; }
  [[nodiscard]] std::int64_t durable_prefix() const;

  // --- the process writes ---
  void append(VirtualTime now, std::int64_t bytes, PayloadPtr payload) {
    write(now, size(), bytes, std::move(payload));
  }
  void write(VirtualTime now, std::int64_t offset, std::int64_t bytes, PayloadPtr payload);
  void truncate(VirtualTime now, std::int64_t size);

  // --- the kernel writes: take() at the call, one of the others at completion ---
  /// Whether a sync would have something to write.
  [[nodiscard]] bool dirty() const { return !dirty_.empty() || cuts_pending(); }
  [[nodiscard]] std::size_t dirty_pages() const { return dirty_.size(); }
  /// When the oldest of what is dirty became so; kNever if nothing is.
  [[nodiscard]] VirtualTime dirty_since() const;
  /// Pages that are dirty since `limit` or before.
  [[nodiscard]] std::size_t pages_dirty_since(VirtualTime limit) const;
  /// Takes the oldest `pages` dirty pages, and marks them clean.
  void take(std::size_t pages, DiskSnapshot& into);
  /// The snapshot is in the write cache; and on the medium, if the device is honest.
  void reached(const DiskSnapshot& snapshot, bool honest);
  /// The snapshot was dropped by an error; the cache keeps the new content, and believes it clean.
  void dropped(const DiskSnapshot& snapshot);
  /// The cache goes back to what the device holds; all writes since then are gone.
  void revert();
  /// The device's write cache has something that the medium has not.
  [[nodiscard]] bool lied() const { return lied_; }
  [[nodiscard]] bool lied_about_truncation() const;
  void flush_write_cache();
  void make_durable();

  // --- damage ---
  /// Unsynced content goes by `rule`; afterwards every place holds the same. `in_flight`: snapshots that never reached
  /// the device. Returns how many bytes of records that the cache had intact were lost.
  std::int64_t lose(const LossRule& rule, std::string_view name, std::span<const DiskSnapshot* const> in_flight);
  /// What lose() could take or leave, with the pages in order.
  void add_unsynced(std::string_view name, std::span<const DiskSnapshot* const> in_flight,
                    std::vector<UnsyncedItem>& items) const;
  /// All of it; returns how many bytes of intact records there were in the cache.
  std::int64_t clear();
  /// Whether the medium has something of this page.
  [[nodiscard]] bool on_medium(PageIndex page) const;
  /// What the medium has of this page is damaged for good.
  void corrupt(PageIndex page);
  void make_unreadable(PageIndex page);
  void make_readable() { unreadable_.clear(); }

  // --- the process reads ---
  [[nodiscard]] std::vector<StoredRecord> read() const;
  [[nodiscard]] RecordState check(std::int64_t offset, std::int64_t bytes) const;

 private:
  struct Page {
    std::array<DiskSnapshot::Image, kPlaces> at{};
    DiskSnapshot::Image& operator[](Place place) { return at[static_cast<std::size_t>(place)]; }
    const DiskSnapshot::Image& operator[](Place place) const { return at[static_cast<std::size_t>(place)]; }
  };
  /// How long the file is at a place, and the last truncation that is reflected there.
  struct Length {
    std::int64_t size = 0;
    WriteId cut = 0;
  };
  struct Cut {
    WriteId id = 0;
    std::int64_t size = 0;
    VirtualTime since;
  };
  /// Sectors [first, last] in which the write `by` replaced bytes of a record.
  struct Cover {
    WriteId by = 0;
    std::size_t first = 0;
    std::size_t last = 0;
  };
  struct Shadow {
    DiskRecord record;
    std::vector<Cover> covers;
    WriteId cut = 0;     ///< the first truncation that removed bytes of it; 0: none
    bool whole = false;  ///< one cover replaced all of it, so that later ones tell nothing new
  };

  [[nodiscard]] Length& length(Place place) { return lengths_[static_cast<std::size_t>(place)]; }
  [[nodiscard]] const Length& length(Place place) const { return lengths_[static_cast<std::size_t>(place)]; }
  /// The last write that a sector reflects.
  [[nodiscard]] WriteId& write_at(Place place, std::size_t number) {
    return pages_[number / kSectorsPerPage][place][number % kSectorsPerPage];
  }
  [[nodiscard]] WriteId write_at(Place place, std::size_t number) const {
    return pages_[number / kSectorsPerPage][place][number % kSectorsPerPage];
  }
  [[nodiscard]] bool cuts_pending() const { return !cuts_.empty() && cuts_.back().id > length(Place::device).cut; }
  /// Index of the first record that ends behind `offset`.
  [[nodiscard]] std::size_t first_behind(std::int64_t offset) const;
  [[nodiscard]] bool reflected(const DiskRecord& record, Place place) const;
  /// A later write or truncation of its bytes is reflected.
  [[nodiscard]] bool replaced(const Shadow& shadow, Place place) const;
  [[nodiscard]] bool intact(const Shadow& shadow, Place place) const;
  [[nodiscard]] bool unreadable(std::int64_t offset, std::int64_t bytes) const;

  // disk_content.cpp
  void dirty_sectors(VirtualTime now, std::int64_t offset, std::int64_t bytes, WriteId id);
  void dirty_pages_of(VirtualTime now, std::int64_t offset, std::int64_t bytes);
  static void cover(Shadow& shadow, std::int64_t offset, std::int64_t bytes, WriteId by);
  void shade(DiskRecord&& record, std::int64_t offset, std::int64_t bytes, WriteId by);
  void shade_cut(DiskRecord&& record, WriteId cut);
  void remember(Shadow&& shadow);
  void drop_pages_behind(std::int64_t size);
  /// Puts a fact and the listener's view of it in line.
  void tell(DiskRecord& record, bool exists, bool durable) const;

  // disk_durability.cpp
  void store(Place place, const DiskSnapshot& snapshot);
  void cut_at(Place place, const Cut& cut);
  void tell_durable(std::int64_t begin, std::int64_t end);
  void reconcile_shadows();
  /// Makes what `place` holds the content of the cache. Returns the bytes of intact records that the cache loses.
  std::int64_t rebuild_cache(Place place);
  void take_back_shadows(Place place, std::vector<DiskRecord>& kept);
  void merge_damaged(std::vector<DiskRecord>&& kept, std::vector<DiskRecord>&& lost);
  void clean_all();

  // disk_loss.cpp
  void lose_subset(std::uint64_t seed);
  void lose_all_but(const LossRule& rule, std::string_view name);
  /// The first `survive` truncations that are not on the medium come to it. Returns the sectors that can be kept.
  std::size_t keep_truncations(std::uint64_t survive);
  void keep_page(PageIndex page, std::size_t limit);
  void lose_behind_prefix(std::uint64_t seed);
  void keep_part_of_page(PageIndex page, std::size_t limit, std::uint64_t seed);

  DiskCopies copies_;
  std::array<Length, kPlaces> lengths_;
  std::vector<DiskRecord> records_;
  std::size_t durable_records_ = 0;  ///< so many of the first ones are durable, if not more
  std::vector<Shadow> shadows_;
  std::vector<Page> pages_;
  std::vector<VirtualTime> dirty_since_;  ///< by page; kNever: clean
  std::vector<PageIndex> dirty_;
  std::vector<PageIndex> unreadable_;
  std::vector<Cut> cuts_;  ///< truncations that are not on the medium, in order
  std::int64_t unsynced_bytes_ = 0;
  WriteId last_write_ = 0;
  bool lied_ = false;
  bool suspect_ = false;  ///< some bytes may be damaged or unreadable: look closely
};

}  // namespace noloss::sim
