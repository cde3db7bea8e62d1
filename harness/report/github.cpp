#include "harness/report/github.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/report/checks.hpp"
#include "harness/report/text.hpp"

namespace noloss::harness {
namespace {

constexpr std::size_t kShown = 10;   // annotations of a kind
constexpr std::size_t kRows = 1000;  // a summary has at most 1 MiB

std::string annotation(const Check& check, const CampaignFacts& facts) {
  const ScenarioFacts& scenario = facts.scenarios[check.place.scenario];
  std::string message = check.summary;
  if (!check.story.empty()) message += '\n' + check.story;
  if (!check.reproduce.empty()) message += "\nreproduce: " + check.reproduce;
  const std::string line = check.line > 0 ? fmt::format(",line={}", check.line) : "";
  return fmt::format("::{} file={}{},title={}::{}\n", check.met == Met::failed ? "error" : "warning",
                     github_property(scenario.file), line,
                     github_property(fmt::format("{}: {}", scenario.name, check.title())), github_message(message));
}

/// A cell of a Markdown table: no bars, no line ends, nothing that GitHub takes for HTML.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '|': out += "\\|"; break;
      case '\n':
      case '\r': out += ' '; break;
      case '<': out += "&lt;"; break;
      case '&': out += "&amp;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string_view outcome(Met met) {
  switch (met) {
    case Met::nothing_expected:
    case Met::met: return "as expected";
    case Met::failed: return "**UNEXPECTED**";
    case Met::inconclusive: return "*undecided*";
  }
  return "";
}

std::string summary_row(const Check& check, const CampaignFacts& facts) {
  std::string what = cell(check.summary);
  if (check.met == Met::failed && !check.story.empty()) what += "<br>" + cell(check.story);
  if (check.met == Met::failed && !check.reproduce.empty()) what += fmt::format("<br>`{}`", check.reproduce);
  return fmt::format("| {} | {} | {} | {} | {} |\n", cell(facts.scenarios[check.place.scenario].name),
                     cell(check.configuration), cell(check.subject), outcome(check.met), what);
}

}  // namespace

std::string github_annotations(const CampaignVerdict& verdict) {
  std::string out;
  std::size_t errors = 0;
  std::size_t warnings = 0;
  for (const Check& check : worst(checks(verdict))) {
    std::size_t& shown = check.met == Met::failed ? errors : warnings;
    if (shown++ < kShown) out += annotation(check, verdict.facts);
  }
  return out;
}

std::string github_summary(const CampaignVerdict& verdict) {
  const std::vector<Check> all = checks(verdict);
  std::vector<Check> rows = worst(all);
  std::copy_if(all.begin(), all.end(), std::back_inserter(rows), [](const Check& c) { return c.met == Met::met; });
  std::string out = fmt::format("### noloss: {}\n\n", cell(summary_line(verdict)));
  if (rows.empty()) return out;
  out += "| scenario | configuration | what | outcome | evidence |\n| --- | --- | --- | --- | --- |\n";
  for (std::size_t i = 0; i < std::min(rows.size(), kRows); ++i) out += summary_row(rows[i], verdict.facts);
  if (rows.size() > kRows) out += fmt::format("\n{} more are in summary.csv.\n", rows.size() - kRows);
  return out + '\n';
}

std::string github_message(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '%': out += "%25"; break;
      case '\r': out += "%0D"; break;
      case '\n': out += "%0A"; break;
      default: out += c;
    }
  }
  return out;
}

std::string github_property(std::string_view text) {
  std::string out;
  for (const char c : github_message(text)) {
    switch (c) {
      case ':': out += "%3A"; break;
      case ',': out += "%2C"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace noloss::harness
