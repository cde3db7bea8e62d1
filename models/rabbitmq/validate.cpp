// Combinations of options that the real system, or this model, refuses.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "models/cluster.hpp"
#include "models/rabbitmq/options.hpp"
#include "models/rabbitmq/release.hpp"
#include "models/rabbitmq/routing.hpp"
#include "models/rabbitmq/stream_session.hpp"

namespace noloss::models::rabbitmq {
namespace {

/// Arguments, and policies of that name without "x-", that a stream refuses or ignores.
constexpr std::array<std::string_view, 8> kNotOfStreams{
    "x-expires",  "x-message-ttl",    "x-max-length",           "x-max-length-bytes",
    "x-overflow", "x-delivery-limit", "x-dead-letter-exchange", "x-dead-letter-routing-key"};

bool is_broker(std::string_view name, const Setup& setup) {
  for (std::uint32_t i = 1; i <= setup.brokers.count; ++i) {
    if (name == fmt::format("broker-{}", i)) return true;
  }
  return false;
}

void check_exchange(const OptionValues& config, std::vector<SetupProblem>& problems) {
  const auto refuse = [&](std::string_view key, std::string message) {
    problems.push_back({fmt::format("queue.{}", key), std::move(message)});
  };
  const bool default_exchange = config.at("exchange").text == "none";
  const std::string& type = config.at("exchange-type").text;
  const bool keyed = !default_exchange && (type == "direct" || type == "topic");
  if (default_exchange && type != "fanout") refuse("exchange-type", "an exchange of another type needs 'exchange'");
  if (default_exchange && !config.flag("bound")) refuse("bound", "every queue is bound to the default exchange");
  if (default_exchange && config.at("alternate-exchange").text != "none") {
    refuse("alternate-exchange", "the default exchange has no alternate exchange");
  }
  const bool has_key = config.at("binding-key").text != "none";
  const bool has_headers = config.at("binding-headers").text != "none";
  if (has_key && !keyed) refuse("binding-key", "only direct and topic exchanges look at routing keys");
  if (has_headers && (default_exchange || type != "headers")) {
    refuse("binding-headers", "only exchanges of type headers look at headers");
  }
  if (!config.flag("bound") && (has_key || has_headers)) {
    refuse(has_key ? "binding-key" : "binding-headers", "the queue is not bound to its exchange");
  }
  const Headers headers = parse_headers(config.at("binding-headers").text);
  const auto match = headers.find("x-match");
  constexpr std::array<std::string_view, 4> kMatches{"all", "any", "all-with-x", "any-with-x"};
  if (match != headers.end() && std::find(kMatches.begin(), kMatches.end(), match->second) == kMatches.end()) {
    refuse("binding-headers", "x-match is all, any, all-with-x or any-with-x");
  }
}

/// Queues that share an exchange declare it with the same type and alternate exchange.
void check_exchanges(const Setup& setup, std::vector<SetupProblem>& problems) {
  for (std::size_t i = 0; i < setup.entities.size(); ++i) {
    const OptionValues& mine = setup.entities[i].config;
    if (mine.at("exchange").text == "none") continue;
    for (std::size_t k = 0; k < i; ++k) {
      const OptionValues& other = setup.entities[k].config;
      if (other.at("exchange").text != mine.at("exchange").text) continue;
      if (other.at("exchange-type") == mine.at("exchange-type")) continue;
      problems.push_back(
          {"queue.exchange-type", fmt::format("exchange '{}' was declared as {} (406 inequivalent arg)",
                                              mine.at("exchange").text, other.at("exchange-type").text)});
    }
  }
}

void check_partition_handling(const Setup& setup, std::vector<SetupProblem>& problems) {
  const OptionValues& config = setup.brokers.config;
  if (!config.all().contains("cluster_partition_handling")) return;
  const bool pauses = config.at("cluster_partition_handling").text == "pause_if_all_down";
  bool listed = false;
  const auto refuse = [&](std::string_view name, std::string message) {
    problems.push_back({fmt::format("brokers.config.{}", name), std::move(message)});
  };
  for (const std::string_view name : kPreferredNodes) {
    const std::string& node = config.at(name).text;
    if (node == "none") continue;
    listed = true;
    if (!pauses) refuse(name, "only 'cluster_partition_handling: pause_if_all_down' has a list of nodes");
    if (!is_broker(node, setup)) refuse(name, fmt::format("there is no broker '{}'", node));
  }
  constexpr std::string_view kRecover = "cluster_partition_handling.pause_if_all_down.recover";
  if (!pauses && config.at(kRecover).text != "ignore") refuse(kRecover, "this is an option of pause_if_all_down");
  if (pauses && !listed) refuse("cluster_partition_handling", "pause_if_all_down needs nodes: ...nodes.1: broker-1");
}

void check_queue(const EntitySetup& queue, const Setup& setup, std::vector<SetupProblem>& problems) {
  const OptionValues& config = queue.config;
  const auto refuse = [&](std::string_view key, std::string message) {
    problems.push_back({fmt::format("queue.{}", key), std::move(message)});
  };
  const bool quorum = config.at("type").text == "quorum";
  const bool stream = config.at("type").text == "stream";
  const bool durable = config.flag("durable");
  if (quorum && !durable) refuse("durable", "a quorum queue is always durable");
  if (stream && !durable) refuse("durable", "a stream is always durable");
  if (stream) {
    for (const std::string_view argument : kNotOfStreams) {
      for (const std::string_view name : {argument, argument.substr(2)}) {
        const auto given = config.all().find(name);
        if (given == config.all().end() || given->second.text == "none" || given->second.text == "drop-head") continue;
        if (name == "x-delivery-limit" && given->second.text == "20") continue;  // the default of quorum queues
        refuse(fmt::format("{}.{}", name == argument ? "arguments" : "policy", name),
               "streams have no limits of this kind, and no dead letters");
      }
    }
  }
  if (!quorum && !stream && !durable && !release_named(setup.release).transient_queues) {
    refuse("durable", "this release refuses non-durable queues that are not exclusive (transient_nonexcl_queues)");
  }
  if (!is_broker(config.at("node").text, setup)) {
    refuse("node", fmt::format("there is no broker '{}'; brokers are broker-1 to broker-{}", config.at("node").text,
                               setup.brokers.count));
  }
  check_exchange(config, problems);
  if (quorum && config.at("x-overflow").text == "reject-publish-dlx") {
    refuse("arguments.x-overflow", "quorum queues know drop-head and reject-publish");
  }
  const bool ttl_unknown = quorum && !release_named(setup.release).quorum_ttl;
  if (ttl_unknown && (config.at("x-message-ttl").text != "none" || config.at("message-ttl").text != "none")) {
    refuse("arguments.x-message-ttl", "quorum queues have a message TTL from 3.10 on");
  }
  const bool mirrored = config.all().contains("ha-mode") && config.at("ha-mode").text != "none";
  if (mirrored && (quorum || stream)) refuse("policy.ha-mode", "only classic queues are mirrored");
  if (mirrored && !durable) refuse("policy.ha-mode", "only mirrors of durable queues are modelled");
}

/// The entity that a client uses; null: the file names none that exists, which is somebody else's error.
const EntitySetup* entity_of(const Setup& setup, const std::string& name) {
  const std::uint32_t place = entity_index(setup, name);
  return place < setup.entities.size() ? &setup.entities[place] : nullptr;
}

bool speaks_stream(const OptionValues& config) {
  return config.all().contains("client") && config.at("client").text == "stream";
}

void check_expiration(const ProducersSetup& group, const Setup& setup, std::vector<SetupProblem>& problems) {
  const EntitySetup* const entity = entity_of(setup, group.to);
  if (entity == nullptr || group.config.at("expiration").text == "none") return;
  const std::string& type = entity->config.at("type").text;
  if (type == "stream") problems.push_back({"producers.config.expiration", "messages of a stream have no TTL"});
  if (type == "quorum" && !release_named(setup.release).quorum_ttl) {
    problems.push_back({"producers.config.expiration", "quorum queues have a message TTL from 3.10 on"});
  }
}

void check_stream_producer(const ProducersSetup& group, const Setup& setup, std::vector<SetupProblem>& problems) {
  const EntitySetup* const entity = entity_of(setup, group.to);
  const bool stream = entity != nullptr && entity->config.at("type").text == "stream";
  if (!group.config.all().contains("client")) return;
  if (!speaks_stream(group.config)) {
    if (group.config.at("name").text == "none") return;
    problems.push_back({"producers.config.name", "publishers have names in the stream protocol ('client: stream')"});
    return;
  }
  for (const std::string_view name : {"routing_key", "headers", "expiration"}) {
    if (group.config.at(name).text == "none") continue;
    problems.push_back({fmt::format("producers.config.{}", name), "the stream protocol does not have it"});
  }
  if (!stream) problems.push_back({"producers.config.client", "the stream protocol is for queues of type stream"});
  if (group.config.flag("tx")) problems.push_back({"producers.config.tx", "the stream protocol has no transactions"});
}

void check_stream_consumer(const ConsumersSetup& group, const Setup& setup, std::vector<SetupProblem>& problems) {
  const EntitySetup* const entity = entity_of(setup, group.from);
  const bool stream = entity != nullptr && entity->config.at("type").text == "stream";
  const OptionValues& config = group.config;
  if (!config.all().contains("client")) return;
  const auto refuse = [&](std::string_view key, std::string message) {
    problems.push_back({fmt::format("consumers.config.{}", key), std::move(message)});
  };
  if (!parse_offset(config.at("x-stream-offset").text)) refuse("x-stream-offset", "first, last, next, or an offset");
  const bool tracks = config.at("tracking").text != "none";
  const bool named = config.at("name").text != "none";
  if (!speaks_stream(config)) {
    if (named || tracks) refuse(named ? "name" : "tracking", "offsets are stored by 'client: stream'");
    if (!stream) return;
    if (config.flag("auto_ack")) refuse("auto_ack", "consumers of a stream have to acknowledge");
    if (config.integer("prefetch_count") == 0) refuse("prefetch_count", "consumers of a stream need a prefetch");
    return;
  }
  if (!stream) refuse("client", "the stream protocol is for queues of type stream");
  if (tracks && !named) refuse("tracking", "offsets are stored under a 'name'");
  if (config.flag("auto_ack")) refuse("auto_ack", "the stream protocol has no acknowledgements");
}

}  // namespace

std::string refusal(std::string_view operation, const EntitySetup& queue) {
  if (queue.config.at("type").text != "stream") return {};
  if (operation == "purge") return "streams cannot be purged";
  return "that streams are made or deleted while the cluster runs is not modelled";
}

std::vector<SetupProblem> validate(const Setup& setup) {
  std::vector<SetupProblem> problems;
  for (const EntitySetup& queue : setup.entities) check_queue(queue, setup, problems);
  check_exchanges(setup, problems);
  check_partition_handling(setup, problems);
  for (const ProducersSetup& group : setup.producers) {
    check_stream_producer(group, setup, problems);
    check_expiration(group, setup, problems);
    if (group.config.flag("tx") && group.config.flag("confirms")) {
      problems.push_back({"producers.config.tx", "a channel is in tx mode or in confirm mode, not in both"});
    }
    if (group.transaction_size > 1 && !group.config.flag("tx")) {
      problems.push_back({"producers.application.transaction", "transactions need 'tx: true'"});
    }
  }
  for (const ConsumersSetup& group : setup.consumers) {
    check_stream_consumer(group, setup, problems);
    const bool automatic =
        group.config.flag("auto_ack") || (speaks_stream(group.config) && group.config.at("tracking").text == "auto");
    if (group.acknowledge == Acknowledge::automatic && !automatic) {
      problems.push_back({"consumers.application.acknowledge",
                          "'automatic' is 'auto_ack: true' of consumers.config, or 'tracking: auto' of a stream"});
    }
  }
  return problems;
}

}  // namespace noloss::models::rabbitmq
