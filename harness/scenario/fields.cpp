#include "harness/scenario/fields.hpp"

#include <fmt/format.h>

#include <array>

#include "harness/scenario/fields_table.hpp"
#include "harness/scenario/suggest.hpp"

namespace noloss::harness {
namespace {

using Table = std::array<std::vector<Field>, kSections>;

constexpr std::array<std::string_view, 9> kOperations{"start",  "leave", "restart",        "set",  "create",
                                                      "delete", "purge", "add_partitions", "elect"};

Table build() {
  Table sections;
  for (const auto part : {table::cluster(), table::clients(), table::events(), table::expectations()}) {
    for (Field field : part) {
      if (field.in == Section::fault && field.key == "action") field.choices = action_words();
      if (field.in == Section::operation && field.key == "do") field.choices = operation_words();
      sections[static_cast<std::size_t>(field.in)].push_back(field);
    }
  }
  return sections;
}

std::string type_text(const Field& field) {
  static constexpr std::array<std::string_view, 24> kTypes{"mapping",
                                                           "text",
                                                           "name",
                                                           "choice",
                                                           "true | false",
                                                           "number",
                                                           "duration",
                                                           "size",
                                                           "rate",
                                                           "bandwidth",
                                                           "share",
                                                           "A..B",
                                                           "number",
                                                           "number | always",
                                                           "number, A..B or A..",
                                                           "time | moment",
                                                           "moment",
                                                           "node",
                                                           "target",
                                                           "A -> B",
                                                           "target | A -> B",
                                                           "path: value",
                                                           "options",
                                                           "matrix"};
  std::string text{kTypes[static_cast<std::size_t>(field.type)]};
  if (field.type == FieldType::choice) text = fmt::format("{}", fmt::join(field.choices, " | "));
  if (field.opens != Section::none && field.type != FieldType::mapping) text += " | mapping";
  if (field.ranges == Ranges::allowed) text += ", or a range";
  switch (field.shape) {
    case Shape::one: return text;
    case Shape::list: return "list of " + text;
    case Shape::one_or_list: return text + ", or a list";
    case Shape::lists: return "list of lists of " + text;
  }
  return text;
}

void document(Section section, const std::string& prefix, const models::System& system, std::vector<FieldDoc>& out) {
  for (const Field& field : fields(section)) {
    const std::string_view key = key_of(field, &system);
    if (refused_by(field, &system) || key.empty()) continue;
    const std::string path = prefix.empty() ? std::string{key} : fmt::format("{}.{}", prefix, key);
    out.push_back({path, type_text(field), std::string{field.default_value}, std::string{field.meaning}});
    if (field.opens != Section::none) document(field.opens, path, system, out);
  }
}

}  // namespace

std::span<const Field> fields(Section section) {
  static const Table kTable = build();
  return kTable[static_cast<std::size_t>(section)];
}

bool refused_by(const Field& field, const models::System* system) {
  return !field.refused.empty() && (system == nullptr || system->name() != field.taken_by);
}

std::string_view key_of(const Field& field, const models::System* system) {
  if (system == nullptr) return field.key;
  switch (field.spelled) {
    case Spelled::as_is: return field.key;
    case Spelled::noun: return system->entity().noun;
    case Spelled::partitions: return system->entity().partitions_key;
    case Spelled::replicas: return system->entity().replicas_key;
  }
  return field.key;
}

const Field* find_field(Section section, std::string_view key, Takers takers, const models::System* system) {
  for (const Field& field : fields(section)) {
    const bool takes = field.takers == 0 || takers == 0 || (field.takers & takers) != 0;
    if (takes && key_of(field, system) == key) return &field;
  }
  return nullptr;
}

bool is_quantity(FieldType type) {
  switch (type) {
    case FieldType::integer:
    case FieldType::duration:
    case FieldType::size:
    case FieldType::rate:
    case FieldType::bandwidth:
    case FieldType::share:
    case FieldType::bound:
    case FieldType::seeds: return true;
    default: return false;
  }
}

Unit unit_of(FieldType type) {
  switch (type) {
    case FieldType::duration: return Unit::duration;
    case FieldType::size: return Unit::size;
    case FieldType::rate: return Unit::rate;
    case FieldType::bandwidth: return Unit::bandwidth;
    case FieldType::share: return Unit::share;
    default: return Unit::none;
  }
}

std::span<const std::string_view> operation_words() { return kOperations; }

std::span<const std::string_view> action_words() {
  static const std::vector<std::string_view> kWords = [] {
    std::vector<std::string_view> words;
    for (std::size_t i = 0; i < sim::kActions; ++i) words.push_back(sim::name(static_cast<sim::Action>(i)));
    return words;
  }();
  return kWords;
}

std::vector<FieldDoc> documented_fields(const models::System& system) {
  std::vector<FieldDoc> docs;
  document(Section::top, "", system, docs);
  return docs;
}

std::vector<ActionDoc> documented_actions() {
  std::vector<ActionDoc> docs;
  for (std::size_t i = 0; i < sim::kActions; ++i) {
    const auto action = static_cast<sim::Action>(i);
    std::vector<std::string> options;
    for (const Field& field : fields(Section::fault)) {
      if (field.takers == 0 || (field.takers & taker(action)) == 0) continue;
      options.push_back(field.default_value.empty() ? std::string{field.key}
                                                    : fmt::format("{}: {}", field.key, field.default_value));
    }
    docs.push_back({sim::name(action), fmt::format("{}", fmt::join(options, ", "))});
  }
  return docs;
}

}  // namespace noloss::harness
