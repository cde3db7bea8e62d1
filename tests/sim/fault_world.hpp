// A small system with everything that a fault can hit, for the tests of the injector.
//
// Each broker appends a record and syncs it every 2 ms; it keeps the place up to which a sync said 0 ("promised"). Each
// producer asks the first broker every 1 ms and reconnects after a reset. Each consumer processes something every 1 ms.
// Every packet takes 100 us. Who leads is what the test says.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/disk.hpp"
#include "sim/fault/injector.hpp"
#include "sim/network.hpp"
#include "sim/simulation.hpp"

namespace noloss::sim {

using namespace std::chrono_literals;

/// What the programs of a node did, over all lives.
struct Doings {
  std::int64_t appended = 0;
  std::int64_t promised = 0;  ///< bytes that a sync said were on disk
  std::int64_t refused_writes = 0;
  std::int64_t failed_syncs = 0;
  std::int64_t found = 0;    ///< intact bytes in the log at the last start
  std::int64_t damaged = 0;  ///< records that were not intact then
  std::int64_t requests = 0;
  std::int64_t answers = 0;
  std::int64_t resets = 0;
  std::int64_t processed = 0;
  std::int64_t failed = 0;
  std::int64_t stops = 0;
  std::vector<Duration> syncs;  ///< how long each took
  std::vector<Duration> round_trips;
  std::vector<Duration> gaps;      ///< between two things that were processed
  std::vector<VirtualTime> clock;  ///< the wall clock at each append
};

struct FaultWorldSetup {
  int brokers = 3;
  int producers = 1;
  int consumers = 1;
  std::uint64_t seed = 1;
  bool late_broker = false;  ///< the last broker comes with an operation
};

class FaultWorld : public RoleResolver {
 public:
  explicit FaultWorld(FaultWorldSetup setup = {});

  // --- roles ---
  [[nodiscard]] std::vector<NodeId> holders(std::string_view role) const override {
    if (role == "leader" && leader_) return {*leader_};
    if (role == "follower") return followers();
    return {};
  }
  void lead(const std::string& name) {
    leader_ = node(name);
    simulation.roles_changed();
  }
  void nobody_leads() { leader_.reset(); }

  // --- do ---
  void use(FaultPlan plan) {
    for (std::size_t i = 0; i < plan.size(); ++i) {
      if (plan[i].draw == 0) plan[i].draw = 1000 + i;
    }
    plan_ = std::move(plan);
    injector = std::make_unique<Injector>(simulation, *this, plan_);
    injector->arm();
  }
  void run_until(Duration time) {
    if (!started_) simulation.start_all();
    started_ = true;
    simulation.scheduler().run_until(kStart + time);
  }
  void at(Duration time, std::function<void()> deed) { simulation.scheduler().at(kStart + time, std::move(deed)); }

  // --- observe ---
  [[nodiscard]] Machine& machine(const std::string& name) { return *simulation.machine_named(name); }
  [[nodiscard]] NodeId node(const std::string& name) { return machine(name).id(); }
  [[nodiscard]] bool runs(const std::string& name) { return machine(name).process().running(); }
  [[nodiscard]] std::uint64_t count(const std::string& name, std::string_view event) {
    return simulation.count(node(name), events_.id(event));
  }
  [[nodiscard]] const FaultReport& report(std::size_t index = 0) { return injector->reports().at(index); }
  /// The present or the past instants at which an event happened somewhere, with the node: "broker-1 killed at 3ms".
  [[nodiscard]] std::vector<std::string> course(const std::vector<std::string>& wanted) {
    std::vector<std::string> lines;
    for (const TraceEvent& event : simulation.trace().events()) {
      const std::string name{events_.name(event.event)};
      if (std::find(wanted.begin(), wanted.end(), name) == wanted.end()) continue;
      lines.push_back(simulation.machine(event.node).name() + " " + name + " " +
                      std::to_string(event.time.time_since_epoch().count() / 1000) + "us");
    }
    return lines;
  }
  /// Blocked in that direction.
  [[nodiscard]] bool cut(const std::string& from, const std::string& to) {
    return simulation.network().blocked(node(from), node(to));
  }

