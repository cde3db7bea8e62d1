#include "models/rabbitmq/options.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "models/rabbitmq/release.hpp"

namespace noloss::models::rabbitmq {
namespace {

using enum OptionScope;
using enum OptionType;

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kHour = 3600 * 1000 * kMillisecond;
constexpr std::int64_t kDay = 24 * kHour;

constexpr std::array<std::string_view, 3> kTypes{"classic", "quorum", "stream"};
constexpr std::array<std::string_view, 3> kOverflow{"drop-head", "reject-publish", "reject-publish-dlx"};

constexpr std::array<std::string_view, 2> kStrategies{"at-most-once", "at-least-once"};
constexpr std::array<std::string_view, 3> kHaModes{"none", "all", "exactly"};
constexpr std::array<std::string_view, 2> kSyncModes{"manual", "automatic"};
constexpr std::array<std::string_view, 2> kPromotion{"always", "when-synced"};

constexpr std::string_view kPolicy = "policy";
constexpr std::string_view kArguments = "arguments";
constexpr std::string_view kItself = "";

constexpr std::array kBroker{
    OptionRow{.scope = broker,
              .name = "net_ticktime",
              .type = duration,
              .default_value = "60s",
              .min = 1000 * kMillisecond,
              .max = kHour,
              .meaning = "a node that was silent for so long counts as down; found at a quarter of it earlier or later",
              .source = "rabbitmq.com/docs/nettick"},
    OptionRow{.scope = broker,
              .name = "heartbeat",
              .type = duration,
              .default_value = "60s",
              .min = 1000 * kMillisecond,
              .max = kHour,
              .meaning = "a client that was silent for so long loses its connection; each side beats at half of it",
              .source = "rabbitmq.com/docs/heartbeats"},
    OptionRow{.scope = broker,
              .name = "consumer_timeout",
              .type = duration,
              .default_value = "30m",
              .min = 1000 * kMillisecond,
              .max = kDay,
              .meaning = "a consumer that holds a delivery for longer loses its channel; looked at each minute",
              .source = "rabbitmq.com/docs/consumers#acknowledgement-timeout"},
    OptionRow{.scope = broker,
              .name = "queue_index_embed_msgs_below",
              .type = size,
              .default_value = "4096B",
              .min = 0,
              .max = std::int64_t{1} << 20U,
              .meaning = "smaller messages lie in the classic queue's own files, others in the store of the node",
              .source = "rabbitmq.com/docs/3.13/persistence-conf"},
    OptionRow{.scope = broker,
              .name = "disk_free_limit.absolute",
              .type = size,
              .default_value = "50MB",
              .min = 0,
              .meaning = "below so much free space a node raises the disk alarm, and no node reads from publishers; a "
                         "simulated disk is full or boundless, so that only 0 (no alarm) makes a difference",
              .source = "rabbitmq.com/docs/disk-alarms",
              .safer = "50MB"},
    OptionRow{.scope = broker,
              .name = "vm_memory_high_watermark.absolute",
              .type = size,
              .default_value = "none",
              .min = 0,
              .meaning = "above so many bytes of messages in its queues a node raises the memory alarm, and no node "
                         "reads from publishers; none: memory has no bound",
              .source = "rabbitmq.com/docs/memory"},
};

constexpr std::array kQueue{
    OptionRow{.scope = entity,
              .name = "type",
              .type = choice,
              .default_value = "classic",
              .choices = kTypes,
              .meaning =
                  "classic: one copy on its home node; quorum: a Raft group; stream: a replicated log that reading "
                  "takes nothing from, which a majority has in its page cache before it is confirmed",
              .source = "rabbitmq.com/docs/queues, rabbitmq.com/docs/quorum-queues, rabbitmq.com/docs/streams",
              .safer = "quorum",
              .group = kItself},
    OptionRow{.scope = entity,
              .name = "durable",
              .type = flag,
              .default_value = "true",
              .meaning = "false: the queue and all its messages are gone when its node restarts",
              .source = "rabbitmq.com/docs/queues#durability",
              .safer = "true",
              .group = kItself},
    OptionRow{.scope = entity,
              .name = "node",
              .type = text,
              .default_value = "broker-1",
              .meaning = "the home node, or the first leader; further members follow in order of number",
              .source = "x-queue-leader-locator client-local, for a client that declares there",
              .group = kItself},
    OptionRow{.scope = entity,
              .name = "x-message-ttl",
              .type = duration,
              .default_value = "none",
              .min = 0,
              .max = 365 * kDay,
              .meaning = "messages older than this are dropped or dead-lettered when they reach the head of the queue",
              .source = "rabbitmq.com/docs/ttl",
              .safer = "none",
              .group = kArguments},
    OptionRow{.scope = entity,
              .name = "x-expires",
              .type = duration,
              .default_value = "none",
              .min = kMillisecond,
              .max = 365 * kDay,
              .meaning = "a queue without consumers that nobody declared again for so long is deleted, with all its "
                         "messages; they are not dead-lettered",
              .source = "rabbitmq.com/docs/ttl#queue-ttl",
              .safer = "none",
              .group = kArguments},
    OptionRow{.scope = entity,
              .name = "x-max-length",
              .type = integer,
              .default_value = "none",
              .min = 1,
              .max = 1'000'000'000,
              .meaning = "most messages that are ready; what happens beyond is x-overflow",
              .source = "rabbitmq.com/docs/maxlength",
              .safer = "none",
              .group = kArguments},
    OptionRow{.scope = entity,
              .name = "x-max-length-bytes",
              .type = size,
              .default_value = "none",
              .min = 1,
              .max = std::int64_t{1} << 40U,
              .meaning = "most bytes of bodies of messages that are ready; what happens beyond is x-overflow",
              .source = "rabbitmq.com/docs/maxlength",
              .safer = "none",
              .group = kArguments},
    OptionRow{.scope = entity,
              .name = "x-overflow",
              .type = choice,
              .default_value = "drop-head",
              .choices = kOverflow,
              .meaning = "drop-head: the oldest ready message goes, confirmed or not; reject-publish: the newest is "
                         "refused with a nack; reject-publish-dlx (classic): refused and dead-lettered",
              .source = "rabbitmq.com/docs/maxlength#overflow-behaviour",
              .safer = "reject-publish",
              .group = kArguments},
    OptionRow{.scope = entity,
              .name = "x-dead-letter-exchange",
              .type = text,
              .default_value = "none",
              .meaning = "where rejected, expired and dropped messages go; 'default' is the default exchange",
              .source = "rabbitmq.com/docs/dlx",
              .group = kArguments},
    OptionRow{.scope = entity,
              .name = "x-dead-letter-routing-key",
              .type = text,
              .default_value = "none",
              .meaning = "routing key of dead-lettered messages; for the default exchange the target queue's name",
              .source = "rabbitmq.com/docs/dlx",
              .group = kArguments},
};

constexpr std::array kMirroring{
    OptionRow{.scope = entity,
              .name = "ha-mode",
              .type = choice,
              .default_value = "none",
              .choices = kHaModes,
              .meaning = "mirrors of a classic queue: on all nodes, or as many replicas as ha-params says",
              .source = "rabbitmq.com/docs/3.13/ha#mirroring-arguments",
              .safer = "all",
              .group = kPolicy,
              .dynamic = true},
    OptionRow{.scope = entity,
              .name = "ha-params",
              .type = integer,
              .default_value = "2",
              .min = 1,
              .max = 100,
              .meaning = "ha-mode exactly: replicas, the leader included",
              .source = "rabbitmq.com/docs/3.13/ha#mirroring-arguments",
              .group = kPolicy,
              .dynamic = true},
    OptionRow{.scope = entity,
              .name = "ha-sync-mode",
              .type = choice,
              .default_value = "manual",
              .choices = kSyncModes,
              .meaning = "manual: a mirror that joins gets only new messages; automatic: it gets all of them at once",
              .source = "rabbitmq.com/docs/3.13/ha#configuring-synchronisation",
              .safer = "automatic",
              .group = kPolicy,
              .dynamic = true},
    OptionRow{.scope = entity,
              .name = "ha-promote-on-failure",
              .type = choice,
              .default_value = "always",
              .choices = kPromotion,
              .meaning = "when-synced: the queue rather stays without a leader than with one that lacks messages",
              .source = "rabbitmq.com/docs/3.13/ha#promoting-unsynchronised-mirrors",
              .safer = "when-synced",
              .group = kPolicy,
              .dynamic = true},
    OptionRow{.scope = entity,
              .name = "ha-promote-on-shutdown",
              .type = choice,
              .default_value = "when-synced",
              .choices = kPromotion,
              .meaning = "the same when the leader's node is stopped in an orderly way",
              .source = "rabbitmq.com/docs/3.13/ha#promoting-unsynchronised-mirrors",
              .safer = "when-synced",
              .group = kPolicy,
              .dynamic = true},
};

constexpr OptionRow kQueueVersion{
    .scope = entity,
    .name = "x-queue-version",
    .type = integer,
    .default_value = "1",
    .min = 1,
    .max = 2,
    .meaning = "storage of a classic queue; 1: the index journal is synced before confirms; 2: written, never synced",
    .source = "rabbitmq.com/docs/3.13/persistence-conf#queue-version, rabbit_classic_queue_index_v2.erl v3.10.25",
    .safer = "1",
    .group = kArguments};
constexpr OptionRow kDeliveryLimit{
    .scope = entity,
    .name = "x-delivery-limit",
    .type = integer,
    .default_value = "none",
    .min = 0,
    .max = 1'000'000,
    .meaning = "a message that came back more often is dropped or dead-lettered; none: never",
    .source = "rabbitmq.com/docs/quorum-queues#poison-message-handling",
    .group = kArguments};
constexpr OptionRow kDeadLetterStrategy{
    .scope = entity,
    .name = "x-dead-letter-strategy",
    .type = choice,
    .default_value = "at-most-once",
    .choices = kStrategies,
    .meaning =
        "at-least-once (quorum queues with reject-publish, else without effect): a dead letter is kept until its "
        "targets have confirmed it",
    .source = "rabbitmq.com/docs/quorum-queues#dead-lettering",
    .safer = "at-least-once",
    .group = kArguments};
constexpr OptionRow kGroupSize{.scope = entity,
                               .name = "x-quorum-initial-group-size",
                               .type = integer,
                               .default_value = "3",
                               .min = 1,
                               .max = 100,
                               .meaning = "members of a quorum queue, as far as there are nodes",
                               .source = "rabbitmq.com/docs/quorum-queues#replication-factor",
                               .safer = "3",
                               .group = kArguments};

constexpr OptionRow kClusterSize{.scope = entity,
                                 .name = "x-initial-cluster-size",
                                 .type = integer,
                                 .default_value = "none",
                                 .min = 1,
                                 .max = 100,
                                 .meaning = "members of a stream, as far as there are nodes; none: every node",
                                 .source = "rabbitmq.com/docs/streams#replication-factor",
                                 .safer = "none",
                                 .group = kArguments};
/// What the release does not know of a row yet; empty: it does not know the row.
std::optional<OptionRow> as_known(OptionRow row, const Release& release) {
  if (row.name == "type" && !release.streams) row.choices = row.choices.first(2);
  if (release.quorum_queues) return row;
  if (row.name == "consumer_timeout") return std::nullopt;
  if (row.name == "type") {
    row.choices = row.choices.first(1);
    row.safer = {};
  }
  if (row.name == "x-overflow") row.choices = row.choices.first(2);
  return row;
}

/// The same by policy, which an administrator may set for a queue that was declared without it.
OptionRow as_policy(OptionRow row) {
  row.name.remove_prefix(2);  // "x-"
  row.group = kPolicy;
  row.source = "rabbitmq.com/docs/policies";
  row.dynamic = row.name != "dead-letter-routing-key" && row.name != "dead-letter-strategy";
  return row;
}

std::vector<OptionRow> make_rows(const Release& release) {
  std::vector<OptionRow> rows;
  const auto add = [&](const OptionRow& row) {
    if (const auto known = as_known(row, release)) rows.push_back(*known);
  };
  for (const OptionRow& row : kBroker) add(row);
  const auto append = [&rows](const std::vector<OptionRow>& more) {
    rows.insert(rows.end(), more.begin(), more.end());
  };
  append(partition_options(release));
  for (const OptionRow& row : kQueue) add(row);
  append(exchange_options());
  OptionRow version = kQueueVersion;
  if (!release.storage_v2) version.max = 1;
  if (!release.storage_v1) {
    version.min = 2;
    version.default_value = "2";
    version.safer = {};
  }
  rows.push_back(version);
  OptionRow limit = kDeliveryLimit;
  if (release.delivery_limit >= 0) limit.default_value = "20";
  if (release.quorum_queues) rows.push_back(limit);
  if (release.quorum_ttl) {
    rows.push_back(kDeadLetterStrategy);
    rows.push_back(as_policy(kDeadLetterStrategy));
  }
  for (const OptionRow& row : kQueue) {
    const auto known = as_known(row, release);
    if (row.group == kArguments && known) rows.push_back(as_policy(*known));
  }
  limit.default_value = "none";
  if (release.quorum_queues) rows.push_back(as_policy(limit));
  if (release.mirroring) rows.insert(rows.end(), kMirroring.begin(), kMirroring.end());
  if (release.quorum_queues) rows.push_back(kGroupSize);
  if (release.streams) rows.push_back(kClusterSize);
  append(client_options(release));
  return rows;
}

}  // namespace

std::span<const OptionRow> options(std::string_view release) {
  static const std::vector<std::vector<OptionRow>> kRows = [] {
    std::vector<std::vector<OptionRow>> all;
    for (const std::string_view name : release_names()) all.push_back(make_rows(release_named(name)));
    return all;
  }();
  const auto names = release_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == release) return kRows[i];
  }
  return kRows.back();
}

}  // namespace noloss::models::rabbitmq
