// `faults:`: each fault with the rules that join several of its keys.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <set>

#include "harness/scenario/decode_faults.hpp"
#include "harness/scenario/scalar_check.hpp"
#include "harness/scenario/suggest.hpp"
#include "sim/unsynced.hpp"

namespace noloss::harness {
namespace {

using sim::Action;

/// The keys of the shapes of a partition, in the order of sim::PartitionShape.
constexpr std::array<std::string_view, 5> kShapes{"isolate", "halves", "bridge", "one_way", "sides"};

class FaultReader {
 public:
  FaultReader(const View& view, const Grammar& grammar, const Names& names, std::optional<sim::VirtualTime> end)
      : view_(view), plan_(grammar.kind == Grammar::Kind::plan), names_(names), end_(end) {}

  sim::Fault read() {
    fault_.action = view_.choice<Action>("action");
    fault_.line = view_.mark().source == 0 ? view_.mark().line : 0;
    placement();
    extent();
    options();
    if (fault_.action == Action::partition) {
      partition();
    } else {
      target();
    }
    if (plan_) check_drawn();
    return std::move(fault_);
  }

 private:
  template <typename... Args>
  void problem(const Mark& mark, fmt::format_string<Args...> form, Args&&... args) {
    names_.problems().add(mark, fmt::format(form, std::forward<Args>(args)...));
  }

  [[nodiscard]] std::string_view action() const { return sim::name(fault_.action); }

  void placement() {
    fault_.at = names_.when(view_, "at");
    if (view_.has("every")) fault_.every = static_cast<std::uint64_t>(view_.integer("every"));
    fault_.count = view_.quantity("count");
    if (fault_.every > 0 && !view_.has("count")) fault_.count = sim::Quantity{sim::kUnlimited};
    if (view_.has("draw")) read_draw();
    if (view_.has("draw") && !view_.has("at")) {
      problem(view_.key_mark("draw"), "a fault without 'at' is placed and drawn by each seed; 'draw' needs 'at'");
    }
    const bool counted = fault_.at.moment && fault_.at.moment->number == 0;
    if (view_.has("every") && !counted && (fault_.at.placed() || !view_.has("at"))) {
      problem(view_.key_mark("every"), "'every' needs a moment without '#' in 'at', such as 'broker-1 append'");
    }
    if (view_.has("at") && view_.has("count") && !view_.has("every") && fault_.count != sim::Quantity{1}) {
      problem(view_.mark("count"), "a fault with 'at' acts once; 'count' is for faults without 'at', or with 'every'");
    }
    if (plan_ && !view_.has("at"))
      problem(view_.mark(), "'{}' is missing: a plan places every fault", view_.path("at"));
    if (end_ && fault_.at.time && *fault_.at.time > *end_) {
      problem(view_.mark("at"), "this is after the end of the disturb phase ({}) and would never act",
              write_quantity(sim::Quantity{end_->time_since_epoch()}, Unit::duration));
    }
  }

  void read_draw() {
    const std::string text = view_.text("draw");
    std::from_chars(text.data(), text.data() + text.size(), fault_.draw);
  }

  void extent() {
    fault_.duration = has_row("duration") ? view_.quantity("duration") : fault_.duration;
    if (!has_row("until")) return;
    fault_.until = names_.moment(view_, "until");
    if (view_.has("until") && view_.has("duration")) {
      problem(view_.key_mark("until"), "'until' and 'duration' both say when it ends; write one of them");
    }
  }

  /// Whether the action takes the key.
  [[nodiscard]] bool has_row(std::string_view key) const {
    return find_field(Section::fault, key, taker(fault_.action), nullptr) != nullptr;
  }

