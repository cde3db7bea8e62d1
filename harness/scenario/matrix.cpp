#include "harness/scenario/matrix.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <set>

#include "harness/scenario/suggest.hpp"

namespace noloss::harness {
namespace {

constexpr std::size_t kMostCombinations = 10'000;
/// Combinations times nodes of the file: what a check of the whole matrix costs.
constexpr std::size_t kMostWork = 4'000'000;

/// What a parameter may change; the rest belongs to the file as a whole.
constexpr std::array<std::string_view, 9> kSweepable{"release", "brokers",    "producers", "consumers", "network",
                                                     "faults",  "operations", "duration",  "drain"};

std::size_t size_of(const Node& node) {
  std::size_t size = 1;
  for (const NodePtr& item : node.items) size += size_of(*item);
  for (const Entry& entry : node.entries) size += size_of(*entry.value);
  return size;
}

NodePtr without_matrix(const Node& root) {
  auto copy = std::make_shared<Node>(root);
  std::erase_if(copy->entries, [](const Entry& entry) { return entry.key == "matrix"; });
  return copy;
}

void check_value_known(const Node& value, const Parameter& parameter, Problems& problems) {
  std::vector<std::string_view> known;
  for (const Parameter::Value& candidate : parameter.values) known.push_back(candidate.text);
  if (std::find(known.begin(), known.end(), value.text) != known.end()) return;
  problems.add(value.mark, fmt::format("'{}' is never {} in the matrix{}", parameter.path, described(value),
                                       did_you_mean(value.text, known, "its values")));
}

const Parameter* check_parameter(const Entry& pair, std::string_view what, const Matrix& matrix, Problems& problems) {
  std::vector<std::string_view> known;
  for (const Parameter& parameter : matrix.parameters) {
    if (parameter.path == pair.key) return &parameter;
    known.push_back(parameter.path);
  }
  problems.add(pair.key_mark, known.empty() ? fmt::format("'{}' names a parameter, but there is no matrix", what)
                                            : fmt::format("'{}' is no parameter of the matrix{}", shortened(pair.key),
                                                          did_you_mean(pair.key, known, "its parameters")));
  return nullptr;
}

class Expander {
 public:
  Expander(const NodePtr& base, const Grammar& grammar, Problems& problems)
      : base_(base), grammar_(grammar), problems_(problems) {}

  Matrix run(const Entry& whole) {
    const Node& matrix = *whole.value;
    const std::size_t before = problems_.calls();
    for (const Entry& entry : matrix.entries) {
      if (entry.key != "exclude" && entry.key != "include") read_parameter(entry);
    }
    check_nesting();
    const bool sound = problems_.calls() == before && size_allowed(whole.key_mark);
    if (!sound) return {std::move(result_.parameters), {{"base", {}, base_}}};
    combine();
    if (const Entry* entry = matrix.entry("exclude")) exclude(*entry);
    if (const Entry* entry = matrix.entry("include")) include(*entry);
    if (result_.combinations.empty()) {
      if (problems_.calls() == before) problems_.add(whole.key_mark, "no combination of the matrix is left");
      result_.combinations.push_back({"base", {}, base_});
    }
    return std::move(result_);
  }

 private:
  void read_parameter(const Entry& entry) {
    PathResult path = resolve_path(*base_, entry.key, grammar_);
    if (path.error.empty()) path.error = not_sweepable(path.steps.front().key);
    if (!path.error.empty()) {
      problems_.add(entry.key_mark, std::move(path.error));
      return;
    }
    Parameter parameter{entry.key, entry.key_mark, std::move(path.steps), entry.value->is(NodeKind::mapping), {}};
    if (parameter.named) {
      read_alternatives(*entry.value, parameter);
    } else {
      read_values(entry, parameter);
    }
    result_.parameters.push_back(std::move(parameter));
  }

  std::string not_sweepable(std::string_view key) const {
    const bool noun = grammar_.system != nullptr && key == grammar_.system->entity().noun;
    if (noun || grammar_.system == nullptr) return {};
    if (std::find(kSweepable.begin(), kSweepable.end(), key) != kSweepable.end()) return {};
    return fmt::format("'{}' belongs to the whole file and cannot be a parameter; sweepable are: {}, {}", key,
                       grammar_.system->entity().noun, listed(kSweepable));
  }

