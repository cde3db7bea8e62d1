#include "models/textbook/options.hpp"

#include <array>
#include <cstdint>

namespace noloss::models::textbook {
namespace {

using enum OptionScope;
using enum OptionType;

constexpr std::array<std::string_view, 2> kFlush{"sync", "async"};
constexpr std::array<std::string_view, 2> kOnFsyncError{"stop", "retry"};
constexpr std::string_view kSource = "textbook principle";
constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kHour = 3'600'000 * kMillisecond;

constexpr std::array kOptions{
    OptionRow{.scope = broker,
              .name = "flush",
              .type = choice,
              .default_value = "sync",
              .choices = kFlush,
              .meaning = "sync: a copy counts as stored after its fsync; async: once it is in the page cache, "
                         "which survives the process but not a power loss",
              .source = kSource,
              .safer = "sync"},
    OptionRow{.scope = broker,
              .name = "flush.interval",
              .type = duration,
              .default_value = "500ms",
              .min = kMillisecond,
              .max = kHour,
              .meaning = "how often an async broker syncs: what a power loss can take is at most this much",
              .source = kSource},
    OptionRow{.scope = broker,
              .name = "replicas.acks",
              .type = integer,
              .default_value = "1",
              .min = 1,
              .max = 16,
              .meaning = "copies stored, the leader's included, before a message is acknowledged or shown to consumers",
              .source = kSource,
              .safer = "2"},
    OptionRow{.scope = broker,
              .name = "on.fsync.error",
              .type = choice,
              .default_value = "stop",
              .choices = kOnFsyncError,
              .meaning = "stop: the process ends without acknowledging; retry: syncs again, which succeeds although "
                         "the data is not on disk",
              .source = kSource,
              .safer = "stop"},
    OptionRow{.scope = broker,
              .name = "failover",
              .type = duration,
              .default_value = "3s",
              .min = 1000 * kMillisecond,
              .max = kHour,
              .meaning = "how long a leader may be silent before another is elected; it stops leading on its own "
                         "after two thirds",
              .source = kSource},
    OptionRow{.scope = producer,
              .name = "retries",
              .type = integer,
              .default_value = "3",
              .min = 0,
              .max = 1'000'000,
              .meaning = "how often the client sends a message again before it reports an error; always 0 for oneway",
              .source = kSource,
              .safer = "3"},
    OptionRow{
        .scope = producer,
        .name = "timeout",
        .type = duration,
        .default_value = "3s",
        .min = kMillisecond,
        .max = kHour,
        .meaning = "how long an attempt waits for its acknowledgement, from the call; it then closes the connection",
        .source = kSource},
    OptionRow{.scope = producer,
              .name = "max.in.flight",
              .type = integer,
              .default_value = "5",
              .min = 1,
              .max = 1000,
              .meaning = "requests on a connection without an answer; what is sent beyond waits in the client's buffer",
              .source = kSource},
    OptionRow{.scope = producer,
              .name = "buffer",
              .type = integer,
              .default_value = "1000",
              .min = 1,
              .max = 1'000'000,
              .meaning = "messages that the client holds; send blocks when it is full",
              .source = kSource},
    OptionRow{.scope = producer,
              .name = "retry.backoff",
              .type = duration,
              .default_value = "100ms",
              .min = 0,
              .max = kHour,
              .meaning = "pause before each retry of the client and each resend by the application",
              .source = kSource},
    OptionRow{.scope = consumer,
              .name = "prefetch",
              .type = integer,
              .default_value = "10",
              .min = 1,
              .max = 10'000,
              .meaning = "messages that a consumer has in hand",
              .source = kSource},
    OptionRow{
        .scope = consumer,
        .name = "redelivery",
        .type = duration,
        .default_value = "30s",
        .min = kMillisecond,
        .max = kHour,
        .meaning = "a message that a connected consumer neither acknowledged nor failed is delivered again after this",
        .source = kSource},
};

}  // namespace

std::span<const OptionRow> options() { return kOptions; }

}  // namespace noloss::models::textbook
