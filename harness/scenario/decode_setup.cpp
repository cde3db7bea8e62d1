#include "harness/scenario/decode_setup.hpp"

#include <fmt/format.h>

#include <array>

#include "harness/scenario/decode_faults.hpp"
#include "harness/scenario/option_text.hpp"

namespace noloss::harness {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// In the order of the words of `brokers.disk`.
const std::array<sim::DiskSetup, 3> kDiskProfiles{
    sim::DiskSetup{.sync = milliseconds{2}, .bandwidth = 1'500'000'000},   // nvme
    sim::DiskSetup{.sync = microseconds{12}, .bandwidth = 2'000'000'000},  // nvme_plp: power loss protection
    sim::DiskSetup{.sync = milliseconds{9}, .bandwidth = 150'000'000},     // hdd
};

/// In the order of the words of `network.latency`.
const std::array<sim::LatencySetup, 2> kLatencyProfiles{
    sim::LatencySetup{.p50 = microseconds{150}, .p99 = milliseconds{1}},   // lan
    sim::LatencySetup{.p50 = milliseconds{30}, .p99 = milliseconds{100}},  // wan
};

/// `owner` has the options themselves and the mappings of options.
models::OptionValues decode_options(const View& owner, models::OptionScope scope, const Grammar& grammar) {
  models::OptionValues values;
  const auto child = [](const Node* mapping, std::string_view key) -> const Node* {
    return mapping == nullptr || !mapping->is(NodeKind::mapping) ? nullptr : mapping->child(key);
  };
  for (const models::OptionRow& row : grammar.options) {
    if (row.scope != scope) continue;
    const Node* const group = row.group.empty() ? owner.node() : child(owner.node(), row.group);
    const Node* const node = child(group, row.name);
    auto given = node == nullptr ? OptionResult{} : parse_option(row, node->text);
    values.set(row.name, given.value ? std::move(*given.value) : default_of(row));
  }
  return values;
}

sim::DiskSetup decode_disk(const View& brokers) {
  if (!brokers.opened("disk")) return kDiskProfiles[brokers.choice<std::size_t>("disk")];
  const View disk = brokers.section("disk");
  const View writeback = disk.section("writeback");
  return {disk.duration("sync"), disk.integer("bandwidth"), writeback.duration("wake"), writeback.duration("age"),
          disk.integer("dirty_limit")};
}

models::BrokersSetup decode_brokers(const View& brokers, const Grammar& grammar) {
  models::BrokersSetup setup;
  setup.count = brokers.count("count");
  setup.zones = brokers.words("zones");
  setup.disk = decode_disk(brokers);
  setup.config = decode_options(brokers, models::OptionScope::broker, grammar);
  return setup;
}

std::vector<std::vector<std::uint32_t>> decode_assignment(const Node* node) {
  std::vector<std::vector<std::uint32_t>> assignment;
  if (node == nullptr) return assignment;
  for (const NodePtr& partition : node->items) {
    std::vector<std::uint32_t>& brokers = assignment.emplace_back();
    for (const NodePtr& broker : partition->items) {
      const auto number = parse_quantity(broker->text, Unit::none, Ranges::refused).value;
      brokers.push_back(number ? static_cast<std::uint32_t>(number->value()) : 0);
    }
  }
  return assignment;
}

models::EntitySetup decode_entity(const View& entity, std::size_t number, const Grammar& grammar) {
  models::EntitySetup setup;
  setup.name = entity.text("name");
  if (setup.name.empty()) setup.name = fmt::format("{}-{}", grammar.system->entity().noun, number);
  setup.partitions = entity.count("partitions");
  setup.replicas = entity.count("replicas");
  setup.assignment = decode_assignment(entity.child("assignment"));
  setup.config = decode_options(entity, models::OptionScope::entity, grammar);
  return setup;
}

models::WorkloadPart decode_workload(const View& part) {
  models::WorkloadPart setup;
  if (part.has("at")) setup.at = part.quantity("at");
  setup.messages = part.quantity("messages");
  setup.rate = part.quantity("rate");
  setup.size = part.quantity("size");
  setup.keys = part.quantity("keys");
  return setup;
}

models::ProducersSetup decode_producers(const View& group, const Grammar& grammar) {
  models::ProducersSetup setup;
  setup.count = group.count("count");
  setup.to = group.text("to");
  setup.connect = group.words("connect");
  setup.config = decode_options(group, models::OptionScope::producer, grammar);
  const View application = group.section("application");
  setup.send = application.choice<models::SendMode>("send");
  setup.on_error = application.choice<models::OnError>("on_error");
  setup.on_return = application.choice<models::OnReturn>("on_return");
  setup.transaction_size = application.section("transaction").count("size");
  setup.transaction_aborts = application.section("transaction").quantity("aborts");
  setup.source = application.choice<models::ProducerSource>("source");
  if (group.has("workload")) setup.workload.clear();
  for (const View& part : group.sections("workload")) setup.workload.push_back(decode_workload(part));
  return setup;
}

models::SequenceCheckSetup decode_sequence_check(const View& application) {
  models::SequenceCheckSetup setup;
  setup.enabled = application.opened("sequence_check") || application.flag("sequence_check");
  const View check = application.section("sequence_check");
  setup.identity = check.flag("identity");
  setup.per_partition = check.flag("per_partition");
  setup.grace = check.integer("grace");
  setup.heartbeat = check.quantity("heartbeat");
  return setup;
}

models::ForwardSetup decode_forward(const View& application, const Grammar& grammar) {
  models::ForwardSetup setup;
  setup.enabled = application.has("forward");
  if (!setup.enabled) return setup;
  const View forward = application.section("forward");
  setup.to = forward.text("to");
  setup.config = decode_options(forward, models::OptionScope::producer, grammar);
  setup.transaction = forward.flag("transaction");
  setup.on_abort = forward.choice<models::OnAbort>("on_abort");
  return setup;
}

models::ConsumersSetup decode_consumers(const View& group, const Grammar& grammar) {
  models::ConsumersSetup setup;
  setup.count = group.count("count");
  setup.from = group.text("from");
  setup.connect = group.words("connect");
  setup.config = decode_options(group, models::OptionScope::consumer, grammar);
  const View application = group.section("application");
  setup.acknowledge = application.choice<models::Acknowledge>("acknowledge");
  setup.processing_time = application.section("processing").quantity("time");
  setup.processing_fails = application.section("processing").quantity("fails");
  setup.store = application.choice<models::StoreKind>("store");
  setup.on_failure = application.choice<models::OnFailure>("on_failure");
  setup.hand_off = application.count("hand_off");
  setup.sequence_check = decode_sequence_check(application);
  setup.forward = decode_forward(application, grammar);
  return setup;
}

sim::LatencySetup decode_network(const View& network) {
  sim::LatencySetup setup = kLatencyProfiles[0];
  if (network.opened("latency")) {
    setup.p50 = network.section("latency").duration("p50");
    setup.p99 = network.section("latency").duration("p99");
  } else if (network.has("latency")) {
    setup = kLatencyProfiles[network.choice<std::size_t>("latency")];
  } else {
    setup.p50 = network.duration("p50");
    setup.p99 = network.duration("p99");
  }
  setup.bandwidth = network.integer("bandwidth");
  setup.congestion_control = network.flag("congestion_control");
  return setup;
}

}  // namespace

models::Setup decode_setup(const View& top, const Grammar& grammar) {
  models::Setup setup;
  setup.brokers = decode_brokers(top.section("brokers"), grammar);
  const auto sections = [&](std::string_view key) {
    std::vector<View> found = top.sections(key);
    return found.empty() ? std::vector<View>{top.section(key)} : found;
  };
  setup.entities.clear();
  for (const View& entity : sections("topic")) {
    setup.entities.push_back(decode_entity(entity, setup.entities.size() + 1, grammar));
  }
  setup.producers.clear();
  for (const View& group : sections("producers")) setup.producers.push_back(decode_producers(group, grammar));
  setup.consumers.clear();
  for (const View& group : sections("consumers")) setup.consumers.push_back(decode_consumers(group, grammar));
  setup.latency = decode_network(top.section("network"));
  for (const std::string& name : created_later(top)) {
    for (models::EntitySetup& entity : setup.entities) entity.exists = entity.exists && entity.name != name;
  }
  return setup;
}

}  // namespace noloss::harness
