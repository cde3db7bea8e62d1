// The JSON Schema of the scenario file, for editors: the table of fields and the systems' options in other words.
// It says what can be said of one value or one mapping; what depends on two places only the reader knows.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/scenario/fields.hpp"
#include "harness/scenario/option_text.hpp"
#include "harness/scenario/reader.hpp"
#include "models/systems.hpp"

namespace noloss::harness {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kNumber = "(0|[1-9][0-9]*)(\\.[0-9]+)?";
constexpr std::string_view kWhole = "(0|[1-9][0-9]*)";
constexpr std::string_view kName = "^[A-Za-z0-9_][A-Za-z0-9._-]*$";

constexpr std::array<std::string_view, kSections> kSectionNames{"none",
                                                                "top",
                                                                "plan",
                                                                "brokers",
                                                                "disk",
                                                                "writeback",
                                                                "entity",
                                                                "producers",
                                                                "producer_application",
                                                                "workload",
                                                                "consumers",
                                                                "consumer_application",
                                                                "processing",
                                                                "sequence_check",
                                                                "forward",
                                                                "transaction",
                                                                "network",
                                                                "latency",
                                                                "fault",
                                                                "operation",
                                                                "expect",
                                                                "violation",
                                                                "totals"};

std::string unit_pattern(Unit unit) {
  switch (unit) {
    case Unit::none: return std::string{kWhole};
    case Unit::duration: return fmt::format("{}(ns|us|ms|s|m|h)", kNumber);
    case Unit::size: return fmt::format("{}([KMG]i?)?B", kNumber);
    case Unit::rate: return fmt::format("{}/s", kNumber);
    case Unit::bandwidth: return fmt::format("{}([KMG]i?)?B/s", kNumber);
    case Unit::share: return fmt::format("{}%", kNumber);
  }
  return {};
}

enum class Signed : std::uint8_t { no, yes };

/// The pattern of a quantity, with ranges where they are allowed.
std::string quantity_pattern(Unit unit, Ranges ranges, Signed sign) {
  const std::string one = (sign == Signed::yes ? "-?" : "") + unit_pattern(unit);
  switch (ranges) {
    case Ranges::refused: return fmt::format("^{}$", one);
    case Ranges::allowed: return fmt::format("^{0}(\\.\\.{0})?$", one);
    case Ranges::open: return fmt::format("^{0}(\\.\\.({0})?)?$", one);
  }
  return {};
}

Json text_schema() { return {{"type", {"string", "number", "boolean"}}}; }

Json reference(const std::string& definition) { return {{"$ref", "#/definitions/" + definition}}; }

/// A bare number within the bounds, or the same as a string, or a range.
Json integer_schema(std::int64_t min, std::int64_t max, Ranges ranges) {
  Json number{{"type", "integer"}, {"minimum", min}};
  if (max != INT64_MAX) number["maximum"] = max;
  const Signed sign = min < 0 ? Signed::yes : Signed::no;
  return {{"anyOf", {number, {{"type", "string"}, {"pattern", quantity_pattern(Unit::none, ranges, sign)}}}}};
}

Json quantity_schema(Unit unit, std::int64_t min, std::int64_t max, Ranges ranges) {
  if (unit == Unit::none) return integer_schema(min, max, ranges);
  return {{"type", "string"}, {"pattern", quantity_pattern(unit, ranges, min < 0 ? Signed::yes : Signed::no)}};
}

Json words_schema(std::span<const std::string_view> words) {
  Json list = Json::array();
  for (const std::string_view word : words) list.push_back(word);
  return {{"enum", list}};
}

Json flag_schema() { return {{"enum", {true, false, "true", "false"}}}; }

Json scalar_schema(const Field& field) {
  const std::string moment = fmt::format("\\S.* \\S+( #[1-9][0-9]*)?( *\\+ *{})?", unit_pattern(Unit::duration));
  switch (field.type) {
    case FieldType::name:
    case FieldType::node: return {{"type", {"string", "number", "boolean"}}, {"pattern", kName}};
    case FieldType::choice: return words_schema(field.choices);
    case FieldType::flag: return flag_schema();
    case FieldType::draw: return integer_schema(0, INT64_MAX, Ranges::refused);
    case FieldType::seeds: return {{"type", "string"}, {"pattern", fmt::format("^{0}\\.\\.{0}$", kWhole)}};
    case FieldType::times: {
      Json schema = integer_schema(field.min, field.max, Ranges::refused);
      schema["anyOf"].push_back({{"const", "always"}});
      return schema;
    }
    case FieldType::when:
      return {{"type", "string"}, {"pattern", fmt::format("^({}|{})$", unit_pattern(Unit::duration), moment)}};
    case FieldType::moment: return {{"type", "string"}, {"pattern", fmt::format("^{}$", moment)}};
    case FieldType::link: return {{"type", "string"}, {"pattern", "\\S.*->.*\\S"}};
    case FieldType::target:
    case FieldType::target_or_link: return {{"type", "string"}};
    case FieldType::values: return {{"type", "object"}, {"additionalProperties", text_schema()}};
    case FieldType::options: return {{"type", "object"}};
    case FieldType::matrix: return reference("matrix");
    default: break;
  }
  if (is_quantity(field.type)) return quantity_schema(unit_of(field.type), field.min, field.max, field.ranges);
  return text_schema();
}

Json list_of(Json item) { return {{"type", "array"}, {"items", std::move(item)}}; }

/// Not `anyOf`: editors could then only say that neither fits.
Json one_or(Json one, Json list) {
  return {{"if", {{"type", "array"}}}, {"then", std::move(list)}, {"else", std::move(one)}};
}

class SchemaWriter {
 public:
  Json write() {
    Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"},
                {"title", "noloss scenario"},
                {"description", "One scenario of the noloss simulation testbed"}};
    Json top = section_schema(Section::top, nullptr);
    for (const models::System* system : models::systems()) top["properties"][std::string{system->entity().noun}] = true;
    for (auto& [key, value] : top.items()) schema[key] = value;
    schema["properties"]["system"] = system_schema();
    Json conditions = Json::array();
    for (const models::System* system : models::systems()) conditions.push_back(system_condition(*system));
    schema["allOf"] = conditions;
    definitions_["matrix"] = matrix_schema();
    schema["definitions"] = definitions_;
    return schema;
  }

