// All faults that could be placed in one recorded run behind a given moment, numbered.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/search/recording.hpp"

namespace noloss::harness {

/// What may be placed: the lines of `faults:` without a time of their own, each with its variants.
struct AllowedFaults {
  std::vector<sim::Fault> lines;
  std::vector<std::vector<sim::Fault>> variants;  ///< by line
  Skip skip = Skip::what_cannot_matter;
};

class Placements {
 public:
  /// Sites at moments from `first` on. The recording and the faults outlive it.
  Placements(const Recording& recording, const sim::EventTable& events, const AllowedFaults& allowed,
             std::uint32_t first);

  [[nodiscard]] std::uint64_t size() const { return ends_.empty() ? 0 : ends_.back(); }
  struct Placed {
    sim::Fault fault;
    std::uint32_t moment = 0;  ///< place in the recording
  };
  /// Precondition: number < size(). Complete and concrete.
  [[nodiscard]] Placed at(std::uint64_t number) const;
  /// Whether of some power loss only a sample of what it could leave is among them.
  [[nodiscard]] bool sampled() const { return sampled_; }

 private:
  [[nodiscard]] const std::vector<std::vector<std::string>>& kept(const Site& site) const;

  const Recording& recording_;
  const sim::EventTable& events_;
  const AllowedFaults& allowed_;
  std::size_t first_site_ = 0;
  std::vector<std::uint64_t> ends_;  ///< behind the last placement of each site
  /// By rule and by list of unsynced items: what survives.
  std::vector<std::vector<std::vector<std::vector<std::string>>>> kept_;
  bool sampled_ = false;
};

}  // namespace noloss::harness
