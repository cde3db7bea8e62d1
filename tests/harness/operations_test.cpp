// Operations: what an administrator does to machines while a run goes on.
#include "harness/run/operations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/fault_world.hpp"

namespace noloss::harness {
namespace {

using namespace std::chrono_literals;
using sim::at_moment;
using sim::at_time;

Operation operation(OperationKind kind, sim::When at, std::string target) {
  Operation made;
  made.kind = kind;
  made.at = std::move(at);
  made.target = std::move(target);
  return made;
}

/// Writes down what it is asked for.
class AskedCluster final : public models::Cluster {
 public:
  [[nodiscard]] std::vector<sim::NodeId> holders(std::string_view /*role*/) const override { return {}; }
  [[nodiscard]] bool settled() const override { return true; }
  [[nodiscard]] std::vector<std::string_view> blocking_waits() const override { return {}; }
  [[nodiscard]] models::FinalState final_state() override { return {}; }
  void set(std::span<const models::OptionChange> changes) override {
    for (const models::OptionChange& change : changes) asked.push_back("set " + change.name);
  }
  void create(std::string_view entity) override { asked.push_back("create " + std::string{entity}); }
  void remove(std::string_view entity) override { asked.push_back("delete " + std::string{entity}); }
  void purge(std::string_view entity) override { asked.push_back("purge " + std::string{entity}); }

  std::vector<std::string> asked;
};

class OperationsTest : public testing::Test {
 protected:
  void place(std::vector<Operation> operations) {
    operations_ = std::move(operations);
    world.use({});
    place_operations(operations_, world.simulation, world, *world.injector, &cluster);
  }

  AskedCluster cluster;

  sim::FaultWorld world{{.late_broker = true}};

 private:
  std::vector<Operation> operations_;
};

TEST_F(OperationsTest, StartBringsANodeThatDidNotExist) {
  place({operation(OperationKind::start, at_time(20ms), "broker-3")});
  world.run_until(19ms);
  EXPECT_FALSE(world.runs("broker-3"));
  EXPECT_TRUE(world.injector->pending());
  world.run_until(21ms);
  EXPECT_TRUE(world.runs("broker-3"));
  EXPECT_FALSE(world.injector->pending());
}

TEST_F(OperationsTest, LeaveIsOrderlyAndForGood) {
  place({operation(OperationKind::leave, at_moment("broker-2", "append", 3), "broker-2")});
  world.run_until(50ms);
  EXPECT_EQ(world.doings["broker-2"].stops, 1);
  EXPECT_FALSE(world.runs("broker-2"));
  world.injector->heal_all();
  world.run_until(5s);
  EXPECT_FALSE(world.runs("broker-2"));
}

TEST_F(OperationsTest, RestartStopsInOrderAndStarts) {
  place({operation(OperationKind::restart, at_time(20ms), "broker-2")});
  world.run_until(50ms);
  EXPECT_EQ(world.doings["broker-2"].stops, 1);
  EXPECT_TRUE(world.runs("broker-2"));
  EXPECT_EQ(world.count("broker-2", "started"), 2U);
}

TEST_F(OperationsTest, ARoleIsResolvedWhenTheOperationComes) {
  place({operation(OperationKind::restart, at_time(20ms), "leader")});
  world.run_until(30ms);
  EXPECT_EQ(world.count("broker-1", "stopped") + world.count("broker-2", "stopped"), 0U) << "it waits";
  world.lead("broker-2");
  world.run_until(60ms);
  EXPECT_EQ(world.count("broker-2", "stopped"), 1U);
}

TEST_F(OperationsTest, EntitiesAndOptionsAreTheClusters) {
  Operation set = operation(OperationKind::set, at_time(5ms), "");
  set.changes = {{models::OptionScope::entity, 0, "a", {}}, {models::OptionScope::broker, 0, "b", {}}};
  place({operation(OperationKind::create, at_time(20ms), "topic-1"),
         operation(OperationKind::purge, at_time(30ms), "topic-1"),
         operation(OperationKind::remove, at_moment("broker-2", "append", 1), "topic-1"), set});
  world.run_until(50ms);
  EXPECT_THAT(cluster.asked,
              testing::UnorderedElementsAre("set a", "set b", "create topic-1", "purge topic-1", "delete topic-1"));
}

TEST_F(OperationsTest, OperationsAreNoFaults) {
  place({operation(OperationKind::restart, at_time(20ms), "broker-2")});
  world.run_until(50ms);
  EXPECT_TRUE(world.injector->reports().empty());
  EXPECT_TRUE(world.injector->concrete().empty());
}

TEST(Operations, LateNodesAreThoseWhoseFirstOperationIsStart) {
  const std::vector<Operation> operations{operation(OperationKind::start, at_time(1s), "broker-3"),
                                          operation(OperationKind::leave, at_time(1s), "broker-2"),
                                          operation(OperationKind::start, at_time(2s), "broker-2"),
                                          operation(OperationKind::restart, at_time(3s), "broker-3")};
  EXPECT_THAT(late_nodes(operations), testing::ElementsAre("broker-3"));
}

}  // namespace
}  // namespace noloss::harness
