#include "harness/run/runner.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "harness/run/biography.hpp"
#include "harness/run/census.hpp"
#include "harness/run/world.hpp"
#include "harness/scenario/reader.hpp"
#include "harness/search/fix_setup.hpp"
#include "harness/search/likeness.hpp"
#include "harness/search/nemesis.hpp"
#include "harness/search/variants.hpp"
#include "sim/fiber.hpp"

namespace noloss::harness {
namespace {

/// The census run's seed: one for all, so that every thread and shard counts the same moments.
constexpr std::uint64_t kCensusSeed = 1;

/// What is drawn once for a configuration and serves all its seeds.
struct Prepared {
  MomentCensus census;
  std::optional<Nemesis> nemesis;  ///< none where the scenario lists no faults
};

/// The setup of one seed: the configuration's own where there is nothing to draw.
class SeedSetup {
 public:
  SeedSetup(const models::Setup& setup, std::uint64_t seed) : setup_(&setup) {
    if (!has_ranges(setup)) return;
    drawn_.emplace(setup);
    fix_setup(*drawn_, seed);
    setup_ = &*drawn_;
  }
  [[nodiscard]] const models::Setup& get() const { return *setup_; }

 private:
  const models::Setup* setup_;
  std::optional<models::Setup> drawn_;
};

}  // namespace

struct Runner::Impl {
  sim::FiberPool fibers;
  std::map<const Configuration*, Prepared> configurations;

  /// Of the space that was read last.
  std::shared_ptr<const PlanSpace> space;
  std::optional<PlanCursor> cursor;

