// Every option of every release is complete, and defaults follow the release.
#include "models/rabbitmq/options.hpp"

#include <gtest/gtest.h>

#include <set>

#include "models/rabbitmq/release.hpp"

namespace noloss::models::rabbitmq {
namespace {

const OptionRow* find(std::string_view release, std::string_view name) {
  for (const OptionRow& row : options(release)) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

TEST(RabbitOptions, SayWhatTheyMeanAndWhereItIsWritten) {
  for (const std::string_view release : release_names()) {
    for (const OptionRow& row : options(release)) {
      EXPECT_FALSE(row.meaning.empty()) << row.name;
      EXPECT_FALSE(row.source.empty()) << row.name;
      EXPECT_FALSE(row.default_value.empty()) << row.name;
    }
  }
}

TEST(RabbitOptions, HaveNoNameTwiceInOnePlace) {
  for (const std::string_view release : release_names()) {
    std::set<std::tuple<OptionScope, std::string_view, std::string_view>> seen;
    for (const OptionRow& row : options(release)) {
      EXPECT_TRUE(seen.insert({row.scope, row.group, row.name}).second) << row.name;
    }
  }
}

TEST(RabbitOptions, KnowTheStorageOfEachRelease) {
  EXPECT_EQ(find("3.8", "x-queue-version")->max, 1);
  EXPECT_EQ(find("3.13", "x-queue-version")->default_value, "1");
  EXPECT_EQ(find("3.13", "x-queue-version")->max, 2);
  EXPECT_EQ(find("4.0", "x-queue-version")->min, 2);
}

TEST(RabbitOptions, LimitDeliveriesFromFourOn) {
  EXPECT_EQ(find("3.13", "x-delivery-limit")->default_value, "none");
  EXPECT_EQ(find("4.0", "x-delivery-limit")->default_value, "20");
}

TEST(RabbitOptions, KnowStreamsFromThreeNineOn) {
  EXPECT_EQ(find("3.8", "type")->choices.size(), 2U);
  EXPECT_EQ(find("3.8", "x-initial-cluster-size"), nullptr);
  EXPECT_EQ(find("3.8", "x-stream-offset"), nullptr);
  EXPECT_EQ(find("3.9", "type")->choices.back(), "stream");
  EXPECT_NE(find("3.9", "x-stream-offset"), nullptr);
}

TEST(RabbitReleases, AreListedOldestFirst) {
  EXPECT_EQ(release_names().front(), "3.7");
  EXPECT_EQ(release_names().back(), "4.3");
  EXPECT_EQ(release_named("").name, "4.3");
}

}  // namespace
}  // namespace noloss::models::rabbitmq
