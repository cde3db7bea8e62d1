// server.properties and the options of a topic.
#include "models/kafka/options.hpp"

namespace noloss::models::kafka {
namespace {

using enum OptionScope;

constexpr Release kZooKeeperEnd{{3, 3, 0}};
constexpr std::string_view kNever = "9223372036854775807";

std::vector<OptionHistory> replication_options() {
  return {
      {dynamic(integer_option(
          broker, "min.insync.replicas", "1",
          {.meaning = "in-sync replicas without which acks=all is refused; from 3.7 nothing is committed "
                      "below it",
           .source = "KIP-966, KAFKA-15583",
           .safer = "2"},
          1, 100))},
      {dynamic(flag_option(broker, "unclean.leader.election.enable", "true",
                           {.meaning = "a replica outside the ISR may lead when no other can: what it lacks is lost",
                            .source = "KIP-106",
                            .safer = "false"})),
       {{{{0, 11, 0}}, "false"}}},
      {duration_option(
           broker, "replica.lag.time.max.ms", "10s",
           {.meaning = "a follower that has not caught up for this long leaves the ISR", .source = "KIP-537"}),
       {{{{2, 5, 0}}, "30s"}}},
      {duration_option(broker, "replica.fetch.wait.max.ms", "500ms",
                       {.meaning = "how long a leader holds a follower's fetch while there is nothing new"})},
      {size_option(broker, "replica.fetch.max.bytes", "1MiB",
                   {.meaning = "bytes of a partition in one answer to a follower; at least one batch"})},
      {duration_option(broker, "replica.socket.timeout.ms", "30s",
                       {.meaning = "how long a follower waits for an answer before it closes the connection"})},
      {integer_option(broker, "eligible.leader.replicas.version", "0",
                      {.meaning = "1: replicas that leave an ISR below min.insync.replicas stay eligible to lead, "
                                  "unless they stop uncleanly (a feature level, here among the options)",
                       .source = "KIP-966",
                       .safer = "1"},
                      0, 1),
       {{{{4, 1, 0}}, "1"}},
       {{4, 0, 0}}},
  };
}

std::vector<OptionHistory> storage_options() {
  return {
      {dynamic(integer_option(broker, "log.flush.interval.messages", kNever,
                              {.meaning = "messages of a log without an fsync, then it is synced before the answer",
                               .source = "UnifiedLog.append",
                               .safer = "1"},
                              1))},
      {dynamic(duration_option(broker, "log.flush.interval.ms", kNever,
                               {.meaning = "age at which unsynced messages are synced; looked at each "
                                           "log.flush.scheduler.interval.ms, which is never by default",
                                .source = "LogManager.flushDirtyLogs"}))},
      {duration_option(
          broker, "log.flush.scheduler.interval.ms", kNever,
          {.meaning = "how often a broker looks for logs that are due for a sync", .source = "LogManager"})},
      {duration_option(broker, "log.flush.offset.checkpoint.interval.ms", "60s",
                       {.meaning = "how often the recovery points are stored"})},
      {duration_option(broker, "replica.high.watermark.checkpoint.interval.ms", "5s",
                       {.meaning = "how often the high watermarks are stored"})},
      {dynamic(size_option(broker, "log.segment.bytes", "1GiB",
                           {.meaning = "a segment of this size is closed and synced in the background"}, 1024))},
      {dynamic(duration_option(
          broker, "log.retention.ms", "168h",
          {.meaning = "records older than this are deleted, a segment at a time, read or not; -1: never"},
          -kMillisecond))},
      {dynamic(size_option(broker, "log.retention.bytes", "-1B",
                           {.meaning = "a log larger than this loses its oldest segments, read or not; -1: no limit"},
                           -1))},
      {duration_option(broker, "log.retention.check.interval.ms", "5m",
                       {.meaning = "how often a broker looks for what retention deletes"})},
      {dynamic(duration_option(
           broker, "producer.id.expiration.ms", "24h",
           {.meaning = "an idempotent producer that was idle for this long is forgotten", .source = "KIP-854"})),
       {},
       {{3, 4, 0}}},
  };
}

std::vector<OptionHistory> cluster_options() {
  return {
      {duration_option(broker, "zookeeper.session.timeout.ms", "6s",
                       {.meaning = "a broker that is silent for this long is taken for dead", .source = "KIP-537"},
                       100 * kMillisecond),
       {{{{2, 5, 0}}, "18s"}},
       {},
       kZooKeeperEnd},
      {duration_option(broker, "broker.session.timeout.ms", "9s",
                       {.meaning = "a broker that is silent for this long is fenced", .source = "KIP-631"},
                       100 * kMillisecond),
       {},
       kZooKeeperEnd},
      {duration_option(broker, "broker.heartbeat.interval.ms", "2s",
                       {.meaning = "how often a broker tells the controller that it lives", .source = "KIP-631"},
                       10 * kMillisecond),
       {},
       kZooKeeperEnd},
      {flag_option(broker, "controlled.shutdown.enable", "true",
                   {.meaning = "a broker that stops hands over what it leads first"})},
      {flag_option(broker, "auto.leader.rebalance.enable", "true",
                   {.meaning = "the preferred replica leads again once it is in sync"})},
      {duration_option(broker, "leader.imbalance.check.interval.seconds", "300s",
                       {.meaning = "how often the controller looks for partitions that their preferred replica could "
                                   "lead"},
                       kSecond, kSecond)},
      {integer_option(broker, "offsets.topic.replication.factor", "3",
                      {.meaning = "replicas of __consumer_offsets, at most as many as there are brokers",
                       .source = "KIP-115",
                       .safer = "3"},
                      1, 100)},
      {duration_option(broker, "offsets.commit.timeout.ms", "5s",
                       {.meaning = "how long a coordinator waits until a commit is replicated"})},
      {duration_option(broker, "offsets.retention.minutes", "1440m",
                       {.meaning = "the offsets of a group that has been empty for this long are deleted",
                        .source = "KIP-186, KIP-211",
                        .safer = "10080m"},
                       kMinute, kMinute),
       {{{{2, 0, 0}}, "10080m"}}},
      {duration_option(broker, "offsets.retention.check.interval.ms", "600s",
                       {.meaning = "how often a coordinator looks for offsets to delete"})},
      {duration_option(broker, "group.initial.rebalance.delay.ms", "3s",
                       {.meaning = "how long the first members of an empty group wait for others", .source = "KIP-134"},
                       0)},
  };
}

}  // namespace

std::vector<OptionHistory> broker_options() {
  std::vector<OptionHistory> all = replication_options();
  for (const auto& table : {storage_options(), cluster_options(), transaction_options()})
    all.insert(all.end(), table.begin(), table.end());
  return all;
}

std::vector<OptionHistory> topic_options() {
  return {
      {dynamic(integer_option(
          entity, "min.insync.replicas", kFromBroker,
          {.meaning = "in-sync replicas without which acks=all is refused; from 3.7 nothing is committed "
                      "below it",
           .source = "KIP-966, KAFKA-15583",
           .safer = "2"},
          1, 100))},
      {dynamic(flag_option(entity, "unclean.leader.election.enable", kFromBroker,
                           {.meaning = "a replica outside the ISR may lead when no other can: what it lacks is lost",
                            .source = "KIP-106",
                            .safer = "false"}))},
      {dynamic(integer_option(entity, "flush.messages", kFromBroker,
                              {.meaning = "messages of a log without an fsync, then it is synced before the answer",
                               .source = "UnifiedLog.append",
                               .safer = "1"},
                              1))},
      {dynamic(duration_option(entity, "flush.ms", kFromBroker,
                               {.meaning = "age at which unsynced messages are synced, looked at each "
                                           "log.flush.scheduler.interval.ms of the broker",
                                .source = "LogManager.flushDirtyLogs"}))},
      {dynamic(size_option(entity, "segment.bytes", kFromBroker,
                           {.meaning = "a segment of this size is closed and synced in the background"}, 1024))},
      {dynamic(duration_option(
          entity, "retention.ms", kFromBroker,
          {.meaning = "records older than this are deleted, a segment at a time, read or not; -1: never"},
          -kMillisecond))},
      {dynamic(size_option(entity, "retention.bytes", kFromBroker,
                           {.meaning = "a log larger than this loses its oldest segments, read or not; -1: no limit"},
                           -1))},
  };
}

}  // namespace noloss::models::kafka
