#include "harness/search/variants.hpp"

#include <algorithm>
#include <set>

#include "sim/random.hpp"
#include "sim/unsynced.hpp"

namespace noloss::harness {
namespace {

using sim::Fault;
using sim::Quantity;

using Mask = std::vector<bool>;

std::vector<std::int64_t> ends(const Quantity& range) {
  if (range.fixed()) return {range.low};
  return {range.low, range.high};
}

/// Replaces each fault by as many as there are values.
void spread(std::vector<Fault>& faults, Quantity Fault::*field, const std::vector<std::int64_t>& values) {
  std::vector<Fault> more;
  for (const Fault& fault : faults) {
    for (const std::int64_t value : values) {
      Fault& one = more.emplace_back(fault);
      one.*field = Quantity{value};
    }
  }
  faults = std::move(more);
}

/// Items of one file that survive in order: truncations always do, pages under `prefix`.
bool possible(const std::vector<sim::NodeItem>& items, const Mask& kept, sim::Unsynced rule) {
  for (std::size_t later = 0; later < items.size(); ++later) {
    if (!kept[later]) continue;
    const sim::UnsyncedItem& one = items[later].item;
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      const sim::UnsyncedItem& other = items[earlier].item;
      const bool same_file = items[earlier].node == items[later].node && other.file == one.file;
      const bool ordered = one.kind == sim::UnsyncedItem::Kind::truncation || rule == sim::Unsynced::prefix;
      if (same_file && other.kind == one.kind && ordered && !kept[earlier]) return false;
    }
  }
  return true;
}

std::vector<Mask> all_masks(std::size_t size) {
  std::vector<Mask> masks;
  for (std::uint32_t bits = 0; bits < (1U << size); ++bits) {
    Mask& mask = masks.emplace_back(size, false);
    for (std::size_t i = 0; i < size; ++i) mask[i] = (bits >> i & 1U) != 0;
  }
  return masks;
}

/// None, all, each one alone kept, each one alone lost, and draws: the same for the same number of items.
std::vector<Mask> sampled_masks(std::size_t size) {
  std::vector<Mask> masks{Mask(size, false), Mask(size, true)};
  for (const bool kept : {true, false}) {
    for (std::size_t i = 0; i < size && masks.size() < kSampledSubsets / 2; ++i) {
      masks.emplace_back(size, !kept)[i] = kept;
    }
  }
  sim::RandomStream random{sim::derive_seed(size, "surviving pages")};
  while (masks.size() < kSampledSubsets) {
    Mask& mask = masks.emplace_back(size, false);
    for (std::size_t i = 0; i < size; ++i) mask[i] = random.below(2) != 0;
  }
  return masks;
}

}  // namespace

std::vector<std::int64_t> values_between(const Quantity& range, std::span<const sim::Duration> timeouts) {
  if (range.fixed()) return {range.low};
  std::vector<std::int64_t> inside;
  for (const sim::Duration timeout : timeouts) {
    if (timeout.count() > range.low && timeout.count() < range.high) inside.push_back(timeout.count());
  }
  std::vector<std::int64_t> values{range.low};
  for (std::size_t i = 1; i < inside.size(); ++i) values.push_back(inside[i - 1] + (inside[i] - inside[i - 1]) / 2);
  values.push_back(range.high);
  return values;
}

std::vector<Fault> variants(const Fault& line, std::span<const sim::Duration> timeouts) {
  std::vector<Fault> faults{line};
  faults.front().count = Quantity{1};
  faults.front().draw = 1;
  const bool lasts = !line.until && (line.action != sim::Action::kill || line.restart);
  spread(faults, &Fault::duration, lasts ? values_between(line.duration, timeouts) : std::vector{line.duration.low});
  const bool held = line.action == sim::Action::delay;
  spread(faults, &Fault::by, held ? values_between(line.by, timeouts) : ends(line.by));
  for (const auto field : {&Fault::factor, &Fault::blocks, &Fault::clock_rate, &Fault::rate, &Fault::bandwidth}) {
    spread(faults, field, ends(line.*field));
  }
  return faults;
}

std::vector<std::vector<std::string>> subsets(const std::vector<std::string>& items, sim::Unsynced rule) {
  std::vector<sim::NodeItem> parsed;
  for (const std::string& item : items) parsed.push_back(*sim::parse_unsynced(item));
  std::set<std::vector<std::string>> known;
  std::vector<std::vector<std::string>> kept;
  for (const Mask& mask : sampled(items) ? sampled_masks(items.size()) : all_masks(items.size())) {
    if (!possible(parsed, mask, rule)) continue;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (mask[i]) names.push_back(items[i]);
    }
    if (known.insert(names).second) kept.push_back(std::move(names));
  }
  return kept;
}

}  // namespace noloss::harness
