// A system that cannot run, with words that the textbook does not have: queues, releases, options of every type,
// operations of every kind, numbered nodes of its own.
#pragma once

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/scenario/shape.hpp"
#include "models/system.hpp"
#include "sim/trace.hpp"

namespace noloss::harness::testing {

using models::NamedRow;
using models::OptionRow;

class FakeSystem final : public models::System {
 public:
  FakeSystem() {
    for (const std::string_view event : {"append", "routed", "sent", "received:basic_ack", "sent:basic_ack"}) {
      events_.add(event);
    }
  }

  std::string_view name() const override { return "fake"; }
  std::string_view meaning() const override { return "a system for tests"; }
  models::EntityGrammar entity() const override { return {"queue", "shards", "copy.factor"}; }
  std::span<const std::string_view> releases() const override { return kReleases; }
  std::span<const OptionRow> options(std::string_view /*release*/) const override { return kOptions; }
  std::span<const NamedRow> events() const override { return {}; }
  std::span<const NamedRow> message_kinds() const override { return kKinds; }
  std::span<const NamedRow> roles() const override { return kRoles; }
  std::span<const NamedRow> waits() const override { return {}; }
  std::span<const NamedRow> marks() const override { return {}; }
  std::span<const std::string_view> operations() const override { return kOperations; }
  std::vector<std::string> extra_nodes(const models::Setup& /*setup*/) const override {
    return {"controller-1", "controller-2", "nameserver"};
  }
  std::vector<models::SetupProblem> validate(const models::Setup& /*setup*/) const override { return {}; }
  const sim::EventTable& event_table() const override { return events_; }
  std::unique_ptr<models::Cluster> build(sim::Simulation& /*simulation*/, const models::Setup& /*setup*/,
                                         models::History& /*history*/) const override {
    throw std::logic_error{"the fake system cannot run"};
  }

  [[nodiscard]] Grammar grammar() const { return {Grammar::Kind::scenario, this, kOptions}; }

 private:
  static constexpr std::array<std::string_view, 2> kReleases{"3.8", "3.9"};
  static constexpr std::array<std::string_view, 2> kModes{"exactly", "all"};
  static constexpr std::array kOptions{
      OptionRow{.scope = models::OptionScope::broker,
                .name = "log.flush",
                .type = models::OptionType::flag,
                .default_value = "false",
                .meaning = "m",
                .source = "s",
                .dynamic = true},
      OptionRow{.scope = models::OptionScope::broker,
                .name = "log.flush.interval",
                .type = models::OptionType::duration,
                .default_value = "1s",
                .meaning = "m",
                .source = "s"},
      OptionRow{.scope = models::OptionScope::entity,
                .name = "ha.mode",
                .type = models::OptionType::choice,
                .default_value = "all",
                .choices = kModes,
                .meaning = "m",
                .source = "s",
                .dynamic = true},
      OptionRow{.scope = models::OptionScope::entity,
                .name = "max.bytes",
                .type = models::OptionType::size,
                .default_value = "1MiB",
                .min = 1024,
                .meaning = "m",
                .source = "s",
                .dynamic = true},
      OptionRow{.scope = models::OptionScope::producer,
                .name = "acks",
                .type = models::OptionType::text,
                .default_value = "all",
                .meaning = "m",
                .source = "s"},
      OptionRow{.scope = models::OptionScope::consumer,
                .name = "jitter",
                .type = models::OptionType::share,
                .default_value = "0%",
                .max = sim::kWhole,
                .meaning = "m",
                .source = "s"},
  };
  static constexpr std::array<NamedRow, 1> kKinds{{{"basic_ack", "m"}}};
  static constexpr std::array<NamedRow, 1> kRoles{{{"mirror", "m"}}};
  static constexpr std::array<std::string_view, 5> kOperations{"set", "purge", "add_partitions", "create", "delete"};

  sim::EventTable events_;
};

}  // namespace noloss::harness::testing
