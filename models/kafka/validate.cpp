// What Kafka refuses in a setup although each option alone is well formed.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "models/cluster.hpp"
#include "models/kafka/cluster.hpp"
#include "models/kafka/librdkafka.hpp"
#include "models/kafka/options.hpp"
#include "models/kafka/producer.hpp"
#include "models/kafka/release.hpp"

namespace noloss::models::kafka {
namespace {

constexpr std::int64_t kMostInFlight = 5;

void check_producers(const ProducersSetup& group, const Behaviours& behaviours, std::vector<SetupProblem>& problems) {
  const OptionValues& config = group.config;
  if (!behaviours.idempotence_exists) return;
  const bool unset = config.at("enable.idempotence").text == kFromOthers;
  const bool wanted = !unset && config.flag("enable.idempotence");
  const std::string& acks = config.at("acks").text;
  const bool all = acks == "all" || acks == "-1";
  const bool too_many = config.at("max.in.flight.requests.per.connection").number.high > kMostInFlight;
  if (wanted && !all) {
    problems.push_back({"producers.config.acks", "an idempotent producer needs acks=all"});
  }
  if (wanted && config.at("retries").number.low == 0) {
    problems.push_back({"producers.config.retries", "an idempotent producer must be allowed to retry"});
  }
  // From 4.0 on the default is as strict as the option; acks and retries still switch it off silently.
  const bool by_default = unset && behaviours.idempotence_refuses_in_flight && all;
  if (too_many && (wanted || by_default)) {
    problems.push_back({"producers.config.max.in.flight.requests.per.connection",
                        fmt::format("an idempotent producer has at most {} requests in flight; set "
                                    "enable.idempotence to false for more",
                                    kMostInFlight)});
  }
}

void check_transactions(const ProducersSetup& group, const Setup& setup, const Behaviours& behaviours,
                        std::vector<SetupProblem>& problems) {
  const bool has_id = !transactional_id(group.config).empty();
  if (!has_id) {
    if (group.transaction_size > 1 || group.transaction_aborts.high > 0) {
      problems.push_back({"producers.application.transaction", "transactions need a transactional.id"});
    }
    return;
  }
  const OptionValues& config = group.config;
  const std::string& acks = config.at("acks").text;
  const bool idempotent = config.at("enable.idempotence").text == kFromOthers || config.flag("enable.idempotence") ||
                          !behaviours.idempotence_by_default;
  if (!idempotent || (acks != "all" && acks != "-1") || config.at("retries").number.low == 0) {
    problems.push_back({"producers.config.transactional.id",
                        "a transactional producer is idempotent: acks must be all, and retries more than 0"});
  }
  if (group.send == SendMode::oneway) {
    problems.push_back({"producers.application.send",
                        "the outcome of a transaction is always told: use 'send: sync' or 'send: async'"});
  }
  if (config.at("transaction.timeout.ms").number.high >
      setup.brokers.config.at("transaction.max.timeout.ms").number.low) {
    problems.push_back({"producers.config.transaction.timeout.ms",
                        "the coordinator refuses more than its transaction.max.timeout.ms"});
  }
}

void check_timeouts(const ProducersSetup& group, const Behaviours& behaviours, std::vector<SetupProblem>& problems) {
  if (!behaviours.delivery_timeout || uses_librdkafka(group.config)) return;
  const auto low = group.config.at("delivery.timeout.ms").number.low;
  const auto needed = group.config.at("linger.ms").number.high + group.config.at("request.timeout.ms").number.high;
  if (low >= needed) return;
  problems.push_back(
      {"producers.config.delivery.timeout.ms", "delivery.timeout.ms must be at least linger.ms + request.timeout.ms"});
}

/// Options that the chosen client does not have must stay as they are.
void check_client(const ProducersSetup& group, std::span<const OptionRow> rows, std::vector<SetupProblem>& problems) {
  constexpr std::array<std::string_view, 5> kOfLibrdkafka{"message.timeout.ms", "batch.num.messages",
                                                          "queue.buffering.max.messages", "reconnect.backoff.ms",
                                                          "reconnect.backoff.max.ms"};
  constexpr std::array<std::string_view, 2> kOfJava{"delivery.timeout.ms", "max.block.ms"};
  const bool librdkafka = uses_librdkafka(group.config);
  const bool idempotent =
      group.config.all().contains("enable.idempotence") && group.config.at("enable.idempotence").text == "true";
  if (librdkafka && idempotent) {
    problems.push_back(
        {"producers.config.enable.idempotence", "of librdkafka only the producer without it is modelled"});
  }
  if (librdkafka && !transactional_id(group.config).empty()) {
    problems.push_back({"producers.config.transactional.id", "of librdkafka only the producer without it is modelled"});
  }
  const std::span<const std::string_view> foreign =
      librdkafka ? std::span<const std::string_view>{kOfJava} : std::span<const std::string_view>{kOfLibrdkafka};
  for (const OptionRow& row : rows) {
    const bool here =
        row.scope == OptionScope::producer && std::find(foreign.begin(), foreign.end(), row.name) != foreign.end();
    if (!here || group.config.at(row.name).text == row.default_value) continue;
    problems.push_back({fmt::format("producers.config.{}", row.name),
                        librdkafka ? "librdkafka has no such option" : "only librdkafka has it: set 'client'"});
  }
}

void check_consumers(const ConsumersSetup& group, std::vector<SetupProblem>& problems) {
  if (group.acknowledge == Acknowledge::automatic && !group.config.flag("enable.auto.commit")) {
    problems.push_back({"consumers.application.acknowledge",
                        "'automatic' needs enable.auto.commit, which is false: nobody would ever commit"});
  }
  const auto protocol = group.config.all().find("group.protocol");
  const bool async = protocol != group.config.all().end() && protocol->second.text == "consumer";
  if (async && group.config.at("client").text != "java") {
    problems.push_back({"consumers.config.group.protocol", "only the Java client is modelled with 'consumer'"});
  }
  if (group.config.at("heartbeat.interval.ms").number.high >= group.config.at("session.timeout.ms").number.low) {
    problems.push_back(
        {"consumers.config.heartbeat.interval.ms", "heartbeat.interval.ms must be lower than session.timeout.ms"});
  }
}

/// The producer inside is checked as any other.
void check_inner_producer(const ConsumersSetup& group, const Setup& setup, const Behaviours& known,
                          std::vector<SetupProblem>& problems) {
  ProducersSetup inner;
  inner.config = group.forward.config;
  inner.send = SendMode::async;
  std::vector<SetupProblem> found;
  check_producers(inner, known, found);
  check_timeouts(inner, known, found);
  check_client(inner, options(setup.release), found);
  check_transactions(inner, setup, known, found);
  if (uses_librdkafka(inner.config)) {
    found.push_back({"producers.config.client", "only the Java client is modelled inside a consumer"});
  }
  for (SetupProblem& problem : found) {
    problem.path.replace(0, std::string_view{"producers"}.size(), "consumers.application.forward");
    problems.push_back(std::move(problem));
  }
}

void check_forward_transaction(const ConsumersSetup& group, std::vector<SetupProblem>& problems) {
  const auto add = [&](std::string_view key, std::string_view message) {
    problems.push_back({fmt::format("consumers.application.{}", key), std::string{message}});
  };
  const bool has_id = !transactional_id(group.forward.config).empty();
  if (!group.forward.transaction) {
    if (has_id) {
      add("forward.config.transactional.id",
          "a producer with a transactional.id sends in transactions alone: set "
          "'transaction: true'");
    }
    if (group.forward.on_abort != OnAbort::seek) add("forward.on_abort", "there is no transaction to abort");
    return;
  }
  if (!has_id) add("forward.transaction", "transactions need a transactional.id in forward.config");
  if (group.acknowledge != Acknowledge::after_processing) {
    add("acknowledge", "the positions are part of the transaction: only 'after_processing' fits");
  }
  if (group.hand_off > 0) add("hand_off", "a producer has one transaction at a time: no worker threads");
}

void check_forward(const ConsumersSetup& group, const Setup& setup, const Behaviours& known,
                   std::vector<SetupProblem>& problems) {
  const auto chosen = group.config.all().find("send.offsets");
  const bool without_metadata = chosen != group.config.all().end() && chosen->second.text != "group_metadata";
  if (without_metadata && !(group.forward.enabled && group.forward.transaction)) {
    problems.push_back(
        {"consumers.config.send.offsets", "only a consumer that forwards in transactions sends offsets"});
  }
  if (!group.forward.enabled) return;
  check_inner_producer(group, setup, known, problems);
  check_forward_transaction(group, problems);
  if (group.store != StoreKind::plain) {
    problems.push_back({"consumers.application.store", "what is forwarded is not stored here"});
  }
  if (group.sequence_check.enabled) {
    problems.push_back({"consumers.application.sequence_check", "the last consumer checks what was forwarded"});
  }
  const EntitySetup& from = setup.entities[entity_index(setup, group.from)];
  const EntitySetup& to = setup.entities[entity_index(setup, group.forward.to)];
  if (to.partitions < from.partitions) {
    problems.push_back({"consumers.application.forward.to",
                        fmt::format("a record keeps its partition, but '{}' has {} of them and '{}' only {}", from.name,
                                    from.partitions, to.name, to.partitions)});
  }
}

}  // namespace

std::vector<SetupProblem> validate(const Setup& setup) {
  std::vector<SetupProblem> problems;
  const Behaviours known = behaviours(parse_release(setup.release));
  for (const ProducersSetup& group : setup.producers) {
    check_producers(group, known, problems);
    check_timeouts(group, known, problems);
    check_client(group, options(setup.release), problems);
    check_transactions(group, setup, known, problems);
  }
  for (const ConsumersSetup& group : setup.consumers) {
    check_consumers(group, problems);
    check_forward(group, setup, known, problems);
  }
  return problems;
}

}  // namespace noloss::models::kafka
