// The one table of what a scenario file may say: one row a key. The reader checks files against these rows and takes
// its defaults from them; the JSON Schema and the printed lists derive from them. A system's options are rows of
// their own (models/option.hpp) and stand under the keys of type `options`.
//
// To add a key: a row here, and its value is read in the decode_*.cpp of its section.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario/quantity_text.hpp"
#include "models/option.hpp"
#include "models/system.hpp"
#include "sim/fault/fault.hpp"

namespace noloss::harness {

/// Mappings that a scenario or a plan can contain.
enum class Section : std::uint8_t {
  none,
  top,
  plan,
  brokers,
  disk,
  writeback,
  entity,
  producers,
  producer_application,
  workload,
  consumers,
  consumer_application,
  processing,
  sequence_check,
  forward,
  transaction,
  network,
  latency,
  fault,
  operation,
  expect,
  violation,
  totals,
};
inline constexpr std::size_t kSections = static_cast<std::size_t>(Section::totals) + 1;

enum class FieldType : std::uint8_t {
  mapping,  ///< nothing but the section that it opens
  text,
  name,  ///< a name: letters, digits, '-', '_', '.'
  choice,
  flag,
  integer,
  duration,
  size,
  rate,
  bandwidth,
  share,
  seeds,   ///< "1..1000"
  draw,    ///< any unsigned 64 bit number
  times,   ///< a number or `always`
  bound,   ///< "0", "1..", "2..5"
  when,    ///< a time or a moment
  moment,  ///< "broker-1 append #40 + 10ms"
  node,    ///< a node's name
  target,  ///< a node, a role, a zone
  link,    ///< "A -> B"
  target_or_link,
  values,   ///< a mapping of dotted paths to values
  options,  ///< a mapping of the system's options
  matrix,   ///< read before all else
};

/// How often the value stands there.
enum class Shape : std::uint8_t { one, list, one_or_list, lists };
enum class Need : std::uint8_t { optional, required };
/// Keys that each system spells in its own way (models::EntityGrammar).
enum class Spelled : std::uint8_t { as_is, noun, partitions, replicas };

/// Which values of the section's first key (`action`, `do`) a row belongs to; 0: all of them.
using Takers = std::uint32_t;

struct Field {
  Section in = Section::none;
  std::string_view key;
  FieldType type = FieldType::text;
  Shape shape = Shape::one;
  Section opens = Section::none;  ///< a mapping may stand here, with the keys of this section
  Need need = Need::optional;
  Ranges ranges = Ranges::refused;
  std::int64_t min = 0;  ///< in the base unit of the type
  std::int64_t max = INT64_MAX;
  std::string_view default_value = {};  ///< as a scenario would write it; empty: none
  std::span<const std::string_view> choices = {};
  models::OptionScope scope = models::OptionScope::broker;  ///< type options
  std::string_view group = "config";                        ///< type options: OptionRow::group
  Takers takers = 0;
  Spelled spelled = Spelled::as_is;
  std::string_view meaning = {};  ///< one sentence
  std::string_view refused = {};  ///< known from other systems, but "the ... system" so and so
  bool own = false;               ///< refused only where it is none of System::own_keys()
};

/// The column that `expect` bounds from below by its own name.
inline constexpr std::string_view kMargin = "min_durable_copies";

/// Rows of one section, in the order of the documentation.
[[nodiscard]] std::span<const Field> fields(Section section);

/// The key as `system` writes it; with no system, as the textbook does.
[[nodiscard]] std::string_view key_of(const Field& field, const models::System* system);

/// Why `system` does not take the key; empty if it does. With no system: as if there were none that does.
[[nodiscard]] std::string_view refusal(const Field& field, const models::System* system);

/// The row of a key; null if the section has none. `takers`: the bit of the action or operation, 0 if it has none.
[[nodiscard]] const Field* find_field(Section section, std::string_view key, Takers takers,
                                      const models::System* system);

[[nodiscard]] constexpr Takers taker(sim::Action action) { return Takers{1} << static_cast<unsigned>(action); }

/// Unit of the field types that are quantities; none for the others.
[[nodiscard]] Unit unit_of(FieldType type);
[[nodiscard]] bool is_quantity(FieldType type);

/// `do:` words, in the order of OperationKind.
[[nodiscard]] std::span<const std::string_view> operation_words();
/// `action:` words, in the order of sim::Action.
[[nodiscard]] std::span<const std::string_view> action_words();

/// One row a key that a scenario for `system` may have, for printed lists.
struct FieldDoc {
  std::string path;  ///< "brokers.disk.sync"
  std::string type;  ///< "duration", "sync | async | oneway", ...
  std::string default_value;
  std::string meaning;
};
[[nodiscard]] std::vector<FieldDoc> documented_fields(const models::System& system);
/// The same for the options of `faults:`, with the actions that take each.
struct ActionDoc {
  std::string_view action;
  std::string options;  ///< "duration (1s), restart (true)"
};
[[nodiscard]] std::vector<ActionDoc> documented_actions();

}  // namespace noloss::harness
