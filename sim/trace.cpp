#include "sim/trace.hpp"

// Inlined and unrolled, the digest takes half the instructions that the shared library's needs.
#if defined(__OPTIMIZE__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cassert>

namespace noloss::sim {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(WorldEvent::count)> kWorldEvents{
    "started", "killed",     "power_lost", "booted",      "stopped", "paused",
    "resumed", "sync.start", "sync.done",  "sync.failed", "fault",   "healed"};

}  // namespace

std::string_view name(WorldEvent event) { return kWorldEvents[static_cast<std::size_t>(event)]; }

EventTable::EventTable() {
  for (const std::string_view event : kWorldEvents) names_.emplace_back(event);
}

EventId EventTable::add(std::string_view name) {
  if (const auto known = find(name)) return *known;
  names_.emplace_back(name);
  return EventId{static_cast<std::uint16_t>(names_.size() - 1)};
}

std::optional<EventId> EventTable::find(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) return std::nullopt;
  return EventId{static_cast<std::uint16_t>(found - names_.begin())};
}

EventId EventTable::id(std::string_view name) const {
  const auto found = find(name);
  assert(found && "an event that nobody added");
  return *found;
}

void Trace::keep_events(bool keep) {
  unpack();
  keep_ = keep;
}

void Trace::flush() {
  if (keep_) unpack();
  digest_ = digest();
  flushed_ += used_;
  used_ = 0;
  unpacked_ = 0;
}

std::uint64_t Trace::digest() const {
  return used_ == 0 ? digest_ : XXH3_64bits_withSeed(block_.data(), used_ * sizeof(Packed), digest_);
}

const std::vector<TraceEvent>& Trace::events() {
  unpack();
  return events_;
}

void Trace::unpack() {
  for (; unpacked_ < used_; ++unpacked_) {
    if (!keep_) continue;
    const Packed& packed = block_[unpacked_];
    events_.push_back({VirtualTime{Duration{packed.time}}, NodeId{static_cast<std::uint32_t>(packed.node_event >> 16U)},
                       EventId{static_cast<std::uint16_t>(packed.node_event)}, packed.first, packed.second});
  }
}

}  // namespace noloss::sim
