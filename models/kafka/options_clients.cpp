// producer.properties and consumer.properties.
#include <array>

#include "models/kafka/options.hpp"

namespace noloss::models::kafka {
namespace {

using enum OptionScope;

constexpr std::array<std::string_view, 4> kAcks{"0", "1", "all", "-1"};
constexpr std::array<std::string_view, 2> kClients{"java", "librdkafka"};
constexpr std::array<std::string_view, 2> kIsolation{"read_uncommitted", "read_committed"};
constexpr Release kTransactionsExist{{0, 11, 0}};
constexpr std::array<std::string_view, 2> kConsumerClients{"java", "franz-go"};
constexpr std::array<std::string_view, 2> kGroupProtocols{"classic", "consumer"};
constexpr std::array<std::string_view, 2> kAssignments{"subscribe", "assign"};
constexpr std::array<std::string_view, 2> kSendOffsets{"group_metadata", "group_id"};
constexpr std::array<std::string_view, 3> kReset{"latest", "earliest", "none"};

std::vector<OptionHistory> librdkafka_options() {
  return {
      {choice_option(producer, "client", "java", kClients,
                     {.meaning = "the client library; librdkafka judges timeouts once a second, sends nothing while it "
                                 "sleeps, and never waits in send",
                      .source = "librdkafka, rdkafka_broker.c; its issue 2912"})},
      {duration_option(producer, "message.timeout.ms", "300s",
                       {.meaning = "librdkafka: from the call of send until a message without a success is dropped, at "
                                   "the next look at timeouts",
                        .source = "librdkafka, CONFIGURATION.md"})},
      {integer_option(
          producer, "batch.num.messages", "10000",
          {.meaning = "librdkafka: messages at which a batch is full", .source = "librdkafka, CONFIGURATION.md"}, 1,
          1'000'000)},
      {integer_option(producer, "queue.buffering.max.messages", "100000",
                      {.meaning = "librdkafka: messages that the client holds; when it is full, send fails",
                       .source = "librdkafka, CONFIGURATION.md"},
                      1, 10'000'000)},
      {duration_option(producer, "reconnect.backoff.ms", "100ms",
                       {.meaning = "librdkafka: the least time between two connections to a broker, doubled each time",
                        .source = "librdkafka, rd_kafka_broker_update_reconnect_backoff"})},
      {duration_option(producer, "reconnect.backoff.max.ms", "10s",
                       {.meaning = "librdkafka: up to this, and after this long without a connection it begins anew",
                        .source = "librdkafka, rd_kafka_broker_update_reconnect_backoff"})},
  };
}

std::vector<OptionHistory> transactional_producer_options() {
  return {
      {text_option(producer, "transactional.id", kNoTransactions,
                   {.meaning = "the name under which a producer sends in transactions; a later one with the same name "
                               "fences those before it; unset: no transactions",
                    .source = "KIP-98"}),
       {},
       kTransactionsExist},
      {duration_option(producer, "transaction.timeout.ms", "60s",
                       {.meaning = "a transaction that is open for longer is aborted by its coordinator, and its "
                                   "producer fenced",
                        .source = "KIP-98"}),
       {},
       kTransactionsExist},
  };
}

}  // namespace

std::vector<OptionHistory> producer_options() {
  std::vector<OptionHistory> options{
      {choice_option(
           producer, "acks", "1", kAcks,
           {.meaning = "0: a request that was sent counts as stored; 1: once the leader appended it; all (-1): "
                       "once every in-sync replica has it",
            .source = "KIP-679",
            .safer = "all"}),
       {{{{3, 0, 0}}, "all"}}},
      {flag_option(
           producer, "enable.idempotence", "false",
           {.meaning = "the broker recognises a batch that is sent again and keeps the order of batches; unset: "
                       "true unless acks, retries or in-flight requests rule it out",
            .source = "KIP-98, KIP-679, KAFKA-13598",
            .safer = "true"}),
       {{{{3, 0, 0}}, kFromOthers}},
       {{0, 11, 0}}},
      {integer_option(
           producer, "retries", "0",
           {.meaning = "how often a batch is sent again before the error is reported", .safer = "2147483647"}, 0,
           2147483647),
       {{{{2, 1, 0}}, "2147483647"}}},
      {duration_option(producer, "delivery.timeout.ms", "120s",
                       {.meaning = "from the call of send until a batch without a success is reported as timed out; it "
                                   "may be stored, or still become so",
                        .source = "KIP-91"}),
       {},
       {{2, 1, 0}}},
      {duration_option(producer, "request.timeout.ms", "30s",
                       {.meaning = "how long a request waits for its answer, then its connection is closed"})},
      {integer_option(producer, "max.in.flight.requests.per.connection", "5",
                      {.meaning = "requests on a connection without an answer; more than one without idempotence "
                                  "reorders"},
                      1, 1'000'000)},
      {duration_option(producer, "linger.ms", "0ms",
                       {.meaning = "how long a batch waits for more records", .source = "KIP-1030"}, 0),
       {{{{4, 0, 0}}, "5ms"}}},
      {size_option(producer, "batch.size", "16KiB", {.meaning = "bytes at which a batch is full"}, 0)},
      {size_option(producer, "buffer.memory", "32MiB",
                   {.meaning = "bytes that the client holds; when it is full, send blocks"})},
      {duration_option(producer, "max.block.ms", "60s",
                       {.meaning = "how long send blocks for memory or metadata before it fails"}, 0)},
      {duration_option(producer, "retry.backoff.ms", "100ms",
                       {.meaning = "pause before a batch is sent again, and between metadata requests"}, 0)},
      {duration_option(producer, "metadata.max.age.ms", "300s",
                       {.meaning = "metadata older than this is asked for again, without any error"})},
  };
  for (const OptionHistory& option : librdkafka_options()) options.push_back(option);
  for (const OptionHistory& option : transactional_producer_options()) options.push_back(option);
  return options;
}

std::vector<OptionHistory> consumer_options() {
  return {
      {flag_option(consumer, "enable.auto.commit", "true",
                   {.meaning = "poll commits the positions that earlier polls have reached, processed or not",
                    .source = "ConsumerCoordinator.maybeAutoCommitOffsetsAsync"})},
      {choice_option(
          consumer, "client", "java", kConsumerClients,
          {.meaning = "the client library; java commits automatically inside poll; franz-go as it was before "
                      "its issue 57, or with GreedyAutoCommit, from a thread of its own, all that was polled",
           .source = "ConsumerCoordinator.maybeAutoCommitOffsetsAsync; twmb/franz-go issue 57",
           .safer = "java"})},
      {choice_option(consumer, "group.protocol", "classic", kGroupProtocols,
                     {.meaning = "consumer: poll leaves automatic commits to the client's background thread, which to "
                                 "3.9 commits what that very poll returns; only this of KIP-848 is modelled",
                      .source = "KIP-848, KAFKA-18641",
                      .safer = "classic"}),
       {},
       {{3, 7, 0}}},
      {choice_option(consumer, "assignment", "subscribe", kAssignments,
                     {.meaning = "which call the application makes; assign: each process takes all partitions that the "
                                 "topic has then, is no member of the group, and its commits are taken while the group "
                                 "has no members, whoever else commits",
                      .source = "KafkaConsumer.assign; ClassicGroup.validateOffsetCommit",
                      .safer = "subscribe"})},
      {duration_option(consumer, "auto.commit.interval.ms", "5s", {.meaning = "how often poll commits by itself"}, 0)},
      {choice_option(consumer, "auto.offset.reset", "latest", kReset,
                     {.meaning = "where to begin without a valid position: the end, the beginning, or an exception",
                      .safer = "earliest"})},
      {integer_option(consumer, "max.poll.records", "500", {.meaning = "records that one poll returns"}, 1, 1'000'000)},
      {duration_option(
          consumer, "max.poll.interval.ms", "300s",
          {.meaning = "a consumer that does not poll for this long leaves the group", .source = "KIP-62"})},
      {duration_option(
           consumer, "session.timeout.ms", "10s",
           {.meaning = "a member that is silent for this long is taken out of the group", .source = "KIP-735"}),
       {{{{3, 0, 0}}, "45s"}}},
      {duration_option(consumer, "heartbeat.interval.ms", "3s",
                       {.meaning = "how often a member tells the coordinator that it lives"})},
      {duration_option(consumer, "fetch.max.wait.ms", "500ms",
                       {.meaning = "how long a leader holds a fetch while there is nothing to read"}, 0)},
      {size_option(consumer, "max.partition.fetch.bytes", "1MiB",
                   {.meaning = "bytes of a partition in one answer; at least one batch"})},
      {duration_option(consumer, "request.timeout.ms", "30s",
                       {.meaning = "how long a request waits for its answer, then its connection is closed"})},
      {duration_option(consumer, "retry.backoff.ms", "100ms", {.meaning = "pause before a request is sent again"}, 0)},
      {duration_option(consumer, "metadata.max.age.ms", "300s",
                       {.meaning = "metadata older than this is asked for again, without any error"})},
      {choice_option(consumer, "isolation.level", "read_uncommitted", kIsolation,
                     {.meaning = "read_committed: nothing of a transaction is read before it is committed, and what "
                                 "follows an open one waits",
                      .source = "KIP-98",
                      .safer = "read_committed"}),
       {},
       kTransactionsExist},
      {choice_option(consumer, "send.offsets", "group_metadata", kSendOffsets,
                     {.meaning = "what an application that forwards in transactions gives sendOffsetsToTransaction; "
                                 "group_metadata: the member and its generation, so that one which was thrown out is "
                                 "refused; group_id: the call of releases before 2.5, which nobody checks",
                      .source = "KIP-447",
                      .safer = "group_metadata"}),
       {},
       {{2, 5, 0}},
       {{4, 0, 0}}},
  };
}

}  // namespace noloss::models::kafka
