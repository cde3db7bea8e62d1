#include "models/rabbitmq/topology.hpp"

#include <algorithm>
#include <charconv>

#include "models/rabbitmq/options.hpp"

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
  topology.exchanges.emplace_back().name = name;
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
  queue.exists_at_start = entity.exists;
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
  queue.max_bytes = limit(config, "x-max-length-bytes");
  queue.overflow = static_cast<Overflow>(either(config, "x-overflow", "drop-head").number.value());
  queue.ttl = sim::Duration{limit(config, "x-message-ttl")};
  queue.expires = sim::Duration{limit(config, "x-expires")};
  if (config.all().contains("x-delivery-limit")) queue.delivery_limit = limit(config, "x-delivery-limit");
  queue.dead_letters = either(config, "x-dead-letter-exchange", kNone).text != kNone;
  // At-least-once needs reject-publish; without it the server falls back to at-most-once and says so only in its log.
  queue.dead_letter_confirmed = queue.dead_letters && queue.type == QueueType::quorum &&
                                queue.overflow == Overflow::reject_publish &&
                                config.all().contains("x-dead-letter-strategy") &&
                                either(config, "x-dead-letter-strategy", "at-most-once").text == "at-least-once";
  return queue;
}

/// Where a queue's dead letters go, once all exchanges are known.
ExchangeId dead_letter_exchange(const Topology& topology, const OptionValues& config) {
  const std::string& name = either(config, "x-dead-letter-exchange", kNone).text;
  if (name == "default") return 0;
  for (ExchangeId i = 1; i < topology.exchanges.size(); ++i) {
    if (topology.exchanges[i].name == name) return i;
  }
  return static_cast<ExchangeId>(topology.exchanges.size());  // no such exchange: dropped in silence
}

/// Declares the queue's exchange, and binds the queue to it.
void add_exchange_of(Topology& topology, const OptionValues& config, QueueId self) {
  if (!given(config, "exchange")) return;
  QueueInfo& queue = topology.queues[self];
  queue.exchange = add_exchange(topology, config.at("exchange").text);
  ExchangeInfo& exchange = topology.exchanges[queue.exchange];
  exchange.type = static_cast<ExchangeType>(config.integer("exchange-type"));
  if (given(config, "alternate-exchange")) exchange.alternate = config.at("alternate-exchange").text;
  if (!config.flag("bound")) return;
  const std::string& keys = config.at("binding-key").text;
  const std::string& headers = config.at("binding-headers").text;
  for (const std::string& key : keys == kNone ? std::vector{queue.name} : parse_words(keys)) {
    exchange.bindings.push_back({self, key, headers == kNone ? Headers{} : parse_headers(headers)});
  }
}

void find_routes(Topology& topology, const Setup& setup) {
  std::vector<std::string> names;
  for (const QueueInfo& queue : topology.queues) names.push_back(queue.name);
  topology.routes = Routes{std::move(names)};
  for (QueueId i = 0; i < topology.queues.size(); ++i) {
    const OptionValues& config = setup.entities[i].config;
    const std::string& key = either(config, "x-dead-letter-routing-key", kNone).text;
    if (key != kNone) topology.routes.add_key(key);
    static_cast<QueuePolicy&>(topology.queues[i]) = make_policy(topology, setup.entities[i], setup);
  }
  for (const ProducersSetup& group : setup.producers) {
    if (given(group.config, "routing_key")) topology.routes.add_key(group.config.at("routing_key").text);
    if (given(group.config, "headers")) topology.routes.add_headers(parse_headers(group.config.at("headers").text));
  }
  topology.routes.find_all(topology.exchanges);
}

void read_partition_handling(Topology& topology, const OptionValues& config) {
  if (!config.all().contains("cluster_partition_handling")) return;
  topology.partition_handling = static_cast<PartitionHandling>(config.integer("cluster_partition_handling"));
  topology.heals_by_itself = topology.partition_handling == PartitionHandling::autoheal;
  if (topology.partition_handling != PartitionHandling::pause_if_all_down) return;
  topology.heals_by_itself = config.at("cluster_partition_handling.pause_if_all_down.recover").text == "autoheal";
  for (const std::string_view name : kPreferredNodes) {
    if (given(config, name)) topology.preferred_nodes.push_back(sim::NodeId{node_number(config.at(name).text)});
  }
}

}  // namespace

Route Topology::dead_letter_route(QueueId from, const Content& content) const {
  const QueueInfo& queue = queues[from];
  const KeyId key = queue.dead_letter_key == kNoQueue ? content.route.key : queue.dead_letter_key;
  return {queue.dead_letter_exchange, key, content.route.headers};
}

Route Topology::publishing_route(QueueId to, const OptionValues& config) const {
  Route route{queues[to].exchange, to, 0};
  if (given(config, "routing_key")) route.key = routes.key(config.at("routing_key").text);
  if (given(config, "headers")) route.headers = routes.headers(parse_headers(config.at("headers").text));
  return route;
}

QueuePolicy make_policy(const Topology& topology, const EntitySetup& entity, const Setup& setup) {
  QueuePolicy policy = make_queue(entity, setup);
  policy.dead_letter_exchange = dead_letter_exchange(topology, entity.config);
  const std::string& key = either(entity.config, "x-dead-letter-routing-key", kNone).text;
  if (key != kNone) policy.dead_letter_key = topology.routes.key(key);
  return policy;
}

std::vector<sim::NodeId> mirrored_members(const Topology& topology, QueueId queue) {
  std::vector<sim::NodeId> members = topology.brokers;
  const auto first = std::find(members.begin(), members.end(), topology.queues[queue].members.front());
  std::rotate(members.begin(), first, members.end());
  return members;
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
    add_exchange_of(topology, entity.config, static_cast<QueueId>(topology.queues.size() - 1));
  }
  find_routes(topology, setup);
  const OptionValues& config = setup.brokers.config;
  read_partition_handling(topology, config);
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
