#include "harness/run/world.hpp"

#include <algorithm>

#include "harness/run/operations.hpp"

namespace noloss::harness {
namespace {

/// How often the run looks whether everything is settled.
constexpr sim::Duration kStep = std::chrono::milliseconds{50};
/// A packet that was lost twice in a row is still retransmitted within this.
constexpr sim::Duration kRetransmission = std::chrono::seconds{1};
/// The moment at which an application fault acts; every system has it (models/events.hpp).
constexpr std::string_view kReceived = "received";

/// Nearest rank; `sorted` is not empty.
std::int64_t percentile(const std::vector<std::int64_t>& sorted, std::int64_t percent) {
  const auto size = static_cast<std::int64_t>(sorted.size());
  const std::int64_t rank = (percent * size + 99) / 100;
  return sorted[static_cast<std::size_t>(std::max<std::int64_t>(rank, 1) - 1)];
}

std::int64_t microseconds(sim::Duration duration) { return duration.count() / 1000; }

}  // namespace

World::World(sim::FiberPool& fibers, const Scenario& scenario, const Configuration& configuration,
             const models::Setup& setup, const sim::FaultPlan& plan, std::uint64_t seed, Keep keep)
    : configuration_(configuration),
      simulation_(fibers, scenario.system->event_table(),
                  {.seed = seed, .latency = setup.latency, .keep_trace = keep == Keep::everything}),
      history_(simulation_),
      cluster_(scenario.system->build(simulation_, setup, history_)),
      injector_(simulation_, *cluster_, plan),
      quiet_(kRetransmission + 4 * setup.latency.p99),
      evidence_{.history = history_, .state = state_, .waits = {}, .fates = {}, .exists = {}} {
  history_.keep_events(keep == Keep::everything);
  simulation_.listen_disks(&history_);
  simulation_.listen_moments(&injector_);
  for (std::size_t i = 0; i < simulation_.machines(); ++i) {
    const sim::Machine& machine = simulation_.machine(sim::NodeId{static_cast<std::uint32_t>(i)});
    names_.nodes.push_back(machine.name());
    if (machine.kind() != "producer") continue;
    names_.producers.push_back(machine.name());
    producers_.push_back(machine.id());
  }
  evidence_.sequence_check =
      std::any_of(setup.consumers.begin(), setup.consumers.end(),
                  [](const models::ConsumersSetup& group) { return group.sequence_check.enabled; });
}

World::~World() {
  simulation_.listen_moments(nullptr);
  simulation_.listen_disks(nullptr);
  simulation_.scheduler().finish();  // programs refer to the cluster, which goes first
}

void World::run() {
  place_operations(configuration_.operations, simulation_, *cluster_, injector_, cluster_.get());
  injector_.arm();
  if (allowed_ != nullptr) {
    recorder_.emplace(simulation_, *cluster_, injector_, allowed_->lines, allowed_->skip,
                      simulation_.events().id(kReceived));
  }
  simulation_.start_all();
  run_until_settled(sim::kStart + configuration_.duration);
  if (recorder_) recorder_->finish();
  disturbed_until_ = simulation_.now();
  history_.disturb_ended();
  injector_.heal_all();
  evidence_.settled = run_until_settled(disturbed_until_ + configuration_.drain);
}

bool World::run_until_settled(sim::VirtualTime limit) {
  sim::VirtualTime settled_since = sim::kNever;
  while (simulation_.now() < limit) {
    simulation_.scheduler().run_until(std::min(limit, simulation_.now() + kStep));
    if (!cluster_->settled() || injector_.pending()) {
      settled_since = sim::kNever;
      continue;
    }
    if (settled_since == sim::kNever) settled_since = simulation_.now();
    if (simulation_.now() - settled_since >= quiet_) return true;
  }
  return cluster_->settled();
}

RunResult World::judge() {
  RunResult result;
  result.seed = simulation_.seed();
  for (std::size_t i = 0; i < history_.messages().size(); ++i) {
    const models::MessageRecord& record = history_.messages()[i];
    // Nobody will ever tell an application that is gone for good.
    const bool forgotten = record.open() && simulation_.machine(producers_[record.id.producer]).gone();
    if (forgotten) history_.forgotten(models::MessageRef{static_cast<std::uint32_t>(i)});
  }
  state_ = cluster_->final_state();
  if (!evidence_.settled) evidence_.waits = cluster_->blocking_waits();
  find_fates(evidence_);
  check_all(evidence_, {injector_.reports(), names_}, result);
  measure(result);
  count_faults(result);
  return result;
}

void World::measure(RunResult& result) {
  std::vector<std::int64_t> acknowledged;
  std::vector<std::int64_t> end_to_end;
  acknowledged.reserve(history_.messages().size());
  end_to_end.reserve(history_.messages().size());
  for (const models::MessageRecord& record : history_.messages()) {
    if (record.outcome == models::Outcome::acked) acknowledged.push_back(microseconds(record.told_at - record.sent_at));
    if (record.processed()) end_to_end.push_back(microseconds(record.first_effect_at - record.sent_at));
  }
  std::sort(acknowledged.begin(), acknowledged.end());
  std::sort(end_to_end.begin(), end_to_end.end());
  if (!acknowledged.empty()) {
    result.ack_latency_p50_us = percentile(acknowledged, 50);
    result.ack_latency_p99_us = percentile(acknowledged, 99);
  }
  if (!end_to_end.empty()) {
    result.end_to_end_p50_us = percentile(end_to_end, 50);
    result.end_to_end_p99_us = percentile(end_to_end, 99);
  }
  result.min_durable_copies = history_.min_durable_copies();
  const std::int64_t disturbed_ms = disturbed_until_.time_since_epoch() / std::chrono::milliseconds{1};
  if (disturbed_ms > 0) result.throughput_per_s = result.totals.processed * 1000 / disturbed_ms;
  result.unavailable_ms = history_.longest_unavailable() / std::chrono::milliseconds{1};
  result.virtual_time_ns = simulation_.now().time_since_epoch().count();
  result.events = static_cast<std::int64_t>(simulation_.trace().size());
  for (const std::string_view mark : simulation_.marks()) result.marks.emplace_back(mark);
  std::sort(result.marks.begin(), result.marks.end());
  result.digest = simulation_.trace().digest();
}

void World::count_faults(RunResult& result) {
  for (const sim::FaultReport& report : injector_.reports()) {
    FaultCount& count = result.faults[static_cast<std::size_t>(report.fault->action)];
    ++count.armed;
    count.fired += report.fired > 0 ? 1 : 0;
    count.effective += report.effective ? 1 : 0;
  }
}

}  // namespace noloss::harness
