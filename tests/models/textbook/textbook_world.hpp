// The textbook system in a world of its own, for tests that read as the principle does: say what is built, what happens
// to whom at which moment, run, and look at who did what when.
//
// Every packet takes 100 us, so that instants can be told exactly. Options not named keep the defaults of the system's
// own table. Times that are observed are nanoseconds since the start, as plain numbers: ns(3s) is one.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "models/cluster.hpp"
#include "models/history.hpp"
#include "models/setup.hpp"
#include "models/textbook/protocol.hpp"
#include "models/textbook/textbook.hpp"
#include "sim/disk.hpp"
#include "sim/fault/injector.hpp"
#include "sim/network.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::textbook {

using namespace std::chrono_literals;
using sim::Action;
using sim::Duration;
using sim::Fault;
using sim::Quantity;

using Nanoseconds = std::int64_t;
constexpr Nanoseconds ns(Duration duration) { return duration.count(); }

/// One way over the network, and one flush of the disk.
inline constexpr Duration kPacket = 100us;
inline constexpr Duration kSync = 2ms;
/// Longer than any test runs.
inline constexpr Duration kForEver = 1h;

// --- faults, as a plan writes them ---

inline sim::When at_time(Duration time) { return {sim::kStart + time, std::nullopt}; }
inline sim::When at_moment(std::string node, std::string event, std::uint64_t number, Duration delay = Duration{0}) {
  return {std::nullopt, sim::MomentRef{std::move(node), std::move(event), number, delay}};
}
inline Fault fault(Action action, sim::When at, std::string target, Duration duration = 1s) {
  Fault made;
  made.action = action;
  made.at = std::move(at);
  made.target = std::move(target);
  made.duration = Quantity{duration};
  made.draw = 1;
  return made;
}
inline Fault kill_for_good(sim::When at, std::string target) {
  Fault made = fault(Action::kill, std::move(at), std::move(target));
  made.restart = false;
  return made;
}
inline Fault power_loss(sim::When at, std::string target, Duration duration = 1s) {
  Fault made = fault(Action::power_loss, std::move(at), std::move(target), duration);
  made.unsynced = sim::Unsynced::lose_all;
  return made;
}
inline Fault drop(sim::When at, std::string from, std::string to, sim::Side side = sim::Side::request) {
  Fault made = fault(Action::drop, std::move(at), std::move(from));
  made.peer = std::move(to);
  made.side = side;
  return made;
}
inline Fault delay(sim::When at, std::string from, std::string to, Duration by) {
  Fault made = fault(Action::delay, std::move(at), std::move(from), kForEver);
  made.peer = std::move(to);
  made.by = Quantity{by};
  return made;
}
inline Fault cut(sim::When at, std::vector<std::vector<std::string>> sides, Duration duration = kForEver) {
  Fault made = fault(Action::partition, std::move(at), "", duration);
  made.shape = sim::PartitionShape::sides;
  made.sides = std::move(sides);
  return made;
}

/// An event that happened; what the numbers mean depends on it (a message, an offset, a log end).
struct Seen {
  Nanoseconds at = 0;
  std::string node;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

/// A client that does what the test says, in the protocol's own words.
class Probe {
 public:
  explicit Probe(sim::Process& process) : process_(process), inbox_(process) {}

  /// As a consumer of partition 0.
  void subscribe(sim::NodeId leader, std::int64_t prefetch, Duration redelivery = 30s) {
    (void)process_.simulation().network().connect(inbox_, leader, 1s, connection_);
    auto* request = new Subscribe;
    request->prefetch = prefetch;
    request->redelivery = redelivery;
    send(events().subscribe, sim::PayloadPtr{request});
  }
  void acknowledge(Offset offset) {
    auto* request = new AcknowledgeRequest;
    request->offset = offset;
    send(events().acknowledge, sim::PayloadPtr{request});
  }
  /// Offsets of all that is delivered within that time.
  std::vector<Offset> deliveries(Duration time) {
    std::vector<Offset> offsets;
    const sim::VirtualTime deadline = process_.simulation().now() + time;
    while (const auto arrival = inbox_.receive_until(deadline)) {
      if (arrival->what != sim::Arrival::What::message || arrival->kind.sent != events().deliver.sent) continue;
      const auto& delivery = static_cast<const Deliver&>(*arrival->payload);
      if (delivery.message) offsets.push_back(delivery.offset);
    }
    return offsets;
  }
  void disconnect() { process_.simulation().network().reset(process_, connection_); }
  void sleep_until(Duration time) { process_.sleep_until(sim::kStart + time); }

