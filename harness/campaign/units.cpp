#include "harness/campaign/units.hpp"

#include <algorithm>

namespace noloss::harness {
namespace {

constexpr std::uint64_t kCheckedOneIn = 64;

}  // namespace

Units::Units(const CampaignFacts& facts) {
  for (std::size_t s = 0; s < facts.scenarios.size(); ++s) {
    const ScenarioFacts& scenario = facts.scenarios[s];
    for (std::size_t c = 0; c < scenario.configurations.size(); ++c) {
      const ConfigurationFacts& configuration = scenario.configurations[c];
      blocks_.push_back({size_, {s, c}, scenario.seeds, configuration.plans > 0});
      size_ += scenario.units(configuration);
    }
  }
}

RunUnit Units::at(std::uint64_t number) const {
  const auto after = std::upper_bound(blocks_.begin(), blocks_.end(), number,
                                      [](std::uint64_t n, const Block& block) { return n < block.first; });
  const Block& block = *std::prev(after);
  const std::uint64_t within = number - block.first;
  return {number, block.place, block.seeds.first + (block.plans ? 0 : within), block.plans ? within : 0};
}

std::uint64_t Units::number_of(ConfigurationKey place, std::uint64_t seed, std::uint64_t plan) const {
  const auto block = std::find_if(blocks_.begin(), blocks_.end(), [&](const Block& b) { return b.place == place; });
  return block->first + (seed - block->seeds.first) + plan;
}

std::uint64_t Units::count(Shard shard) const {
  return size_ < shard.number ? 0 : (size_ - shard.number) / shard.count + 1;
}

bool Units::checked_twice(const RunUnit& unit) const {
  if (unit.number % kCheckedOneIn == 0) return true;
  return std::binary_search(blocks_.begin(), blocks_.end(), Block{unit.number, {}, {}, false},
                            [](const Block& a, const Block& b) { return a.first < b.first; });
}

}  // namespace noloss::harness