  void options() {
    switch (fault_.action) {
      case Action::power_loss: power_loss(); break;
      case Action::wipe: fault_.new_identity = view_.text("identity") == "new"; break;
      case Action::fsync_error:
        fault_.semantics = view_.choice<sim::FsyncSemantics>("semantics");
        fault_.once = view_.flag("once");
        break;
      case Action::disk_slow: disk_slow(); break;
      case Action::disk_error:
      case Action::corrupt:
        fault_.blocks = view_.quantity("blocks");
        fault_.in = view_.choice<sim::FileClass>("in");
        if (fault_.action == Action::corrupt) fault_.with = view_.choice<sim::Damage>("with");
        break;
      case Action::kill: kill(); break;
      case Action::clock_skew: clock_skew(); break;
      case Action::handler_error: fault_.times = times_of(view_.text("times")); break;
      case Action::drop: fault_.side = view_.choice<sim::Side>("side"); break;
      case Action::loss: fault_.rate = view_.quantity("rate"); break;
      case Action::delay: delay(); break;
      case Action::slow: fault_.bandwidth = view_.quantity("bandwidth"); break;
      default: break;
    }
  }

  void power_loss() {
    fault_.unsynced = view_.choice<sim::Unsynced>("unsynced");
    const Node* keep = view_.child("keep");
    if (keep == nullptr || !keep->is(NodeKind::list)) return;
    if (view_.has("unsynced")) {
      problem(view_.key_mark("keep"), "'unsynced' and 'keep' both say what survives; write one of them");
    }
    fault_.keep.emplace();
    for (const NodePtr& item : keep->items) {
      if (!item->is(NodeKind::scalar)) continue;  // reported by the check of shapes
      if (!sim::parse_unsynced(item->text)) {
        problem(item->mark,
                "'{}' names nothing on a disk; write 'NODE FILE page N', 'NODE FILE truncation N' or "
                "'NODE FILE name N'",
                shortened(item->text));
      }
      fault_.keep->push_back(item->text);
    }
  }

  void disk_slow() {
    fault_.factor = view_.quantity("factor");
    fault_.stall = view_.flag("stall");
    if (fault_.stall && view_.has("factor")) {
      problem(view_.key_mark("factor"), "a disk that stalls has no 'factor'; write one of them");
    }
  }

  void kill() {
    fault_.restart = view_.flag("restart");
    for (const std::string_view key : {"duration", "until"}) {
      if (!fault_.restart && view_.has(key)) {
        problem(view_.key_mark(key), "'restart: false' waits for the end of the disturb phase; leave out '{}'", key);
      }
    }
  }

  void clock_skew() {
    fault_.by = view_.quantity("by");
    fault_.clock_rate = view_.quantity("rate");
    if (!view_.has("by") && !view_.has("rate")) {
      problem(view_.mark(), "clock_skew changes nothing without 'by' or 'rate'");
    }
  }

  void delay() {
    fault_.by = view_.quantity("by");
    const Node* message = view_.child("message");
    if (message == nullptr || !message->is(NodeKind::scalar)) return;
    fault_.message = message->text;
    std::string wrong = names_.cast().message_problem(message->text);
    if (!wrong.empty()) problem(message->mark, "{}", wrong);
  }

  /// A fault at a message that leaves hits that message: it needs no target.
  [[nodiscard]] bool at_message() const {
    const bool hits_message = fault_.action == Action::drop || fault_.action == Action::delay;
    return hits_message && fault_.at.moment && fault_.at.moment->event.starts_with("sent");
  }

  void target() {
    const Node* node = view_.child("target");
    if (node == nullptr) {
      if (!at_message() && !view_.has("target")) missing_target();
      return;
    }
    if (!node->is(NodeKind::scalar)) return;
    const FieldType type = find_field(Section::fault, "target", taker(fault_.action), nullptr)->type;
    if (type == FieldType::link || (type == FieldType::target_or_link && is_link(node->text))) {
      take_link(*node);
      return;
    }
    if (is_link(node->text)) {
      problem(node->mark, "{} hits a node, not the connection '{}'", action(), shortened(node->text));
      return;
    }
    fault_.target = node->text;
    const Who who = names_.name(*node, Place::target);
    const bool handler = fault_.action == Action::handler_error || fault_.action == Action::handler_stall;
    if (handler && who != Who::consumer && who != Who::unknown) {
      problem(node->mark, "{} hits a consumer: '{}' does not process messages", action(), node->text);
    }
  }

