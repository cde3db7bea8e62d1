// Concrete plans: the words of `faults:` with every fault placed, every range drawn, and `draw` fixed.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "harness/scenario/decode_faults.hpp"
#include "harness/scenario/moment.hpp"
#include "harness/scenario/reader.hpp"
#include "harness/scenario/text_check.hpp"
#include "harness/scenario/tree_text.hpp"

namespace noloss::harness {
namespace {

using sim::Action;
using sim::Fault;
using sim::PartitionShape;
using sim::Quantity;

/// One fault as `key: value` pairs; what is the default of its row is left out.
class FaultWriter {
 public:
  explicit FaultWriter(const Fault& fault) : fault_(fault) {}

  std::string write() {
    if (fault_.at.placed()) put("at", write_when(fault_.at));
    put("action", sim::name(fault_.action));
    if (fault_.action == Action::partition) {
      partition();
    } else {
      put_target("target");
    }
    if (fault_.every > 0) put("every", fmt::format("{}", fault_.every));
    const std::int64_t usual = fault_.every > 0 ? sim::kUnlimited : 1;
    if (fault_.count != Quantity{usual}) put("count", write_quantity(fault_.count, Unit::none));
    extent();
    options();
    put("draw", fmt::format("{}", fault_.draw));
    return fmt::format("{{{}}}", fmt::join(pairs_, ", "));
  }

 private:
  void put(std::string_view key, std::string_view value) {
    pairs_.push_back(fmt::format("{}: {}", key, quoted(value)));
  }

  [[nodiscard]] const Field& row(std::string_view key) const {
    return *find_field(Section::fault, key, taker(fault_.action), nullptr);
  }
  [[nodiscard]] bool takes(std::string_view key) const {
    return find_field(Section::fault, key, taker(fault_.action), nullptr) != nullptr;
  }

  void put_quantity(std::string_view key, Quantity value) {
    const Field& field = row(key);
    const std::string text = write_quantity(value, unit_of(field.type));
    const auto usual = parse_quantity(field.default_value, unit_of(field.type), field.ranges).value;
    if (!usual || *usual != value) put(key, text);
  }

  template <typename Enum>
  void put_choice(std::string_view key, Enum value) {
    const std::string_view word = row(key).choices[static_cast<std::size_t>(value)];
    if (word != row(key).default_value) put(key, word);
  }

  enum class Flag : std::uint8_t { no, yes };

  void put_flag(std::string_view key, Flag value) {
    const std::string_view word = value == Flag::yes ? "true" : "false";
    if (word != row(key).default_value) put(key, word);
  }

  void put_list(std::string_view key, const std::vector<std::string>& words) {
    std::vector<std::string> items;
    for (const std::string& word : words) items.push_back(quoted(word));
    pairs_.push_back(fmt::format("{}: [{}]", key, fmt::join(items, ", ")));
  }

  void put_target(std::string_view key) {
    if (!fault_.peer.empty()) {
      put(key, fmt::format("{} -> {}", fault_.target, fault_.peer));
    } else if (!fault_.target.empty()) {
      put(key, fault_.target);
    }
  }

  void partition() {
    switch (fault_.shape) {
      case PartitionShape::isolate: put_target("isolate"); break;
      case PartitionShape::halves: put("halves", "true"); break;
      case PartitionShape::bridge: put("bridge", "true"); break;
      case PartitionShape::one_way: put_target("one_way"); break;
      case PartitionShape::sides: sides(); break;
    }
    put_choice("clients", fault_.clients);
  }

  void sides() {
    std::vector<std::string> sides;
    for (const std::vector<std::string>& side : fault_.sides) {
      std::vector<std::string> names;
      for (const std::string& name : side) names.push_back(quoted(name));
      sides.push_back(fmt::format("[{}]", fmt::join(names, ", ")));
    }
    pairs_.push_back(fmt::format("sides: [{}]", fmt::join(sides, ", ")));
  }

  void extent() {
    if (!takes("duration") || !fault_.restart) return;
    if (fault_.until) {
      put("until", write_moment(*fault_.until));
    } else {
      put_quantity("duration", fault_.duration);
    }
  }

  void options() {
    switch (fault_.action) {
      case Action::power_loss:
        if (fault_.keep) {
          put_list("keep", *fault_.keep);
        } else {
          put_choice("unsynced", fault_.unsynced);
        }
        break;
      case Action::wipe:
        if (fault_.new_identity) put("identity", "new");
        break;
      case Action::fsync_error:
        put_choice("semantics", fault_.semantics);
        put_flag("once", fault_.once ? Flag::yes : Flag::no);
        break;
      case Action::disk_slow:
        if (!fault_.stall) put_quantity("factor", fault_.factor);
        put_flag("stall", fault_.stall ? Flag::yes : Flag::no);
        break;
      case Action::disk_error:
      case Action::corrupt:
        put_quantity("blocks", fault_.blocks);
        put_choice("in", fault_.in);
        if (fault_.action == Action::corrupt) put_choice("with", fault_.with);
        break;
      case Action::kill: put_flag("restart", fault_.restart ? Flag::yes : Flag::no); break;
      case Action::clock_skew:
        put("by", write_quantity(fault_.by, Unit::duration));
        put_quantity("rate", fault_.clock_rate);
        break;
      case Action::handler_error:
        if (fault_.times != 1) put("times", fault_.times < 0 ? "always" : fmt::format("{}", fault_.times));
        break;
      case Action::drop: put_choice("side", fault_.side); break;
      case Action::loss: put_quantity("rate", fault_.rate); break;
      case Action::delay:
        put_quantity("by", fault_.by);
        if (!fault_.message.empty()) put("message", fault_.message);
        break;
      case Action::slow: put_quantity("bandwidth", fault_.bandwidth); break;
      default: break;
    }
  }

  const Fault& fault_;
  std::vector<std::string> pairs_;
};

}  // namespace

PlanResult read_plan(std::string_view file, std::string_view text, const Scenario& scenario,
                     const Configuration& configuration) {
  text = without_byte_order_mark(text);
  const Sources sources{file, text};
  Problems problems;
  PlanResult result;
  const NodePtr root = parse_tree(text, problems);
  if (root != nullptr && !root->is(NodeKind::mapping)) {
    problems.add(root->mark, fmt::format("a plan is a mapping with 'version' and 'faults', not {}", described(*root)));
  } else if (root != nullptr) {
    const Grammar grammar{Grammar::Kind::plan, scenario.system, scenario.system->options(scenario.release)};
    check_shape(*root, Section::plan, "", grammar, Missing::reported, problems);
    const Cast cast{*scenario.system, configuration.setup, Counts::known};
    const View top{root.get(), Section::plan, "", grammar, root->mark};
    result.plan = decode_faults(top, grammar, Names{cast, problems}, std::nullopt);
  }
  result.problems = problems.sorted(sources);
  if (!result.problems.empty()) result.plan.reset();
  return result;
}

std::string write_plan(const sim::FaultPlan& plan, std::string_view about) {
  std::string text = "version: 1\n";
  if (!about.empty()) text += fmt::format("about: {}\n", quoted(about));
  if (plan.empty()) return text + "faults: []\n";
  text += "faults:\n";
  for (const Fault& fault : plan) text += fmt::format("  - {}\n", FaultWriter{fault}.write());
  return text;
}

std::string plan_line(const sim::FaultPlan& plan) {
  std::vector<std::string> faults;
  for (const Fault& fault : plan) faults.push_back(FaultWriter{fault}.write());
  return fmt::format("[{}]", fmt::join(faults, ", "));
}

}  // namespace noloss::harness
