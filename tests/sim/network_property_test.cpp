// What holds under any mix of faults: order, no loss inside a living connection, the same run for the same seed.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "network_world.hpp"
#include "sim/network.hpp"

namespace noloss::sim {
namespace {

enum class Act : std::uint8_t { delay, delay_one, loss, limit, cut, one_way_cut, pause, drop, kill, power_loss, close };
constexpr int kGentleActs = 7;  ///< those that break no connection
constexpr int kActs = 11;

struct Step {
  Act act;
  bool at_server;
  Duration from;
  Duration length;
  int strength;  ///< 1 to 100
};

std::ostream& operator<<(std::ostream& out, const Step& step) {
  return out << "act " << static_cast<int>(step.act) << (step.at_server ? " server" : " client") << " at "
             << step.from.count() << " for " << step.length.count() << " strength " << step.strength;
}

/// Up to twelve of the first `acts` acts.
rc::Gen<std::vector<Step>> any_steps(int acts) {
  const auto step = rc::gen::apply(
      [](int act, bool at_server, int from, int length, int strength) {
        return Step{static_cast<Act>(act), at_server, from * 1ms, length * 1ms, strength};
      },
      rc::gen::inRange(0, acts), rc::gen::arbitrary<bool>(), rc::gen::inRange(5, 1000), rc::gen::inRange(1, 1000),
      rc::gen::inRange(1, 101));
  return rc::gen::resize(12, rc::gen::container<std::vector<Step>>(rc::gen::resize(rc::kNominalSize, step)));
}

/// A client and a server that talk for a second, a message each millisecond and direction, while the steps act.
class Talk {
 public:
  static constexpr int kMessages = 1000;

  Talk(const std::vector<Step>& steps, std::uint64_t seed) : world(LatencySetup{}, seed) {
    world.simulation.start_all();
    world.at(0ms, client, [this](Peer& me) { me.connect(server); });
    for (Node* node : {&client, &server}) world.at(20ms, *node, [](Peer& me) { talk(me); });
    for (const Step& step : steps) place(step);
    world.run_until(900s);
  }

  NetworkWorld world;
  Node& client = world.add("client");
  Node& server = world.add("server");

 private:
  static void talk(Peer& me) {
    for (int number = 1; number <= kMessages; ++number) {
      me.sleep(1ms);
      if (me.connection) me.say(number, number);
    }
  }

  void fault(const Step& step, std::function<Network::FaultHandle()> start) {
    world.at(step.from, [this, step, start = std::move(start)] {
      const Network::FaultHandle handle = start();
      world.at(step.from + step.length, [this, handle] { world.network().heal(handle); });
    });
  }

  void place(const Step& step) {
    Node& node = step.at_server ? server : client;
    Node& other = step.at_server ? client : server;
    const LinkSelector link{node.id(), other.id()};
    Network& network = world.network();
    const Quantity by{0, step.strength * 1'000'000};
    switch (step.act) {
      case Act::delay: return fault(step, [=, &network] { return network.delay(link, by, std::nullopt); });
      case Act::delay_one: return fault(step, [=, &network] { return network.delay_one(link, by, std::nullopt); });
      case Act::loss: return fault(step, [=, &network] { return network.lose(link, step.strength * 5'000, 1); });
      case Act::limit: return fault(step, [=, &network] { return network.limit(link, step.strength * 10'000); });
      case Act::cut:
      case Act::one_way_cut:
        return fault(step, [=, &network] {
          return network.cut({{link.from}, {link.to}}, step.act == Act::one_way_cut);
        });
      case Act::drop: return fault(step, [=, &network] { return network.drop_next(link); });
      case Act::pause:
        world.at(step.from, [&node] { node.machine->pause(); });
        return world.at(step.from + step.length, [&node] { node.machine->resume(); });
      case Act::kill:
        world.at(step.from, [&node] { node.machine->kill(); });
        return world.at(step.from + step.length, [&node] { node.machine->start(); });
      case Act::power_loss: return world.power_off(step.from, step.from + step.length, node);
      case Act::close:
        return world.at(step.from, node, [](Peer& me) {
          if (me.connection) me.close();
        });
    }
  }
};

/// The words up to the end of the connection are a run of numbers without a gap, and nothing follows the end.
bool is_a_run_of_numbers(const std::vector<std::string>& words) {
  std::size_t at = !words.empty() && words.front() == "opened" ? 1 : 0;
  int expected = at < words.size() ? std::atoi(words[at].c_str()) : 0;
  while (at < words.size() && words[at] == std::to_string(expected)) {
    ++at;
    ++expected;
  }
  if (at < words.size() && words[at] == "closed") ++at;
  if (at < words.size() && words[at] == "reset") ++at;
  return at == words.size();
}

RC_GTEST_PROP(NetworkProperty, ALivingConnectionLosesRepeatsAndReordersNothing, ()) {
  const auto steps = *any_steps(kGentleActs);
  Talk talk{steps, *rc::gen::arbitrary<std::uint64_t>()};
  RC_ASSERT(talk.client.connects.size() == 1U);
  if (talk.client.connects.front().first != ConnectResult::connected) return;

  // Who was not connected yet said less, but all that was said arrived.
  const std::uint64_t sent = talk.world.simulation.count(talk.client.id(), talk.world.request.sent);
  const std::uint64_t answered = talk.world.simulation.count(talk.server.id(), talk.world.response.sent);
  RC_ASSERT(talk.server.heard.size() == 1 + sent);
  RC_ASSERT(talk.client.heard.size() == answered);
  RC_ASSERT(is_a_run_of_numbers(talk.client.words()));
  RC_ASSERT(is_a_run_of_numbers(talk.server.words()));
}

RC_GTEST_PROP(NetworkProperty, AConnectionThatBreaksDeliversWhatWasSentFirst, ()) {
  const auto steps = *any_steps(kActs);
  const Talk talk{steps, *rc::gen::arbitrary<std::uint64_t>()};
  RC_ASSERT(is_a_run_of_numbers(talk.client.words()));
  RC_ASSERT(is_a_run_of_numbers(talk.server.words()));
}

RC_GTEST_PROP(NetworkProperty, TheSameSeedGivesTheSameRun, ()) {
  const auto steps = *any_steps(kActs);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  Talk first{steps, seed};
  Talk second{steps, seed};
  RC_ASSERT(first.world.simulation.trace().digest() == second.world.simulation.trace().digest());
  RC_ASSERT(first.client.heard == second.client.heard);
  RC_ASSERT(first.server.heard == second.server.heard);
}

}  // namespace
}  // namespace noloss::sim