  std::map<std::string, Doings> doings;

 private:
  class Broker;
  class Producer;
  class Consumer;

  [[nodiscard]] std::vector<NodeId> followers() const {
    std::vector<NodeId> nodes;
    for (std::uint32_t i = 0; i < simulation.machines(); ++i) {
      Machine& each = const_cast<Simulation&>(simulation).machine(NodeId{i});
      if (each.kind() == "broker" && leader_ && each.id() != *leader_) nodes.push_back(each.id());
    }
    return nodes;
  }
  template <class What>
  void add(const std::string& name, const std::string& kind, MachineSetup more = {});

  static FiberPool& pool() {
    static thread_local FiberPool fibers;
    return fibers;
  }

  EventTable events_;
  EventId append_ = events_.add("append");
  EventId acked_ = events_.add("acked");
  EventId received_ = events_.add("received");
  EventId processed_ = events_.add("processed");
  MessageKind request_{events_.add("sent:request"), events_.add("received:request")};
  MessageKind response_{events_.add("sent:response"), events_.add("received:response")};
  std::optional<NodeId> leader_;
  FaultPlan plan_;
  bool started_ = false;

 public:
  Simulation simulation;
  std::unique_ptr<Injector> injector;
};

class FaultWorld::Broker final : public Program {
 public:
  Broker(FaultWorld& world, Process& process)
      : world_(world), process_(process), did_(world.doings[process.machine().name()]), inbox_(process) {
    process.machine().disk().create("log", FileClass::log);
  }

  void run() override {
    File& log = process_.machine().disk().create("log", FileClass::log);
    did_.found = 0;
    for (const StoredRecord& record : log.read_all()) {
      did_.found += record.state == RecordState::intact ? record.bytes : 0;
      did_.damaged += record.state == RecordState::intact ? 0 : 1;
    }
    world_.simulation.network().listen(inbox_);
    process_.spawn([this] { answer(); });
    for (;; process_.sleep(2ms)) write(log);
  }
  void stop() override {
    process_.sleep(3ms);
    ++did_.stops;
  }

 private:
  void write(File& log) {
    constexpr std::int64_t kBytes = 1000;
    Simulation& run = world_.simulation;
    if (log.append(kBytes, new Payload) != IoResult::ok) {
      ++did_.refused_writes;
      return;
    }
    did_.appended += kBytes;
    did_.clock.push_back(process_.machine().wall_clock());
    run.moment(process_.node(), world_.append_);
    const VirtualTime begin = run.now();
    const std::int64_t end = log.size();
    const IoResult result = log.sync();
    did_.syncs.push_back(run.now() - begin);
    if (result == IoResult::ok) did_.promised = end;
    if (result != IoResult::ok) ++did_.failed_syncs;
  }
  void answer() {
    for (;;) {
      const Arrival arrival = inbox_.receive();
      if (arrival.what != Arrival::What::message) continue;
      ++did_.requests;
      world_.simulation.network().send(process_, arrival.connection, world_.response_, 100, nullptr);
    }
  }

  FaultWorld& world_;
  Process& process_;
  Doings& did_;
  Inbox inbox_;
};

class FaultWorld::Producer final : public Program {
 public:
  Producer(FaultWorld& world, Process& process)
      : world_(world), process_(process), did_(world.doings[process.machine().name()]), inbox_(process) {}

  void run() override {
    for (;; process_.sleep(1ms)) {
      const auto connected = world_.simulation.network().connect(inbox_, NodeId{0}, 10ms, connection_);
      if (connected == ConnectResult::connected) ask();
    }
  }