 private:
  /// Adds the section to the definitions, once; returns its name there.
  std::string define(Section section, const models::System* system) {
    const bool own = section == Section::entity && system != nullptr;
    const std::string name =
        (own ? std::string{system->name()} + "." : "") + std::string{kSectionNames[static_cast<std::size_t>(section)]};
    if (definitions_.contains(name)) return name;
    definitions_[name] = Json::object();
    Json schema = section_schema(section, system);
    definitions_[name] = std::move(schema);
    return name;
  }

  Json field_schema(const Field& field, const models::System* system) {
    Json one = field.opens == Section::none ? scalar_schema(field) : reference(define(field.opens, system));
    if (field.opens != Section::none && field.type != FieldType::mapping) {
      one = {{"if", {{"type", "object"}}}, {"then", one}, {"else", scalar_schema(field)}};
    }
    Json schema;
    switch (field.shape) {
      case Shape::one: schema = std::move(one); break;
      case Shape::list: schema = list_of(std::move(one)); break;
      case Shape::lists: schema = list_of(list_of(std::move(one))); break;
      case Shape::one_or_list: {
        Json list = list_of(one);
        list["minItems"] = 1;
        schema = one_or(std::move(one), std::move(list));
        break;
      }
    }
    // Beside a $ref, draft-07 ignores everything.
    if (schema.contains("$ref")) schema = {{"allOf", {std::move(schema)}}};
    schema["description"] = field.meaning;
    if (!field.default_value.empty()) schema["default"] = field.default_value;
    return schema;
  }

