// Concrete plans: written, read back, refused.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/scenario/reader.hpp"

namespace noloss::harness {
namespace {

using sim::Action;
using sim::Fault;
using sim::Quantity;

Scenario scenario_of_three() {
  ReadResult result = read_scenario(
      "s.yaml", "version: 1\nsystem: textbook\nbrokers: {count: 3, zones: [a, b, c]}\ntopic: {partitions: 2}\n");
  return std::move(result.scenario.value());
}

PlanResult read_back(const std::string& text) {
  const Scenario scenario = scenario_of_three();
  return read_plan("plan.yaml", text, scenario, scenario.configurations[0]);
}

std::string all(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) text += format(problem) + "\n";
  return text;
}

Quantity some(std::int64_t low, std::int64_t high) { return Quantity{*rc::gen::inRange<std::int64_t>(low, high)}; }

template <typename Enum>
Enum word(int count) {
  return static_cast<Enum>(*rc::gen::inRange(0, count));
}

sim::MomentRef some_moment() {
  sim::MomentRef moment;
  moment.node = *rc::gen::element<std::string>("broker-1", "broker-3", "leader", "leader(1)", "any broker");
  moment.event = *rc::gen::element<std::string>("append", "sync.done", "sent:produce_response");
  moment.number = *rc::gen::inRange<std::uint64_t>(0, 1000);
  moment.delay = sim::Duration{*rc::gen::inRange<std::int64_t>(0, 5'000'000'000)};
  return moment;
}

std::string some_node() {
  return *rc::gen::element<std::string>("broker-1", "producer-1", "coordinator", "zone-b", "all brokers", "leader(1)",
                                        "any consumer", "follower");
}

void put_link(Fault& fault) {
  fault.target = *rc::gen::element<std::string>("producer-1", "broker-2", "any producer");
  fault.peer = *rc::gen::element<std::string>("leader", "broker-1", "consumer-1");
}

void put_place(Fault& fault) {
  if (*rc::gen::arbitrary<bool>()) {
    fault.at.time = sim::kStart + sim::Duration{*rc::gen::inRange<std::int64_t>(0, 100'000'000'000)};
    return;
  }
  fault.at.moment = some_moment();
  if (fault.at.moment->number > 0 || *rc::gen::arbitrary<bool>()) return;
  fault.every = *rc::gen::inRange<std::uint64_t>(1, 10);
  fault.count = *rc::gen::element(Quantity{sim::kUnlimited}, Quantity{3}, Quantity{1});
}

bool lasts(Action action) {
  return action != Action::corrupt && action != Action::destroy && action != Action::drop &&
         action != Action::handler_error;
}

void put_partition(Fault& fault) {
  fault.shape = word<sim::PartitionShape>(5);
  switch (fault.shape) {
    case sim::PartitionShape::isolate: fault.target = some_node(); break;
    case sim::PartitionShape::one_way: put_link(fault); break;
    case sim::PartitionShape::sides:
      fault.sides = {{"broker-1", "any producer"}, {"leader(1)"}, {"zone-a", "consumer-1"}};
      break;
    default: break;
  }
  const bool free = fault.shape != sim::PartitionShape::one_way && fault.shape != sim::PartitionShape::sides;
  if (free) fault.clients = word<sim::Clients>(3);
}

void put_options(Fault& fault) {
  switch (fault.action) {
    case Action::power_loss: fault.unsynced = word<sim::Unsynced>(3); break;
    case Action::wipe: fault.new_identity = *rc::gen::arbitrary<bool>(); break;
    case Action::fsync_error:
      fault.semantics = word<sim::FsyncSemantics>(3);
      fault.once = *rc::gen::arbitrary<bool>();
      break;
    case Action::disk_slow:
      fault.stall = *rc::gen::arbitrary<bool>();
      if (!fault.stall) fault.factor = some(1, 1000);
      break;
    case Action::corrupt: fault.with = word<sim::Damage>(2); [[fallthrough]];
    case Action::disk_error:
      fault.blocks = some(1, 100);
      fault.in = word<sim::FileClass>(3);
      break;
    case Action::kill:
      fault.restart = fault.until || fault.duration != Fault{}.duration || *rc::gen::arbitrary<bool>();
      break;
    case Action::clock_skew:
      fault.by = some(-5'000'000'000, 5'000'000'000);
      fault.clock_rate = some(0, 3 * sim::kWhole);
      break;
    case Action::handler_error: fault.times = *rc::gen::element<std::int64_t>(1, 7, -1); break;
    case Action::drop: fault.side = word<sim::Side>(2); break;
    case Action::loss: fault.rate = some(0, sim::kWhole); break;
    case Action::delay:
      fault.by = some(0, 1'000'000'000);
      fault.message = *rc::gen::element<std::string>("", "fetch_request");
      break;
    case Action::slow: fault.bandwidth = some(1, 2'000'000'000); break;
    default: break;
  }
}

Fault some_fault() {
  Fault fault;
  fault.action = static_cast<Action>(*rc::gen::inRange<int>(0, static_cast<int>(sim::kActions)));
  put_place(fault);
  const bool link = fault.action == Action::drop || fault.action == Action::slow;
  const bool handler = fault.action == Action::handler_error || fault.action == Action::handler_stall;
  if (fault.action == Action::partition) {
    put_partition(fault);
  } else if (link) {
    put_link(fault);
  } else {
    fault.target = handler ? "any consumer" : some_node();
  }
  if (lasts(fault.action)) {
    if (*rc::gen::arbitrary<bool>()) fault.duration = some(0, 100'000'000'000);
    if (fault.duration == Fault{}.duration && *rc::gen::arbitrary<bool>()) fault.until = some_moment();
  }
  put_options(fault);
  fault.draw = *rc::gen::arbitrary<std::uint64_t>();
  return fault;
}

RC_GTEST_PROP(Plan, WrittenIsReadBackEqual, ()) {
  sim::FaultPlan plan;
  const int size = *rc::gen::inRange(0, 8);
  for (int i = 0; i < size; ++i) plan.push_back(some_fault());
  const std::string text = write_plan(plan, *rc::gen::element<std::string>("", "plain", "a \"quoted\" one: #1\n2"));
  RC_LOG() << text;
  PlanResult result = read_back(text);
  RC_LOG() << all(result.problems);
  RC_ASSERT(result.plan.has_value());
  for (Fault& fault : *result.plan) fault.line = 0;
  RC_ASSERT(*result.plan == plan);
  RC_ASSERT(write_plan(*result.plan, "") == write_plan(plan, ""));
}

TEST(Plan, ReadsAsAPersonWouldWrite) {
  Fault kill;
  kill.at.moment = sim::MomentRef{"broker-1", "append", 40, {}};
  kill.target = "broker-1";
  kill.duration = Quantity{std::chrono::seconds{3}};
  kill.draw = 17;
  Fault drop;
  drop.action = Action::drop;
  drop.at.time = sim::kStart + std::chrono::milliseconds{1500};
  drop.target = "producer-1";
  drop.peer = "broker-2";
  drop.side = sim::Side::response;
  EXPECT_EQ(write_plan({kill, drop}, "seed 23"),
            "version: 1\n"
            "about: \"seed 23\"\n"
            "faults:\n"
            "  - {at: \"broker-1 append #40\", action: kill, target: broker-1, duration: 3s, draw: 17}\n"
            "  - {at: 1500ms, action: drop, target: \"producer-1 -> broker-2\", side: response, draw: 0}\n");
  EXPECT_EQ(write_plan({}, ""), "version: 1\nfaults: []\n");
}

TEST(Plan, DrawTakesEveryNumber) {
  const PlanResult result =
      read_back("version: 1\nfaults: [{at: 1s, action: kill, target: broker-1, draw: 18446744073709551615}]\n");
  ASSERT_TRUE(result.plan) << all(result.problems);
  EXPECT_EQ((*result.plan)[0].draw, UINT64_MAX);
  EXPECT_EQ((*result.plan)[0].line, 2U);
}

TEST(Plan, RefusesWhatIsNotConcrete) {
  const PlanResult result = read_back(
      "version: 1\nname: x\nfaults:\n  - {action: kill, target: broker-1}\n"
      "  - {at: 1s, action: kill, target: broker-9, duration: 1s..2s, draw: -1}\n");
  EXPECT_FALSE(result.plan);
  EXPECT_EQ(all(result.problems),
            "plan.yaml:2:1: error: unknown key 'name'; known keys: version, about, faults\n"
            " 2 | name: x\n"
            "   | ^~~~\n"
            "plan.yaml:4:5: error: 'faults.1.at' is missing: a plan places every fault\n"
            " 4 |   - {action: kill, target: broker-1}\n"
            "   |     ^\n"
            "plan.yaml:5:36: error: there is no 'broker-9'; brokers are broker-1 to broker-3\n"
            " 5 |   - {at: 1s, action: kill, target: broker-9, duration: 1s..2s, draw: -1}\n"
            "   |                                    ^~~~~~~~\n"
            "plan.yaml:5:56: error: a plan has no ranges: 'faults.2.duration' must be one value\n"
            " 5 |   - {at: 1s, action: kill, target: broker-9, duration: 1s..2s, draw: -1}\n"
            "   |                                                        ^~~~~~\n"
            "plan.yaml:5:70: error: 'faults.2.draw' must be a whole number below 2^64, not '-1'\n"
            " 5 |   - {at: 1s, action: kill, target: broker-9, duration: 1s..2s, draw: -1}\n"
            "   |                                                                      ^~\n");
}

TEST(Plan, EmptyAndBrokenFiles) {
  EXPECT_FALSE(read_back("").plan);
  EXPECT_FALSE(read_back("[]").plan);
  EXPECT_FALSE(read_back("version: 1\n").plan);
  EXPECT_FALSE(read_back("version: 1\nfaults: {a: [").plan);
}

}  // namespace
}  // namespace noloss::harness
