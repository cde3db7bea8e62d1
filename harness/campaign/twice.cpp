#include "harness/campaign/twice.hpp"

#include <fmt/format.h>

#include "harness/campaign/record.hpp"
#include "harness/report/commands.hpp"

namespace noloss::harness {
namespace {

/// What differs in the results, in the tool's own words.
std::string results_differ(const RunResult& one, const RunResult& other) {
  if (one.digest != other.digest) {
    return fmt::format("digest xxh3:{} and then xxh3:{}", hex16(one.digest), hex16(other.digest));
  }
  return fmt::format("the same digest xxh3:{}, and other results", hex16(one.digest));
}

}  // namespace

std::string run_again(RunPort& port, const Job& job, const RunUnit& unit, const RunResult& first) {
  const RunRequest request = job.request(unit);
  const RunResult second = port.run(request);
  if (encode(unit.number, first) == encode(unit.number, second)) return {};

  const ReplayReport one = port.replay(request);
  const ReplayReport other = port.replay(request);
  std::string where = port.first_difference(one, other, *request.scenario);
  if (where.empty()) where = "two replays with a trace agree with each other, so the difference shows only sometimes";
  const ScenarioFacts& scenario = job.facts.scenarios[unit.place.scenario];
  return fmt::format("a repeated run differed: {}\n  {}\n  {}", results_differ(first, second), where,
                     replay_command(job.facts, scenario, unit.place.configuration, unit.seed, unit.plan));
}

}  // namespace noloss::harness
