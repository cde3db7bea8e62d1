#include "harness/scenario/decode_expect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "harness/scenario/suggest.hpp"

namespace noloss::harness {
namespace {

/// What `violated:` can name for a loss.
constexpr std::array<std::string_view, 4> kStages{"produce", "store", "consume", "policy"};

std::uint32_t line_of(const Mark& mark) { return mark.source == 0 ? mark.line : 0; }

void check_detail(Guarantee guarantee, const Node& detail, const models::System& system, Problems& problems) {
  std::vector<std::string_view> known;
  if (guarantee == Guarantee::no_acked_loss || guarantee == Guarantee::no_silent_loss) {
    known.assign(kStages.begin(), kStages.end());
  } else if (guarantee == Guarantee::available) {
    for (const models::NamedRow& wait : system.waits()) known.push_back(wait.name);
  } else {
    problems.add(detail.mark,
                 fmt::format("'{}' has no stages or waits; write '{}: violated'", name(guarantee), name(guarantee)));
    return;
  }
  if (std::find(known.begin(), known.end(), detail.text) != known.end()) return;
  problems.add(detail.mark, fmt::format("'{}' cannot be violated by '{}'{}", name(guarantee), shortened(detail.text),
                                        choice_hint(detail.text, known)));
}

void read_guarantee(const View& view, Guarantee guarantee, const Grammar& grammar, ExpectBlock& block,
                    Problems& problems) {
  const std::string_view key = name(guarantee);
  if (!view.has(key)) return;
  Expectation expectation{guarantee, Verdict::holds, {}, line_of(view.key_mark(key))};
  if (view.opened(key)) {
    const View violation = view.section(key);
    const Node* detail = violation.child("violated");
    if (detail == nullptr || !detail->is(NodeKind::scalar)) return;
    expectation.verdict = Verdict::violated;
    expectation.detail = detail->text;
    check_detail(guarantee, *detail, *grammar.system, problems);
  } else if (view.text(key) == name(Verdict::violated)) {
    expectation.verdict = Verdict::violated;
  }
  block.expectations.push_back(std::move(expectation));
  block.marks.push_back(view.key_mark(key));
}

void read_margin(const View& view, ExpectBlock& block) {
  if (!view.has(kMargin)) return;
  block.totals.push_back({std::string{kMargin}, view.integer(kMargin), INT64_MAX, line_of(view.key_mark(kMargin))});
}

void read_totals(const View& view, ExpectBlock& block) {
  if (!view.opened("totals")) return;
  const View totals = view.section("totals");
  for (const Field& field : fields(Section::totals)) {
    if (!totals.has(field.key)) continue;
    const sim::Quantity bound = totals.quantity(field.key);
    block.totals.push_back({std::string{field.key}, bound.low, bound.high, line_of(totals.key_mark(field.key))});
  }
}

void check_when(const Node& when, const Matrix& matrix, Problems& problems) {
  const std::size_t before = problems.calls();
  check_filter(when, "when", matrix, problems);
  const bool met = std::any_of(matrix.combinations.begin(), matrix.combinations.end(),
                               [&](const Combination& combination) { return matches(when, combination); });
  if (!met && problems.calls() == before) problems.add(when.mark, "no configuration of the matrix has these values");
}

}  // namespace

std::vector<ExpectBlock> decode_expect(const View& top, const Matrix& matrix, const Grammar& grammar,
                                       Problems& problems) {
  std::vector<ExpectBlock> blocks;
  for (const View& view : top.sections("expect")) {
    ExpectBlock& block = blocks.emplace_back();
    block.mark = view.mark();
    for (const Guarantee guarantee : kAllGuarantees) read_guarantee(view, guarantee, grammar, block, problems);
    read_margin(view, block);
    read_totals(view, block);
    const Node* when = view.child("when");
    if (when == nullptr || !when->is(NodeKind::mapping)) continue;
    block.when = when;
    check_when(*when, matrix, problems);
  }
  return blocks;
}

std::vector<std::string> decode_require(const View& top, const Grammar& grammar, Problems& problems) {
  std::vector<std::string_view> known;
  for (const models::NamedRow& mark : grammar.system->marks()) known.push_back(mark.name);
  const Node* node = top.child("require");
  if (node == nullptr || !node->is(NodeKind::list)) return {};
  for (const NodePtr& item : node->items) {
    if (!item->is(NodeKind::scalar) || std::find(known.begin(), known.end(), item->text) != known.end()) continue;
    problems.add(item->mark, fmt::format("the {} system has no mark '{}'{}", grammar.system->name(),
                                         shortened(item->text), did_you_mean(item->text, known, "there are")));
  }
  return top.words("require");
}

void apply_expect(const std::vector<ExpectBlock>& blocks, const Combination& combination, Configuration& configuration,
                  Problems& problems) {
  std::vector<Expectation>& expected = configuration.expectations;
  for (const ExpectBlock& block : blocks) {
    if (block.when != nullptr && !matches(*block.when, combination)) continue;
    for (std::size_t i = 0; i < block.expectations.size(); ++i) {
      const Expectation& fresh = block.expectations[i];
      const auto same = std::find_if(expected.begin(), expected.end(),
                                     [&](const Expectation& e) { return e.guarantee == fresh.guarantee; });
      if (same == expected.end()) {
        expected.push_back(fresh);
      } else if (same->verdict != fresh.verdict || same->detail != fresh.detail) {
        problems.add(block.marks[i], fmt::format("line {} expects something else of '{}' for the same configuration",
                                                 same->line, name(fresh.guarantee)));
      }
    }
    configuration.totals.insert(configuration.totals.end(), block.totals.begin(), block.totals.end());
  }
}

}  // namespace noloss::harness
