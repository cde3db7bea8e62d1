#include "harness/scenario/tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <optional>
#include <sstream>

#include "harness/scenario/suggest.hpp"
#include "harness/scenario/text_check.hpp"
#include "harness/scenario/yaml_error.hpp"

namespace noloss::harness {
namespace {

constexpr std::size_t kMostLevels = 64;
constexpr std::size_t kMostNodes = 100'000;

/// Thrown through yaml-cpp once a problem makes the rest unreadable.
struct Stop {};

/// Where the text that is parsed stands: the file itself, or a value within a `--set`.
struct Place {
  std::uint32_t source = 0;
  std::uint32_t line_shift = 0;
  std::uint32_t column_shift = 0;
};

/// Collects the events of one document into nodes.
class Builder final : public YAML::EventHandler {
 public:
  Builder(std::string_view text, Place place, Problems& problems)
      : lines_(split_lines(text)), place_(place), problems_(problems) {}

  [[nodiscard]] NodePtr root() const { return root_; }
  [[nodiscard]] const std::vector<std::string_view>& lines() const { return lines_; }

  void OnDocumentStart(const YAML::Mark& at) override {
    if (++documents_ > 1) stop(at, "a second document begins here; a scenario is one document");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& at, YAML::anchor_t /*anchor*/) override { add(node(NodeKind::null, at)); }

  void OnAlias(const YAML::Mark& at, YAML::anchor_t /*anchor*/) override {
    problem(at, "aliases ('*name') are not supported; write the value out");
    add(node(NodeKind::null, at));
  }

  void OnAnchor(const YAML::Mark& at, const std::string& /*name*/) override {
    problem(at, "anchors ('&name') are not supported; write the value out where it is used");
  }

  void OnScalar(const YAML::Mark& at, const std::string& tag, YAML::anchor_t /*anchor*/,
                const std::string& value) override {
    check_tag(at, tag);
    auto scalar = node(NodeKind::scalar, at);
    scalar->text = value;
    scalar->quoted = tag == "!";
    if (at_quote(at)) check_closed(at);
    scalar->mark.length = length_of(at, value);
    if (!scalar->quoted) scalar->cut_by_comment = number_follows(rest_of_line(at).substr(scalar->mark.length));
    add(std::move(scalar));
  }

