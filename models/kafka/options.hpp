// The options of Kafka that are modelled, one row each: server.properties, topic, producer.properties and
// consumer.properties. A row says in which releases the option exists and how its default changed.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "models/kafka/release.hpp"
#include "models/option.hpp"

namespace noloss::models::kafka {

/// The options of that release with its defaults; one of known_releases().
[[nodiscard]] std::span<const OptionRow> options(std::string_view release);

/// The default of a topic's option that is the broker's of the same meaning.
inline constexpr std::string_view kFromBroker = "broker";
/// The default of enable.idempotence: what the client makes of its other options.
inline constexpr std::string_view kFromOthers = "unset";
/// The default of transactional.id: no transactions.
inline constexpr std::string_view kNoTransactions = "unset";
enum class Acks : std::uint8_t;  // protocol.hpp
[[nodiscard]] Acks acks_of(const OptionValues& producer);
/// Empty: the producer sends outside of transactions.
[[nodiscard]] std::string transactional_id(const OptionValues& producer);

// --- the tables ---
struct NewDefault {
  Release from;
  std::string_view value;
};
struct OptionHistory {
  OptionRow row;  ///< with the oldest default
  std::vector<NewDefault> defaults = {};
  Release first = {};
  Release end = {{INT32_MAX, 0, 0}};  ///< the first release without it
};
[[nodiscard]] std::vector<OptionHistory> broker_options();
/// Those of the broker that concern transactions.
[[nodiscard]] std::vector<OptionHistory> transaction_options();
[[nodiscard]] std::vector<OptionHistory> topic_options();
[[nodiscard]] std::vector<OptionHistory> producer_options();
[[nodiscard]] std::vector<OptionHistory> consumer_options();

// --- rows ---
inline constexpr std::int64_t kMillisecond = 1'000'000;
inline constexpr std::int64_t kSecond = 1'000 * kMillisecond;
inline constexpr std::int64_t kMinute = 60 * kSecond;

struct OptionText {
  std::string_view meaning;
  std::string_view source = "kafka documentation, configuration";
  std::string_view safer = {};
};
/// A bare number counts `bare` nanoseconds; the largest value means never.
[[nodiscard]] OptionRow duration_option(OptionScope scope, std::string_view name, std::string_view default_value,
                                        const OptionText& text, std::int64_t min = kMillisecond,
                                        std::int64_t bare = kMillisecond);
[[nodiscard]] OptionRow size_option(OptionScope scope, std::string_view name, std::string_view default_value,
                                    const OptionText& text, std::int64_t min = 1);
[[nodiscard]] OptionRow integer_option(OptionScope scope, std::string_view name, std::string_view default_value,
                                       const OptionText& text, std::int64_t min, std::int64_t max = INT64_MAX);
[[nodiscard]] OptionRow flag_option(OptionScope scope, std::string_view name, std::string_view default_value,
                                    const OptionText& text);
/// One that a running cluster takes another value of (KIP-226: cluster-wide, or of a topic).
[[nodiscard]] OptionRow dynamic(OptionRow row);
[[nodiscard]] OptionRow text_option(OptionScope scope, std::string_view name, std::string_view default_value,
                                    const OptionText& text);
[[nodiscard]] OptionRow choice_option(OptionScope scope, std::string_view name, std::string_view default_value,
                                      std::span<const std::string_view> choices, const OptionText& text);

}  // namespace noloss::models::kafka
