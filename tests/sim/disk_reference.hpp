// A slow disk for one file that holds real bytes: each byte is the number of the write that put it there. The property
// tests compare the disk with it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "sim/disk.hpp"

namespace noloss::sim {

using Bytes = std::vector<std::uint32_t>;  ///< 0: a hole

struct ReferenceWrite {
  std::int64_t offset = 0;
  std::int64_t bytes = 0;  ///< 0: a truncation to `offset`

  [[nodiscard]] std::int64_t end() const { return offset + bytes; }
};

class ReferenceFile {
 public:
  struct Snapshot {
    Bytes content;
    std::set<std::int64_t> pages;
    std::uint32_t upto = 0;
  };
  static constexpr std::uint32_t kJunk = 0xffffffff;
  static constexpr std::int64_t kFarthest = 1'000'000;  ///< no test writes behind it

  // --- the process ---
  std::uint32_t write(std::int64_t offset, std::int64_t bytes) {
    const std::uint32_t number = note({offset, bytes});
    put(cache, offset, Bytes(static_cast<std::size_t>(bytes), number));
    for (std::int64_t page = offset / kPageBytes; page * kPageBytes < offset + bytes; ++page) dirty.insert(page);
    return number;
  }
  void truncate(std::int64_t size) {
    if (size == length(cache)) return;
    note({size, 0});
    cache.resize(static_cast<std::size_t>(size));
    std::erase_if(dirty, [&](std::int64_t page) { return page * kPageBytes >= size; });
  }

  // --- the kernel ---
  Snapshot take() {
    Snapshot taken{cache, dirty, last()};
    dirty.clear();
    return taken;
  }
  void reached(const Snapshot& taken, bool honest) {
    store(device, device_upto_, device_cut_, taken);
    if (honest) store(medium, medium_upto_, medium_cut_, taken);
  }
  [[nodiscard]] bool lied_about_truncation() const { return device_cut_ != medium_cut_; }
  void flush() {
    medium = device;
    medium_upto_ = device_upto_;
    medium_cut_ = device_cut_;
  }
  void revert() {
    for (auto& [number, entry] : writes) {
      if (entry.bytes == 0 && number > device_cut_) undone_.insert(number);
    }
    for (std::int64_t sector = 0; sector * kSectorBytes < kFarthest; ++sector) {
      const auto upto = device_upto_.find(sector);
      reverted_[sector].push_back({upto == device_upto_.end() ? 0 : upto->second, last()});
    }
    cache = device;
    dirty.clear();
  }
  /// A truncation that no writeback took yet.
  [[nodiscard]] bool cut_waits() const {
    return std::any_of(writes.begin(), writes.end(), [this](const auto& write) {
      return write.second.bytes == 0 && write.first > device_cut_ && !undone_.contains(write.first);
    });
  }

  // --- queries ---
  [[nodiscard]] static std::int64_t length(const Bytes& content) { return static_cast<std::int64_t>(content.size()); }
  [[nodiscard]] bool intact(std::uint32_t number, const Bytes& content) const {
    const ReferenceWrite& of = writes.at(number);
    return of.bytes > 0 && of.end() <= length(content) &&
           std::all_of(content.begin() + of.offset, content.begin() + of.end(),
                       [&](std::uint32_t b) { return b == number; });
  }
  [[nodiscard]] std::set<std::uint32_t> intact(const Bytes& content) const {
    std::set<std::uint32_t> found;
    std::uint32_t before = 0;
    for (const std::uint32_t number : content) {
      if (number != before && number != 0 && number != kJunk && intact(number, content)) found.insert(number);
      before = number;
    }
    return found;
  }
  /// Whether a power loss that takes any subset of the unsynced pages, by sectors, can leave these writes intact.
  [[nodiscard]] bool subset_can_leave(const std::set<std::uint32_t>& found) const {
    Bytes old = medium;
    std::vector<std::int64_t> cuts;
    for (const auto& [number, entry] : writes) {
      if (entry.bytes == 0 && number > medium_cut_ && !undone_.contains(number)) cuts.push_back(entry.offset);
    }
    const std::size_t most = lied_about_truncation() ? 0 : cuts.size();
    for (std::size_t survive = 0;; ++survive) {
      std::int64_t limit = length(cache);
      for (std::size_t i = survive; i < cuts.size(); ++i)
        limit = std::min(limit, cuts[i] / kSectorBytes * kSectorBytes);
      if (subset_can_leave(found, old, limit)) return true;
      if (survive == most) return false;
      old.resize(std::min(old.size(), static_cast<std::size_t>(cuts[survive])));
    }
  }
  /// What a power loss may leave if it keeps the first unsynced bytes, in write order: all possibilities.
  [[nodiscard]] std::vector<Bytes> prefixes() const {
    std::vector<Bytes> possible{medium};
    if (lied_about_truncation()) return possible;
    Bytes content = medium;
    for (const auto& [number, entry] : writes) {
      if (entry.bytes == 0) {
        if (number <= medium_cut_ || undone_.contains(number)) continue;
        content.resize(std::min(content.size(), static_cast<std::size_t>(entry.offset)));
        possible.push_back(content);
        continue;
      }
      for (const Piece& piece : pieces(without_cut_part(number, entry))) {
        if (!pending(number, piece.sector)) continue;
        put(content, piece.begin, Bytes(static_cast<std::size_t>(piece.end - piece.begin), number));
        possible.push_back(content);
      }
    }
    return possible;
  }
  /// After a power loss this is what there is.
  void adopt(const Bytes& content) {
    cache = device = medium = content;
    dirty.clear();
    device_cut_ = medium_cut_ = start_over_from_ = last();
    device_upto_.clear();
    medium_upto_.clear();
    reverted_.clear();
  }

