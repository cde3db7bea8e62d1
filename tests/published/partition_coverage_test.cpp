// "Why is random testing effective for partition tolerance bugs?" (Majumdar and Niksic, POPL 2018): how often random
// partitions meet the bug of Kafka that needs two of them, one after the other.
//
// Four nodes: a coordinator, a leader, two followers. A balanced partition leaves leader and coordinator together, so
// that the leader goes on alone; the next one isolates the leader. Which of the nodes are coordinator and leader is one
// of twelve labelings, and each alternation is the bug of exactly one. Published: 50 random alternations meet all
// twelve with a probability of at least 80 %. Exactly, as coupons to collect: 85.2 %, after 30 alternations 35.9 %, and
// one named labeling is met by 50 with 1 - (11/12)^50 = 98.7 %.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/search/nemesis.hpp"
#include "harness/verdict/interval.hpp"
#include "sim/fault/injector.hpp"
#include "sim/network.hpp"
#include "tests/published/report.hpp"

namespace noloss::published {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kNodes = 4;
constexpr std::int64_t kLabelings = kNodes * (kNodes - 1);
constexpr std::int64_t kCampaigns = 1000;
constexpr sim::Duration kPartition = 1s;

/// Which node is the coordinator and which one the leader.
using Labeling = std::pair<std::uint32_t, std::uint32_t>;
constexpr Labeling kNamed{3, 0};

class Idle final : public sim::Program {
  void run() override {}
};

class Nobody final : public sim::RoleResolver {
  [[nodiscard]] std::vector<sim::NodeId> holders(std::string_view /*role*/) const override { return {}; }
};

/// Balanced and isolating partitions in turns, as a scenario would write them.
harness::Configuration alternating(int alternations) {
  harness::Configuration configuration;
  for (int i = 0; i < 2 * alternations; ++i) {
    sim::Fault fault;
    fault.action = sim::Action::partition;
    fault.at.time = sim::kStart + i * kPartition;
    fault.duration = sim::Quantity{kPartition / 2};
    fault.shape = i % 2 == 0 ? sim::PartitionShape::halves : sim::PartitionShape::isolate;
    if (i % 2 == 1) fault.target = "any broker";
    configuration.faults.push_back(fault);
  }
  return configuration;
}

/// Four machines and the injector; what is cut is what the network says.
class Campaign {
 public:
  Campaign(const harness::Nemesis& nemesis, std::uint64_t seed)
      : plan_(nemesis.draw(seed)), simulation_(pool(), events(), setup(seed)) {
    for (std::uint32_t i = 1; i <= kNodes; ++i) {
      sim::MachineSetup machine;
      machine.name = "broker-" + std::to_string(i);
      machine.kind = "broker";
      simulation_.add_machine(machine, [](sim::Process&) { return std::make_unique<Idle>(); });
    }
    simulation_.listen_moments(&injector_);
    injector_.arm();
    simulation_.start_all();
  }
  ~Campaign() { simulation_.listen_moments(nullptr); }
  Campaign(const Campaign&) = delete;
  Campaign& operator=(const Campaign&) = delete;

  /// The labelings whose bug the next alternation is.
  std::set<Labeling> alternate() {
    const std::set<std::pair<std::uint32_t, std::uint32_t>> together = connected();
    const std::set<std::pair<std::uint32_t, std::uint32_t>> rest = connected();
    EXPECT_EQ(together.size(), 4U) << "two and two";
    EXPECT_EQ(rest.size(), 6U) << "one and three";
    std::set<Labeling> met;
    for (std::uint32_t leader = 0; leader < kNodes; ++leader) {
      for (std::uint32_t coordinator = 0; coordinator < kNodes; ++coordinator) {
        const bool kept_coordinator = together.contains({leader, coordinator});
        if (kept_coordinator && alone(rest, leader)) met.emplace(coordinator, leader);
      }
    }
    return met;
  }

