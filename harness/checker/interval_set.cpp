#include "harness/checker/interval_set.hpp"

#include <algorithm>
#include <iterator>

namespace noloss::harness {

bool IntervalSet::add(std::uint64_t number) {
  if (last_of_.empty()) {
    last_of_.emplace(number, number);
    return true;
  }
  const auto tail = std::prev(last_of_.end());
  if (number == tail->second + 1) {
    tail->second = number;
    return true;
  }
  if (contains(number)) return false;
  add(Interval{number, number});
  return true;
}

void IntervalSet::add(Interval interval) {
  auto after = last_of_.upper_bound(interval.first);
  if (after != last_of_.begin()) {
    const auto before = std::prev(after);
    if (before->second + 1 >= interval.first) {
      interval = {before->first, std::max(before->second, interval.last)};
      after = last_of_.erase(before);
    }
  }
  while (after != last_of_.end() && after->first <= interval.last + 1) {
    interval.last = std::max(interval.last, after->second);
    after = last_of_.erase(after);
  }
  last_of_.emplace_hint(after, interval.first, interval.last);
}

void IntervalSet::join(const IntervalSet& other) {
  for (const auto& [first, last] : other.last_of_) add(Interval{first, last});
}

bool IntervalSet::contains(std::uint64_t number) const {
  const auto after = last_of_.upper_bound(number);
  return after != last_of_.begin() && std::prev(after)->second >= number;
}

std::uint64_t IntervalSet::count() const {
  std::uint64_t members = 0;
  for (const auto& [first, last] : last_of_) members += last - first + 1;
  return members;
}

std::vector<IntervalSet::Interval> IntervalSet::intervals() const {
  std::vector<Interval> listed;
  listed.reserve(last_of_.size());
  for (const auto& [first, last] : last_of_) listed.push_back({first, last});
  return listed;
}

IntervalSet IntervalSet::minus(const IntervalSet& other) const {
  IntervalSet left;
  auto taken = other.last_of_.begin();
  for (const auto& [first, last] : last_of_) {
    std::uint64_t from = first;
    while (taken != other.last_of_.end() && taken->second < from) ++taken;
    for (auto hole = taken; hole != other.last_of_.end() && hole->first <= last; ++hole) {
      if (hole->first > from) left.last_of_.emplace_hint(left.last_of_.end(), from, hole->first - 1);
      from = hole->second + 1;
    }
    if (from <= last) left.last_of_.emplace_hint(left.last_of_.end(), from, last);
  }
  return left;
}

IntervalSet IntervalSet::gaps() const {
  IntervalSet between;
  for (auto at = last_of_.begin(); at != last_of_.end() && std::next(at) != last_of_.end(); ++at) {
    between.last_of_.emplace_hint(between.last_of_.end(), at->second + 1, std::next(at)->first - 1);
  }
  return between;
}

}  // namespace noloss::harness
