// `operations:`: what an administrator does, checked against what the system can.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "harness/scenario/decode_faults.hpp"
#include "harness/scenario/option_text.hpp"
#include "harness/scenario/path.hpp"
#include "harness/scenario/suggest.hpp"

namespace noloss::harness {
namespace {

/// What the operations above have made of the cluster, each after the other. Moments may come in another order; then
/// the system refuses what it cannot do.
struct Course {
  models::Setup setup;
  bool sound = false;  ///< the system had no objection to the setup so far
  std::set<std::string, std::less<>> absent;
};

class OperationReader {
 public:
  OperationReader(const View& view, const NodePtr& root, const Grammar& grammar, Course& course, const Names& names)
      : view_(view), root_(root), grammar_(grammar), course_(course), names_(names) {}

  Operation read() {
    Operation operation;
    operation.kind = view_.choice<OperationKind>("do");
    operation.line = view_.mark().source == 0 ? view_.mark().line : 0;
    const std::string word = view_.text("do");
    const auto known = grammar_.system->operations();
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      problem(view_.mark("do"), fmt::format("the {} system does not {}; it can: {}", grammar_.system->name(), word,
                                            known.empty() ? "nothing" : listed(known)));
      return operation;
    }
    operation.at = names_.when(view_, "at");
    target(operation);
    if (operation.kind == OperationKind::set) values(operation);
    if (operation.kind == OperationKind::add_partitions) operation.count = view_.count("count");
    if (operation.kind == OperationKind::elect) operation.unclean = view_.flag("unclean");
    return operation;
  }

 private:
  void problem(const Mark& mark, std::string message) { names_.problems().add(mark, std::move(message)); }

  void target(Operation& operation) {
    const Node* node = view_.child("target");
    if (node == nullptr || !node->is(NodeKind::scalar)) return;
    operation.target = node->text;
    switch (target_of(operation.kind)) {
      case OperationTarget::node: names_.name(*node, Place::single); break;
      case OperationTarget::entity: entity(*node, operation.kind); break;
      case OperationTarget::options: break;
    }
  }

  void entity(const Node& node, OperationKind kind) {
    const std::string_view noun = grammar_.system->entity().noun;
    std::vector<std::string_view> known;
    for (const models::EntitySetup& entity : course_.setup.entities) known.push_back(entity.name);
    if (std::find(known.begin(), known.end(), node.text) == known.end()) {
      problem(node.mark, fmt::format("there is no {} '{}'{}", noun, shortened(node.text),
                                     did_you_mean(node.text, known, "there are")));
      return;
    }
    const auto place = std::find(known.begin(), known.end(), node.text) - known.begin();
    const auto& setup = course_.setup.entities[static_cast<std::size_t>(place)];
    if (std::string why = grammar_.system->refusal(view_.text("do"), setup); !why.empty()) {
      problem(node.mark, std::move(why));
    }
    const bool absent = course_.absent.contains(node.text);
    if (kind == OperationKind::create && !absent) {
      problem(node.mark, fmt::format("there is a {} '{}' by then", noun, node.text));
    } else if (kind != OperationKind::create && absent) {
      problem(node.mark, fmt::format("there is no {} '{}' by then: it was deleted above", noun, node.text));
    }
    if (kind == OperationKind::create) course_.absent.erase(node.text);
    if (kind == OperationKind::remove) course_.absent.insert(node.text);
  }

  /// Each value must be one that the scenario could have had at that path from the start.
  void values(Operation& operation) {
    const Node* node = view_.child("values");
    if (node == nullptr || !node->is(NodeKind::mapping)) return;
    const std::size_t before = names_.problems().calls();
    for (const Entry& entry : node->entries) value(entry, operation);
    if (names_.problems().calls() == before) allowed_together(*node, operation);
  }

  void value(const Entry& entry, Operation& operation) {
    PathResult path = resolve_path(*root_, entry.key, grammar_);
    if (!path.error.empty()) return problem(entry.key_mark, std::move(path.error));
    models::OptionChange change;
    const models::OptionRow* row = option_at(path.steps, change);
    if (row == nullptr || !row->dynamic) return problem(entry.key_mark, not_changed(entry.key, row, change.scope));
    if (!entry.value->is(NodeKind::scalar)) return;
    OptionResult parsed = parse_option(*row, entry.value->text);
    if (!parsed.value) return problem(entry.value->mark, std::move(parsed.error));
    if (!parsed.value->number.fixed()) {
      return problem(entry.value->mark, fmt::format("'{}' is set to one value, not to a range", row->name));
    }
    change.value = std::move(*parsed.value);
    operation.changes.push_back(std::move(change));
  }

