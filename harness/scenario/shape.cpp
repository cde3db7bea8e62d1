#include "harness/scenario/shape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/scenario/option_text.hpp"
#include "harness/scenario/scalar_check.hpp"
#include "harness/scenario/suggest.hpp"

namespace noloss::harness {
namespace {

std::string below(const std::string& path, std::string_view key) {
  return path.empty() ? std::string{key} : fmt::format("{}.{}", path, key);
}

/// The nouns of all kinds of system: the wrong one deserves its own message.
constexpr std::array<std::string_view, 3> kNouns{"topic", "queue", "stream"};

bool is_noun(std::string_view key) { return std::find(kNouns.begin(), kNouns.end(), key) != kNouns.end(); }

class ShapeChecker {
 public:
  ShapeChecker(const Grammar& grammar, Missing missing, Problems& problems)
      : grammar_(grammar), missing_(missing), problems_(problems) {}

  void mapping(const Node& node, Section section, const std::string& path) {
    const Takers takers = takers_of(node, section);
    for (const Entry& entry : node.entries) {
      const Field* field = find_field(section, entry.key, takers, grammar_.system);
      const bool unknown_noun =
          field == nullptr && section == Section::top && grammar_.system == nullptr && is_noun(entry.key);
      if (unknown_noun) continue;
      if (const models::OptionRow* own = grammar_.own_option(section, entry.key); field == nullptr && own != nullptr) {
        option(entry, *own);
        continue;
      }
      if (field == nullptr) {
        problems_.add(entry.key_mark, unknown_key(entry.key, section, takers, path));
      } else if (const auto refused = refusal(*field, grammar_.system); !refused.empty()) {
        if (grammar_.system != nullptr) {
          problems_.add(entry.key_mark, fmt::format("the {} system {}", grammar_.system->name(), refused));
        }
      } else if (takers != 0 || field->takers == 0) {
        value(*entry.value, *field, below(path, entry.key));
      }
    }
    if (missing_ == Missing::reported) required(node, section, takers, path);
  }

  void value(const Node& node, const Field& field, const std::string& path) {
    if (field.type == FieldType::matrix) return;
    if (node.is(NodeKind::null)) {
      problems_.add(node.mark, fmt::format("'{}' has no value", path));
      return;
    }
    switch (field.shape) {
      case Shape::one: return one(node, field, path);
      case Shape::list: return list(node, field, path);
      case Shape::one_or_list:
        if (!node.is(NodeKind::list)) return one(node, field, path);
        if (node.items.empty()) problems_.add(node.mark, fmt::format("the list '{}' is empty", path));
        return list(node, field, path);
      case Shape::lists: return lists(node, field, path);
    }
  }

 private:
  void list(const Node& node, const Field& field, const std::string& path) {
    if (!node.is(NodeKind::list)) {
      problems_.add(node.mark, fmt::format("'{}' must be a list, not {}", path, described(node)));
      return;
    }
    std::size_t number = 0;
    for (const NodePtr& item : node.items) one(*item, field, fmt::format("{}.{}", path, ++number));
  }

  void lists(const Node& node, const Field& field, const std::string& path) {
    if (!node.is(NodeKind::list)) {
      problems_.add(node.mark, fmt::format("'{}' must be a list of lists, not {}", path, described(node)));
      return;
    }
    std::size_t number = 0;
    for (const NodePtr& item : node.items) list(*item, field, fmt::format("{}.{}", path, ++number));
  }

  void one(const Node& node, const Field& field, const std::string& path) {
    if (node.is(NodeKind::null)) {
      problems_.add(node.mark, fmt::format("'{}' has no value", path));
    } else if (field.type == FieldType::options) {
      options(node, field, path);
    } else if (field.type == FieldType::values) {
      values(node, path);
    } else if (node.is(NodeKind::mapping) && field.opens != Section::none) {
      mapping(node, field.opens, path);
    } else if (!node.is(NodeKind::scalar) || field.type == FieldType::mapping) {
      problems_.add(node.mark, fmt::format("'{}' must be {}, not {}", path, expected(field), described(node)));
    } else if (node.cut_by_comment && (field.type == FieldType::when || field.type == FieldType::moment)) {
      problems_.add(node.mark,
                    fmt::format("the '#' behind '{}' begins a comment; put the moment in quotes", node.text));
    } else if (TextError error = check_scalar(node.text, field, path); !error.message.empty()) {
      problems_.add(within(node, error.part.offset, error.part.length), std::move(error.message));
    }
  }

