#include "harness/scenario/path.hpp"

#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <span>

#include "harness/scenario/suggest.hpp"

namespace noloss::harness {
namespace {

class Resolver {
 public:
  Resolver(std::string_view path, const Grammar& grammar) : path_(path), rest_(path), grammar_(grammar) {}

  PathResult run(const Node& root) {
    in_mapping(&root, Section::top);
    return std::move(result_);
  }

 private:
  void fail(std::string error) { result_.error = std::move(error); }

  /// The part of the path that was consumed.
  [[nodiscard]] std::string_view done() const {
    return path_.substr(0, path_.size() - rest_.size() - (rest_.empty() ? 0 : 1));
  }

  void consume(std::size_t length) {
    rest_.remove_prefix(length);
    if (!rest_.empty()) rest_.remove_prefix(1);
  }

  /// Length of the longest key at the front of the rest; 0 if there is none.
  [[nodiscard]] std::size_t longest_key(const Node* node, Section section, Takers takers) const {
    for (std::size_t end = rest_.size(); end != std::string_view::npos && end > 0; end = rest_.rfind('.', end - 1)) {
      const std::string_view key = rest_.substr(0, end);
      const bool in_file = node != nullptr && node->child(key) != nullptr;
      if (in_file || find_field(section, key, takers, grammar_.system) != nullptr) return end;
    }
    return 0;
  }

  void in_mapping(const Node* node, Section section) {
    const Takers takers = node == nullptr ? 0 : takers_of(*node, section);
    const std::size_t length = longest_key(node, section, takers);
    const std::string_view key = rest_.substr(0, length);
    const Field* field = length == 0 ? nullptr : find_field(section, key, takers, grammar_.system);
    if (field == nullptr) return unknown(section);
    result_.steps.push_back({std::string{key}, 0});
    consume(length);
    if (!rest_.empty()) in_value(node == nullptr ? nullptr : node->child(key), *field);
  }

  void unknown(Section section) {
    const std::string_view word = rest_.substr(0, rest_.find('.'));
    std::vector<std::string_view> known;
    for (const Field& field : fields(section)) {
      if (!refused_by(field, grammar_.system)) known.push_back(key_of(field, grammar_.system));
    }
    fail(fmt::format("'{}' leads nowhere: {} has no '{}'{}", shortened(path_),
                     result_.steps.empty() ? "a scenario" : fmt::format("'{}'", done()), shortened(word),
                     did_you_mean(word, known, "known keys")));
  }

  void in_value(const Node* node, const Field& field) {
    const bool listed = field.shape == Shape::list || (node != nullptr && node->is(NodeKind::list));
    if (!listed) return in_item(node, field);
    std::size_t number = 0;
    const std::size_t length = std::min(rest_.find('.'), rest_.size());
    const auto [stop, code] = std::from_chars(rest_.data(), rest_.data() + length, number);
    if (code != std::errc{} || stop != rest_.data() + length) {
      return fail(fmt::format("'{0}' is a list; say which by number, such as '{0}.1.{1}'", done(), shortened(rest_)));
    }
    const std::size_t size = node == nullptr ? 0 : node->items.size();
    if (number == 0 || number > size) return fail(fmt::format("the list '{}' has no number {}", done(), number));
    result_.steps.push_back({{}, number});
    consume(length);
    if (!rest_.empty()) in_item(node->items[number - 1].get(), field);
  }

  void in_item(const Node* node, const Field& field) {
    const bool free_keys = field.type == FieldType::options || field.type == FieldType::values;
    const bool mapping = node == nullptr || node->is(NodeKind::mapping);
    if ((free_keys || field.opens != Section::none) && !mapping) {
      return fail(fmt::format("'{}' is {} here; nothing stands below it", done(), described(*node)));
    }
    const bool option = field.type == FieldType::options && grammar_.system != nullptr;
    if (option && grammar_.option(field.scope, rest_) == nullptr) {
      return fail(grammar_.unknown_option(field.scope, rest_));
    }
    if (free_keys) {
      result_.steps.push_back({std::string{rest_}, 0});
      rest_ = {};
    } else if (field.opens != Section::none) {
      in_mapping(node, field.opens);
    } else {
      fail(fmt::format("'{}' has one value; nothing stands below it", done()));
    }
  }

  std::string_view path_;
  std::string_view rest_;
  const Grammar& grammar_;
  PathResult result_;
};

const Node* step_into(const Node& node, const PathStep& step) {
  if (!step.key.empty()) return node.child(step.key);
  return step.number >= 1 && step.number <= node.items.size() ? node.items[step.number - 1].get() : nullptr;
}

NodePtr replaced(const Node* node, std::span<const PathStep> steps, NodePtr value, Mark mark) {
  if (steps.empty()) return value;
  auto copy = node == nullptr ? std::make_shared<Node>() : std::make_shared<Node>(*node);
  if (node == nullptr || node->is(NodeKind::null)) {
    copy->kind = NodeKind::mapping;
    copy->mark = mark;
  }
  const PathStep& step = steps.front();
  if (step.key.empty()) {
    NodePtr& item = copy->items[step.number - 1];
    item = replaced(item.get(), steps.subspan(1), std::move(value), mark);
    return copy;
  }
  for (Entry& entry : copy->entries) {
    if (entry.key != step.key) continue;
    entry.value = replaced(entry.value.get(), steps.subspan(1), std::move(value), mark);
    return copy;
  }
  copy->entries.push_back({mark, step.key, replaced(nullptr, steps.subspan(1), std::move(value), mark)});
  return copy;
}

}  // namespace

PathResult resolve_path(const Node& root, std::string_view path, const Grammar& grammar) {
  if (path.empty() || path.front() == '.' || path.back() == '.') {
    return {{}, fmt::format("'{}' is not a dotted path", shortened(path))};
  }
  return Resolver{path, grammar}.run(root);
}

const Node* node_at(const Node& root, const std::vector<PathStep>& steps) {
  const Node* node = &root;
  for (const PathStep& step : steps) {
    if (node != nullptr) node = step_into(*node, step);
  }
  return node;
}

Mark nearest_mark(const Node& root, const std::vector<PathStep>& steps) {
  const Node* node = &root;
  Mark mark = root.mark;
  for (const PathStep& step : steps) {
    const Node* next = step_into(*node, step);
    if (next == nullptr) return mark;
    const Entry* entry = step.key.empty() ? nullptr : node->entry(step.key);
    mark = next->is(NodeKind::scalar) || entry == nullptr ? next->mark : entry->key_mark;
    node = next;
  }
  return mark;
}

NodePtr with_value(const NodePtr& root, const std::vector<PathStep>& steps, NodePtr value, Mark mark) {
  return replaced(root.get(), steps, std::move(value), mark);
}

}  // namespace noloss::harness
