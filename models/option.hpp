// Options of a system, one row each. The scenario reader, `noloss list options`, the JSON Schema and the
// counterfactuals all read these rows; nothing about an option is written anywhere else.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/quantity.hpp"

namespace noloss::models {

enum class OptionScope : std::uint8_t { broker, entity, producer, consumer };

/// How an option is written in a scenario and what its Quantity counts.
enum class OptionType : std::uint8_t {
  flag,      ///< true | false; 0 or 1
  integer,   ///< a bare whole number, within the row's bounds
  duration,  ///< "30s"; nanoseconds
  size,      ///< "1KiB"; bytes
  share,     ///< "0.1%"; millionths
  choice,    ///< one of the row's words; its position in `choices`
  text,      ///< kept as written
};

struct OptionRow {
  OptionScope scope = OptionScope::broker;
  std::string_view name;  ///< the system's own name, dots included
  OptionType type = OptionType::integer;
  std::string_view default_value;  ///< as a scenario would write it
  std::span<const std::string_view> choices = {};
  std::int64_t min = 0;  ///< in the unit of the type
  std::int64_t max = INT64_MAX;
  /// What a bare number counts, in the unit of the type, where the system's own name says so ("linger.ms"); 0: a bare
  /// number is an error.
  std::int64_t bare = 0;
  std::string_view meaning;           ///< one sentence
  std::string_view source;            ///< where the system says so
  std::string_view safer = {};        ///< the value that protects more against loss; empty: does not protect
  std::string_view group = "config";  ///< the key of its owner under which it stands; empty: it is a key of its owner
  bool dynamic = false;  ///< the real system takes another value while it runs: the operation `set` may change it
};

/// A value that was read: quantities (and choices, flags) as numbers, text as text.
struct OptionValue {
  sim::Quantity number;
  std::string text;  ///< as written in the scenario

  friend bool operator==(const OptionValue&, const OptionValue&) = default;
};

/// Another value for one option of the brokers or of an entity, while the system runs.
struct OptionChange {
  OptionScope scope = OptionScope::broker;
  std::uint32_t entity = 0;  ///< of that scope: which one of the setup's
  std::string name;
  OptionValue value;  ///< no range

  friend bool operator==(const OptionChange&, const OptionChange&) = default;
};

/// Values by option name; every option of the scope is present, defaults filled in.
class OptionValues {
 public:
  void set(std::string_view name, OptionValue value) { values_.insert_or_assign(std::string{name}, std::move(value)); }
  /// Precondition: the name is a row of the scope's table (the reader checked the file against it).
  [[nodiscard]] const OptionValue& at(std::string_view name) const { return values_.find(name)->second; }
  [[nodiscard]] std::int64_t integer(std::string_view name) const { return at(name).number.value(); }
  [[nodiscard]] sim::Duration duration(std::string_view name) const { return at(name).number.duration(); }
  [[nodiscard]] bool flag(std::string_view name) const { return at(name).number.value() != 0; }
  [[nodiscard]] std::map<std::string, OptionValue, std::less<>>& all() { return values_; }
  [[nodiscard]] const std::map<std::string, OptionValue, std::less<>>& all() const { return values_; }

 private:
  std::map<std::string, OptionValue, std::less<>> values_;
};

}  // namespace noloss::models