  const Prepared& prepared(const RunRequest& request);
  sim::FaultPlan plan(const RunRequest& request);
  /// What a run without faults meets.
  MomentCensus census(const RunRequest& request);
  /// `likeness`, unless null, gets what the run is like.
  Recording record(const RunRequest& request, const AllowedFaults& allowed, const sim::FaultPlan& plan,
                   std::uint64_t* likeness);
};

Runner::Runner() : impl_(std::make_unique<Impl>()) {}
Runner::~Runner() = default;

const Prepared& Runner::Impl::prepared(const RunRequest& request) {
  const auto known = configurations.find(request.configuration);
  if (known != configurations.end()) return known->second;
  Prepared fresh{census(request), std::nullopt};
  if (!request.configuration->faults.empty()) fresh.nemesis.emplace(*request.configuration, fresh.census);
  return configurations.emplace(request.configuration, std::move(fresh)).first->second;
}

MomentCensus Runner::Impl::census(const RunRequest& request) {
  const SeedSetup setup(request.configuration->setup, kCensusSeed);
  const sim::FaultPlan none;
  World world(fibers, *request.scenario, *request.configuration, setup.get(), none, kCensusSeed, Keep::summary);
  world.run();
  return take_census(world, *request.scenario, *request.configuration);
}

Recording Runner::Impl::record(const RunRequest& request, const AllowedFaults& allowed, const sim::FaultPlan& plan,
                               std::uint64_t* likeness) {
  const SeedSetup setup(request.configuration->setup, request.seed);
  World world(fibers, *request.scenario, *request.configuration, setup.get(), plan, request.seed,
              likeness == nullptr ? Keep::summary : Keep::everything);
  world.record(allowed);
  world.run();
  Recording recording = world.take_recording();
  if (likeness != nullptr) {
    *likeness = harness::likeness(plan, world.simulation().trace().events(), recording.nodes,
                                  renamings(*request.configuration, world.simulation()));
  }
  return recording;
}

sim::FaultPlan Runner::Impl::plan(const RunRequest& request) {
  if (request.plan != nullptr) return *request.plan;
  if (request.space != nullptr) {
    if (space != request.space) {
      space = request.space;
      cursor.emplace(*space, [this, request](const sim::FaultPlan& prefix, std::uint64_t* likeness) {
        return record(request, request.space->allowed(), prefix, likeness);
      });
    }
    return cursor->plan(request.number);
  }
  if (request.configuration->faults.empty()) return {};
  return prepared(request).nemesis->draw(request.seed);
}

RunResult Runner::run(const RunRequest& request) {
  const SeedSetup setup(request.configuration->setup, request.seed);
  const sim::FaultPlan plan = impl_->plan(request);
  World world(impl_->fibers, *request.scenario, *request.configuration, setup.get(), plan, request.seed, Keep::summary);
  world.run();
  RunResult result = world.judge();
  if (request.space != nullptr) result.plan = plan_line(plan);
  return result;
}

ReplayReport Runner::replay(const RunRequest& request) {
  const SeedSetup setup(request.configuration->setup, request.seed);
  const sim::FaultPlan plan = impl_->plan(request);
  World world(impl_->fibers, *request.scenario, *request.configuration, setup.get(), plan, request.seed,
              Keep::everything);
  world.run();
  ReplayReport report;
  report.result = world.judge();
  report.plan = world.injector().concrete();
  report.plan_by_time = world.injector().concrete_by_time();
  report.faults = tell_faults(world);
  report.biographies = tell_biographies(world, report.result);
  report.node_names = world.names().nodes;
  report.trace = world.simulation().trace().events();
  report.history_jsonl = history_json_lines(world);
  return report;
}

Recording Runner::record(const RunRequest& request, const AllowedFaults& allowed) {
  return impl_->record(request, allowed, impl_->plan(request), nullptr);
}

std::shared_ptr<const PlanSpace> Runner::explore(const RunRequest& request, const std::vector<sim::Action>& kinds,
                                                 const SearchScope& scope,
                                                 const std::function<bool(std::uint64_t)>& go_on) {
  const std::vector<sim::Duration> timeouts =
      request.scenario->system->timeouts(request.configuration->setup, request.scenario->release);
  AllowedFaults allowed{{}, {}, scope.skip};
  Configuration placed = *request.configuration;
  std::erase_if(placed.faults, [](const sim::Fault& fault) { return !fault.at.placed(); });
  for (const sim::Fault& fault : request.configuration->faults) {
    const bool wanted = kinds.empty() || std::find(kinds.begin(), kinds.end(), fault.action) != kinds.end();
    if (fault.at.placed() || !wanted) continue;
    allowed.lines.push_back(fault);
    allowed.variants.push_back(variants(fault, timeouts));
  }
  sim::FaultPlan base;
  if (!placed.faults.empty()) base = draw_plan(placed, request.seed, impl_->census(request));
  const AllowedFaults recorded = allowed;
  return PlanSpace::explore(
      std::move(base), std::move(allowed), request.scenario->system->event_table(), scope.faults,
      [&](const sim::FaultPlan& plan, std::uint64_t* likeness) {
        return impl_->record(request, recorded, plan, likeness);
      },
      go_on);
}

std::vector<Runner::MomentCount> Runner::moments(const RunRequest& request) {
  std::vector<MomentCount> moments;
  for (const auto& [node, event, count] : impl_->prepared(request).census.counts) {
    if (count > 0) moments.push_back({node, event, count});
  }
  return moments;
}

std::string first_difference(const ReplayReport& one, const ReplayReport& other, const Scenario& scenario) {
  const auto text = [&](const ReplayReport& report, std::size_t at) -> std::string {
    if (at >= report.trace.size()) return "the run is over";
    const sim::TraceEvent& event = report.trace[at];
    return fmt::format("{} ns {} {} {} {}", event.time.time_since_epoch().count(),
                       report.node_names[sim::index(event.node)], scenario.system->event_table().name(event.event),
                       event.first, event.second);
  };
  const auto [mine, theirs] = std::mismatch(one.trace.begin(), one.trace.end(), other.trace.begin(), other.trace.end());
  if (mine == one.trace.end() && theirs == other.trace.end()) return {};
  const auto at = static_cast<std::size_t>(mine - one.trace.begin());
  return fmt::format("event {}: {} / {}", at, text(one, at), text(other, at));
}

}  // namespace noloss::harness
