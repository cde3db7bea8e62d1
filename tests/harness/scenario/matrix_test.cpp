// Sweeps: order, ids, exclude, include, paths with dots.
#include "harness/scenario/matrix.hpp"

#include <gtest/gtest.h>

#include "fake_system.hpp"

namespace noloss::harness {
namespace {

class MatrixTest : public ::testing::Test {
 protected:
  Matrix expand(std::string_view text) {
    const NodePtr root = parse_tree(text, problems_);
    EXPECT_TRUE(root);
    Matrix matrix = expand_matrix(root, grammar_, problems_);
    const Sources sources{"f", text};
    for (const Problem& problem : problems_.sorted(sources)) found_ += problem.message + "\n";
    return matrix;
  }

  testing::FakeSystem system_;
  Grammar grammar_ = system_.grammar();
  Problems problems_;
  std::string found_;
};

TEST_F(MatrixTest, NoneIsOneBase) {
  const Matrix matrix = expand("brokers: {count: 1}\n");
  ASSERT_EQ(matrix.combinations.size(), 1U);
  EXPECT_EQ(matrix.combinations[0].id, "base");
  EXPECT_EQ(matrix.combinations[0].label(), "");
}

TEST_F(MatrixTest, LastParameterTurnsFastest) {
  const Matrix matrix = expand("matrix: {brokers.count: [1, 2], queue.shards: [3, 4]}\n");
  ASSERT_EQ(matrix.combinations.size(), 4U) << found_;
  EXPECT_EQ(matrix.combinations[1].label(), "brokers.count=1, queue.shards=4");
  EXPECT_EQ(matrix.combinations[1].tree->child("queue")->child("shards")->text, "4");
  EXPECT_EQ(matrix.combinations[1].tree->child("matrix"), nullptr);
}

TEST_F(MatrixTest, LongestKeyWins) {
  const Matrix matrix = expand(
      "brokers: {config: {log.flush: true}}\n"
      "matrix: {brokers.config.log.flush.interval: [1s], queue.copy.factor: [2], queue.config.ha.mode: [all]}\n");
  ASSERT_EQ(found_, "");
  const Node& tree = *matrix.combinations.at(0).tree;
  EXPECT_EQ(tree.child("brokers")->child("config")->child("log.flush.interval")->text, "1s");
  EXPECT_EQ(tree.child("brokers")->child("config")->child("log.flush")->text, "true");
  EXPECT_EQ(tree.child("queue")->child("copy.factor")->text, "2");
}

TEST_F(MatrixTest, AlternativesHaveNames) {
  const Matrix matrix = expand("matrix: {faults: {none: [], kill: [{action: kill, target: broker-1}]}}\n");
  ASSERT_EQ(matrix.combinations.size(), 2U) << found_;
  EXPECT_EQ(matrix.combinations[1].parameters[0].second, "kill");
  EXPECT_EQ(matrix.combinations[1].tree->child("faults")->items.size(), 1U);
}

TEST_F(MatrixTest, IncludeComesLastAndMayHaveNewValues) {
  const Matrix matrix = expand(
      "matrix:\n  brokers.count: [1, 2]\n  queue.shards: [1]\n  exclude: [{brokers.count: 1}]\n"
      "  include: [{queue.shards: 9, brokers.count: 7}]\n");
  ASSERT_EQ(matrix.combinations.size(), 2U) << found_;
  EXPECT_EQ(matrix.combinations[1].label(), "brokers.count=7, queue.shards=9");
  EXPECT_EQ(matrix.parameters[0].values.size(), 3U);
}

TEST_F(MatrixTest, TreesShareWhatTheyDoNotChange) {
  const Matrix matrix = expand("producers: {count: 2}\nmatrix: {brokers.count: [1, 2]}\n");
  ASSERT_EQ(matrix.combinations.size(), 2U);
  EXPECT_EQ(matrix.combinations[0].tree->child("producers"), matrix.combinations[1].tree->child("producers"));
}

TEST_F(MatrixTest, ListsAreEnteredByNumber) {
  const Matrix matrix =
      expand("producers: [{count: 1}, {count: 2}]\nmatrix: {producers.2.config.acks: [all], faults: {none: []}}\n");
  ASSERT_EQ(found_, "");
  const Node& producers = *matrix.combinations[0].tree->child("producers");
  EXPECT_EQ(producers.items[1]->child("config")->child("acks")->text, "all");
  EXPECT_EQ(producers.items[0]->child("config"), nullptr);
}

TEST_F(MatrixTest, IdDependsOnTheSetOfParametersOnly) {
  EXPECT_EQ(configuration_id({{"a", "1"}, {"b", "2"}}), configuration_id({{"b", "2"}, {"a", "1"}}));
  EXPECT_NE(configuration_id({{"a", "1"}}), configuration_id({{"a", "2"}}));
  EXPECT_NE(configuration_id({{"a", "1"}}), configuration_id({{"a", "1"}}, 1));
}

}  // namespace
}  // namespace noloss::harness
