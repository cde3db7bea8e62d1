// Values of a system's options as a scenario writes them.
#pragma once

#include <optional>
#include <string>

#include "harness/scenario/quantity_text.hpp"
#include "models/option.hpp"
#include "models/system.hpp"

namespace noloss::harness {

struct OptionResult {
  std::optional<models::OptionValue> value;
  std::string error;  ///< a sentence, where there is no value
};

[[nodiscard]] OptionResult parse_option(const models::OptionRow& row, std::string_view text);

/// The option's default, as parse_option reads it. A row whose default does not parse is a defect of its table.
[[nodiscard]] models::OptionValue default_of(const models::OptionRow& row);

/// "broker", "topic", "producer", "consumer": what has options of the scope.
[[nodiscard]] std::string_view owner(models::OptionScope scope, const models::System& system);

/// "brokers", "topic", "producers", "consumers": the key of a scenario below which they stand.
[[nodiscard]] std::string_view owner_key(models::OptionScope scope, const models::System& system);

/// "brokers.config": the dotted path of what the option stands in.
[[nodiscard]] std::string option_place(const models::System& system, const models::OptionRow& row);

/// Whether the number is within the bounds; else the sentence that says which they are.
[[nodiscard]] std::string bounds_problem(std::string_view what, std::string_view text, sim::Quantity value,
                                         std::int64_t min, std::int64_t max, Unit unit);

}  // namespace noloss::harness