  void options(const Node& node, const Field& field, const std::string& path) {
    if (!node.is(NodeKind::mapping)) {
      problems_.add(node.mark, fmt::format("'{}' must be a mapping of options, not {}", path, described(node)));
      return;
    }
    if (grammar_.system == nullptr) return;
    for (const Entry& entry : node.entries) {
      const models::OptionRow* row = grammar_.option(field.scope, field.group, entry.key);
      if (row == nullptr) {
        problems_.add(entry.key_mark, grammar_.unknown_option(field.scope, field.group, entry.key));
      } else {
        option(entry, *row);
      }
    }
  }

  void option(const Entry& entry, const models::OptionRow& row) {
    if (entry.value->is(NodeKind::null)) {
      problems_.add(entry.key_mark, fmt::format("the option '{}' has no value", entry.key));
    } else if (!entry.value->is(NodeKind::scalar)) {
      problems_.add(entry.value->mark,
                    fmt::format("the option '{}' takes one value, not {}", entry.key, described(*entry.value)));
    } else if (OptionResult parsed = parse_option(row, entry.value->text); !parsed.value) {
      problems_.add(entry.value->mark, std::move(parsed.error));
    }
  }

  void values(const Node& node, const std::string& path) {
    if (!node.is(NodeKind::mapping)) {
      problems_.add(node.mark, fmt::format("'{}' must be a mapping of paths to values, not {}", path, described(node)));
      return;
    }
    for (const Entry& entry : node.entries) {
      if (entry.value->is(NodeKind::scalar)) continue;
      problems_.add(entry.value->mark,
                    fmt::format("'{}' must be one value, not {}", below(path, entry.key), described(*entry.value)));
    }
  }

  /// Keys that could stand in the mapping, in the words of the system.
  std::vector<std::string_view> known_keys(Section section, Takers takers) const {
    std::vector<std::string_view> known;
    for (const Field& field : fields(section)) {
      const std::string_view key = key_of(field, grammar_.system);
      const bool takes = field.takers == 0 || takers == 0 || (field.takers & takers) != 0;
      if (!takes || !refusal(field, grammar_.system).empty() || key.empty()) continue;
      if (known.empty() || known.back() != key) known.push_back(key);
    }
    if (section == Section::entity) {
      for (const std::string_view own : grammar_.option_names(models::OptionScope::entity, "")) known.push_back(own);
    }
    return known;
  }

  std::string unknown_key(std::string_view key, Section section, Takers takers, const std::string& path) const {
    const std::string full = shortened(below(path, key));
    if (section == Section::top && is_noun(key)) {
      return fmt::format("the {0} system has no '{1}'; what it declares is '{2}'", grammar_.system->name(), key,
                         grammar_.system->entity().noun);
    }
    if (const Field* other = find_field(section, key, 0, grammar_.system); other != nullptr) {
      return not_taken(key, section, takers);
    }
    if (const std::string home = home_of(key, section); !home.empty()) {
      return fmt::format("'{}' does not stand here; did you mean '{}'?", shortened(key), home);
    }
    return fmt::format("unknown key '{}'{}", full, did_you_mean(key, known_keys(section, takers), "known keys"));
  }

  /// A key of the section that this action or operation does not take.
  std::string not_taken(std::string_view key, Section section, Takers takers) const {
    std::vector<std::string_view> own;
    for (const Field& field : fields(section)) {
      if ((field.takers & takers) != 0) own.push_back(field.key);
    }
    std::size_t index = 0;
    while ((takers >> index) != 1) ++index;
    const auto words = section == Section::fault ? action_words() : operation_words();
    const std::string_view word = words[index];
    if (own.empty()) return fmt::format("{} does not take '{}'", word, key);
    return fmt::format("{} does not take '{}'; it takes: {}", word, key, listed(own));
  }