 private:
  void ask() {
    Simulation& run = world_.simulation;
    for (;; process_.sleep(1ms)) {
      const VirtualTime begin = run.now();
      ++did_.requests;
      run.network().send(process_, connection_, world_.request_, 1000, nullptr);
      const auto answer = inbox_.receive_until(begin + 20ms);
      if (!answer || answer->what != Arrival::What::message) {
        did_.resets += answer ? 1 : 0;
        run.network().reset(process_, connection_);
        return;
      }
      did_.round_trips.push_back(run.now() - begin);
      ++did_.answers;
      run.moment(process_.node(), world_.acked_);
    }
  }

  FaultWorld& world_;
  Process& process_;
  Doings& did_;
  Inbox inbox_;
  ConnectionPtr connection_;
};

class FaultWorld::Consumer final : public Program {
 public:
  Consumer(FaultWorld& world, Process& process)
      : world_(world), process_(process), did_(world.doings[process.machine().name()]) {}

  void run() override {
    VirtualTime last = world_.simulation.now();
    for (;; process_.sleep(1ms)) {
      world_.simulation.moment(process_.node(), world_.received_);
      if (stall_ > Duration{0}) process_.sleep(std::exchange(stall_, Duration{0}));
      if (failures_ != 0) {
        failures_ -= failures_ > 0 ? 1 : 0;
        ++did_.failed;
        continue;
      }
      ++did_.processed;
      did_.gaps.push_back(world_.simulation.now() - last);
      last = world_.simulation.now();
      world_.simulation.moment(process_.node(), world_.processed_);
    }
  }
  bool fail_handler(std::int64_t times) override {
    failures_ = times;
    return true;
  }
  bool stall_handler(Duration duration) override {
    stall_ = duration;
    return true;
  }

 private:
  FaultWorld& world_;
  Process& process_;
  Doings& did_;
  std::int64_t failures_ = 0;
  Duration stall_{0};
};

template <class What>
void FaultWorld::add(const std::string& name, const std::string& kind, MachineSetup more) {
  more.name = name;
  more.kind = kind;
  simulation.add_machine(std::move(more), [this](Process& process) { return std::make_unique<What>(*this, process); });
}

inline FaultWorld::FaultWorld(FaultWorldSetup setup)
    : simulation(pool(), events_, {.seed = setup.seed, .latency = {.p50 = 100us, .p99 = 100us}, .keep_trace = true}) {
  for (int i = 1; i <= setup.brokers; ++i) {
    MachineSetup more;
    more.zone = i % 2 == 1 ? "a" : "b";
    more.disk.sync = 500us;
    more.exists = !setup.late_broker || i < setup.brokers;
    add<Broker>("broker-" + std::to_string(i), "broker", more);
  }
  MachineSetup reliable;
  reliable.reliable = true;
  add<Broker>("coordinator", "coordinator", reliable);
  for (int i = 1; i <= setup.producers; ++i) add<Producer>("producer-" + std::to_string(i), "producer");
  for (int i = 1; i <= setup.consumers; ++i) add<Consumer>("consumer-" + std::to_string(i), "consumer");
}

// --- faults, as a plan writes them ---

inline When at_time(Duration time) { return {kStart + time, std::nullopt}; }
inline When at_moment(std::string node, std::string event, std::uint64_t number, Duration delay = Duration{0}) {
  return {std::nullopt, MomentRef{std::move(node), std::move(event), number, delay}};
}
inline Fault fault(Action action, When at, std::string target, Duration duration = 10ms) {
  Fault made;
  made.action = action;
  made.at = std::move(at);
  made.target = std::move(target);
  made.duration = Quantity{duration};
  return made;
}
inline Fault link_fault(Action action, When at, std::string from, std::string to, Duration duration = 10ms) {
  Fault made = fault(action, std::move(at), std::move(from), duration);
  made.peer = std::move(to);
  return made;
}

class InjectorTest : public testing::Test, public FaultWorld {};

}  // namespace noloss::sim