  Json section_schema(Section section, const models::System* system) {
    Json properties = Json::object();
    Json required = Json::array();
    for (const Field& field : fields(section)) {
      const std::string key{key_of(field, system)};
      const bool refused = field.own && system == nullptr ? false : !refusal(field, system).empty();
      const bool hidden = refused || key.empty() || (section == Section::top && field.spelled == Spelled::noun);
      if (hidden) continue;
      if (field.takers != 0) {
        properties[key] = true;  // what it must be depends on the action: see allOf
        continue;
      }
      properties[key] = field_schema(field, system);
      if (field.need == Need::required) required.push_back(key);
    }
    Json schema{{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
    if (!required.empty()) schema["required"] = required;
    if (section == Section::fault) schema["allOf"] = conditions(section, "action", action_words());
    if (section == Section::operation) schema["allOf"] = conditions(section, "do", operation_words());
    return schema;
  }

  /// For each action: its keys, and no others.
  Json conditions(Section section, const std::string& selector, std::span<const std::string_view> words) {
    Json all = Json::array();
    for (std::size_t i = 0; i < words.size(); ++i) {
      Json names = Json::array();
      Json properties = Json::object();
      Json required = Json::array();
      for (const Field& field : fields(section)) {
        const bool taken = field.takers == 0 || (field.takers & (Takers{1} << i)) != 0;
        if (!taken) continue;
        names.push_back(field.key);
        if (field.takers == 0) continue;
        properties[std::string{field.key}] = field_schema(field, nullptr);
        if (field.need == Need::required) required.push_back(field.key);
      }
      Json then{{"propertyNames", {{"enum", names}}}, {"properties", properties}};
      if (!required.empty()) then["required"] = required;
      all.push_back(
          {{"if", {{"properties", {{selector, {{"const", words[i]}}}}}, {"required", {selector}}}}, {"then", then}});
    }
    return all;
  }

  static Json system_schema() {
    std::vector<std::string_view> names;
    for (const models::System* system : models::systems()) names.push_back(system->name());
    Json schema = words_schema(names);
    schema["description"] = "the modelled system";
    return schema;
  }

  /// The system's own words, in force where `system:` names it.
  Json system_condition(const models::System& system) {
    const std::string name{system.name()};
    const std::string noun{system.entity().noun};
    Json properties = Json::object();
    properties["brokers"] = {{"properties", {{"config", options(system, models::OptionScope::broker)}}}};
    properties["producers"] = group(options(system, models::OptionScope::producer));
    properties["consumers"] = group(options(system, models::OptionScope::consumer), forwarding(system));
    for (const models::System* other : models::systems()) {
      if (other->entity().noun != noun) properties[std::string{other->entity().noun}] = false;
    }
    properties[noun] = entity(system);
    if (system.releases().empty()) {
      properties["release"] = false;
    } else {
      properties["release"] = words_schema(system.releases());
    }
    return {{"if", {{"properties", {{"system", {{"const", name}}}}}, {"required", {"system"}}}},
            {"then", {{"properties", properties}}}};
  }

  Json entity(const models::System& system) {
    const std::string name = define(Section::entity, &system);
    Json properties = definitions_[name]["properties"];  // a copy: options() adds definitions, and moves the others
    for (const models::OptionRow& row : newest_options(system)) {
      if (row.scope != models::OptionScope::entity) continue;
      if (row.group.empty()) {
        properties[std::string{row.name}] = option_schema(row);
      } else if (row.group != "config") {
        properties[std::string{row.group}] = options(system, row.scope, row.group);
      }
    }
    properties["config"] = options(system, models::OptionScope::entity);
    definitions_[name]["properties"] = std::move(properties);
    Json list = list_of(reference(name));
    list["minItems"] = 1;
    return one_or(reference(name), list);
  }

  /// The options of one group, or of each group of a list.
  static Json group(const Json& config, const Json& application = Json::object()) {
    Json one{{"properties", {{"config", config}}}};
    if (!application.empty()) one["properties"]["application"] = application;
    return one_or(one, {{"items", one}});
  }

  /// A consumer's application that has a producer inside; empty if the system's consumers do not forward.
  Json forwarding(const models::System& system) {
    const auto own = system.own_keys();
    if (std::find(own.begin(), own.end(), "forward") == own.end()) return Json::object();
    const Json producer{{"properties", {{"config", options(system, models::OptionScope::producer)}}}};
    return {{"properties", {{"forward", producer}}}};
  }

  static std::span<const models::OptionRow> newest_options(const models::System& system) {
    const auto releases = system.releases();
    return system.options(releases.empty() ? std::string_view{} : releases.back());
  }

  Json options(const models::System& system, models::OptionScope scope, std::string_view group = "config") {
    const std::string name = fmt::format("{}.{}.{}", system.name(), owner(scope, system), group);
    Json properties = Json::object();
    for (const models::OptionRow& row : newest_options(system)) {
      if (row.scope != scope || row.group != group) continue;
      Json schema = option_schema(row);
      schema["description"] = row.meaning;
      schema["default"] = row.default_value;
      properties[std::string{row.name}] = std::move(schema);
    }
    definitions_[name] = {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
    return reference(name);
  }

  static Json option_schema(const models::OptionRow& row) {
    if (row.bare == 0) return typed_option_schema(row);
    // In the unit of the name, or with a unit of its own.
    return {{"anyOf", {typed_option_schema(row), integer_schema(row.min / row.bare, INT64_MAX, Ranges::allowed)}}};
  }

  static Json typed_option_schema(const models::OptionRow& row) {
    switch (row.type) {
      case models::OptionType::flag: return flag_schema();
      case models::OptionType::choice: return words_schema(row.choices);
      case models::OptionType::text: return text_schema();
      case models::OptionType::integer: return integer_schema(row.min, row.max, Ranges::allowed);
      case models::OptionType::duration: return quantity_schema(Unit::duration, row.min, row.max, Ranges::allowed);
      case models::OptionType::size: return quantity_schema(Unit::size, row.min, row.max, Ranges::allowed);
      case models::OptionType::share: return quantity_schema(Unit::share, row.min, row.max, Ranges::allowed);
    }
    return text_schema();
  }

  static Json matrix_schema() {
    const Json filters = list_of({{"type", "object"}, {"additionalProperties", text_schema()}, {"minProperties", 1}});
    const Json values{{"type", "array"}, {"minItems", 1}, {"items", text_schema()}};
    const Json named{{"type", "object"}, {"additionalProperties", {{"type", {"array", "object"}}}}};
    return {{"type", "object"},
            {"minProperties", 1},
            {"properties", {{"exclude", filters}, {"include", filters}}},
            {"additionalProperties", {{"anyOf", {values, named}}}}};
  }

  Json definitions_ = Json::object();
};

}  // namespace

std::string scenario_schema() { return SchemaWriter{}.write().dump(2) + "\n"; }

}  // namespace noloss::harness
