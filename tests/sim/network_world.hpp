// A few nodes on a network where every packet takes 1 ms, for the tests of the network.
//
// A node listens, writes down what it hears and when, and does what the test tells it at a time. Messages are numbers.
#pragma once

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "sim/disk.hpp"
#include "sim/network.hpp"
#include "sim/simulation.hpp"

namespace noloss::sim {

using namespace std::chrono_literals;

struct Heard {
  std::string what;
  Duration at;
  friend bool operator==(const Heard&, const Heard&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Heard& heard) {
    return out << heard.what << " at " << heard.at.count() << " ns";
  }
};

struct Number : Payload {
  explicit Number(int of) : value(of) {}
  int value;
};

class NetworkWorld;
class Peer;

/// A node as the test sees it: outlives every incarnation.
struct Node {
  [[nodiscard]] NodeId id() const { return machine->id(); }
  [[nodiscard]] std::vector<std::string> words() const {
    std::vector<std::string> result;
    for (const Heard& each : heard) result.push_back(each.what);
    return result;
  }

  NetworkWorld* world = nullptr;
  Machine* machine = nullptr;
  Peer* peer = nullptr;
  bool listens = true;
  std::vector<Heard> heard;
  std::vector<std::pair<ConnectResult, Duration>> connects;  ///< how each attempt ended, and when
};

class NetworkWorld {
 public:
  explicit NetworkWorld(LatencySetup latency = {.p50 = 1ms, .p99 = 1ms}, std::uint64_t seed = 1)
      : request(kind("request")),
        response(kind("response")),
        simulation(pool_, events_, {.seed = seed, .latency = latency, .keep_trace = true}) {
    simulation.listen_moments(&script_);
  }

  Node& add(const std::string& name);
  [[nodiscard]] Network& network() { return simulation.network(); }
  [[nodiscard]] Duration now() const { return simulation.now() - kStart; }
  void run_until(Duration time) { simulation.scheduler().run_until(kStart + time); }

  template <class Action>
  void at(Duration time, Action action) {
    simulation.scheduler().at(kStart + time, std::move(action));
  }
  /// In a fiber of the node's process, if it runs then.
  void at(Duration time, Node& node, std::function<void(Peer&)> action);
  /// While the node's `number`-th such moment happens.
  void at_moment(const Node& node, EventId event, std::uint64_t number, std::function<void()> action) {
    script_.steps.push_back({node.id(), event, number, std::move(action)});
    simulation.watch(node.id(), event, number);
  }
  void cut(Duration from, Duration until, std::vector<std::vector<NodeId>> sides, bool one_way = false);
  void power_off(Duration from, Duration until, Node& node);

 private:
  struct Script final : MomentListener {
    struct Step {
      NodeId node;
      EventId event;
      std::uint64_t number;
      std::function<void()> action;
    };
    void happened(NodeId node, EventId event, std::uint64_t number) override {
      for (const Step& step : steps) {
        if (step.node == node && step.event == event && step.number == number) step.action();
      }
    }
    std::vector<Step> steps;
  };

  MessageKind kind(const std::string& name) { return {events_.add("sent:" + name), events_.add("received:" + name)}; }

  FiberPool pool_;
  EventTable events_;
  Script script_;

 public:
  const MessageKind request;
  const MessageKind response;
  std::deque<Node> nodes;  // before the simulation, whose programs refer to them to the last
  Simulation simulation;
};

/// The program of a node.
class Peer final : public Program {
 public:
  Peer(Node& node, Process& process) : node_(node), process_(process), inbox(process) { node.peer = this; }
  ~Peer() override { node_.peer = nullptr; }

  void run() override {
    if (node_.listens) network().listen(inbox);
    for (;;) write_down(inbox.receive());
  }

