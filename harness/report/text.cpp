#include "harness/report/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>

#include "harness/report/checks.hpp"
#include "harness/report/commands.hpp"

namespace noloss::harness {
namespace {

constexpr std::size_t kWidestFront = 72;  // longer ones push their own line aside only
constexpr std::size_t kWidestSubject = 26;
constexpr std::size_t kIndent = 12;

/// One line of the matrix before alignment, and the lines below it.
struct Line {
  std::string verdict;
  std::string_view verdict_colour;
  std::string subject;
  std::string share;
  std::string bound;
  std::string expected;
  std::string_view expected_colour;
  std::vector<std::string> below;
};

/// "acks=1    isr=2", each parameter as wide as the widest value of the scenario.
std::vector<std::string> aligned_fronts(const ScenarioFacts& scenario) {
  std::vector<std::vector<std::string>> cells;
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < scenario.configurations.size(); ++c) {
    const auto& parameters = scenario.configurations[c].parameters;
    const std::vector<std::string> names = short_names_in(scenario, c);
    auto& row = cells.emplace_back();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      row.push_back(fmt::format("{}={}", names[i], parameters[i].second));
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::vector<std::string> fronts;
  for (const auto& row : cells) {
    std::string& front = fronts.emplace_back(scenario.name);
    for (std::size_t i = 0; i < row.size(); ++i) front += fmt::format("  {:<{}}", row[i], widths[i]);
    front.erase(front.find_last_not_of(' ') + 1);
  }
  return fronts;
}

class Report {
 public:
  Report(const CampaignVerdict& verdict, const Palette& palette, Detail detail)
      : verdict_(verdict), palette_(palette), detail_(detail) {}

  std::string text() {
    for (std::size_t s = 0; s < verdict_.configurations.size(); ++s) {
      const std::vector<std::string> fronts = aligned_fronts(verdict_.facts.scenarios[s]);
      for (std::size_t c = 0; c < verdict_.configurations[s].size(); ++c) {
        add_configuration({s, c});
        for (Line& line : fresh_) lines_.emplace_back(fronts[c], std::move(line));
        fresh_.clear();
      }
    }
    return laid_out() + summary_line(verdict_) + '\n';
  }

 private:
  const ScenarioFacts& scenario(ConfigurationKey place) const { return verdict_.facts.scenarios[place.scenario]; }

  void add_configuration(ConfigurationKey place) {
    const ConfigurationVerdict& sum = verdict_.configurations[place.scenario][place.configuration];
    const ConfigurationFacts& facts = scenario(place).configurations[place.configuration];
    for (const GuaranteeVerdict& guarantee : sum.guarantees) {
      if (guarantee.met != Met::nothing_expected || guarantee.violations > 0) add_guarantee(place, guarantee, facts);
    }
    if (facts.expectations.empty()) add_rest(sum, facts);
    for (const TotalVerdict& total : sum.totals) {
      if (total.met != Met::met) add_total(place, total);
    }
    for (const std::string& mark : sum.missing_marks) {
      if (facts.expectations.empty() || detail_ == Detail::full) add_missing(mark, sum);
    }
  }

  void add_guarantee(ConfigurationKey place, const GuaranteeVerdict& guarantee, const ConfigurationFacts& facts) {
    const bool unmet = guarantee.met == Met::failed || guarantee.met == Met::inconclusive;
    if (detail_ == Detail::unmet_only && !unmet) return;
    Line line = begin(guarantee.verdict);
    line.subject = name(guarantee.guarantee);
    line.share = share_text(guarantee.violations, guarantee.runs);
    if (guarantee.verdict != Verdict::inconclusive) line.bound = bound_text(guarantee);
    set_expected(line, guarantee.met);
    if (unmet && (guarantee.violations == 0 || !guarantee.expected->detail.empty()))
      line.below.push_back(guarantee.reason);
    const bool tell = guarantee.met != Met::nothing_expected || facts.expectations.empty();
    if (const auto* shown = guarantee.shown(); shown != nullptr && tell) {
      line.below.push_back(fmt::format("{}: {}", shown->second.which(), story(*shown)));
      if (!guarantee.remedy.empty()) line.below.push_back("remedy: " + guarantee.remedy);
      line.below.push_back("reproduce: " + command(place, shown->second));
    }
    fresh_.push_back(std::move(line));
  }

  std::string command(ConfigurationKey place, const Finding& finding) const {
    return replay_command(verdict_.facts, scenario(place), place.configuration, finding.first_seed, finding.first_plan);
  }

  static std::string story(const std::pair<const std::string, Finding>& finding) {
    if (!finding.second.story.empty()) return finding.second.story;
    return finding.first.empty() ? "violated" : finding.first;
  }

  /// Without expectations: one line for all that hold, one for each reason of those that do not tell.
  void add_rest(const ConfigurationVerdict& sum, const ConfigurationFacts& facts) {
    if (detail_ == Detail::unmet_only) return;
    std::map<std::string, std::vector<const GuaranteeVerdict*>> groups;  // by reason; the empty one holds
    for (const GuaranteeVerdict& guarantee : sum.guarantees) {
      const bool unused = guarantee.guarantee == Guarantee::loss_detected && !facts.sequence_check;
      if (guarantee.violations == 0 && !unused) groups[guarantee.why].push_back(&guarantee);
    }
    for (const auto& [why, group] : groups) {
      Line line = begin(group.front()->verdict);
      std::string names;
      for (const GuaranteeVerdict* g : group)
        names += fmt::format("{}{}", names.empty() ? "" : ", ", name(g->guarantee));
      line.subject = group.size() == 1 ? names : fmt::format("{} guarantees", group.size());
      line.share = share_text(0, sum.runs);
      if (why.empty()) line.bound = bound_text(*group.front());
      if (group.size() > 1) line.below.push_back(names);
      if (!why.empty()) line.below.push_back(why);
      fresh_.push_back(std::move(line));
    }
  }

