// The options of producers and consumers; the same in every release.
#include <array>

#include "models/rabbitmq/options.hpp"

namespace noloss::models::rabbitmq {
namespace {

using enum OptionScope;
using enum OptionType;

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kHour = 3600 * 1000 * kMillisecond;
constexpr std::int64_t kDay = 24 * kHour;

constexpr std::string_view kConfig = "config";
constexpr std::array<std::string_view, 2> kNegative{"basic.nack", "basic.reject"};

constexpr std::array kClients{
    OptionRow{.scope = producer,
              .name = "confirms",
              .type = flag,
              .default_value = "false",
              .meaning = "publisher confirms; without them nobody learns what became of a message",
              .source = "rabbitmq.com/docs/confirms#publisher-confirms",
              .safer = "true",
              .group = kConfig},
    OptionRow{.scope = producer,
              .name = "mandatory",
              .type = flag,
              .default_value = "false",
              .meaning = "a message without a route is returned before it is confirmed",
              .source = "rabbitmq.com/docs/publishers#unroutable",
              .safer = "true",
              .group = kConfig},
    OptionRow{.scope = producer,
              .name = "delivery_mode",
              .type = integer,
              .default_value = "1",
              .min = 1,
              .max = 2,
              .meaning = "2: persistent; 1: transient, discarded when the node of a classic queue restarts",
              .source = "rabbitmq.com/docs/publishers#message-properties",
              .safer = "2",
              .group = kConfig},
    OptionRow{.scope = producer,
              .name = "tx",
              .type = flag,
              .default_value = "false",
              .meaning = "tx mode: messages are held on the channel until tx.commit",
              .source = "rabbitmq.com/docs/semantics#tx",
              .group = kConfig},
    OptionRow{.scope = producer,
              .name = "confirm_timeout",
              .type = duration,
              .default_value = "none",
              .min = kMillisecond,
              .max = kDay,
              .meaning = "the application gives up waiting for a confirm, closes the connection and goes to the next "
                         "node; none: it waits",
              .source = "Java client: Channel.waitForConfirms(timeout)",
              .group = kConfig},
};

constexpr std::array kConsumer{
    OptionRow{.scope = consumer,
              .name = "auto_ack",
              .type = flag,
              .default_value = "false",
              .meaning = "the queue forgets a message when it is sent to the consumer",
              .source = "rabbitmq.com/docs/confirms#acknowledgement-modes",
              .safer = "false",
              .group = kConfig},
    OptionRow{.scope = consumer,
              .name = "prefetch_count",
              .type = integer,
              .default_value = "0",
              .min = 0,
              .max = 65535,
              .meaning = "most deliveries that a consumer holds; 0: no limit",
              .source = "rabbitmq.com/docs/consumer-prefetch",
              .group = kConfig},
    OptionRow{.scope = consumer,
              .name = "requeue",
              .type = flag,
              .default_value = "true",
              .meaning = "what a consumer that fails says: true gives the message back, false rejects it",
              .source = "rabbitmq.com/docs/confirms#consumer-nacks-requeue",
              .safer = "true",
              .group = kConfig},
    OptionRow{.scope = consumer,
              .name = "negative_acknowledgement",
              .type = choice,
              .default_value = "basic.nack",
              .choices = kNegative,
              .meaning = "the method by which a consumer that fails says so; from 4.3 only basic.reject counts against "
                         "the delivery limit of a quorum queue",
              .source = "rabbitmq.com/docs/4.3/nack#basicreject-vs-basicnack",
              .group = kConfig},
};

constexpr OptionRow recovery(OptionScope scope) {
  return {.scope = scope,
          .name = "network_recovery_interval",
          .type = duration,
          .default_value = "5s",
          .min = kMillisecond,
          .max = kHour,
          .meaning = "pause before the client connects again, declares again and consumes again",
          .source = "rabbitmq.com/client-libraries/java-api-guide#recovery",
          .group = kConfig};
}

}  // namespace

std::vector<OptionRow> client_options() {
  std::vector<OptionRow> rows{kClients.begin(), kClients.end()};
  rows.push_back(recovery(producer));
  rows.insert(rows.end(), kConsumer.begin(), kConsumer.end());
  rows.push_back(recovery(consumer));
  return rows;
}

}  // namespace noloss::models::rabbitmq