  /// The row to which the path leads; null if it leads to something else. Fills in all of `change` but the value.
  const models::OptionRow* option_at(const std::vector<PathStep>& steps, models::OptionChange& change) const {
    using enum models::OptionScope;
    const std::array scopes{broker, entity, producer, consumer};
    const auto scope = std::find_if(scopes.begin(), scopes.end(), [&](models::OptionScope each) {
      return owner_key(each, *grammar_.system) == steps.front().key;
    });
    if (scope == scopes.end()) return nullptr;
    change.scope = *scope;
    std::size_t at = 1;
    if (at < steps.size() && steps[at].key.empty()) {
      change.entity = static_cast<std::uint32_t>(steps[at].number - 1);
      ++at;
    }
    if (at == steps.size() || at + 2 < steps.size()) return nullptr;
    const std::string group = at + 1 == steps.size() ? std::string{} : steps[at].key;
    change.name = steps.back().key;
    return grammar_.option(change.scope, group, change.name);
  }

  std::string not_changed(std::string_view path, const models::OptionRow* row, models::OptionScope scope) const {
    const std::string_view system = grammar_.system->name();
    if (row == nullptr) {
      return fmt::format("'{}' is no option; `noloss list options {}` says which ones change while it runs",
                         shortened(path), system);
    }
    std::vector<std::string_view> known;
    for (const models::OptionRow& other : grammar_.options) {
      if (other.dynamic && other.scope == scope) known.push_back(other.name);
    }
    const std::string can = known.empty() ? std::string{} : fmt::format("; it can change: {}", listed(known));
    return fmt::format("the {} system does not change the {} option '{}' while it runs{}", system,
                       owner(scope, *grammar_.system), row->name, can);
  }

  /// The rules of the system hold after the change as they did before.
  void allowed_together(const Node& values, const Operation& operation) {
    models::Setup changed = course_.setup;
    for (const models::OptionChange& change : operation.changes) {
      models::OptionValues& config =
          change.scope == models::OptionScope::broker ? changed.brokers.config : changed.entities[change.entity].config;
      config.set(change.name, change.value);
    }
    if (!course_.sound) return;
    const std::vector<models::SetupProblem> problems = grammar_.system->validate(changed);
    for (const models::SetupProblem& found : problems) problem(values.mark, found.message);
    if (problems.empty()) course_.setup = std::move(changed);
  }

  const View& view_;
  const NodePtr& root_;
  const Grammar& grammar_;
  Course& course_;
  const Names& names_;
};

/// Those whose `do` is a word that somebody knows; the others were reported.
std::vector<View> known_operations(const View& top) {
  std::vector<View> operations = top.sections("operations");
  std::erase_if(operations, [](const View& view) {
    const Node* word = view.child("do");
    const auto known = operation_words();
    return word == nullptr || std::find(known.begin(), known.end(), word->text) == known.end();
  });
  return operations;
}

}  // namespace

std::vector<std::string> created_later(const View& top) {
  std::set<std::string> seen;
  std::vector<std::string> later;
  for (const View& view : known_operations(top)) {
    const auto kind = view.choice<OperationKind>("do");
    if (target_of(kind) != OperationTarget::entity || !seen.insert(view.text("target")).second) continue;
    if (kind == OperationKind::create) later.push_back(view.text("target"));
  }
  return later;
}

std::vector<Operation> decode_operations(const View& top, const NodePtr& root, const Grammar& grammar,
                                         const models::Setup& setup, const Names& names) {
  Course course{setup, names.problems().empty() && grammar.system->validate(setup).empty(), {}};
  for (const models::EntitySetup& entity : setup.entities) {
    if (!entity.exists) course.absent.insert(entity.name);
  }
  std::vector<Operation> operations;
  for (const View& view : known_operations(top)) {
    operations.push_back(OperationReader{view, root, grammar, course, names}.read());
  }
  return operations;
}

}  // namespace noloss::harness
