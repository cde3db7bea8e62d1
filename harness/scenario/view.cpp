#include "harness/scenario/view.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/scenario/scalar_check.hpp"

namespace noloss::harness {

View::View(const Node* node, Section section, std::string path, const Grammar& grammar, Mark fallback)
    : node_(node != nullptr && node->is(NodeKind::mapping) ? node : nullptr),
      section_(section),
      path_(std::move(path)),
      grammar_(&grammar),
      mark_(node != nullptr ? node->mark : fallback),
      takers_(node_ != nullptr ? takers_of(*node_, section) : 0) {}

const Field& View::field(std::string_view key) const {
  // Not by the system's spelling: the callers use the table's own keys.
  const Field* found = find_field(section_, key, takers_, nullptr);
  if (found == nullptr) found = find_field(section_, key, 0, nullptr);
  return *found;
}

const Node* View::child(std::string_view key) const {
  if (node_ == nullptr) return nullptr;
  const Node* found = node_->child(key_of(field(key), grammar_->system));
  return found == nullptr || found->is(NodeKind::null) ? nullptr : found;
}

Mark View::mark(std::string_view key) const {
  const Node* found = child(key);
  return found == nullptr ? mark_ : found->mark;
}

Mark View::key_mark(std::string_view key) const {
  const Entry* entry = node_ == nullptr ? nullptr : node_->entry(key_of(field(key), grammar_->system));
  return entry == nullptr ? mark_ : entry->key_mark;
}

std::string View::path(std::string_view key) const {
  const std::string_view spelled = key_of(field(key), grammar_->system);
  return path_.empty() ? std::string{spelled} : fmt::format("{}.{}", path_, spelled);
}

std::string View::text(std::string_view key) const {
  const Field& row = field(key);
  const Node* found = child(key);
  const bool usable = found != nullptr && found->is(NodeKind::scalar) && row.type != FieldType::mapping &&
                      check_scalar(found->text, row, key).message.empty();
  return usable ? found->text : std::string{row.default_value};
}

sim::Quantity View::quantity(std::string_view key) const {
  const Field& row = field(key);
  return parse_quantity(text(key), unit_of(row.type), row.type == FieldType::seeds ? Ranges::allowed : row.ranges)
      .value.value_or(sim::Quantity{});
}

std::vector<std::string> View::words(std::string_view key) const {
  std::vector<std::string> words;
  const Node* found = child(key);
  if (found == nullptr || !found->is(NodeKind::list)) return words;
  for (const NodePtr& item : found->items) {
    if (item->is(NodeKind::scalar)) words.push_back(item->text);
  }
  return words;
}

std::size_t View::choice_index(std::string_view key) const {
  const Field& row = field(key);
  const std::string word = text(key);
  const auto place = std::find(row.choices.begin(), row.choices.end(), word);
  return place == row.choices.end() ? 0 : static_cast<std::size_t>(place - row.choices.begin());
}

bool View::opened(std::string_view key) const {
  const Node* found = child(key);
  return found != nullptr && found->is(NodeKind::mapping);
}

View View::section(std::string_view key) const {
  return View{child(key), field(key).opens, path(key), *grammar_, mark_};
}

std::vector<View> View::sections(std::string_view key) const {
  std::vector<View> views;
  const Node* found = child(key);
  if (found == nullptr) return views;
  if (!found->is(NodeKind::list)) {
    return field(key).shape == Shape::one_or_list ? std::vector<View>{section(key)} : views;
  }
  for (const NodePtr& item : found->items) {
    views.emplace_back(item.get(), field(key).opens, fmt::format("{}.{}", path(key), views.size() + 1), *grammar_,
                       found->mark);
  }
  return views;
}

}  // namespace noloss::harness
