// The options of producers and consumers; what streams have of their own comes with them.
#include <array>

#include "models/rabbitmq/options.hpp"
#include "models/rabbitmq/release.hpp"

namespace noloss::models::rabbitmq {
namespace {

using enum OptionScope;
using enum OptionType;

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kHour = 3600 * 1000 * kMillisecond;
constexpr std::int64_t kDay = 24 * kHour;

constexpr std::string_view kConfig = "config";
constexpr std::array<std::string_view, 2> kNegative{"basic.nack", "basic.reject"};
constexpr std::array<std::string_view, 2> kLibraries{"amqp", "stream"};
constexpr std::array<std::string_view, 3> kTracking{"none", "manual", "auto"};

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
              .name = "routing_key",
              .type = text,
              .default_value = "none",
              .meaning = "with which it publishes to the exchange of its queue; none: the queue's name",
              .source = "rabbitmq.com/docs/publishers#basics",
              .group = kConfig},
    OptionRow{.scope = producer,
              .name = "headers",
              .type = text,
              .default_value = "none",
              .meaning = "headers of its messages, for an exchange of type headers: 'NAME=VALUE', separated by spaces",
              .source = "rabbitmq.com/docs/publishers#message-properties",
              .group = kConfig},
    OptionRow{.scope = producer,
              .name = "expiration",
              .type = duration,
              .default_value = "none",
              .min = 0,
              .max = 365 * kDay,
              .meaning = "the message's own TTL; it is dropped or dead-lettered when it reaches the head of the queue, "
                         "and hides behind others until then",
              .source = "rabbitmq.com/docs/ttl#per-message-ttl-in-publishers",
              .safer = "none",
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

constexpr std::array kStreamConsumer{
    OptionRow{.scope = consumer,
              .name = "x-stream-offset",
              .type = text,
              .default_value = "next",
              .meaning = "where a consumer of a stream begins: first, last (chunk), next, or an offset; over AMQP also "
                         "each time that it connects again",
              .source = "rabbitmq.com/docs/streams#consuming",
              .safer = "first",
              .group = kConfig},
    OptionRow{.scope = consumer,
              .name = "tracking",
              .type = choice,
              .default_value = "none",
              .choices = kTracking,
              .meaning = "stream client: who stores the offset that a new process goes on behind: the application with "
                         "each acknowledgement (manual), the client (auto), or nobody",
              .source = "rabbitmq.com/docs/streams#offset-tracking",
              .group = kConfig},
    OptionRow{.scope = consumer,
              .name = "messageCountBeforeStorage",
              .type = integer,
              .default_value = "10000",
              .min = 1,
              .max = 1'000'000'000,
              .meaning = "tracking auto: the offset is stored after so many messages",
              .source = "stream Java client: AutoTrackingStrategy.messageCountBeforeStorage",
              .group = kConfig},
    OptionRow{.scope = consumer,
              .name = "flushInterval",
              .type = duration,
              .default_value = "5s",
              .min = kMillisecond,
              .max = kDay,
              .meaning = "tracking auto: the offset is stored at least so often",
              .source = "stream Java client: AutoTrackingStrategy.flushInterval",
              .group = kConfig},
};

/// Which client a group uses, and the name that it gives.
constexpr OptionRow library(OptionScope scope) {
  return {.scope = scope,
          .name = "client",
          .type = choice,
          .default_value = "amqp",
          .choices = kLibraries,
          .meaning = "amqp: AMQP 0-9-1; stream: the stream protocol, for streams alone",
          .source = "rabbitmq.com/docs/stream",
          .group = kConfig};
}
constexpr OptionRow name(OptionScope scope, std::string_view meaning) {
  return {.scope = scope,
          .name = "name",
          .type = text,
          .default_value = "none",
          .meaning = meaning,
          .source = "rabbitmq.com/docs/streams#deduplication, #offset-tracking",
          .group = kConfig};
}

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

std::vector<OptionRow> client_options(const Release& release) {
  std::vector<OptionRow> rows{kClients.begin(), kClients.end()};
  rows.push_back(recovery(producer));
  rows.insert(rows.end(), kConsumer.begin(), kConsumer.end());
  rows.push_back(recovery(consumer));
  if (!release.streams) return rows;
  rows.push_back(library(producer));
  rows.push_back(
      name(producer,
           "stream client: writers store what this publisher (NAME and its number) publishes once; none: each "
           "time that it is published"));
  rows.push_back(library(consumer));
  rows.push_back(name(consumer, "stream client: under which name (NAME and its number) offsets are stored"));
  rows.insert(rows.end(), kStreamConsumer.begin(), kStreamConsumer.end());
  return rows;
}

}  // namespace noloss::models::rabbitmq
