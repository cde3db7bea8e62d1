// The agenda: what will happen, ordered by (time, order of entry), and what time it is. Packets, disk completions,
// timers and wake-ups of fibers are entries.
//
// Entries for a later time are in a 4-ary heap whose pop leaves the root empty (a hole) that the next push fills with
// one sift-down, since a pop is nearly always followed by a push. It was the fastest of those measured for tens to
// hundreds of pending entries. Entries for the present are in a queue, behind those of the heap that are due: these
// came earlier.
// Entries are never removed from the middle: an entry that is no longer wanted is recognised when it comes up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/time.hpp"

namespace noloss::sim {

class Fiber;

/// Something that happens at an instant without a fiber of its own.
class Callback {
 public:
  virtual void fire() = 0;
  /// Called in place of fire() when the run ends first.
  virtual void drop() {}

 protected:
  ~Callback() = default;
};

class Agenda {
 public:
  struct Entry {
    VirtualTime time;
    std::uint64_t sequence;
    std::uintptr_t what;

    [[nodiscard]] bool is_fiber() const { return (what & 1U) != 0; }
    [[nodiscard]] Fiber& fiber() const { return *reinterpret_cast<Fiber*>(what - 1); }
    [[nodiscard]] Callback& callback() const { return *reinterpret_cast<Callback*>(what); }
  };

  Agenda() : heap_(kFamily, kAbsent) {}
  Agenda(const Agenda&) = delete;
  Agenda& operator=(const Agenda&) = delete;

  /// The present, as advance() set it last. No entry is earlier.
  [[nodiscard]] VirtualTime now() const { return now_; }
  void advance(VirtualTime to) { now_ = to; }

  [[nodiscard]] bool empty() const { return due_head_ == due_tail_ && count_ == (hole_ ? 1U : 0U); }
  /// A time before the present counts as the present.
  void push(VirtualTime time, Callback& callback);
  /// Tells the entry's sequence number, which is never 0 and never used again.
  void push(VirtualTime time, Fiber& fiber, std::uint64_t& sequence) {
    sequence = ++sequence_;
    push(time, sequence, word(fiber));
  }
  /// The same for the present.
  void push_now(Fiber& fiber, std::uint64_t& sequence) {
    sequence = ++sequence_;
    push_due({sequence, word(fiber)});
  }
  /// Takes the first entry; false if there is none up to `limit`. Leaves the present as it is.
  bool pop(VirtualTime limit, Entry& entry) {
    if (due_head_ == due_tail_ || heap_is_due()) return pop_heap(limit, entry);
    const Due& first = *due_head_++;
    if (due_head_ == due_tail_) due_head_ = due_tail_ = due_.data();
    entry.time = now_;
    entry.sequence = first.sequence;
    entry.what = first.what;
    return true;
  }

  /// Drops every entry, in no particular order.
  void clear();
  /// Drops every entry and goes back to the start of time.
  void reset() {
    clear();
    now_ = kStart;
  }

 private:
  __extension__ using Key = unsigned __int128;  // time above, sequence below
  struct Node {
    Key key;
    std::uintptr_t what;  // low bit: 1 for a fiber, 0 for a callback
  };
  struct Due {
    std::uint64_t sequence;
    std::uintptr_t what;
  };
  static constexpr std::size_t kFamily = 4;
  /// Follows the last entry kFamily times, so that every family of the heap is full. Behind any entry.
  static constexpr Node kAbsent{~Key{0} >> 1U, 0};

  static std::uintptr_t word(Fiber& fiber) { return reinterpret_cast<std::uintptr_t>(&fiber) | 1U; }
  static VirtualTime time_of(const Node& node) {
    return VirtualTime{Duration{static_cast<std::int64_t>(node.key >> 64U)}};
  }

  void push(VirtualTime time, std::uint64_t sequence, std::uintptr_t what) {
    if (time <= now_) return push_due({sequence, what});
    const Key key = (Key{static_cast<std::uint64_t>(time.time_since_epoch().count())} << 64U) | sequence;
    if (!hole_) return insert(key, what);
    hole_ = false;
    fill_hole(key, what);
  }
  void push_due(const Due& due) {
    if (due_tail_ == due_end_) [[unlikely]]
      return grow_due(due);
    *due_tail_++ = due;
  }
  void grow_due(Due due);
  void insert(Key key, std::uintptr_t what);
  /// Puts the entry where it belongs on the way down from the empty root.
  void fill_hole(Key key, std::uintptr_t what) {
    Node* const heap = heap_.data();
    Node* hole = heap;
    const std::size_t end = count_;
    for (std::size_t child = 1; child < end;) {
      // Two comparisons that do not wait for each other, then one.
      const std::size_t left = child + (heap[child + 1].key < heap[child].key ? 1U : 0U);
      const std::size_t right = child + 2 + (heap[child + 3].key < heap[child + 2].key ? 1U : 0U);
      const std::size_t least = heap[right].key < heap[left].key ? right : left;
      if (!(heap[least].key < key)) break;
      *hole = heap[least];
      hole = heap + least;
      child = kFamily * least + 1;
    }
    hole->key = key;
    hole->what = what;
  }
  void close_hole();
  /// Whether the heap has an entry for the present.
  [[nodiscard]] bool heap_is_due() const {
    if (!hole_) return time_of(heap_[0]) <= now_;
    const Node* family = &heap_[1];  // under a hole the least entry is one of these
    return time_of(family[0]) <= now_ || time_of(family[1]) <= now_ || time_of(family[2]) <= now_ ||
           time_of(family[3]) <= now_;
  }
  bool pop_heap(VirtualTime limit, Entry& entry) {
    if (hole_) close_hole();
    const Node& root = heap_[0];
    if (time_of(root) > limit || root.what == 0) return false;
    hole_ = true;
    entry.time = time_of(root);
    entry.sequence = static_cast<std::uint64_t>(root.key);
    entry.what = root.what;
    return true;
  }

  VirtualTime now_ = kStart;
  std::uint64_t sequence_ = 0;
  bool hole_ = false;
  std::size_t count_ = 0;   // nodes of the heap, the hole included
  std::vector<Node> heap_;  // ... which kFamily times kAbsent follows
  std::vector<Due> due_;    // filled from the front again whenever it is empty, which it is before time goes on
  Due* due_head_ = nullptr;
  Due* due_tail_ = nullptr;
  Due* due_end_ = nullptr;
};

}  // namespace noloss::sim