 private:
  /// Pairs that reach each other in the middle of the next partition.
  std::set<std::pair<std::uint32_t, std::uint32_t>> connected() {
    simulation_.scheduler().run_until(next_ + kPartition / 4);
    std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
    for (std::uint32_t a = 0; a < kNodes; ++a) {
      for (std::uint32_t b = 0; b < kNodes; ++b) {
        if (a != b && !simulation_.network().blocked(sim::NodeId{a}, sim::NodeId{b})) pairs.emplace(a, b);
      }
    }
    next_ += kPartition;
    return pairs;
  }
  static bool alone(const std::set<std::pair<std::uint32_t, std::uint32_t>>& pairs, std::uint32_t node) {
    for (std::uint32_t other = 0; other < kNodes; ++other) {
      if (pairs.contains({node, other}) || pairs.contains({other, node})) return false;
    }
    return true;
  }
  static sim::SimulationSetup setup(std::uint64_t seed) {
    sim::SimulationSetup setup;
    setup.seed = seed;
    return setup;
  }
  static sim::FiberPool& pool() {
    static thread_local sim::FiberPool fibers;
    return fibers;
  }
  static const sim::EventTable& events() {
    static const sim::EventTable kEvents;
    return kEvents;
  }

  const sim::FaultPlan plan_;
  const Nobody nobody_;
  sim::Simulation simulation_;
  sim::Injector injector_{simulation_, nobody_, plan_};
  sim::VirtualTime next_ = sim::kStart;
};

struct Hits {
  std::int64_t named = 0;
  std::int64_t all = 0;
};

Hits campaigns(int alternations) {
  const harness::Configuration configuration = alternating(alternations);
  const harness::Nemesis nemesis(configuration, {});
  Hits hits;
  for (std::uint64_t seed = 1; seed <= kCampaigns; ++seed) {
    Campaign campaign(nemesis, seed);
    std::set<Labeling> met;
    for (int i = 0; i < alternations; ++i) {
      const std::set<Labeling> now = campaign.alternate();
      EXPECT_EQ(now.size(), 1U) << "each alternation is the bug of one labeling";
      met.insert(now.begin(), now.end());
    }
    hits.named += met.contains(kNamed) ? 1 : 0;
    hits.all += std::int64_t(met.size()) == kLabelings ? 1 : 0;
  }
  return hits;
}

double one_labeling(int alternations) { return 1 - std::pow(1 - 1.0 / double(kLabelings), double(alternations)); }
/// By inclusion and exclusion over the labelings that are missing.
double all_labelings(int alternations) {
  double probability = 0;
  double ways = 1;  // to choose the missing ones, with their sign
  for (std::int64_t missing = 0; missing <= kLabelings; ++missing) {
    probability += ways * std::pow(1 - double(missing) / double(kLabelings), double(alternations));
    ways *= -double(kLabelings - missing) / double(missing + 1);
  }
  return probability;
}

void compare_share(double published, std::int64_t hits, const std::string& what) {
  const harness::Interval interval = harness::clopper_pearson(hits, kCampaigns);
  compare({.published = fmt::format("{:.1f} %", 100 * published),
           .simulated = fmt::format("{:.1f} %", 100 * double(hits) / double(kCampaigns)),
           .interval = fmt::format("[{:.1f} %, {:.1f} %]", 100 * interval.low, 100 * interval.high),
           .agrees = interval.low <= published && published <= interval.high,
           .source = "POPL 2018, " + what});
}

TEST(PartitionCoverage, ExactProbabilities) {
  compare_exactly("98.7 %", fmt::format("{:.1f} %", 100 * one_labeling(50)),
                  "POPL 2018, one labeling in 50 alternations, computed");
  compare_exactly("85.2 %", fmt::format("{:.1f} %", 100 * all_labelings(50)),
                  "POPL 2018, twelve labelings in 50 alternations, computed");
  compare_exactly("35.9 %", fmt::format("{:.1f} %", 100 * all_labelings(30)),
                  "POPL 2018, twelve labelings in 30 alternations, computed");
}

TEST(PartitionCoverage, FiftyAlternations) {
  const Hits hits = campaigns(50);
  compare_share(one_labeling(50), hits.named, "one labeling in 50 alternations");
  compare_share(all_labelings(50), hits.all, "twelve labelings in 50 alternations");
  const double bound = harness::clopper_pearson(hits.all, kCampaigns).low;
  compare({.published = ">= 80 %",
           .simulated = fmt::format(">= {:.1f} %", 100 * bound),
           .interval = "two-sided 95 %",
           .agrees = bound >= 0.8,
           .source = "POPL 2018, bound on twelve labelings in 50 alternations"});
}

TEST(PartitionCoverage, ThirtyAlternations) {
  const Hits hits = campaigns(30);
  compare_share(all_labelings(30), hits.all, "twelve labelings in 30 alternations");
}

}  // namespace
}  // namespace noloss::published
