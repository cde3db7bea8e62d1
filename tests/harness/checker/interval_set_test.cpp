// The set of intervals against a plain set of numbers.
#include "harness/checker/interval_set.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace noloss::harness {
namespace {

using Interval = IntervalSet::Interval;

IntervalSet set_of(const std::vector<std::uint64_t>& numbers) {
  IntervalSet set;
  for (const std::uint64_t number : numbers) set.add(number);
  return set;
}

std::vector<std::uint64_t> members(const IntervalSet& set) {
  std::vector<std::uint64_t> numbers;
  for (const Interval interval : set.intervals()) {
    for (std::uint64_t number = interval.first; number <= interval.last; ++number) numbers.push_back(number);
  }
  return numbers;
}

/// Few different numbers, so that neighbours and repetitions are common.
rc::Gen<std::vector<std::uint64_t>> numbers() {
  return rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, 40));
}

TEST(interval_set, numbers_in_order_are_one_interval) {
  EXPECT_EQ(set_of({5, 6, 7, 8}).intervals(), (std::vector<Interval>{{5, 8}}));
}

TEST(interval_set, filling_a_gap_joins_its_neighbours) {
  EXPECT_EQ(set_of({1, 3, 2}).intervals(), (std::vector<Interval>{{1, 3}}));
  EXPECT_EQ(set_of({3, 2, 1}).intervals(), (std::vector<Interval>{{1, 3}}));
}

TEST(interval_set, a_number_is_added_once) {
  IntervalSet set = set_of({7});
  EXPECT_FALSE(set.add(7));
  EXPECT_TRUE(set.add(9));
  EXPECT_EQ(set.count(), 2U);
}

TEST(interval_set, the_largest_number_has_no_successor_to_collide_with) {
  constexpr std::uint64_t kLargest = INT64_MAX;
  EXPECT_EQ(set_of({kLargest, 0, kLargest - 1}).intervals(), (std::vector<Interval>{{0, 0}, {kLargest - 1, kLargest}}));
}

RC_GTEST_PROP(interval_set, behaves_as_a_set, ()) {
  const auto given = *numbers();
  IntervalSet set;
  std::set<std::uint64_t> expected;
  for (const std::uint64_t number : given) RC_ASSERT(set.add(number) == expected.insert(number).second);
  RC_ASSERT(members(set) == std::vector<std::uint64_t>(expected.begin(), expected.end()));
  RC_ASSERT(set.count() == expected.size());
  for (std::uint64_t number = 0; number < 42; ++number) RC_ASSERT(set.contains(number) == expected.contains(number));
  const auto intervals = set.intervals();
  for (std::size_t at = 1; at < intervals.size(); ++at) RC_ASSERT(intervals[at - 1].last + 1 < intervals[at].first);
}

RC_GTEST_PROP(interval_set, minus_joins_and_gaps_agree_with_their_definitions, ()) {
  const IntervalSet one = set_of(*numbers());
  const IntervalSet other = set_of(*numbers());
  const IntervalSet left = one.minus(other);
  const IntervalSet gaps = one.gaps();
  IntervalSet both = one;
  both.join(other);
  for (std::uint64_t number = 0; number < 42; ++number) {
    RC_ASSERT(left.contains(number) == (one.contains(number) && !other.contains(number)));
    RC_ASSERT(both.contains(number) == (one.contains(number) || other.contains(number)));
    const bool between = !one.empty() && number > one.intervals().front().first &&
                         number < one.intervals().back().last && !one.contains(number);
    RC_ASSERT(gaps.contains(number) == between);
  }
}

}  // namespace
}  // namespace noloss::harness
