#include "harness/search/plan_space.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace noloss::harness {

std::unique_ptr<PlanSpace> PlanSpace::explore(sim::FaultPlan base, AllowedFaults allowed, const sim::EventTable& events,
                                              std::uint32_t most_faults, const RecordRun& record,
                                              const std::function<bool(std::uint64_t plans)>& go_on) {
  std::unique_ptr<PlanSpace> space{new PlanSpace(std::move(base), std::move(allowed), events)};
  PlanCursor cursor(*space, record);
  std::uint64_t level_begin = 0;
  for (std::uint32_t faults = 0; faults < most_faults; ++faults) {
    const std::uint64_t level_end = space->size_;
    std::set<std::uint64_t> known;
    for (std::uint64_t number = level_begin; number < level_end; ++number) {
      if (!go_on(space->size_)) return nullptr;
      PlanCursor::Found prefix = cursor.found(number);
      std::uint64_t likeness = 0;
      const bool skips = space->allowed_.skip == Skip::what_cannot_matter;
      const Recording recording = record(prefix.plan, skips ? &likeness : nullptr);
      if (skips && !known.insert(likeness).second) {
        ++space->alike_;
        continue;
      }
      const Placements placements(recording, events, space->allowed_, prefix.next_moment);
      if (placements.size() == 0) continue;
      space->blocks_.push_back({space->size_, number, prefix.next_moment});
      space->size_ += placements.size();
      space->sampled_ = space->sampled_ || placements.sampled();
    }
    level_begin = level_end;
  }
  return space;
}

PlanCursor::Found PlanCursor::found(std::uint64_t number) {
  if (number == 0) return {space_.base_, 0};
  const auto& blocks = space_.blocks_;
  const auto after = std::upper_bound(blocks.begin(), blocks.end(), number,
                                      [](std::uint64_t n, const PlanSpace::Block& block) { return n < block.first; });
  const auto block = static_cast<std::size_t>(after - blocks.begin()) - 1;
  const Open& here = open(block);
  Placements::Placed placed = here.placements->at(number - blocks[block].first);
  Found result{here.prefix, placed.moment + 1};
  result.plan.push_back(std::move(placed.fault));
  return result;
}

const PlanCursor::Open& PlanCursor::open(std::size_t block) {
  const PlanSpace::Block& wanted = space_.blocks_[block];
  for (const Open& one : open_) {
    if (one.block == block) return one;
  }
  sim::FaultPlan prefix = found(wanted.prefix).plan;
  const std::size_t level = prefix.size() - space_.base_.size();
  if (open_.size() <= level) open_.resize(level + 1);
  Open& here = open_[level];
  here.placements.reset();
  here.recording = std::make_unique<Recording>(record_(prefix, nullptr));
  here.placements = std::make_unique<Placements>(*here.recording, space_.events_, space_.allowed_, wanted.moment);
  here.prefix = std::move(prefix);
  here.block = block;
  return here;
}

}  // namespace noloss::harness
