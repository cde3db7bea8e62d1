// A cluster with one stream in a world of its own, for tests that look closer than a scenario does: options by name,
// faults by time, and then who has what.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/cluster.hpp"
#include "models/history.hpp"
#include "models/rabbitmq/options.hpp"
#include "models/rabbitmq/rabbitmq.hpp"
#include "models/setup.hpp"
#include "sim/fault/injector.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::rabbitmq {

using namespace std::chrono_literals;
using sim::Action;
using sim::Duration;

class StreamTest : public testing::Test {
 protected:
  StreamTest() {
    setup_.release = "4.1";
    setup_.brokers.count = 3;
    setup_.producers.front().send = SendMode::async;
    for (const OptionRow& row : options(setup_.release)) values(row.scope).set(row.name, read(row, row.default_value));
    set(OptionScope::entity, "type", "stream");
    set(OptionScope::producer, "confirms", "true");
    set(OptionScope::consumer, "x-stream-offset", "first");
    set(OptionScope::consumer, "prefetch_count", "10");
  }
  ~StreamTest() override {
    if (!simulation_) return;
    simulation_->listen_moments(nullptr);
    simulation_->listen_disks(nullptr);
    simulation_->scheduler().finish();
  }

  // --- build, before the first run ---
  void set(OptionScope scope, std::string_view name, std::string_view text) {
    for (const OptionRow& row : options(setup_.release)) {
      if (row.scope == scope && row.name == name) values(scope).set(name, read(row, text));
    }
  }
  void messages(std::int64_t count, std::int64_t rate) {
    setup_.producers.front().workload.front().messages = sim::Quantity{count};
    setup_.producers.front().workload.front().rate = sim::Quantity{rate};
  }
  sim::Fault& fault(Duration at, Action action, std::string target, Duration duration) {
    sim::Fault& made = plan_.emplace_back();
    made.at.time = sim::kStart + at;
    made.action = action;
    made.target = std::move(target);
    made.duration = sim::Quantity{duration};
    made.unsynced = sim::Unsynced::lose_all;
    made.draw = 1;
    return made;
  }
  void cut(Duration at, std::vector<std::vector<std::string>> sides, Duration duration) {
    sim::Fault& made = fault(at, Action::partition, "", duration);
    made.shape = sim::PartitionShape::sides;
    made.sides = std::move(sides);
  }
  /// The broker's first confirm of a stream client does not arrive, nor does anything else for a second.
  void first_confirm_is_lost(const std::string& broker) {
    sim::Fault& made = fault(Duration{0}, Action::drop, broker, 1s);
    made.at = {std::nullopt, sim::MomentRef{broker, "sent:publish_confirm", 1, Duration{0}}};
    made.peer = "producer-1";
  }
  /// The machine starts only then.
  void starts_at(std::string machine, Duration time) { late_.emplace_back(std::move(machine), time); }

  // --- run ---
  void run_until(Duration time) {
    if (!simulation_) build();
    simulation_->scheduler().run_until(sim::kStart + time);
  }
  /// False: not everything was settled by then.
  bool finish(Duration limit) {
    int settled = 0;  // in a row; what is on its way meanwhile arrives
    for (Duration time = simulation_->now() - sim::kStart; settled < 20 && time < limit; time += 50ms) {
      run_until(time);
      settled = cluster_->settled() ? settled + 1 : 0;
    }
    return settled > 0;
  }

  // --- observe ---
  [[nodiscard]] std::vector<std::string> leaders() {
    std::vector<std::string> names;
    for (const sim::NodeId node : cluster_->holders("leader")) names.push_back(simulation_->machine(node).name());
    return names;
  }
  [[nodiscard]] const ReplicaState& replica(std::uint32_t number) {
    state_ = cluster_->final_state();
    for (const ReplicaState& replica : state_.partitions.front().replicas) {
      if (sim::index(replica.node) + 1 == number) return replica;
    }
    static const ReplicaState kNone;
    return kNone;
  }
  template <class Condition>
  [[nodiscard]] std::int64_t count(Condition condition) {
    const auto& all = history_->messages();
    return std::count_if(all.begin(), all.end(), condition);
  }
  [[nodiscard]] std::int64_t acked() {
    return count([](const MessageRecord& record) { return record.outcome == Outcome::acked; });
  }
  [[nodiscard]] std::int64_t lost() {
    return count([](const MessageRecord& record) { return record.outcome == Outcome::acked && !record.processed(); });
  }
  [[nodiscard]] std::int64_t duplicates() {
    return count([](const MessageRecord& record) { return record.effects > 1; });
  }
  [[nodiscard]] bool reached(std::string_view mark) {
    const auto& marks = simulation_->marks();
    return std::find(marks.begin(), marks.end(), mark) != marks.end();
  }
  [[nodiscard]] std::uint64_t happened(std::string_view machine, std::string_view event) {
    return simulation_->count(simulation_->machine_named(machine)->id(), simulation_->events().id(event));
  }

  models::Setup setup_;

 private:
  OptionValues& values(OptionScope scope) {
    switch (scope) {
      case OptionScope::broker: return setup_.brokers.config;
      case OptionScope::entity: return setup_.entities.front().config;
      case OptionScope::producer: return setup_.producers.front().config;
      case OptionScope::consumer: break;
    }
    return setup_.consumers.front().config;
  }
  /// As a scenario writes it, as far as this system's options need.
  static OptionValue read(const OptionRow& row, std::string_view text) {
    OptionValue value{sim::Quantity{0}, std::string{text}};
    if (row.type == OptionType::flag) value.number = sim::Quantity{text == "true" ? 1 : 0};
    if (row.type == OptionType::choice) {
      value.number = sim::Quantity{std::find(row.choices.begin(), row.choices.end(), text) - row.choices.begin()};
    }
    const bool counted =
        row.type == OptionType::integer || row.type == OptionType::duration || row.type == OptionType::size;
    if (!counted || text == "none") return value;
    std::int64_t number = 0;
    const char* const unit = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
    const std::string_view word{unit, static_cast<std::size_t>(text.data() + text.size() - unit)};
    if (row.type == OptionType::duration) {
      number *= (word == "ms" ? Duration{1ms} : word == "s" ? Duration{1s} : Duration{1min}).count();
    }
    value.number = sim::Quantity{number};
    return value;
  }
  void build() {
    simulation_ =
        std::make_unique<sim::Simulation>(fibers_, system().event_table(), sim::SimulationSetup{1, {}, false});
    history_ = std::make_unique<History>(*simulation_);
    cluster_ = system().build(*simulation_, setup_, *history_);
    injector_ = std::make_unique<sim::Injector>(*simulation_, *cluster_, plan_);
    simulation_->listen_disks(history_.get());
    simulation_->listen_moments(injector_.get());
    for (const auto& [name, time] : late_) {
      sim::Machine* const machine = simulation_->machine_named(name);
      machine->comes_later();
      simulation_->scheduler().at(sim::kStart + time, [machine] { machine->start(); });
    }
    injector_->arm();
    simulation_->start_all();
  }

  sim::FiberPool fibers_;
  sim::FaultPlan plan_;
  std::vector<std::pair<std::string, Duration>> late_;
  std::unique_ptr<sim::Simulation> simulation_;
  std::unique_ptr<History> history_;
  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<sim::Injector> injector_;
  FinalState state_;
};

}  // namespace noloss::models::rabbitmq
