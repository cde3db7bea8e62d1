#include "harness/search/fault_space.hpp"

#include <algorithm>

namespace noloss::harness {
namespace {

using boost::multiprecision::cpp_int;
using boost::multiprecision::pow;

/// Ways to choose `chosen` of `all`.
cpp_int choices(std::uint32_t all, std::uint32_t chosen) {
  cpp_int ways = 1;
  for (std::uint32_t i = 1; i <= chosen; ++i) ways = ways * (all - chosen + i) / i;
  return ways;
}

}  // namespace

cpp_int fault_combinations(const FaultBudget& budget) {
  // In one round a node's message to each of the others arrives or is lost.
  const cpp_int round = pow(cpp_int{2}, budget.nodes - 1);
  const cpp_int staying = pow(round, budget.lossy_rounds);
  // One that stops in round k has sent for k - 1 rounds; one that never stops, for all of them.
  cpp_int stopping = 0;
  for (std::uint32_t sent = 0; sent <= budget.rounds; ++sent) {
    stopping += pow(round, std::min(budget.lossy_rounds, sent));
  }
  return choices(budget.nodes, budget.crashes) * pow(staying, budget.nodes - budget.crashes) *
         pow(stopping, budget.crashes);
}

}  // namespace noloss::harness