  /// Where a key that is wrong here would be right: one level further down.
  std::string home_of(std::string_view key, Section section) const {
    for (const Field& field : fields(section)) {
      const std::string_view name = key_of(field, grammar_.system);
      if (field.type == FieldType::options && grammar_.option(field.scope, field.group, key) != nullptr) {
        return fmt::format("{}.{}", name, key);
      }
      const bool common = field.opens == Section::none || field.shape == Shape::list || section == Section::expect;
      if (common) continue;
      const Field* inner = find_field(field.opens, key, 0, grammar_.system);
      if (inner != nullptr && refusal(*inner, grammar_.system).empty()) return fmt::format("{}.{}", name, key);
    }
    return {};
  }

  void required(const Node& node, Section section, Takers takers, const std::string& path) {
    for (const Field& field : fields(section)) {
      const bool applies = field.takers == 0 || (field.takers & takers) != 0;
      if (field.need == Need::optional || !applies || node.child(field.key) != nullptr) continue;
      std::string hint;
      if (unit_of(field.type) != Unit::none) hint = fmt::format("; it must be {}", expected(field));
      problems_.add(node.mark, fmt::format("'{}' is missing{}", below(path, field.key), hint));
    }
  }

  const Grammar& grammar_;
  Missing missing_;
  Problems& problems_;
};

}  // namespace

const models::OptionRow* Grammar::option(models::OptionScope scope, std::string_view group,
                                         std::string_view name) const {
  for (const models::OptionRow& row : options) {
    if (row.scope == scope && row.group == group && row.name == name) return &row;
  }
  return nullptr;
}

const models::OptionRow* Grammar::own_option(Section section, std::string_view name) const {
  return section == Section::entity ? option(models::OptionScope::entity, "", name) : nullptr;
}

std::vector<std::string_view> Grammar::option_names(models::OptionScope scope, std::string_view group) const {
  std::vector<std::string_view> names;
  for (const models::OptionRow& row : options) {
    if (row.scope == scope && row.group == group) names.push_back(row.name);
  }
  return names;
}

namespace {

/// "releases 3.7 to 3.13 have it"; empty: none has.
std::string other_releases(const models::System& system, models::OptionScope scope, std::string_view group,
                           std::string_view name) {
  std::vector<std::string_view> having;
  for (const std::string_view release : system.releases()) {
    const auto rows = system.options(release);
    const bool has = std::any_of(rows.begin(), rows.end(), [&](const models::OptionRow& row) {
      return row.scope == scope && row.group == group && row.name == name;
    });
    if (has) having.push_back(release);
  }
  if (having.empty()) return {};
  if (having.size() == 1) return fmt::format("release {} has it", having.front());
  return fmt::format("releases {} to {} have it", having.front(), having.back());
}

}  // namespace

std::string Grammar::unknown_option(models::OptionScope scope, std::string_view group, std::string_view name) const {
  const std::vector<std::string_view> known = option_names(scope, group);
  const std::string_view who = owner(scope, *system);
  if (known.empty()) return fmt::format("a {} of the {} system has no options", who, system->name());
  const std::string elsewhere = other_releases(*system, scope, group, name);
  if (!elsewhere.empty()) {
    return fmt::format("this release of {} has no {} option '{}'; {}", system->name(), who, name, elsewhere);
  }
  const std::string_view meant = nearest(name, known);
  return fmt::format("the {} system has no {} option '{}'; {} {}", system->name(), who, shortened(name),
                     meant.empty() ? "it has:" : fmt::format("did you mean '{}'? It has:", meant), listed(known));
}

Takers takers_of(const Node& mapping, Section section) {
  if (section != Section::fault && section != Section::operation) return 0;
  const Node* word = mapping.child(section == Section::fault ? "action" : "do");
  const auto words = section == Section::fault ? action_words() : operation_words();
  for (std::size_t i = 0; word != nullptr && i < words.size(); ++i) {
    if (word->is(NodeKind::scalar) && words[i] == word->text) return Takers{1} << i;
  }
  return 0;
}

void check_shape(const Node& node, Section section, const std::string& path, const Grammar& grammar, Missing missing,
                 Problems& problems) {
  ShapeChecker{grammar, missing, problems}.mapping(node, section, path);
}

bool check_value(const Node& node, const Field& field, const std::string& path, const Grammar& grammar, Missing missing,
                 Problems& problems) {
  const std::size_t before = problems.calls();
  ShapeChecker{grammar, missing, problems}.value(node, field, path);
  return problems.calls() == before;
}

}  // namespace noloss::harness
