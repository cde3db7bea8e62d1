#include "models/kafka/config.hpp"

#include <string_view>

#include "models/kafka/options.hpp"

namespace noloss::models::kafka {
namespace {

constexpr sim::Duration kNever = sim::Duration::max();
constexpr sim::Duration kProducerIdExpirationBefore = std::chrono::hours{7 * 24};  // transactional.id.expiration.ms

sim::Duration forever_if_negative(sim::Duration duration) { return duration.count() < 0 ? kNever : duration; }

TopicOptions broker_defaults(const OptionValues& config) {
  return {.min_insync_replicas = config.integer("min.insync.replicas"),
          .unclean_leader_election = config.flag("unclean.leader.election.enable"),
          .flush_messages = config.integer("log.flush.interval.messages"),
          .flush_interval = config.duration("log.flush.interval.ms"),
          .segment_bytes = config.integer("log.segment.bytes"),
          .retention = forever_if_negative(config.duration("log.retention.ms")),
          .retention_bytes = config.integer("log.retention.bytes")};
}

TopicOptions topic_options(const OptionValues& config, TopicOptions options) {
  const auto set = [&](std::string_view name) { return config.at(name).text != kFromBroker; };
  if (set("min.insync.replicas")) options.min_insync_replicas = config.integer("min.insync.replicas");
  if (set("unclean.leader.election.enable")) {
    options.unclean_leader_election = config.flag("unclean.leader.election.enable");
  }
  if (set("flush.messages")) options.flush_messages = config.integer("flush.messages");
  if (set("flush.ms")) options.flush_interval = config.duration("flush.ms");
  if (set("segment.bytes")) options.segment_bytes = config.integer("segment.bytes");
  if (set("retention.ms")) options.retention = forever_if_negative(config.duration("retention.ms"));
  if (set("retention.bytes")) options.retention_bytes = config.integer("retention.bytes");
  return options;
}

/// Compacted, not deleted.
TopicOptions kept_for_good(TopicOptions options) {
  options.retention = kNever;
  options.retention_bytes = -1;
  return options;
}

}  // namespace

ClusterConfig::ClusterConfig(const Setup& setup) : brokers_(setup.brokers.config) {
  for (const EntitySetup& topic : setup.entities) topic_values_.push_back(topic.config);
  derive();
}

void ClusterConfig::change(std::span<const OptionChange> changes) {
  for (const OptionChange& change : changes) {
    OptionValues& values = change.scope == OptionScope::broker ? brokers_ : topic_values_[change.entity];
    values.set(change.name, change.value);
  }
  derive();
}

void ClusterConfig::reset_topic(std::uint32_t entity, const OptionValues& config) {
  topic_values_[entity] = config;
  derive();
}

void ClusterConfig::derive() {
  const auto has = [this](std::string_view name) { return brokers_.all().contains(name); };
  const TopicOptions defaults = broker_defaults(brokers_);
  topics_.clear();
  for (const OptionValues& topic : topic_values_) topics_.push_back(topic_options(topic, defaults));
  topics_.push_back(kept_for_good(defaults));  // __consumer_offsets
  TopicOptions transactions = kept_for_good(defaults);
  transactions.unclean_leader_election = false;
  if (has("transaction.state.log.min.isr")) {
    transactions.min_insync_replicas = brokers_.integer("transaction.state.log.min.isr");
  }
  topics_.push_back(transactions);
  producer_id_expiration_ =
      has("producer.id.expiration.ms") ? brokers_.duration("producer.id.expiration.ms") : kProducerIdExpirationBefore;
  verifies_transactions_ =
      has("transaction.partition.verification.enable") && brokers_.flag("transaction.partition.verification.enable");
}

}  // namespace noloss::models::kafka
