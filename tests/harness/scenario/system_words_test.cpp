// What depends on the system's own words, with a system that has other ones than the textbook.
#include <gtest/gtest.h>

#include "fake_system.hpp"
#include "harness/scenario/decode_faults.hpp"
#include "harness/scenario/decode_setup.hpp"

namespace noloss::harness {
namespace {

class SystemWords : public ::testing::Test {
 protected:
  /// Checks and decodes the text as a scenario of the fake system.
  models::Setup decode(std::string_view text) {
    root_ = parse_tree(text, problems_);
    EXPECT_TRUE(root_);
    check_shape(*root_, Section::top, "", grammar_, Missing::ignored, problems_);
    const View top{root_.get(), Section::top, "", grammar_, {}};
    models::Setup setup = decode_setup(top, grammar_);
    const Cast cast{system_, setup, Counts::known};
    const Names names{cast, problems_};
    faults_ = decode_faults(top, grammar_, names, std::nullopt);
    operations_ = decode_operations(top, root_, grammar_, setup, names);
    const Sources sources{"f", text};
    for (const Problem& problem : problems_.sorted(sources)) {
      found_ += std::to_string(problem.line) + ":" + std::to_string(problem.column) + " " + problem.message + "\n";
    }
    return setup;
  }

  testing::FakeSystem system_;
  Grammar grammar_ = system_.grammar();
  Problems problems_;
  NodePtr root_;
  std::vector<sim::Fault> faults_;
  std::vector<Operation> operations_;
  std::string found_;
};

TEST_F(SystemWords, EntityIsSpelledAsTheSystemDoes) {
  const models::Setup setup =
      decode("queue: {shards: 4, copy.factor: 3, config: {ha.mode: exactly, max.bytes: 2KiB}}\n");
  EXPECT_EQ(found_, "");
  EXPECT_EQ(setup.entities[0].name, "queue-1");
  EXPECT_EQ(setup.entities[0].partitions, 4U);
  EXPECT_EQ(setup.entities[0].replicas, 3U);
  EXPECT_EQ(setup.entities[0].config.integer("max.bytes"), 2048);
  EXPECT_EQ(setup.entities[0].config.integer("ha.mode"), 0);
}

TEST_F(SystemWords, TextbooksWordsAreRefused) {
  decode("topic: {partitions: 4}\nstream: {}\n");
  EXPECT_EQ(found_,
            "1:1 the fake system has no 'topic'; what it declares is 'queue'\n"
            "2:1 the fake system has no 'stream'; what it declares is 'queue'\n");
  found_.clear();
  problems_ = {};
  decode("queue: {partitions: 4, replicas: 2}\n");
  EXPECT_EQ(found_,
            "1:9 unknown key 'queue.partitions'; known keys: name, shards, copy.factor, assignment, config\n"
            "1:24 unknown key 'queue.replicas'; known keys: name, shards, copy.factor, assignment, config\n");
}

TEST_F(SystemWords, OptionsOfEveryType) {
  decode(
      "brokers: {config: {log.flush: maybe, log.flush.interval: 5}}\n"
      "queue: {config: {ha.mode: al, max.bytes: 1B}}\n"
      "consumers: {config: {jitter: 101%}}\n");
  EXPECT_EQ(found_,
            "1:31 'log.flush' must be true or false, not 'maybe'\n"
            "1:58 duration '5' has no unit; write for example '5s' or '5ms'\n"
            "2:27 'ha.mode' cannot be 'al'; did you mean 'all'? (exactly, all)\n"
            "2:42 'max.bytes' cannot be 1B; it must be at least 1KiB\n"
            "3:30 'jitter' cannot be 101%; it must be from 0% to 100%\n");
}

TEST_F(SystemWords, NumberedNodesOfTheSystem) {
  decode(
      "faults:\n"
      "  - {action: kill, target: controller-2}\n"
      "  - {action: kill, target: any controller}\n"
      "  - {action: kill, target: nameserver}\n"
      "  - {action: kill, target: mirror}\n"
      "  - {action: kill, target: controller-3}\n"
      "  - {action: kill, target: leader}\n"
      "  - {action: kill, target: broker-1, at: \"controller-1 routed #1\"}\n");
  EXPECT_EQ(found_,
            "6:28 there is no 'controller-3'; controllers are controller-1 to controller-2\n"
            "7:28 there is no node or role 'leader'; there are: nameserver, mirror, broker-1, any broker, all brokers, "
            "producer-1, any producer, all producers, consumer-1, any consumer, all consumers, controller-1, any "
            "controller, all controllers\n");
}

TEST_F(SystemWords, SetChecksPathAndValue) {
  decode(
      "queue: {name: q}\n"
      "operations:\n"
      "  - {at: 1s, do: set, values: {queue.config.ha.mode: exactly, brokers.config.log.flush: true}}\n"
      "  - {at: 2s, do: set, values: {queue.config.ha.mod: all, brokers.config.log.flush: 7}}\n"
      "  - {at: 3s, do: purge, target: p}\n"
      "  - {at: 4s, do: add_partitions, count: 2}\n"
      "  - {at: 5s, do: restart, target: broker-1}\n"
      "  - {at: 6s, do: add_partitions, count: 0}\n");
  EXPECT_EQ(found_,
            "4:32 the fake system has no queue option 'ha.mod'; did you mean 'ha.mode'? It has: ha.mode, max.bytes\n"
            "4:84 'log.flush' must be true or false, not '7'\n"
            "5:33 there is no queue 'p'; there are: q\n"
            "7:18 the fake system does not restart; it can: set, purge, add_partitions, create, delete\n"
            "8:41 'operations.6.count' cannot be 0; it must be from 1 to 1000\n");
  ASSERT_EQ(operations_.size(), 6U);
  ASSERT_EQ(operations_[0].changes.size(), 2U);
  EXPECT_EQ(operations_[0].changes[0], (models::OptionChange{models::OptionScope::entity, 0, "ha.mode",
                                                             models::OptionValue{sim::Quantity{0}, "exactly"}}));
  EXPECT_EQ(operations_[0].changes[1].scope, models::OptionScope::broker);
  EXPECT_TRUE(operations_[1].changes.empty());
  EXPECT_EQ(operations_[3].count, 2U);
}

TEST_F(SystemWords, SetTakesWhatARunningSystemChanges) {
  decode(
      "queue: [{name: a}, {name: b}]\n"
      "operations:\n"
      "  - {at: 1s, do: set, values: {queue.2.config.max.bytes: 2KiB}}\n"
      "  - {at: 2s, do: set, values: {queue.2.config.max.bytes: 2KiB..4KiB}}\n"
      "  - {at: 3s, do: set, values: {brokers.config.log.flush.interval: 2s}}\n"
      "  - {at: 4s, do: set, values: {producers.config.acks: all}}\n"
      "  - {at: 5s, do: set, values: {producers.count: 2}}\n"
      "  - {at: 6s, do: set, values: {queue.config.max.bytes: 2KiB}}\n");
  EXPECT_EQ(found_,
            "4:58 'max.bytes' is set to one value, not to a range\n"
            "5:32 the fake system does not change the broker option 'log.flush.interval' while it runs; it can change: "
            "log.flush\n"
            "6:32 the fake system does not change the producer option 'acks' while it runs\n"
            "7:32 'producers.count' is no option; `noloss list options fake` says which ones change while it runs\n"
            "8:32 'queue' is a list; say which by number, such as 'queue.1.config.max.bytes'\n");
  ASSERT_EQ(operations_[0].changes.size(), 1U);
  EXPECT_EQ(operations_[0].changes[0].entity, 1U);
  EXPECT_EQ(operations_[0].changes[0].value.number.value(), 2048);
}

TEST_F(SystemWords, AnEntityExistsAfterItsFirstOperationCreate) {
  const models::Setup setup = decode(
      "queue: [{name: a}, {name: b}]\n"
      "operations:\n"
      "  - {at: 1s, do: create, target: b}\n"
      "  - {at: 2s, do: delete, target: a}\n"
      "  - {at: 3s, do: create, target: a}\n"
      "  - {at: 4s, do: create, target: a}\n"
      "  - {at: 5s, do: delete, target: b}\n"
      "  - {at: 6s, do: purge, target: b}\n"
      "  - {at: 7s, do: create, target: c}\n");
  EXPECT_EQ(found_,
            "6:34 there is a queue 'a' by then\n"
            "8:33 there is no queue 'b' by then: it was deleted above\n"
            "9:34 there is no queue 'c'; there are: a, b\n");
  EXPECT_TRUE(setup.entities[0].exists);
  EXPECT_FALSE(setup.entities[1].exists);
}

}  // namespace
}  // namespace noloss::harness