  void read_alternatives(const Node& alternatives, Parameter& parameter) {
    for (const Entry& entry : alternatives.entries) {
      const Node& value = *entry.value;
      if (!value.is(NodeKind::list) && !value.is(NodeKind::mapping)) {
        problems_.add(value.mark, fmt::format("the alternative '{}' must be a list or a mapping, not {}; single values "
                                              "go into a list: '{}: [...]'",
                                              shortened(entry.key), described(value), shortened(parameter.path)));
      }
      parameter.values.push_back({entry.key, entry.value});
    }
  }

  void read_values(const Entry& entry, Parameter& parameter) {
    if (!entry.value->is(NodeKind::list)) {
      problems_.add(entry.value->mark,
                    fmt::format("the parameter '{}' must be a list of values, or a mapping of names to lists or "
                                "mappings, not {}",
                                shortened(entry.key), described(*entry.value)));
      return;
    }
    if (entry.value->items.empty()) {
      problems_.add(entry.value->mark, fmt::format("the parameter '{}' has no values", shortened(entry.key)));
    }
    std::set<std::string_view> seen;
    for (const NodePtr& item : entry.value->items) {
      if (!item->is(NodeKind::scalar)) {
        problems_.add(item->mark, fmt::format("a value in a list of '{0}' must be a single one, not {1}; give "
                                              "alternatives names: '{0}: {{NAME: ...}}'",
                                              shortened(entry.key), described(*item)));
      } else if (!seen.insert(item->text).second) {
        problems_.add(item->mark, fmt::format("the value '{}' is given twice", shortened(item->text)));
      }
      parameter.values.push_back({item->text, item});
    }
  }

  /// A parameter within another one would be lost when the outer one is replaced.
  void check_nesting() {
    for (const Parameter& inner : result_.parameters) {
      for (const Parameter& outer : result_.parameters) {
        const bool within = &inner != &outer && outer.steps.size() <= inner.steps.size() &&
                            std::equal(outer.steps.begin(), outer.steps.end(), inner.steps.begin());
        if (!within) continue;
        problems_.add(inner.mark, fmt::format("'{}' lies within the parameter '{}'", inner.path, outer.path));
        return;
      }
    }
  }

  bool size_allowed(const Mark& mark) {
    std::size_t count = 1;
    for (const Parameter& parameter : result_.parameters) {
      count *= parameter.values.size();
      if (count <= kMostCombinations) continue;
      problems_.add(mark, fmt::format("the matrix has more than {} combinations", kMostCombinations));
      return false;
    }
    if (count * size_of(*base_) <= kMostWork) return true;
    problems_.add(mark, fmt::format("{} combinations of a file this long are too many", count));
    return false;
  }

  void combine() {
    std::vector<std::size_t> chosen(result_.parameters.size(), 0);
    if (chosen.empty()) return;
    while (true) {
      std::vector<const Parameter::Value*> values;
      for (std::size_t i = 0; i < chosen.size(); ++i) values.push_back(&result_.parameters[i].values[chosen[i]]);
      add(values);
      std::size_t last = chosen.size();
      while (last > 0 && ++chosen[last - 1] == result_.parameters[last - 1].values.size()) chosen[--last] = 0;
      if (last == 0) return;
    }
  }

  void add(const std::vector<const Parameter::Value*>& values) {
    Combination combination;
    combination.tree = base_;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Parameter& parameter = result_.parameters[i];
      combination.parameters.emplace_back(parameter.path, values[i]->text);
      combination.tree = with_value(combination.tree, parameter.steps, values[i]->node, parameter.mark);
    }
    std::size_t salt = 0;
    do {
      combination.id = configuration_id(combination.parameters, salt++);
    } while (!ids_.insert(combination.id).second);
    result_.combinations.push_back(std::move(combination));
  }

  /// The mappings of `exclude` or `include`; others are reported.
  std::vector<const Node*> filters(const Entry& entry) {
    std::vector<const Node*> found;
    if (!entry.value->is(NodeKind::list)) {
      problems_.add(entry.value->mark,
                    fmt::format("'matrix.{}' must be a list of mappings, not {}", entry.key, described(*entry.value)));
      return found;
    }
    for (const NodePtr& item : entry.value->items) {
      if (item->is(NodeKind::mapping) && !item->entries.empty()) {
        found.push_back(item.get());
      } else {
        problems_.add(item->mark, fmt::format("'matrix.{}' must have mappings of parameters to values, not {}",
                                              entry.key, described(*item)));
      }
    }
    return found;
  }

  void exclude(const Entry& entry) {
    for (const Node* filter : filters(entry)) {
      const std::size_t before = problems_.calls();
      check_filter(*filter, "matrix.exclude", result_, problems_);
      const auto removed =
          std::erase_if(result_.combinations, [&](const Combination& c) { return matches(*filter, c); });
      if (removed == 0 && problems_.calls() == before) {
        problems_.add(filter->mark, "this excludes nothing: no combination that is left has these values");
      }
    }
  }

