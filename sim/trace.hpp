// Events of a run: their names, and the trace with its digest.
//
// Every step that a plan can name is an event of the EventTable. The trace folds each one into an XXH3 digest and
// keeps it only when asked. Digest input is (time, node, event, two numbers): no names, no addresses.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/ids.hpp"
#include "sim/time.hpp"

namespace noloss::sim {

/// Names of events. Built once for a system, then shared and constant.
class EventTable {
 public:
  EventTable();
  /// Adds a name; adding it again gives the same id.
  EventId add(std::string_view name);
  [[nodiscard]] std::optional<EventId> find(std::string_view name) const;
  /// Precondition: the name was added.
  [[nodiscard]] EventId id(std::string_view name) const;
  [[nodiscard]] std::string_view name(EventId id) const { return names_[index(id)]; }
  [[nodiscard]] std::size_t size() const { return names_.size(); }

 private:
  std::vector<std::string> names_;
};

/// Events that the world itself emits; each EventTable starts with them, in this order.
enum class WorldEvent : std::uint16_t {
  started,
  killed,
  power_lost,
  booted,
  stopped,
  paused,
  resumed,
  sync_start,
  sync_done,
  sync_failed,
  fault,
  healed,
  count
};
[[nodiscard]] std::string_view name(WorldEvent event);
constexpr EventId id(WorldEvent event) { return EventId{static_cast<std::uint16_t>(event)}; }

struct TraceEvent {
  VirtualTime time{};
  NodeId node{};
  EventId event{};
  std::uint64_t first = 0;  ///< meaning depends on the event: a message, an offset, a peer
  std::uint64_t second = 0;
  friend bool operator==(const TraceEvent&, const TraceEvent&) = default;
};

class Trace {
 public:
  Trace() = default;
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  /// From now on events are kept; else they only count and enter the digest.
  void keep_events(bool keep);
  void add(const TraceEvent& event) {
    put(event);
    if (full()) flush();
  }
  /// add() in two steps, for who has to be quick: at once when it is full, flush().
  void put(const TraceEvent& event) {
    block_[used_++] = {event.time.time_since_epoch().count(), index(event.node) << 16U | index(event.event),
                       event.first, event.second};
  }
  [[nodiscard]] bool full() const { return used_ == kBlock; }
  void flush();
  /// Number of events so far.
  [[nodiscard]] std::uint64_t size() const { return flushed_ + used_; }
  /// Digest of all events so far.
  [[nodiscard]] std::uint64_t digest() const;
  /// All events so far, or none if they are not kept.
  [[nodiscard]] const std::vector<TraceEvent>& events();

 private:
  struct Packed {
    std::int64_t time;
    std::uint64_t node_event;
    std::uint64_t first;
    std::uint64_t second;
  };
  void unpack();

  static constexpr std::size_t kBlock = 128;
  std::array<Packed, kBlock> block_;
  std::size_t used_ = 0;
  std::uint64_t flushed_ = 0;
  std::uint64_t digest_ = 0;
  bool keep_ = false;
  std::vector<TraceEvent> events_;
  std::size_t unpacked_ = 0;  ///< of the block, those before it are in events_, or are not to be kept
};

}  // namespace noloss::sim
