// A Kafka cluster in a world of its own, for tests that look closer than a scenario does: a setup with defaults of a
// release, faults by time or moment, and the run's history and marks.
#pragma once

#include <algorithm>
#include <charconv>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/cluster.hpp"
#include "models/history.hpp"
#include "models/kafka/cluster.hpp"
#include "models/kafka/kafka.hpp"
#include "models/kafka/options.hpp"
#include "models/setup.hpp"
#include "sim/fault/injector.hpp"
#include "sim/fiber.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {

/// As the scenario reader does for defaults: numbers, durations, sizes and words of the options' tables.
inline OptionValue read_option(const OptionRow& row, std::string_view text) {
  const auto whole = [](std::string_view digits, std::string_view& rest) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    rest = {end, static_cast<std::size_t>(digits.data() + digits.size() - end)};
    return error == std::errc{} ? value : std::int64_t{0};
  };
  OptionValue value{sim::Quantity{0}, std::string{text}};
  if (row.type == OptionType::flag) value.number = sim::Quantity{text == "true" ? 1 : 0};
  if (row.type == OptionType::choice) {
    const auto found = std::find(row.choices.begin(), row.choices.end(), text);
    value.number = sim::Quantity{found - row.choices.begin()};
  }
  if (row.type != OptionType::integer && row.type != OptionType::duration && row.type != OptionType::size) return value;
  std::string_view unit;
  const std::int64_t number = whole(text, unit);
  struct Unit {
    std::string_view name;
    std::int64_t factor;
  };
  constexpr Unit kUnits[] = {{"ms", kMillisecond}, {"s", kSecond},   {"m", kMinute},  {"h", 60 * kMinute}, {"B", 1},
                             {"KiB", 1 << 10},     {"MiB", 1 << 20}, {"GiB", 1 << 30}};
  std::int64_t factor = row.bare == 0 ? 1 : row.bare;
  for (const Unit& known : kUnits) {
    if (known.name == unit) factor = known.factor;
  }
  std::int64_t scaled = 0;
  if (__builtin_mul_overflow(number, factor, &scaled)) scaled = INT64_MAX;
  value.number = sim::Quantity{scaled};
  return value;
}

class KafkaRun {
 public:
  explicit KafkaRun(std::string release = "4.1") {
    setup_.release = std::move(release);
    setup_.producers.front().send = SendMode::async;
    fill(OptionScope::broker, setup_.brokers.config);
    fill(OptionScope::entity, setup_.entities.front().config);
    fill(OptionScope::producer, setup_.producers.front().config);
    fill(OptionScope::consumer, setup_.consumers.front().config);
  }

  [[nodiscard]] Setup& setup() { return setup_; }
  void set(OptionScope scope, std::string_view name, std::string_view text) {
    for (const OptionRow& row : options(setup_.release)) {
      if (row.scope == scope && row.name == name) values(scope).set(name, read_option(row, text));
    }
  }
  void replicas(std::uint32_t count) { setup_.brokers.count = setup_.entities.front().replicas = count; }
  void messages(std::int64_t count, std::int64_t rate) {
    setup_.producers.front().workload.front().messages = sim::Quantity{count};
    setup_.producers.front().workload.front().rate = sim::Quantity{rate};
  }
  [[nodiscard]] sim::Fault& fault(sim::Action action, std::string target) {
    sim::Fault& fault = plan_.emplace_back();
    fault.action = action;
    fault.target = std::move(target);
    fault.draw = plan_.size();
    return fault;
  }
  void fault_at(sim::VirtualTime time, sim::Action action, std::string target, sim::Duration duration) {
    sim::Fault& placed = fault(action, std::move(target));
    placed.at.time = time;
    placed.duration = sim::Quantity{duration};
    placed.unsynced = sim::Unsynced::lose_all;
  }
  /// To the first topic.
  void add_partitions(sim::Duration at, std::uint32_t count) { added_.emplace_back(at, count); }
  /// What an administrator does; the run goes on until then.
  void act(sim::Duration at, std::function<void(Cluster&)> what) {
    acts_.emplace_back(at, std::move(what));
    ++acts_to_come_;
  }
  [[nodiscard]] OptionChange change(OptionScope scope, std::string_view name, std::string_view text) const {
    for (const OptionRow& row : options(setup_.release)) {
      if (row.scope == scope && row.name == name) return {scope, 0, std::string{name}, read_option(row, text)};
    }
    return {};
  }
  void comes_later(std::string consumer) { late_.push_back(std::move(consumer)); }