  void OnSequenceStart(const YAML::Mark& at, const std::string& tag, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {
    begin(NodeKind::list, at, tag);
  }
  void OnMapStart(const YAML::Mark& at, const std::string& tag, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    begin(NodeKind::mapping, at, tag);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapEnd() override { end(); }

  void problem(const YAML::Mark& at, std::string message) { problems_.add(mark(at), std::move(message)); }

  [[nodiscard]] Mark mark(const YAML::Mark& at) const {
    Mark result{place_.source, static_cast<std::uint32_t>(std::max(0, at.line)) + 1 + place_.line_shift,
                static_cast<std::uint32_t>(std::max(0, at.column)) + 1 + place_.column_shift, 1};
    return result;
  }

 private:
  struct Level {
    std::shared_ptr<Node> node;
    std::optional<Entry> key;                    ///< mapping: its value comes next
    std::map<std::string, std::uint32_t> lines;  ///< mapping: the line of each key
  };

  static std::vector<std::string_view> split_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      lines.push_back(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    lines.push_back(text);
    return lines;
  }

  [[noreturn]] void stop(const YAML::Mark& at, std::string message) {
    problem(at, std::move(message));
    throw Stop{};
  }

  /// The text of the line from the mark on.
  [[nodiscard]] std::string_view rest_of_line(const YAML::Mark& at) const {
    if (at.line < 0 || static_cast<std::size_t>(at.line) >= lines_.size()) return {};
    const std::string_view line = lines_[static_cast<std::size_t>(at.line)];
    return line.substr(std::min(static_cast<std::size_t>(std::max(0, at.column)), line.size()));
  }

  [[nodiscard]] bool at_quote(const YAML::Mark& at) const {
    const std::string_view rest = rest_of_line(at);
    return rest.starts_with('"') || rest.starts_with('\'');
  }

  void check_tag(const YAML::Mark& at, const std::string& tag) {
    const bool plain = tag.empty() || tag == "?" || (tag == "!" && !rest_of_line(at).starts_with('!'));
    if (!plain) problem(at, "tags ('!name') are not supported; leave it out");
  }

  /// yaml-cpp takes the end of the text for the end of a quote.
  void check_closed(const YAML::Mark& at) {
    const char quote = rest_of_line(at).front();
    std::string_view rest = rest_of_line(at).substr(1);
    for (auto line = static_cast<std::size_t>(at.line);;) {
      for (std::size_t i = 0; i < rest.size(); ++i) {
        if (quote == '"' && rest[i] == '\\') {
          ++i;
        } else if (rest[i] == quote && quote == '\'' && i + 1 < rest.size() && rest[i + 1] == quote) {
          ++i;
        } else if (rest[i] == quote) {
          return;
        }
      }
      if (++line >= lines_.size()) stop(at, fmt::format("the quote {} is never closed", quote));
      rest = lines_[line];
    }
  }

  /// Bytes of the scalar that stand on its first line.
  [[nodiscard]] std::uint32_t length_of(const YAML::Mark& at, std::string_view value) const {
    const std::string_view rest = rest_of_line(at);
    std::size_t length = rest.size();
    if (!value.empty() && rest.starts_with(value)) {
      length = value.size();
    } else if (at_quote(at)) {
      const std::size_t close = rest.find(rest.front(), 1);
      if (close != std::string_view::npos) length = close + 1;
    }
    while (length > 1 && (rest[length - 1] == ' ' || rest[length - 1] == '\r')) --length;
    return static_cast<std::uint32_t>(std::max<std::size_t>(1, length));
  }

  /// Whether the rest of a line is a comment such as "#40".
  static bool number_follows(std::string_view rest) {
    const std::size_t sign = rest.find_first_not_of(' ');
    if (sign == std::string_view::npos || sign == 0 || rest[sign] != '#' || sign + 1 == rest.size()) return false;
    return rest[sign + 1] >= '0' && rest[sign + 1] <= '9';
  }

  std::shared_ptr<Node> node(NodeKind kind, const YAML::Mark& at) {
    if (++nodes_ > kMostNodes) stop(at, fmt::format("the file has more than {} values", kMostNodes));
    auto fresh = std::make_shared<Node>();
    fresh->kind = kind;
    fresh->mark = mark(at);
    return fresh;
  }

  void begin(NodeKind kind, const YAML::Mark& at, const std::string& tag) {
    check_tag(at, tag);
    if (levels_.size() >= kMostLevels) stop(at, fmt::format("nested too deeply: more than {} levels", kMostLevels));
    levels_.push_back({node(kind, at), std::nullopt, {}});
  }

  void end() {
    NodePtr done = std::move(levels_.back().node);
    levels_.pop_back();
    add(std::move(done));
  }

  void add(NodePtr value) {
    if (levels_.empty()) {
      root_ = std::move(value);
      return;
    }
    Level& level = levels_.back();
    if (level.node->is(NodeKind::list)) {
      level.node->items.push_back(std::move(value));
    } else if (level.key) {
      add_entry(level, std::move(value));
    } else {
      level.key = Entry{value->mark, value->text, nullptr};
      check_key(*value);
    }
  }

  void check_key(const Node& key) {
    if (!key.is(NodeKind::scalar)) problems_.add(key.mark, fmt::format("a key must be a word, not {}", described(key)));
    if (key.text == "<<") problems_.add(key.mark, "merges ('<<') are not supported; write the values out");
  }

  void add_entry(Level& level, NodePtr value) {
    Entry entry = std::move(*level.key);
    level.key.reset();
    const auto [first, fresh] = level.lines.emplace(entry.key, entry.key_mark.line);
    if (!fresh) {
      problems_.add(entry.key_mark,
                    fmt::format("the key '{}' is given twice; the first is on line {}", entry.key, first->second));
      return;
    }
    if (value->is(NodeKind::null)) {
      auto missing = std::make_shared<Node>(*value);
      missing->mark = entry.key_mark;
      value = std::move(missing);
    }
    entry.value = std::move(value);
    level.node->entries.push_back(std::move(entry));
  }

  std::vector<std::string_view> lines_;
  Place place_;
  Problems& problems_;
  std::vector<Level> levels_;
  NodePtr root_;
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

NodePtr parse(std::string_view text, Place place, Problems& problems) {
  Builder builder{text, place, problems};
  const std::size_t before = problems.calls();
  std::istringstream stream{std::string{text}};
  try {
    YAML::Parser parser{stream};
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
    return nullptr;
  } catch (const YAML::Exception& error) {
    const YamlError cause = explain(error, builder.lines());
    builder.problem(cause.mark, cause.message);
    return nullptr;
  }
  return problems.calls() == before ? builder.root() : nullptr;
}

/// The first line that says something, if it is a directive.
std::optional<std::uint32_t> directive_line(std::string_view text) {
  std::uint32_t number = 1;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.starts_with('%')) return number;
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first != std::string_view::npos && line[first] != '#') return std::nullopt;
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
  }
  return std::nullopt;
}

Mark mark_of(std::string_view text, std::size_t position) {
  const std::string_view before = text.substr(0, position);
  const std::size_t line_end = before.rfind('\n');
  const std::size_t begin = line_end == std::string_view::npos ? 0 : line_end + 1;
  return {0, static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1),
          static_cast<std::uint32_t>(position - begin + 1), 1};
}

}  // namespace