 private:
  void send(sim::MessageKind kind, sim::PayloadPtr payload) {
    process_.simulation().network().send(process_, connection_, kind, kHeaderBytes, std::move(payload));
  }

  sim::Process& process_;
  sim::Inbox inbox_;
  sim::ConnectionPtr connection_;
};

class TextbookTest : public testing::Test {
 public:
  TextbookTest();
  ~TextbookTest() override;

 protected:
  // --- build, before the first run ---
  /// A topic of one partition, led by broker-1 at the start.
  void brokers(std::uint32_t count, std::uint32_t replicas, std::uint32_t acks);
  void broker_option(std::string_view name, std::string_view text) { set(setup.brokers.config, name, text); }
  void producer_option(std::string_view name, std::string_view text) { set(producer().config, name, text); }
  void consumer_option(std::string_view name, std::string_view text) { set(consumer().config, name, text); }
  [[nodiscard]] ProducersSetup& producer() { return setup.producers.front(); }
  [[nodiscard]] ConsumersSetup& consumer() { return setup.consumers.front(); }
  /// The first at the start, or when `from` has come.
  void messages(std::int64_t count, std::int64_t a_second = 1000, Duration from = Duration{0});
  void no_consumer() { setup.consumers.clear(); }
  /// The one that there was before no_consumer().
  void a_consumer() { setup.consumers = {usual_consumer_}; }
  void disturb(Fault fault) { plan_.push_back(std::move(fault)); }
  /// One more client, beside those of the setup.
  void probe(std::function<void(Probe&)> script) { script_ = std::move(script); }
  models::Setup setup;

  // --- run ---
  void run_until(Duration time);
  void run_until(Nanoseconds time) { run_until(Duration{time}); }
  /// Before the first run; `deed` must not block.
  void at(Duration time, std::function<void()> deed) { deeds_.emplace_back(time, std::move(deed)); }
  /// Every fault ends.
  void heal() { world().injector.heal_all(); }
  /// Every fault ends; runs until everything is settled, which needs a consumer. False: it never was.
  [[nodiscard]] bool finish();

  // --- observe ---
  [[nodiscard]] std::vector<Seen> seen(std::string_view node, std::string_view event);
  /// When it happened there for the `number`-th time; fails the test and gives the end of time if it never did.
  [[nodiscard]] Nanoseconds when(std::string_view node, std::string_view event, std::size_t number = 1);
  [[nodiscard]] std::size_t count(std::string_view node, std::string_view event, Nanoseconds from = 0,
                                  Nanoseconds before = INT64_MAX);
  [[nodiscard]] std::vector<std::string> leaders();
  [[nodiscard]] bool marked(std::string_view mark);
  [[nodiscard]] const std::vector<MessageRecord>& sent() { return world().history.messages(); }
  [[nodiscard]] std::size_t with_outcome(Outcome outcome);
  [[nodiscard]] History& history() { return world().history; }
  [[nodiscard]] sim::Simulation& simulation() { return world().simulation; }
  [[nodiscard]] sim::Machine& machine(std::string_view name) { return *simulation().machine_named(name); }
  [[nodiscard]] bool runs(std::string_view name) { return machine(name).process().running(); }
  [[nodiscard]] PartitionState state(std::size_t partition = 0) {
    return world().cluster->final_state().partitions.at(partition);
  }

 private:
  struct World {
    World(const models::Setup& setup, const sim::FaultPlan& plan);
    ~World();
    sim::Simulation simulation;
    History history;
    std::unique_ptr<Cluster> cluster;
    sim::Injector injector;
  };

  void set(OptionValues& values, std::string_view name, std::string_view text);
  World& world();

  ConsumersSetup usual_consumer_;
  sim::FaultPlan plan_;
  std::function<void(Probe&)> script_;
  std::vector<std::pair<Duration, std::function<void()>>> deeds_;
  std::unique_ptr<World> world_;
};

}  // namespace noloss::models::textbook
