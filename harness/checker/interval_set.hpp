// A set of whole numbers kept as intervals: its size is the number of gaps, not the number of members.
//
// Made for sequence numbers, which mostly come in order: adding the successor of the largest member is constant time,
// anything else logarithmic in the number of intervals. Members are below 2^63.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace noloss::harness {

class IntervalSet {
 public:
  struct Interval {
    std::uint64_t first = 0;
    std::uint64_t last = 0;  ///< included
    friend bool operator==(const Interval&, const Interval&) = default;
  };

  /// False if the number was a member already.
  bool add(std::uint64_t number);
  /// Adds every member of the other set.
  void join(const IntervalSet& other);

  [[nodiscard]] bool contains(std::uint64_t number) const;
  [[nodiscard]] bool empty() const { return last_of_.empty(); }
  /// Number of members.
  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] std::vector<Interval> intervals() const;
  /// Members that the other set lacks.
  [[nodiscard]] IntervalSet minus(const IntervalSet& other) const;
  /// Numbers between the smallest and the largest member that are no members.
  [[nodiscard]] IntervalSet gaps() const;

 private:
  void add(Interval interval);

  std::map<std::uint64_t, std::uint64_t> last_of_;  ///< last by first; no two touch
};

}  // namespace noloss::harness