const Entry* Node::entry(std::string_view key) const {
  for (const Entry& candidate : entries) {
    if (candidate.key == key) return &candidate;
  }
  return nullptr;
}

const Node* Node::child(std::string_view key) const {
  const Entry* found = entry(key);
  return found == nullptr ? nullptr : found->value.get();
}

std::string described(const Node& node) {
  switch (node.kind) {
    case NodeKind::null: return "nothing";
    case NodeKind::list: return "a list";
    case NodeKind::mapping: return "a mapping";
    case NodeKind::scalar: break;
  }
  return fmt::format("'{}'", shortened(node.text));
}

Mark within(const Node& node, std::size_t offset, std::size_t length) {
  Mark mark = node.mark;
  const std::size_t quote = node.quoted ? 1 : 0;
  if (node.text.size() + 2 * quote != mark.length) return mark;
  mark.column += static_cast<std::uint32_t>(offset + quote);
  mark.length = static_cast<std::uint32_t>(std::max<std::size_t>(1, length));
  return mark;
}

NodePtr parse_tree(std::string_view text, Problems& problems) {
  if (auto wrong = text_problem(text)) {
    problems.add(mark_of(text, wrong->position), std::move(wrong->message));
    return nullptr;
  }
  if (const auto line = directive_line(text)) {
    problems.add({0, *line, 1, 1}, "directives ('%...') are not supported; leave the line out");
    return nullptr;
  }
  const std::size_t before = problems.calls();
  NodePtr root = parse(text, {}, problems);
  if (problems.calls() != before) return nullptr;
  if (root == nullptr || root->is(NodeKind::null)) {
    problems.add({}, "the file is empty; a scenario begins with 'version: 1'");
    return nullptr;
  }
  return root;
}

NodePtr parse_value(std::string_view text, std::uint32_t source, std::uint32_t column, Problems& problems) {
  const auto wrong = text_problem(text);
  if (wrong || text.find('\n') != std::string_view::npos) {
    problems.add({source, source, column, 1}, wrong ? wrong->message : "a value must stand on one line");
    return nullptr;
  }
  const std::size_t before = problems.calls();
  NodePtr root = parse(text, {source, source - 1, column - 1}, problems);
  if (problems.calls() == before && (root == nullptr || root->is(NodeKind::null))) {
    problems.add({source, source, column, 1}, "the value is missing");
    return nullptr;
  }
  return root;
}

}  // namespace noloss::harness
