#include "models/rabbitmq/topology.hpp"

#include <algorithm>
#include <charconv>

namespace noloss::models::rabbitmq {
namespace {

constexpr std::string_view kNone = "none";

bool given(const OptionValues& config, std::string_view name) { return config.at(name).text != kNone; }

/// An argument counts where it was given, else the policy; of two limits the lower one.
std::int64_t limit(const OptionValues& config, std::string_view argument) {
  const std::string_view policy = argument.substr(2);
  const bool by_argument = given(config, argument);
  const bool by_policy = given(config, policy);
  if (by_argument && by_policy) return std::min(config.integer(argument), config.integer(policy));
  if (by_argument) return config.integer(argument);
  return by_policy ? config.integer(policy) : -1;
}

const OptionValue& either(const OptionValues& config, std::string_view argument, std::string_view unset) {
  const OptionValue& by_argument = config.at(argument);
  return by_argument.text == unset ? config.at(argument.substr(2)) : by_argument;
}

std::uint32_t node_number(std::string_view name) {
  std::uint32_t number = 1;
  const std::size_t dash = name.rfind('-');
  if (dash != std::string_view::npos) std::from_chars(name.data() + dash + 1, name.data() + name.size(), number);
  return number - 1;
}

ExchangeId add_exchange(Topology& topology, std::string_view name) {
  for (ExchangeId i = 0; i < topology.exchanges.size(); ++i) {
    if (topology.exchanges[i].name == name) return i;
  }
  topology.exchanges.push_back({std::string{name}, {}, {}});
  return static_cast<ExchangeId>(topology.exchanges.size() - 1);
}

/// Of a stream: without the argument every node.
std::int64_t initial_cluster_size(const OptionValues& config, const Setup& setup) {
  return given(config, "x-initial-cluster-size") ? config.integer("x-initial-cluster-size") : setup.brokers.count;
}

QueueInfo make_queue(const EntitySetup& entity, const Setup& setup) {
  const OptionValues& config = entity.config;
  QueueInfo queue;
  queue.name = entity.name;
  queue.type = static_cast<QueueType>(config.integer("type"));
  queue.durable = config.flag("durable");
  queue.storage_version = config.integer("x-queue-version");
  const std::uint32_t first = node_number(config.at("node").text) % setup.brokers.count;
  queue.mirrored = queue.type == QueueType::classic && config.all().contains("ha-mode") && given(config, "ha-mode");
  if (queue.mirrored) {
    queue.replicas = config.at("ha-mode").text == "all" ? setup.brokers.count : config.integer("ha-params");
    queue.sync_automatically = config.at("ha-sync-mode").text == "automatic";
    queue.promote_on_failure = config.at("ha-promote-on-failure").text == "always";
    queue.promote_on_shutdown = config.at("ha-promote-on-shutdown").text == "always";
  }
  const std::int64_t wanted = queue.type == QueueType::quorum   ? config.integer("x-quorum-initial-group-size")
                              : queue.type == QueueType::stream ? initial_cluster_size(config, setup)
                              : queue.mirrored                  ? setup.brokers.count
                                                                : 1;
  const auto members = static_cast<std::uint32_t>(std::min<std::int64_t>(wanted, setup.brokers.count));
  for (std::uint32_t i = 0; i < members; ++i) queue.members.push_back(sim::NodeId{(first + i) % setup.brokers.count});
  queue.max_length = limit(config, "x-max-length");
  queue.overflow = static_cast<Overflow>(either(config, "x-overflow", "drop-head").number.value());
  queue.ttl = sim::Duration{limit(config, "x-message-ttl")};
  if (config.all().contains("x-delivery-limit")) queue.delivery_limit = limit(config, "x-delivery-limit");
  queue.dead_letters = either(config, "x-dead-letter-exchange", kNone).text != kNone;
  // At-least-once needs reject-publish; without it the server falls back to at-most-once and says so only in its log.
  queue.dead_letter_confirmed = queue.dead_letters && queue.type == QueueType::quorum &&
                                queue.overflow == Overflow::reject_publish &&
                                config.all().contains("x-dead-letter-strategy") &&
                                either(config, "x-dead-letter-strategy", "at-most-once").text == "at-least-once";
  return queue;
}

/// Where a queue's dead letters go, once all queues and exchanges are known.
Route dead_letter_route(const Topology& topology, const OptionValues& config, QueueId self) {
  const std::string& exchange = either(config, "x-dead-letter-exchange", kNone).text;
  const std::string& key = either(config, "x-dead-letter-routing-key", kNone).text;
  Route route{static_cast<ExchangeId>(topology.exchanges.size()), kNoQueue};  // no such exchange: dropped in silence
  for (ExchangeId i = 1; i < topology.exchanges.size(); ++i) {
    if (topology.exchanges[i].name == exchange) route.exchange = i;
  }
  if (exchange == "default") route.exchange = 0;
  for (QueueId i = 0; i < topology.queues.size(); ++i) {
    if (topology.queues[i].name == key) route.key = i;
  }
  if (key == kNone) route.key = self;  // without a key of its own the message keeps the one it had
  return route;
}

}  // namespace

const ExchangeInfo* Topology::exchange_named(std::string_view name) const {
  for (const ExchangeInfo& exchange : exchanges) {
    if (exchange.name == name) return &exchange;
  }
  return nullptr;
}

std::vector<QueueId> Topology::route(Route route) const {
  if (route.exchange == 0) return route.key == kNoQueue ? std::vector<QueueId>{} : std::vector<QueueId>{route.key};
  const ExchangeInfo* exchange = route.exchange < exchanges.size() ? &exchanges[route.exchange] : nullptr;
  // An alternate exchange may have one of its own; a cycle ends where everything was seen.
  for (std::size_t seen = 0; exchange != nullptr && seen < exchanges.size(); ++seen) {
    if (!exchange->queues.empty()) return exchange->queues;
    exchange = exchange->alternate.empty() ? nullptr : exchange_named(exchange->alternate);
  }
  return {};
}

Topology make_topology(const Setup& setup) {
  Topology topology;
  topology.release = &release_named(setup.release);
  for (std::uint32_t i = 0; i < setup.brokers.count; ++i) topology.brokers.push_back(sim::NodeId{i});
  topology.exchanges.emplace_back();
  for (const EntitySetup& entity : setup.entities) {
    QueueInfo& queue = topology.queues.emplace_back(make_queue(entity, setup));
    topology.any_stream = topology.any_stream || queue.type == QueueType::stream;
    topology.any_raft = topology.any_raft || queue.type != QueueType::classic;
    if (!given(entity.config, "exchange")) continue;
    const auto self = static_cast<QueueId>(topology.queues.size() - 1);
    queue.exchange = add_exchange(topology, entity.config.at("exchange").text);
    ExchangeInfo& exchange = topology.exchanges[queue.exchange];
    if (entity.config.flag("bound")) exchange.queues.push_back(self);
    if (given(entity.config, "alternate-exchange")) exchange.alternate = entity.config.at("alternate-exchange").text;
  }
  for (QueueId i = 0; i < topology.queues.size(); ++i) {
    topology.queues[i].dead_letter_route = dead_letter_route(topology, setup.entities[i].config, i);
  }
  const OptionValues& config = setup.brokers.config;
  if (config.all().contains("cluster_partition_handling")) {
    topology.partition_handling = static_cast<PartitionHandling>(config.integer("cluster_partition_handling"));
  }
  topology.net_ticktime = config.duration("net_ticktime");
  topology.heartbeat = config.duration("heartbeat");
  const bool timeout = config.all().contains("consumer_timeout");
  topology.consumer_timeout = timeout ? config.duration("consumer_timeout") : sim::Duration::max();
  topology.disk_limit = config.integer("disk_free_limit.absolute");
  constexpr std::string_view kWatermark = "vm_memory_high_watermark.absolute";
  if (given(config, kWatermark)) topology.memory_limit = config.integer(kWatermark);
  topology.embed_below = config.integer("queue_index_embed_msgs_below");
  return topology;
}

}  // namespace noloss::models::rabbitmq
