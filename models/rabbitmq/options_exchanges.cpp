// Options of a queue's exchange and its bindings, and what a cluster does in a partition.
#include <array>

#include "models/rabbitmq/options.hpp"
#include "models/rabbitmq/release.hpp"

namespace noloss::models::rabbitmq {
namespace {

using enum OptionScope;
using enum OptionType;

constexpr std::array<std::string_view, 4> kExchangeTypes{"fanout", "direct", "topic", "headers"};
constexpr std::array<std::string_view, 4> kPartitionHandling{"ignore", "pause_minority", "autoheal",
                                                             "pause_if_all_down"};
constexpr std::array<std::string_view, 2> kRecovery{"ignore", "autoheal"};

constexpr std::array kExchange{
    OptionRow{.scope = entity,
              .name = "exchange",
              .type = text,
              .default_value = "none",
              .meaning = "a durable exchange that its publishers use; none: the default exchange",
              .source = "rabbitmq.com/docs/exchanges",
              .group = ""},
    OptionRow{.scope = entity,
              .name = "exchange-type",
              .type = choice,
              .default_value = "fanout",
              .choices = kExchangeTypes,
              .meaning = "what a binding asks of a message: nothing, the same routing key, one that fits a pattern, or "
                         "headers",
              .source = "rabbitmq.com/docs/exchanges#types",
              .group = ""},
    OptionRow{.scope = entity,
              .name = "bound",
              .type = flag,
              .default_value = "true",
              .meaning = "whether the queue is bound to its exchange",
              .source = "rabbitmq.com/docs/exchanges",
              .safer = "true",
              .group = ""},
    OptionRow{.scope = entity,
              .name = "binding-key",
              .type = text,
              .default_value = "none",
              .meaning = "direct and topic: the binding's routing key, or several separated by spaces; in a topic '*' "
                         "is one word and '#' any number of them; none: the queue's name",
              .source = "rabbitmq.com/docs/exchanges#topic, rabbit_exchange_type_topic.erl",
              .group = ""},
    OptionRow{.scope = entity,
              .name = "binding-headers",
              .type = text,
              .default_value = "none",
              .meaning =
                  "headers: 'NAME=VALUE' or 'NAME', separated by spaces, with 'x-match=any' where one is enough; "
                  "none: every message fits",
              .source = "rabbitmq.com/docs/exchanges#headers, rabbit_exchange_type_headers.erl",
              .group = ""},
    OptionRow{.scope = entity,
              .name = "alternate-exchange",
              .type = text,
              .default_value = "none",
              .meaning = "where the queue's exchange sends what it cannot route; such a message counts as routed",
              .source = "rabbitmq.com/docs/ae",
              .group = ""},
};

}  // namespace

std::vector<OptionRow> exchange_options() { return {kExchange.begin(), kExchange.end()}; }

std::vector<OptionRow> partition_options(const Release& release) {
  if (!release.partition_handling) return {};
  std::vector<OptionRow> rows{
      {.scope = broker,
       .name = "cluster_partition_handling",
       .type = choice,
       .default_value = "ignore",
       .choices = kPartitionHandling,
       .meaning = "ignore: both sides go on; pause_minority: nodes without a majority stop serving; pause_if_all_down: "
                  "nodes that see none of the listed ones do; autoheal: when the cut ends, the nodes of the side with "
                  "fewer clients restart",
       .source = "rabbitmq.com/docs/3.13/partitions",
       .safer = "pause_minority"},
      {.scope = broker,
       .name = "cluster_partition_handling.pause_if_all_down.recover",
       .type = choice,
       .default_value = "ignore",
       .choices = kRecovery,
       .meaning = "pause_if_all_down with listed nodes on both sides: what happens when the cut ends",
       .source = "rabbitmq.com/docs/3.13/partitions#pause-if-all-down"}};
  for (const std::string_view name : kPreferredNodes) {
    rows.push_back({.scope = broker,
                    .name = name,
                    .type = text,
                    .default_value = "none",
                    .meaning = "pause_if_all_down: a node on whose side the others stay up, broker-N",
                    .source = "rabbitmq.com/docs/3.13/partitions#pause-if-all-down, rabbit_node_monitor.erl v3.13.7"});
  }
  return rows;
}

}  // namespace noloss::models::rabbitmq
