#include "harness/report/junit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/report/checks.hpp"

namespace noloss::harness {
namespace {

struct CaseCounts {
  std::int64_t tests = 0;
  std::int64_t failures = 0;
  std::int64_t errors = 0;

  void add(const Check& check) {
    ++tests;
    failures += check.met == Met::failed;
    errors += check.met == Met::inconclusive;
  }
  [[nodiscard]] std::string attributes() const {
    return fmt::format(R"(tests="{}" failures="{}" errors="{}" skipped="0")", tests, failures, errors);
  }
};

std::string details(const Check& check) {
  std::string text = check.summary;
  if (!check.evidence.empty()) text += "\nevidence: " + check.evidence;
  if (!check.story.empty()) text += '\n' + check.story;
  if (!check.reproduce.empty()) text += "\nreproduce: " + check.reproduce;
  return text;
}

std::string test_case(const Check& check, std::string_view scenario) {
  const std::string open =
      fmt::format(R"(    <testcase classname="{}" name="{}")", xml_attribute(scenario), xml_attribute(check.title()));
  if (check.met == Met::met || check.met == Met::nothing_expected) return open + "/>\n";
  const std::string_view element = check.met == Met::failed ? "failure" : "error";
  return fmt::format("{}>\n      <{} type=\"{}\" message=\"{}\">{}</{}>\n    </testcase>\n", open, element,
                     xml_attribute(check.met == Met::failed ? check.subject : "inconclusive"),
                     xml_attribute(check.summary), xml_text(details(check)), element);
}

}  // namespace

std::string junit_report(const CampaignVerdict& verdict, std::chrono::milliseconds wall) {
  const std::vector<Check> all = checks(verdict);
  CaseCounts total;
  for (const Check& check : all) total.add(check);
  std::string out =
      fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"noloss\" {} time=\"{}.{:03}\">\n",
                  total.attributes(), wall.count() / 1000, wall.count() % 1000);
  for (std::size_t s = 0; s < verdict.facts.scenarios.size(); ++s) {
    const std::string& name = verdict.facts.scenarios[s].name;
    CaseCounts counts;
    std::string cases;
    for (const Check& check : all) {
      if (check.place.scenario != s) continue;
      counts.add(check);
      cases += test_case(check, name);
    }
    out += fmt::format("  <testsuite name=\"{}\" {}>\n{}  </testsuite>\n", xml_attribute(name), counts.attributes(),
                       cases);
  }
  return out + "</testsuites>\n";
}

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\n':
      case '\t': out += c; break;
      default:
        if (byte < 0x20 || byte == 0x7f) {
          out += fmt::format("\\x{:02x}", byte);
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::string xml_attribute(std::string_view text) {
  std::string out;
  for (const char c : xml_text(text)) {
    if (c == '\n' || c == '\t') {
      out += fmt::format("&#{};", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace noloss::harness