  ConnectResult connect(const Node& to, Duration timeout = 1s) {
    ConnectionPtr made;
    const ConnectResult result = network().connect(inbox, to.id(), timeout, made);
    node_.connects.emplace_back(result, node_.world->now());
    if (result == ConnectResult::connected) connection = made;
    return result;
  }
  /// On the latest connection; a request from who connected, a response from who accepted.
  void say(int number, std::int64_t bytes = 0) {
    const MessageKind kind = accepted_ ? node_.world->response : node_.world->request;
    network().send(process_, connection, kind, bytes, new Number(number), static_cast<std::uint64_t>(number));
  }
  void say_all(int first, int last) {
    for (int number = first; number <= last; ++number) say(number);
  }
  void sleep(Duration duration) { process_.sleep(duration); }
  void close() { network().close(process_, connection); }
  void reset() { network().reset(process_, connection); }
  [[nodiscard]] bool open() const { return connection->open(node_.id()); }

 private:
  [[nodiscard]] Network& network() { return node_.world->network(); }

  void write_down(const Arrival& arrival) {
    std::string what;
    switch (arrival.what) {
      case Arrival::What::opened:
        what = "opened";
        connection = arrival.connection;
        accepted_ = true;
        break;
      case Arrival::What::message: what = std::to_string(static_cast<const Number&>(*arrival.payload).value); break;
      case Arrival::What::closed: what = "closed"; break;
      case Arrival::What::reset: what = "reset"; break;
    }
    node_.heard.push_back({what, node_.world->now()});
  }

  Node& node_;
  Process& process_;
  bool accepted_ = false;

 public:
  Inbox inbox;
  ConnectionPtr connection;
};

inline Node& NetworkWorld::add(const std::string& name) {
  Node& node = nodes.emplace_back();
  node.world = this;
  node.machine = &simulation.add_machine({.name = name, .kind = name, .zone = "", .disk = {}},
                                         [&node](Process& process) { return std::make_unique<Peer>(node, process); });
  return node;
}

inline void NetworkWorld::at(Duration time, Node& node, std::function<void(Peer&)> action) {
  at(time, [&node, action = std::move(action)] {
    if (!node.machine->process().running()) return;
    node.machine->process().spawn([&node, action] { action(*node.peer); });
  });
}

inline void NetworkWorld::cut(Duration from, Duration until, std::vector<std::vector<NodeId>> sides, bool one_way) {
  auto handle = std::make_shared<Network::FaultHandle>();
  at(from, [this, handle, sides = std::move(sides), one_way] { *handle = network().cut(sides, one_way); });
  at(until, [this, handle] { network().heal(*handle); });
}

inline void NetworkWorld::power_off(Duration from, Duration until, Node& node) {
  at(from, [&node] { node.machine->lose_power({}); });
  at(until, [&node] { node.machine->start(); });
}

/// A client and a server; the client is connected from 3 ms on.
class NetworkTest : public testing::Test, public NetworkWorld {
 protected:
  NetworkTest() {
    simulation.start_all();
    at(0ms, client, [this](Peer& me) { me.connect(server); });
  }

  /// Beyond what both heard when they connected.
  [[nodiscard]] static std::vector<Heard> since_opened(const Node& node) {
    std::vector<Heard> heard = node.heard;
    if (!heard.empty() && heard.front().what == "opened") heard.erase(heard.begin());
    return heard;
  }

  Node& client = add("client");
  Node& server = add("server");
};

/// With one fault on the link between the two.
class NetworkFaults : public NetworkTest {
 protected:
  [[nodiscard]] std::vector<std::vector<NodeId>> apart() const { return {{client.id()}, {server.id()}}; }
  [[nodiscard]] LinkSelector requests() const { return {client.id(), server.id()}; }
  [[nodiscard]] LinkSelector responses() const { return {server.id(), client.id()}; }
  [[nodiscard]] std::uint64_t effect() { return network().effect(fault); }
  void heal_at(Duration time) {
    at(time, [this] { network().heal(fault); });
  }

  Network::FaultHandle fault = 0;
};

}  // namespace noloss::sim
