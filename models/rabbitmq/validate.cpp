// Combinations of options that the real system, or this model, refuses.
#include <fmt/format.h>

#include "models/rabbitmq/options.hpp"
#include "models/rabbitmq/release.hpp"

namespace noloss::models::rabbitmq {
namespace {

void check_queue(const EntitySetup& queue, const Setup& setup, std::vector<SetupProblem>& problems) {
  const OptionValues& config = queue.config;
  const auto refuse = [&](std::string_view key, std::string message) {
    problems.push_back({fmt::format("queue.{}", key), std::move(message)});
  };
  const bool quorum = config.at("type").text == "quorum";
  const bool durable = config.flag("durable");
  if (quorum && !durable) refuse("durable", "a quorum queue is always durable");
  if (!quorum && !durable && !release_named(setup.release).transient_queues) {
    refuse("durable", "this release refuses non-durable queues that are not exclusive (transient_nonexcl_queues)");
  }
  bool known = false;
  for (std::uint32_t i = 1; i <= setup.brokers.count; ++i) {
    known = known || config.at("node").text == fmt::format("broker-{}", i);
  }
  if (!known) {
    refuse("node", fmt::format("there is no broker '{}'; brokers are broker-1 to broker-{}", config.at("node").text,
                               setup.brokers.count));
  }
  const bool default_exchange = config.at("exchange").text == "none";
  if (default_exchange && !config.flag("bound")) refuse("bound", "every queue is bound to the default exchange");
  if (default_exchange && config.at("alternate-exchange").text != "none") {
    refuse("alternate-exchange", "the default exchange has no alternate exchange");
  }
  if (quorum && config.at("x-overflow").text == "reject-publish-dlx") {
    refuse("arguments.x-overflow", "quorum queues know drop-head and reject-publish");
  }
  const bool ttl_unknown = quorum && !release_named(setup.release).quorum_ttl;
  if (ttl_unknown && (config.at("x-message-ttl").text != "none" || config.at("message-ttl").text != "none")) {
    refuse("arguments.x-message-ttl", "quorum queues have a message TTL from 3.10 on");
  }
  const bool mirrored = config.all().contains("ha-mode") && config.at("ha-mode").text != "none";
  if (mirrored && quorum) refuse("policy.ha-mode", "only classic queues are mirrored");
  if (mirrored && !durable) refuse("policy.ha-mode", "only mirrors of durable queues are modelled");
}

}  // namespace

std::vector<SetupProblem> validate(const Setup& setup) {
  std::vector<SetupProblem> problems;
  for (const EntitySetup& queue : setup.entities) check_queue(queue, setup, problems);
  for (const ProducersSetup& group : setup.producers) {
    if (group.config.flag("tx") && group.config.flag("confirms")) {
      problems.push_back({"producers.config.tx", "a channel is in tx mode or in confirm mode, not in both"});
    }
    if (group.transaction_size > 1 && !group.config.flag("tx")) {
      problems.push_back({"producers.application.transaction", "transactions need 'tx: true'"});
    }
    if (group.transaction_size > 1 && group.send == SendMode::sync) {
      problems.push_back({"producers.application.transaction",
                          "'send: sync' waits for the outcome of each message, so that no second one joins it"});
    }
  }
  for (const ConsumersSetup& group : setup.consumers) {
    if (group.acknowledge == Acknowledge::automatic && !group.config.flag("auto_ack")) {
      problems.push_back({"consumers.application.acknowledge", "'automatic' is 'auto_ack: true' of consumers.config"});
    }
  }
  return problems;
}

}  // namespace noloss::models::rabbitmq