  void include(const Entry& entry) {
    for (const Node* filter : filters(entry)) {
      const std::size_t before = problems_.calls();
      std::vector<Parameter::Value> values;
      for (const Parameter& parameter : result_.parameters) values.push_back(included(*filter, parameter));
      for (const Entry& pair : filter->entries) check_parameter(pair, "matrix.include", result_, problems_);
      if (problems_.calls() != before) continue;
      std::vector<const Parameter::Value*> chosen;
      for (const Parameter::Value& value : values) chosen.push_back(&value);
      const bool known = std::any_of(result_.combinations.begin(), result_.combinations.end(),
                                     [&](const Combination& c) { return matches(*filter, c); });
      if (known) {
        problems_.add(filter->mark, "this combination is in the matrix already");
      } else {
        add(chosen);
        remember(values);
      }
    }
  }

  /// Values that only `include` has are values of the parameter too.
  void remember(const std::vector<Parameter::Value>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::vector<Parameter::Value>& known = result_.parameters[i].values;
      const bool listed =
          std::any_of(known.begin(), known.end(), [&](const auto& v) { return v.text == values[i].text; });
      if (!listed) known.push_back(values[i]);
    }
  }

  Parameter::Value included(const Node& filter, const Parameter& parameter) {
    const Entry* entry = filter.entry(parameter.path);
    if (entry == nullptr) {
      problems_.add(filter.mark,
                    fmt::format("'matrix.include' must name every parameter; '{}' is missing", parameter.path));
      return {};
    }
    if (!entry->value->is(NodeKind::scalar)) {
      problems_.add(entry->value->mark,
                    fmt::format("'{}' must have one value, not {}", parameter.path, described(*entry->value)));
      return {};
    }
    for (const Parameter::Value& value : parameter.values) {
      if (value.text == entry->value->text) return value;
    }
    if (parameter.named) check_value_known(*entry->value, parameter, problems_);
    return {entry->value->text, entry->value};
  }

  const NodePtr& base_;
  const Grammar& grammar_;
  Problems& problems_;
  Matrix result_;
  std::set<std::string> ids_;
};

}  // namespace

std::string Combination::label() const {
  std::vector<std::string> pairs;
  for (const auto& [path, value] : parameters) pairs.push_back(fmt::format("{}={}", path, value));
  return fmt::format("{}", fmt::join(pairs, ", "));
}

Matrix expand_matrix(const NodePtr& root, const Grammar& grammar, Problems& problems) {
  const Entry* entry = root->entry("matrix");
  const NodePtr base = entry == nullptr ? root : without_matrix(*root);
  if (entry != nullptr && (!entry->value->is(NodeKind::mapping) || entry->value->entries.empty())) {
    problems.add(entry->value->mark,
                 fmt::format("'matrix' must be a mapping of dotted paths to values, not {}", described(*entry->value)));
    entry = nullptr;
  }
  if (entry == nullptr) return {{}, {{"base", {}, base}}};
  return Expander{base, grammar, problems}.run(*entry);
}

bool matches(const Node& filter, const Combination& combination) {
  return std::all_of(filter.entries.begin(), filter.entries.end(), [&](const Entry& entry) {
    return std::any_of(combination.parameters.begin(), combination.parameters.end(), [&](const auto& pair) {
      return pair.first == entry.key && entry.value->is(NodeKind::scalar) && pair.second == entry.value->text;
    });
  });
}

void check_filter(const Node& filter, std::string_view what, const Matrix& matrix, Problems& problems) {
  for (const Entry& entry : filter.entries) {
    const Parameter* parameter = check_parameter(entry, what, matrix, problems);
    if (parameter == nullptr) continue;
    if (!entry.value->is(NodeKind::scalar)) {
      problems.add(entry.value->mark,
                   fmt::format("'{}' must have one value, not {}", parameter->path, described(*entry.value)));
    } else {
      check_value_known(*entry.value, *parameter, problems);
    }
  }
}

std::string configuration_id(std::vector<std::pair<std::string, std::string>> parameters, std::size_t salt) {
  std::sort(parameters.begin(), parameters.end());
  std::string text;
  for (const auto& [path, value] : parameters) text += fmt::format("{}={}\n", path, value);
  if (salt > 0) text += fmt::format("#{}\n", salt);
  return fmt::format("c{:08x}", XXH3_64bits(text.data(), text.size()) >> 32U);
}

}  // namespace noloss::harness