  void missing_target() {
    const FieldType type = find_field(Section::fault, "target", taker(fault_.action), nullptr)->type;
    const std::string_view example = type == FieldType::link ? "\"producer-1 -> leader\"" : "any broker";
    problem(view_.mark(), "'{}' is missing: {} needs one, such as 'target: {}'", view_.path("target"), action(),
            example);
  }

  void take_link(const Node& node) {
    if (auto link = names_.link(node)) {
      fault_.target = std::move(link->from);
      fault_.peer = std::move(link->to);
    }
  }

  void partition() {
    std::vector<std::string_view> given;
    for (const std::string_view key : kShapes) {
      const bool off = view_.has(key) && view_.child(key)->text == "false";  // `halves: false` is no shape
      if (view_.has(key) && !off) given.push_back(key);
    }
    if (given.size() != 1) {
      problem(view_.mark(), "a partition needs exactly one of {}{}", listed(kShapes),
              given.empty() ? std::string{} : fmt::format("; here are {}", listed(given)));
      return;
    }
    const std::string_view shape = given.front();
    for (std::size_t i = 0; i < kShapes.size(); ++i) {
      if (kShapes[i] == shape) fault_.shape = static_cast<sim::PartitionShape>(i);
    }
    fault_.clients = view_.choice<sim::Clients>("clients");
    if (view_.has("clients") && (shape == "one_way" || shape == "sides")) {
      problem(view_.key_mark("clients"), "'{}' says itself where the clients are; leave out 'clients'", shape);
    }
    if (shape == "isolate") {
      const Node& node = *view_.child("isolate");
      if (names_.name(node, Place::target) != Who::unknown) fault_.target = node.text;
    } else if (shape == "one_way") {
      take_link(*view_.child("one_way"));
    } else if (shape == "sides") {
      sides(*view_.child("sides"));
    }
  }

  void sides(const Node& node) {
    if (node.is(NodeKind::list) && node.items.size() < 2) {
      problem(node.mark, "'{}' needs at least two sides", view_.path("sides"));
    }
    std::set<std::string_view> seen;
    for (const NodePtr& side : node.items) {
      std::vector<std::string>& names = fault_.sides.emplace_back();
      if (side->is(NodeKind::list) && side->items.empty()) problem(side->mark, "this side is empty");
      for (const NodePtr& item : side->items) {
        names_.name(*item, Place::target);
        if (!seen.insert(item->text).second) problem(item->mark, "'{}' stands on two sides", shortened(item->text));
        names.push_back(item->text);
      }
    }
  }

  /// In a plan nothing is left to draw.
  void check_drawn() {
    for (const std::string_view key : {"count", "duration", "factor", "blocks", "by", "rate", "bandwidth"}) {
      if (view_.has(key) && has_row(key) && !view_.quantity(key).fixed()) {
        problem(view_.mark(key), "a plan has no ranges: '{}' must be one value", view_.path(key));
      }
    }
  }

  const View& view_;
  bool plan_;
  const Names& names_;
  std::optional<sim::VirtualTime> end_;
  sim::Fault fault_;
};

}  // namespace

std::vector<sim::Fault> decode_faults(const View& top, const Grammar& grammar, const Names& names,
                                      std::optional<sim::VirtualTime> end) {
  std::vector<sim::Fault> faults;
  for (const View& view : top.sections("faults")) {
    const Node* action = view.child("action");
    if (action == nullptr || !sim::action_named(action->text)) continue;  // reported by the check of shapes
    faults.push_back(FaultReader{view, grammar, names, end}.read());
  }
  return faults;
}

}  // namespace noloss::harness
