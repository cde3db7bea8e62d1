// The runs of a campaign in their fixed order: scenario, then configuration, then seed or plan. Numbered from 0.
//
// Computed, not stored: a campaign of a billion units takes no memory. Shard i of n has the units with
// number mod n == i - 1, so that each shard meets every configuration.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/campaign/campaign.hpp"
#include "harness/verdict/aggregator.hpp"

namespace noloss::harness {

struct RunUnit {
  std::uint64_t number = 0;
  ConfigurationKey place;
  std::uint64_t seed = 0;
  std::uint64_t plan = 0;  ///< exhaustive search: number of the plan in its space
};

class Units {
 public:
  explicit Units(const CampaignFacts& facts);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Precondition: number < size().
  [[nodiscard]] RunUnit at(std::uint64_t number) const;

  /// The number of a configuration's unit with that seed and plan. Precondition: there is one.
  [[nodiscard]] std::uint64_t number_of(ConfigurationKey place, std::uint64_t seed, std::uint64_t plan = 0) const;

  /// Number of units of a shard.
  [[nodiscard]] std::uint64_t count(Shard shard) const;
  /// The number of a shard's k-th unit, from 0.
  [[nodiscard]] static std::uint64_t number(Shard shard, std::uint64_t k) { return k * shard.count + shard.number - 1; }
  /// Which one of the shard's units it is. Precondition: it is the shard's.
  [[nodiscard]] static std::uint64_t ordinal(Shard shard, std::uint64_t number) { return number / shard.count; }
  [[nodiscard]] static bool has(Shard shard, std::uint64_t number) { return number % shard.count == shard.number - 1; }

  /// Whether the unit is run twice: the first of each configuration, and one in 64.
  [[nodiscard]] bool checked_twice(const RunUnit& unit) const;

 private:
  struct Block {
    std::uint64_t first = 0;  ///< number of its first unit
    ConfigurationKey place;
    SeedRange seeds;
    bool plans = false;  ///< one seed, many plans
  };
  std::vector<Block> blocks_;
  std::uint64_t size_ = 0;
};

}  // namespace noloss::harness
