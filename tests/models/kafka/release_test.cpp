// Releases, what each of them does differently, and the defaults of the options by release.
#include "models/kafka/release.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "models/kafka/kafka.hpp"
#include "models/kafka/options.hpp"

namespace noloss::models::kafka {
namespace {

using testing::IsEmpty;
using testing::Not;

Behaviours of(std::string_view release) { return behaviours(parse_release(release)); }

const OptionRow* row(std::string_view release, OptionScope scope, std::string_view name) {
  for (const OptionRow& row : options(release)) {
    if (row.scope == scope && row.name == name) return &row;
  }
  return nullptr;
}

TEST(KafkaRelease, ALineWithoutItsLastPartIsTheLastOfTheLine) {
  EXPECT_LT(parse_release("2.7.1"), parse_release("2.7"));
  EXPECT_LT(parse_release("2.7"), parse_release("2.8.0"));
  EXPECT_LT(parse_release("0.9"), parse_release("0.10"));
  EXPECT_LT(parse_release("0.11.0"), parse_release("1.0"));
}

TEST(KafkaRelease, AreListedOldestFirst) {
  for (std::size_t i = 1; i < known_releases().size(); ++i) {
    EXPECT_LE(parse_release(known_releases()[i - 1]), parse_release(known_releases()[i])) << known_releases()[i];
  }
}

TEST(KafkaRelease, TruncationChangesFourTimes) {
  EXPECT_EQ(of("0.10.2").truncation, Truncation::high_watermark);
  EXPECT_EQ(of("0.11.0").truncation, Truncation::epoch_once);
  EXPECT_EQ(of("1.1").truncation, Truncation::epoch_once);
  EXPECT_EQ(of("2.0").truncation, Truncation::epoch_rounds);
  EXPECT_EQ(of("2.6").truncation, Truncation::epoch_rounds);
  EXPECT_EQ(of("2.7.0").truncation, Truncation::on_fetch);
}

TEST(KafkaRelease, BugsEndWithTheReleaseThatFixesThem) {
  EXPECT_TRUE(of("2.7.0").counts_diverging_fetch);
  EXPECT_TRUE(of("2.7.1").counts_diverging_fetch);
  EXPECT_FALSE(of("2.7").counts_diverging_fetch);
  EXPECT_TRUE(of("2.8.0").counts_diverging_fetch);
  EXPECT_FALSE(of("2.8").counts_diverging_fetch);
  EXPECT_FALSE(of("3.4").stale_broker_epoch_cannot_join);
  EXPECT_TRUE(of("3.5").stale_broker_epoch_cannot_join);
  EXPECT_FALSE(of("3.6").strict_min_isr);
  EXPECT_TRUE(of("3.7").strict_min_isr);
  EXPECT_FALSE(of("2.1").registration_cleans_isr);
  EXPECT_TRUE(of("2.2").registration_cleans_isr);
  EXPECT_FALSE(of("3.9").registration_cleans_isr);
  EXPECT_TRUE(of("4.0").registration_cleans_isr);
}

TEST(KafkaRelease, IdempotenceByDefaultIsInEffectSince301) {
  EXPECT_FALSE(of("2.8").idempotence_by_default);
  EXPECT_FALSE(of("3.0.0").idempotence_by_default);
  EXPECT_TRUE(of("3.0").idempotence_by_default);
  EXPECT_FALSE(of("3.1.0").idempotence_by_default);
  EXPECT_TRUE(of("3.1").idempotence_by_default);
  EXPECT_TRUE(of("4.1").idempotence_by_default);
}

TEST(KafkaOptions, DefaultsFollowTheRelease) {
  EXPECT_EQ(row("0.10.2", OptionScope::broker, "unclean.leader.election.enable")->default_value, "true");
  EXPECT_EQ(row("0.11.0", OptionScope::broker, "unclean.leader.election.enable")->default_value, "false");
  EXPECT_EQ(row("2.8", OptionScope::producer, "acks")->default_value, "1");
  EXPECT_EQ(row("3.0", OptionScope::producer, "acks")->default_value, "all");
  EXPECT_EQ(row("3.9", OptionScope::producer, "linger.ms")->default_value, "0ms");
  EXPECT_EQ(row("4.0", OptionScope::producer, "linger.ms")->default_value, "5ms");
  EXPECT_EQ(row("2.4", OptionScope::broker, "replica.lag.time.max.ms")->default_value, "10s");
  EXPECT_EQ(row("2.5", OptionScope::broker, "replica.lag.time.max.ms")->default_value, "30s");
  EXPECT_EQ(row("2.8", OptionScope::consumer, "session.timeout.ms")->default_value, "10s");
  EXPECT_EQ(row("4.1", OptionScope::consumer, "session.timeout.ms")->default_value, "45s");
  EXPECT_EQ(row("4.0", OptionScope::broker, "eligible.leader.replicas.version")->default_value, "0");
  EXPECT_EQ(row("4.1", OptionScope::broker, "eligible.leader.replicas.version")->default_value, "1");
}

TEST(KafkaOptions, ExistOnlyWhereTheReleaseHasThem) {
  EXPECT_EQ(row("0.10.2", OptionScope::producer, "enable.idempotence"), nullptr);
  EXPECT_EQ(row("2.0", OptionScope::producer, "delivery.timeout.ms"), nullptr);
  EXPECT_EQ(row("3.9", OptionScope::broker, "eligible.leader.replicas.version"), nullptr);
  EXPECT_EQ(row("4.1", OptionScope::broker, "zookeeper.session.timeout.ms"), nullptr);
  EXPECT_NE(row("2.8", OptionScope::broker, "zookeeper.session.timeout.ms"), nullptr);
}

TEST(KafkaOptions, EachRowSaysWhatItIsAndWhereItComesFrom) {
  for (const std::string_view release : known_releases()) {
    std::set<std::pair<OptionScope, std::string_view>> names;
    for (const OptionRow& row : options(release)) {
      EXPECT_THAT(row.meaning, Not(IsEmpty())) << row.name;
      EXPECT_THAT(row.source, Not(IsEmpty())) << row.name;
      EXPECT_THAT(row.default_value, Not(IsEmpty())) << row.name;
      EXPECT_TRUE(names.emplace(row.scope, row.name).second) << row.name << " stands twice in " << release;
    }
  }
}

}  // namespace
}  // namespace noloss::models::kafka
