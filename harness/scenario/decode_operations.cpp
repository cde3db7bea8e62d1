// `operations:`: what an administrator does, checked against what the system can.
#include <fmt/format.h>

#include <algorithm>

#include "harness/scenario/decode_faults.hpp"
#include "harness/scenario/path.hpp"
#include "harness/scenario/suggest.hpp"

namespace noloss::harness {
namespace {

class OperationReader {
 public:
  OperationReader(const View& view, const NodePtr& root, const Grammar& grammar, const models::Setup& setup,
                  const Names& names)
      : view_(view), root_(root), grammar_(grammar), setup_(setup), names_(names) {}

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
    switch (operation.kind) {
      case OperationKind::start:
      case OperationKind::leave:
      case OperationKind::restart:
      case OperationKind::elect: names_.name(*node, Place::single); break;
      case OperationKind::purge:
      case OperationKind::remove:
      case OperationKind::add_partitions: entity(*node); break;
      case OperationKind::create:
      case OperationKind::set: break;
    }
  }

  void entity(const Node& node) {
    std::vector<std::string_view> known;
    for (const models::EntitySetup& entity : setup_.entities) known.push_back(entity.name);
    if (std::find(known.begin(), known.end(), node.text) != known.end()) return;
    problem(node.mark, fmt::format("there is no {} '{}'{}", grammar_.system->entity().noun, shortened(node.text),
                                   did_you_mean(node.text, known, "there are")));
  }

  /// Each value must be one that the scenario could have had at that path from the start.
  void values(Operation& operation) {
    const Node* node = view_.child("values");
    if (node == nullptr || !node->is(NodeKind::mapping)) return;
    for (const Entry& entry : node->entries) {
      PathResult path = resolve_path(*root_, entry.key, grammar_);
      if (!path.error.empty()) {
        problem(entry.key_mark, std::move(path.error));
        continue;
      }
      const NodePtr changed = with_value(root_, path.steps, entry.value, entry.key_mark);
      const Field* field = find_field(Section::top, path.steps.front().key, 0, grammar_.system);
      const Node* section = changed->child(path.steps.front().key);
      check_value(*section, *field, path.steps.front().key, grammar_, Missing::ignored, names_.problems());
      operation.values.emplace_back(entry.key, entry.value->text);
    }
  }

  const View& view_;
  const NodePtr& root_;
  const Grammar& grammar_;
  const models::Setup& setup_;
  const Names& names_;
};

}  // namespace

std::vector<Operation> decode_operations(const View& top, const NodePtr& root, const Grammar& grammar,
                                         const models::Setup& setup, const Names& names) {
  std::vector<Operation> operations;
  for (const View& view : top.sections("operations")) {
    const Node* word = view.child("do");
    const auto known = operation_words();
    if (word == nullptr || std::find(known.begin(), known.end(), word->text) == known.end()) continue;
    operations.push_back(OperationReader{view, root, grammar, setup, names}.read());
  }
  return operations;
}

}  // namespace noloss::harness
