// Lineage-driven fault injection (Alvaro, Rosen, Hellerstein, SIGMOD 2015): the sizes of the spaces that it searched,
// as its figures 12 and 13 print them.
#include "harness/search/fault_space.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/published/report.hpp"

namespace noloss::published {
namespace {

using boost::multiprecision::cpp_int;
using harness::fault_combinations;
using harness::FaultBudget;

/// As the paper prints a number: below 1,000 as it is, else rounded to three digits, "1.85e25".
std::string printed(const cpp_int& number) {
  std::string digits = number.str();
  if (digits.size() <= 3) return digits;
  const std::size_t dropped = digits.size() - 3;
  const cpp_int unit = boost::multiprecision::pow(cpp_int{10}, static_cast<unsigned>(dropped));
  digits = cpp_int{(number + unit / 2) / unit}.str();
  const std::size_t exponent = dropped + digits.size() - 1;
  return digits.substr(0, 1) + "." + digits.substr(1, 2) + "e" + std::to_string(exponent);
}

struct Program {
  const char* name;
  FaultBudget budget;
  const char* combinations;
};

/// Nodes: three in the delivery protocols, Paxos and bully; four in 2PC, 3PC and Flux; five in Kafka.
constexpr Program kPrograms[] = {
    {"simple-deliv", {3, 4, 2, 0}, "4.10e3"},
    {"retry-deliv", {3, 4, 2, 1}, "4.07e4"},
    {"classic-deliv", {3, 5, 3, 0}, "2.62e5"},
    {"2pc", {4, 5, 0, 1}, "24"},
    {"2pc-ctp", {4, 8, 0, 1}, "36"},
    {"3pc", {4, 9, 7, 1}, "2.43e26"},
    {"Kafka", {5, 6, 4, 1}, "1.85e25"},
    {"redun-deliv", {3, 11, 10, 1}, "8.07e18"},
    {"ack-deliv", {3, 8, 7, 1}, "3.08e13"},
    {"paxos-synod", {3, 7, 6, 1}, "4.81e11"},
    {"bully-leader", {3, 10, 9, 1}, "1.26e17"},
    {"flux", {4, 22, 21, 1}, "6.20e76"},
};

TEST(FaultSpace, PublishedSizes) {
  for (const Program& program : kPrograms) {
    compare_exactly(program.combinations, printed(fault_combinations(program.budget)),
                    std::string("SIGMOD 2015 figures 12 and 13: combinations of ") + program.name);
  }
}

/// Counts by writing every combination down: which nodes may stop, when each of them does, what each one loses.
std::uint64_t counted_one_by_one(const FaultBudget& budget) {
  std::uint64_t combinations = 0;
  for (std::uint32_t may_stop = 0; may_stop < 1U << budget.nodes; ++may_stop) {
    if (std::uint32_t(__builtin_popcount(may_stop)) != budget.crashes) continue;
    std::set<std::vector<std::uint64_t>> plans{{}};
    for (std::uint32_t node = 0; node < budget.nodes; ++node) {
      std::set<std::vector<std::uint64_t>> longer;
      const bool stops = (may_stop >> node & 1U) != 0;
      for (std::uint32_t stop = stops ? 1 : budget.rounds + 1; stop <= budget.rounds + 1; ++stop) {
        const std::uint32_t lossy = std::min(budget.lossy_rounds, stop - 1);
        for (std::uint64_t lost = 0; lost < std::uint64_t{1} << (lossy * (budget.nodes - 1)); ++lost) {
          for (std::vector<std::uint64_t> plan : plans) {
            plan.insert(plan.end(), {stop, lost});
            longer.insert(std::move(plan));
          }
        }
      }
      plans = std::move(longer);
    }
    combinations += plans.size();
  }
  return combinations;
}

TEST(FaultSpace, EqualsCountingOneByOne) {
  const FaultBudget budgets[] = {{3, 0, 0, 0}, {1, 3, 0, 1}, {2, 3, 0, 2}, {4, 3, 0, 2},
                                 {2, 3, 2, 0}, {2, 3, 2, 2}, {2, 4, 3, 1}, {3, 2, 2, 1}};
  for (const FaultBudget& budget : budgets) {
    EXPECT_EQ(fault_combinations(budget), counted_one_by_one(budget))
        << budget.nodes << " nodes, " << budget.rounds << '/' << budget.lossy_rounds << '/' << budget.crashes;
  }
}

}  // namespace
}  // namespace noloss::published