  Bytes cache;
  Bytes device;
  Bytes medium;
  std::set<std::int64_t> dirty;
  std::map<std::uint32_t, ReferenceWrite> writes;

 private:
  using Upto = std::map<std::int64_t, std::uint32_t>;  ///< by sector: the last write that its content can reflect

  [[nodiscard]] std::uint32_t last() const { return writes.empty() ? 0 : writes.rbegin()->first; }
  std::uint32_t note(ReferenceWrite entry) {
    const std::uint32_t number = last() + 1;
    writes.emplace(number, entry);
    return number;
  }
  [[nodiscard]] bool pending(std::uint32_t number, std::int64_t sector) const {
    const auto reverted = reverted_.find(sector);
    if (reverted != reverted_.end()) {
      for (const auto& [after, upto] : reverted->second) {
        if (number > after && number <= upto) return false;
      }
    }
    const auto upto = medium_upto_.find(sector);
    return number > start_over_from_ && dirty.contains(sector * kSectorBytes / kPageBytes) &&
           (upto == medium_upto_.end() || number > upto->second);
  }
  /// If truncations made `old` of the medium, and nothing from `limit` on can be new.
  [[nodiscard]] bool subset_can_leave(const std::set<std::uint32_t>& found, const Bytes& old,
                                      std::int64_t limit) const {
    struct Choice {
      bool old;
      bool changed;  // to what the cache holds
    };
    std::map<std::int64_t, Choice> choices;
    const auto choice_of = [&](std::int64_t sector) -> Choice& {
      const std::int64_t offset = sector * kSectorBytes;
      return choices.try_emplace(sector, Choice{true, dirty.contains(offset / kPageBytes) && offset < limit})
          .first->second;
    };
    for (const std::uint32_t number : found) {
      for (const Piece& piece : pieces(writes.at(number))) {
        Choice& choice = choice_of(piece.sector);
        choice.old = choice.old && holds(old, piece.begin, piece.end, number);
        choice.changed = choice.changed && holds(cache, piece.begin, piece.end, number);
        if (!choice.old && !choice.changed) return false;
      }
    }
    return std::all_of(writes.begin(), writes.end(), [&](const auto& write) {
      if (write.second.bytes == 0 || found.contains(write.first)) return true;
      const std::vector<Piece> parts = pieces(write.second);
      return std::any_of(parts.begin(), parts.end(), [&](const Piece& piece) {
        const Choice& choice = choice_of(piece.sector);
        return (choice.old && !holds(old, piece.begin, piece.end, write.first)) ||
               (choice.changed && !holds(cache, piece.begin, piece.end, write.first));
      });
    });
  }
  /// The part of a write that lies in one sector.
  struct Piece {
    std::int64_t sector;
    std::int64_t begin;
    std::int64_t end;
  };
  /// What later truncations that are on the medium left of a write.
  [[nodiscard]] ReferenceWrite without_cut_part(std::uint32_t number, ReferenceWrite entry) const {
    for (const auto& [later, cut] : writes) {
      if (cut.bytes != 0 || later < number || later > medium_cut_ || undone_.contains(later)) continue;
      entry.bytes = std::clamp<std::int64_t>(cut.offset - entry.offset, 0, entry.bytes);
    }
    return entry;
  }
  static std::vector<Piece> pieces(const ReferenceWrite& of) {
    std::vector<Piece> found;
    for (std::int64_t at = of.offset; at < of.end(); at = found.back().end) {
      const std::int64_t sector = at / kSectorBytes;
      found.push_back({sector, at, std::min(of.end(), (sector + 1) * kSectorBytes)});
    }
    return found;
  }
  static bool holds(const Bytes& content, std::int64_t begin, std::int64_t end, std::uint32_t number) {
    return end <= length(content) && std::all_of(content.begin() + begin, content.begin() + end,
                                                 [number](std::uint32_t byte) { return byte == number; });
  }
  static void put(Bytes& content, std::int64_t offset, const Bytes& bytes) {
    content.resize(std::max(content.size(), static_cast<std::size_t>(offset) + bytes.size()));
    std::copy(bytes.begin(), bytes.end(), content.begin() + offset);
  }
  void store(Bytes& content, Upto& upto, std::uint32_t& cut, const Snapshot& taken) const {
    for (const auto& [number, entry] : writes) {
      if (entry.bytes != 0 || number <= cut || number > taken.upto || undone_.contains(number)) continue;
      content.resize(std::min(content.size(), static_cast<std::size_t>(entry.offset)));
      cut = number;
    }
    for (const std::int64_t page : taken.pages) {
      const std::int64_t begin = page * kPageBytes;
      const std::int64_t end = std::min(begin + kPageBytes, length(taken.content));
      put(content, begin, Bytes(taken.content.begin() + begin, taken.content.begin() + end));
      for (std::int64_t sector = begin / kSectorBytes; sector * kSectorBytes < begin + kPageBytes; ++sector) {
        upto[sector] = taken.upto;
      }
    }
  }

  Upto device_upto_;
  Upto medium_upto_;
  std::uint32_t device_cut_ = 0;
  std::uint32_t medium_cut_ = 0;
  std::uint32_t start_over_from_ = 0;  ///< what is older was settled by a power loss
  std::set<std::uint32_t> undone_;     ///< truncations that a revert took back
  std::map<std::int64_t, std::vector<std::pair<std::uint32_t, std::uint32_t>>> reverted_;  ///< by sector: (after, upto]
};

}  // namespace noloss::sim