  void add_total(ConfigurationKey place, const TotalVerdict& total) {
    Line line = begin(total.met == Met::failed ? Verdict::violated : Verdict::inconclusive);
    if (total.met == Met::failed) line.verdict = "OUTSIDE";
    line.subject = "totals." + total.bound.column;
    line.share = share_text(total.breaches, total.measured);
    set_expected(line, total.met);
    line.below.push_back(total.reason);
    if (total.breaches > 0) {
      line.below.push_back("reproduce: " + command(place, total.first));
    }
    fresh_.push_back(std::move(line));
  }

  void add_missing(const std::string& mark, const ConfigurationVerdict& sum) {
    Line line = begin(Verdict::inconclusive);
    line.subject = fmt::format("mark {}", mark);
    line.share = share_text(0, sum.runs);
    set_expected(line, Met::inconclusive);
    fresh_.push_back(std::move(line));
  }

  Line begin(Verdict verdict) const {
    Line line;
    line.verdict = verdict == Verdict::violated ? "VIOLATED" : std::string{name(verdict)};
    line.verdict_colour = verdict == Verdict::inconclusive ? palette_.unsure : palette_.strong;
    return line;
  }

  void set_expected(Line& line, Met met) const {
    switch (met) {
      case Met::nothing_expected: return;
      case Met::met: std::tie(line.expected, line.expected_colour) = std::tuple{"expected", palette_.good}; return;
      case Met::failed: std::tie(line.expected, line.expected_colour) = std::tuple{"UNEXPECTED", palette_.bad}; return;
      case Met::inconclusive: std::tie(line.expected, line.expected_colour) = std::tuple{"undecided", palette_.unsure};
    }
  }

  std::string coloured(std::string_view colour, std::string_view text) const {
    return colour.empty() ? std::string{text} : fmt::format("{}{}{}", colour, text, palette_.reset);
  }

  std::string laid_out() const {
    std::size_t front = 0;
    std::size_t verdict = 0;
    std::size_t subject = 0;
    std::size_t share = 0;
    std::size_t bound = 0;
    for (const auto& [text, line] : lines_) {
      if (text.size() <= kWidestFront) front = std::max(front, text.size());
      verdict = std::max(verdict, line.verdict.size());
      subject = std::max(subject, std::min(line.subject.size(), kWidestSubject));
      share = std::max(share, line.share.size());
      bound = std::max(bound, line.bound.size());
    }
    std::string out;
    for (const auto& [text, line] : lines_) {
      const std::string word = coloured(line.verdict_colour, line.verdict);
      std::string row =
          fmt::format("{:<{}}  {}{:{}} {:<{}}  {:>{}}  {:<{}}", text, front, word, "", verdict - line.verdict.size(),
                      line.subject, subject, line.share, share, line.bound, bound);
      if (!line.expected.empty()) row += "  " + coloured(line.expected_colour, line.expected);
      row.erase(row.find_last_not_of(' ') + 1);
      out += row + '\n';
      const std::string indent(kIndent, ' ');
      for (const std::string& below : line.below) out += indent + coloured(palette_.faint, below) + '\n';
    }
    return out;
  }

  const CampaignVerdict& verdict_;
  const Palette& palette_;
  const Detail detail_;
  std::vector<Line> fresh_;
  std::vector<std::pair<std::string, Line>> lines_;
};

std::string plural(std::int64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(static_cast<std::uint64_t>(number)), noun, number == 1 ? "" : "s");
}

}  // namespace

std::string text_report(const CampaignVerdict& verdict, const Palette& palette, Detail detail) {
  return Report(verdict, palette, detail).text();
}

std::string summary_line(const CampaignVerdict& verdict) {
  std::int64_t runs = 0;
  std::int64_t configurations = 0;
  for (const auto& scenario : verdict.configurations) {
    configurations += static_cast<std::int64_t>(scenario.size());
    for (const ConfigurationVerdict& configuration : scenario) runs += configuration.runs;
  }
  std::string line = "nothing is expected";
  if (verdict.expectations > 0) {
    line = fmt::format("{} of {} met", verdict.met, plural(verdict.expectations, "expectation"));
    if (verdict.failed > 0) line += fmt::format(", {} failed", verdict.failed);
    if (verdict.inconclusive > 0) line += fmt::format(", {} undecided", verdict.inconclusive);
  }
  line += fmt::format("; {} of {}", plural(runs, "run"), plural(configurations, "configuration"));
  switch (verdict.ended) {
    case Ended::complete: break;
    case Ended::time_budget: line += ", stopped by --time-budget"; break;
    case Ended::on_violation: line += ", stopped at a violation"; break;
    case Ended::interrupted: line += ", interrupted"; break;
  }
  return line;
}

}  // namespace noloss::harness