  /// Runs until `limit`; late consumers start at two thirds of it.
  void run(sim::Duration limit, std::uint64_t seed = 1, bool keep_trace = false) {
    simulation_ = std::make_unique<sim::Simulation>(fibers_, system().event_table(),
                                                    sim::SimulationSetup{seed, setup_.latency, keep_trace});
    history_ = std::make_unique<History>(*simulation_);
    cluster_ = build_cluster(*simulation_, setup_, *history_, Scrutiny::every_step);
    injector_ = std::make_unique<sim::Injector>(*simulation_, *cluster_, plan_);
    simulation_->listen_disks(history_.get());
    simulation_->listen_moments(injector_.get());
    for (const std::string& name : late_) {
      sim::Machine* machine = simulation_->machine_named(name);
      machine->comes_later();
      simulation_->scheduler().at(sim::kStart + limit * 2 / 3, [machine] { machine->start(); });
    }
    for (const auto& [at, count] : added_) {
      simulation_->scheduler().at(sim::kStart + at, [this, more = count] { cluster_->add_partitions("", more); });
    }
    for (const auto& [at, what] : acts_) {
      simulation_->scheduler().at(sim::kStart + at, [this, &act = what] {
        act(*cluster_);
        --acts_to_come_;
      });
    }
    injector_->arm();
    simulation_->start_all();
    while (simulation_->now() < sim::kStart + limit) {
      simulation_->scheduler().run_until(simulation_->now() + std::chrono::milliseconds{50});
      if (cluster_->settled() && !injector_->pending() && late_.empty() && acts_to_come_ == 0) break;
    }
  }
  ~KafkaRun() {
    if (!simulation_) return;
    simulation_->listen_moments(nullptr);
    simulation_->listen_disks(nullptr);
    simulation_->scheduler().finish();
  }

  [[nodiscard]] sim::Simulation& simulation() { return *simulation_; }
  [[nodiscard]] Cluster& cluster() { return *cluster_; }
  [[nodiscard]] const History& history() const { return *history_; }
  [[nodiscard]] bool reached(std::string_view mark) const {
    const auto& marks = simulation_->marks();
    return std::find(marks.begin(), marks.end(), mark) != marks.end();
  }
  [[nodiscard]] std::int64_t acked() const {
    return std::count_if(history_->messages().begin(), history_->messages().end(),
                         [](const MessageRecord& record) { return record.outcome == Outcome::acked; });
  }
  [[nodiscard]] std::int64_t processed() const {
    return std::count_if(history_->messages().begin(), history_->messages().end(),
                         [](const MessageRecord& record) { return record.processed(); });
  }
  [[nodiscard]] std::int64_t lost() const {
    return std::count_if(history_->messages().begin(), history_->messages().end(), [](const MessageRecord& record) {
      return record.outcome == Outcome::acked && !record.processed();
    });
  }
  [[nodiscard]] std::int64_t duplicates() const {
    return std::count_if(history_->messages().begin(), history_->messages().end(),
                         [](const MessageRecord& record) { return record.effects > 1; });
  }

 private:
  [[nodiscard]] OptionValues& values(OptionScope scope) {
    switch (scope) {
      case OptionScope::broker: return setup_.brokers.config;
      case OptionScope::entity: return setup_.entities.front().config;
      case OptionScope::producer: return setup_.producers.front().config;
      case OptionScope::consumer: return setup_.consumers.front().config;
    }
    return setup_.brokers.config;
  }
  void fill(OptionScope scope, OptionValues& values) {
    for (const OptionRow& row : options(setup_.release)) {
      if (row.scope == scope) values.set(row.name, read_option(row, row.default_value));
    }
  }

  Setup setup_;
  sim::FaultPlan plan_;
  std::vector<std::string> late_;
  std::vector<std::pair<sim::Duration, std::uint32_t>> added_;
  std::vector<std::pair<sim::Duration, std::function<void(Cluster&)>>> acts_;
  std::size_t acts_to_come_ = 0;
  sim::FiberPool fibers_;
  std::unique_ptr<sim::Simulation> simulation_;
  std::unique_ptr<History> history_;
  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<sim::Injector> injector_;
};

}  // namespace noloss::models::kafka
