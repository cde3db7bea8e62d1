// The plan of what happened, replayed on the same seed, gives the same run.
#include "sim/random.hpp"
#include "tests/sim/fault_world.hpp"

namespace noloss::sim {
namespace {

/// Leadership moves by itself, and stays away for a while.
void move_leadership(FaultWorld& world) {
  const auto lead = [&world](Duration when, const char* name) { world.at(when, [&world, name] { world.lead(name); }); };
  lead(10ms, "broker-2");
  world.at(20ms, [&world] { world.nobody_leads(); });
  lead(35ms, "broker-1");
  world.at(50ms, [&world] { world.nobody_leads(); });
  lead(60ms, "broker-3");
}

struct Outcome {
  std::uint64_t digest = 0;
  std::uint64_t events = 0;
  FaultPlan concrete;
  std::vector<std::uint32_t> fired;
};

Outcome run(const FaultPlan& plan, std::uint64_t seed) {
  FaultWorld world{{.producers = 2, .consumers = 2, .seed = seed}};
  move_leadership(world);
  world.use(plan);
  world.run_until(80ms);
  world.injector->heal_all();
  world.run_until(120ms);
  Outcome result{world.simulation.trace().digest(), world.simulation.trace().size(), world.injector->concrete(), {}};
  for (const FaultReport& report : world.injector->reports()) result.fired.push_back(report.fired);
  return result;
}

bool is_node(const std::string& word) {
  return word.empty() || word == "coordinator" || (word.find('-') != std::string::npos && !word.starts_with("zone"));
}

class PlanDrawer {
 public:
  explicit PlanDrawer(std::uint64_t seed) : random_(seed) {}

  FaultPlan plan() {
    FaultPlan plan(1 + random_.below(5));
    for (Fault& fault : plan) fault = one();
    return plan;
  }

 private:
  using Words = std::vector<std::string>;

  std::string pick(const Words& words) { return words[random_.below(words.size())]; }
  Duration up_to(Duration limit) { return Duration{random_.between(1, limit.count())}; }

  MomentRef moment() {
    const std::string node = pick({"broker-1", "broker-2", "leader", "any broker", "consumer-1", "any producer"});
    const bool broker = node.starts_with("broker") || node == "leader" || node == "any broker";
    std::string event = broker ? pick({"append", "sync.start", "sync.done", "sent:response", "fault", "started"})
                               : pick({"received", "processed", "sent:request", "acked", "killed"});
    return {node, std::move(event), 1 + random_.below(25), Duration{random_.below(3) == 0 ? 700'000 : 0}};
  }

  Fault one() {
    Fault fault;
    fault.action = static_cast<Action>(random_.below(kActions));
    fault.draw = 1 + random_.below(1'000'000);
    fault.duration = Quantity{up_to(30ms)};
    if (random_.below(4) == 0) {
      fault.at.time = kStart + up_to(70ms);
    } else {
      fault.at.moment = moment();
      if (random_.below(3) == 0) {
        fault.at.moment->number = 0;
        fault.every = 2 + random_.below(10);
        fault.count = Quantity{random_.below(2) == 0 ? 3 : kUnlimited};
      }
    }
    if (random_.below(4) == 0) fault.until = moment();
    if (fault.until && random_.below(2) == 0) fault.until->number = 0;
    options(fault);
    return fault;
  }

  void options(Fault& fault) {
    const Words nodes{"leader",      "follower", "any broker", "broker-1",
                      "all brokers", "zone-a",   "broker-3",   "consumer-1"};
    fault.target = pick(nodes);
    fault.by = Quantity{up_to(3ms)};
    fault.rate = Quantity{300'000};
    fault.bandwidth = Quantity{200'000};
    fault.unsynced = static_cast<Unsynced>(random_.below(3));
    fault.semantics = static_cast<FsyncSemantics>(random_.below(3));
    fault.once = random_.below(2) == 0;
    fault.stall = random_.below(2) == 0;
    fault.restart = random_.below(4) != 0;
    fault.side = static_cast<Side>(random_.below(2));
    const bool handler = fault.action == Action::handler_error || fault.action == Action::handler_stall;
    if (handler) fault.target = pick({"any consumer", "consumer-1"});
    if (fault.action == Action::drop || (fault.action >= Action::loss && random_.below(2) == 0)) {
      fault.target = pick({"any producer", "producer-1", "all producers"});
      fault.peer = pick({"leader", "broker-1", "any broker"});
    }
    if (fault.action == Action::delay && random_.below(2) == 0) fault.message = pick({"request", "response"});
    if (fault.action == Action::partition) partition(fault);
  }

  void partition(Fault& fault) {
    fault.shape = static_cast<PartitionShape>(random_.below(5));
    fault.clients = static_cast<Clients>(random_.below(3));
    if (fault.shape == PartitionShape::one_way) fault.peer = pick({"broker-1", "coordinator", "any producer"});
    if (fault.shape == PartitionShape::sides) fault.sides = {{"leader", "any producer"}, {"follower", "coordinator"}};
  }

  RandomStream random_;
};

TEST(InjectorReplay, AConcretePlanGivesTheSameRun) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const FaultPlan plan = PlanDrawer{seed}.plan();
    const Outcome first = run(plan, seed);
    const Outcome again = run(plan, seed);
    ASSERT_EQ(first.digest, again.digest) << "seed " << seed;
    const Outcome replayed = run(first.concrete, seed);
    ASSERT_EQ(first.digest, replayed.digest)
        << "seed " << seed << ", events " << first.events << " and " << replayed.events;
    ASSERT_EQ(replayed.concrete, first.concrete) << "seed " << seed << ": concrete plans stay as they are";
  }
}

TEST(InjectorReplay, WhatFiredNamesItsNode) {
  std::size_t named = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const FaultPlan plan = PlanDrawer{seed}.plan();
    const FaultPlan concrete = run(plan, seed).concrete;
    const std::vector<std::uint32_t> fired = run(concrete, seed).fired;
    for (std::size_t i = 0; i < concrete.size(); ++i) {
      if (fired[i] == 0) continue;
      const Fault& fault = concrete[i];
      const bool several = fault.target.starts_with("all ") || fault.target.starts_with("zone-");
      const bool by_sides = fault.action == Action::partition && fault.shape == PartitionShape::sides;
      if (!by_sides) {
        EXPECT_TRUE(is_node(fault.target) || several) << fault.target << " seed " << seed;
        EXPECT_TRUE(is_node(fault.peer)) << fault.peer << " seed " << seed;
      }
      for (const auto& side : fault.sides) EXPECT_THAT(side, testing::Each(testing::Truly(is_node)));
      if (fault.at.moment) {
        EXPECT_TRUE(is_node(fault.at.moment->node)) << fault.at.moment->node;
      }
      ++named;
    }
  }
  EXPECT_GT(named, 100U);
}

}  // namespace
}  // namespace noloss::sim
