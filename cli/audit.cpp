// `noloss audit`: the sequence checkers over a recorded history.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "harness/checker/audit_file.hpp"

namespace noloss::cli {
namespace {

using harness::AuditReport;
using harness::AuditVerdict;
using harness::IntervalSet;
using harness::StreamAudit;
using harness::Verdict;

constexpr std::size_t kMostRanges = 12;  ///< shown in text; JSON has all

enum class Needs : std::uint8_t { producers, no_producers, nothing };

/// A kind of finding: its place in the report, when there is such a thing, its words.
struct FindingRow {
  IntervalSet StreamAudit::*set;
  std::string_view key;
  Needs needs;  ///< to be recorded, else there is no such finding
  std::string_view sentence;
};
constexpr std::array kFindings{
    FindingRow{&StreamAudit::lost_acked, "lost_acked", Needs::producers, "acknowledged, never processed"},
    FindingRow{&StreamAudit::lost_silent, "lost_silent", Needs::producers, "never processed, no error reported"},
    FindingRow{&StreamAudit::missing, "missing", Needs::no_producers, "missing between numbers that were processed"},
    FindingRow{&StreamAudit::duplicated, "duplicates", Needs::nothing, "processed more than once"},
    FindingRow{&StreamAudit::reordered, "reordered", Needs::nothing, "processed after a later one"},
    FindingRow{&StreamAudit::phantom, "phantom", Needs::producers, "delivered, never sent"},
};

bool allowed(const AuditArguments& arguments, std::string_view guarantee) {
  constexpr std::array<std::string_view, 4> kGuaranteeOf{"no_silent_loss", "no_duplicates", "order", "no_phantom"};
  return std::any_of(arguments.allow.begin(), arguments.allow.end(), [&](AuditFinding finding) {
    return kGuaranteeOf[static_cast<std::size_t>(finding)] == guarantee;
  });
}

/// "3, 7..9, 12 and 4 more ranges".
std::string ranges_text(const IntervalSet& set) {
  std::string text;
  const std::vector<IntervalSet::Interval> intervals = set.intervals();
  for (std::size_t at = 0; at < intervals.size(); ++at) {
    if (at == kMostRanges) return text + fmt::format(" and {} more ranges", intervals.size() - at);
    const auto [first, last] = intervals[at];
    text += at == 0 ? "" : ", ";
    text += first == last ? fmt::format("{}", first) : fmt::format("{}..{}", first, last);
  }
  return text;
}

std::string summary_table(const AuditReport& report) {
  std::vector<std::string> titles{"producer", "partition"};
  if (report.producers_recorded) titles.insert(titles.end(), {"sent", "acked", "failed", "uncertain"});
  titles.emplace_back("processed");
  for (const FindingRow& row : kFindings) {
    if (row.needs == Needs::nothing || report.producers_recorded == (row.needs == Needs::producers)) {
      titles.emplace_back(row.key);
    }
  }
  Table table(titles);
  table.align_right(2, titles.size());
  for (const StreamAudit& stream : report.streams) {
    std::vector<std::string> cells{stream.producer, stream.partition};
    const auto number = [&](std::uint64_t value) { cells.push_back(fmt::format("{}", value)); };
    if (report.producers_recorded) {
      for (const std::uint64_t value : {stream.sent, stream.acked, stream.failed, stream.uncertain}) number(value);
    }
    number(stream.processed);
    for (const FindingRow& row : kFindings) {
      if (std::find(titles.begin(), titles.end(), row.key) == titles.end()) continue;
      number(row.key == "duplicates" ? stream.duplicates : (stream.*row.set).count());
    }
    table.add(std::move(cells));
  }
  return table.text();
}

std::string findings_text(const AuditReport& report, const harness::Palette& palette) {
  std::string text;
  for (const StreamAudit& stream : report.streams) {
    Table table({"", "", ""});
    for (const FindingRow& row : kFindings) {
      const IntervalSet& set = stream.*row.set;
      if (!set.empty()) table.add({std::string{row.sentence}, fmt::format("{}", set.count()), ranges_text(set)});
    }
    if (table.empty()) continue;
    text += fmt::format("\n{}{}{}, partition {}\n{}", palette.strong, stream.producer, palette.reset, stream.partition,
                        table.text(0, "  "));
  }
  return text;
}

std::string verdicts_text(const AuditReport& report, const AuditArguments& arguments, const harness::Palette& palette) {
  Table table({"", "", ""});
  for (const AuditVerdict& verdict : report.verdicts) {
    const bool violated = verdict.verdict == Verdict::violated;
    const std::string_view colour = violated                            ? palette.bad
                                    : verdict.verdict == Verdict::holds ? palette.good
                                                                        : palette.unsure;
    std::string remark = verdict.reason;
    if (violated) {
      remark = fmt::format("{} message{}{}", verdict.messages, verdict.messages == 1 ? "" : "s",
                           allowed(arguments, verdict.name) ? ", allowed" : "");
    }
    table.add({fmt::format("{}{}{}", colour, violated ? "VIOLATED" : name(verdict.verdict), palette.reset),
               std::string{verdict.name}, remark});
  }
  return table.text();
}

std::string notes_text(const AuditReport& report) {
  std::string text;
  if (!report.producers_recorded && report.consumers_recorded) {
    text +=
        "no producer is recorded: gaps between the numbers seen count as missing; what came before the first\n"
        "or after the last one cannot be seen\n";
  }
  if (report.effect == harness::AuditEvent::delivered) {
    text += "no `processed` is recorded: a delivery counts as the effect\n";
  }
  return text;
}

std::string json_text(const AuditReport& report, const AuditArguments& arguments) {
  nlohmann::ordered_json object{{"schema", 1},
                                {"file", arguments.file},
                                {"events", report.events},
                                {"producers_recorded", report.producers_recorded},
                                {"consumers_recorded", report.consumers_recorded},
                                {"effect", report.effect == harness::AuditEvent::processed ? "processed" : "delivered"},
                                {"guarantees", nlohmann::json::object()},
                                {"streams", nlohmann::json::array()}};
  for (const AuditVerdict& verdict : report.verdicts) {
    object["guarantees"][std::string{verdict.name}] = {{"verdict", name(verdict.verdict)},
                                                       {"messages", verdict.messages},
                                                       {"allowed", allowed(arguments, verdict.name)}};
  }
  for (const StreamAudit& stream : report.streams) {
    nlohmann::ordered_json row{{"producer", stream.producer},  {"partition", stream.partition},
                               {"sent", stream.sent},          {"acked", stream.acked},
                               {"failed", stream.failed},      {"uncertain", stream.uncertain},
                               {"processed", stream.processed}};
    for (const FindingRow& finding : kFindings) {
      nlohmann::json ranges = nlohmann::json::array();
      for (const auto& [first, last] : (stream.*finding.set).intervals()) ranges.push_back({first, last});
      row[std::string{finding.key}] = {{"messages", (stream.*finding.set).count()}, {"ranges", std::move(ranges)}};
    }
    row["duplicates"]["effects_beyond_the_first"] = stream.duplicates;
    object["streams"].push_back(std::move(row));
  }
  return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void show_problems(const harness::AuditInput& input, const std::string& file, Console& console) {
  for (const harness::LineProblem& problem : input.problems) {
    console.err(fmt::format("{}:{}: error: {}\n", file, problem.line, problem.message));
  }
  if (!input.error.empty()) console.error(fmt::format("{}: {}", file, input.error));
}

ExitCode code_of(const AuditReport& report, const AuditArguments& arguments) {
  bool judged = false;
  for (const AuditVerdict& verdict : report.verdicts) {
    if (verdict.verdict == Verdict::violated && !allowed(arguments, verdict.name)) return ExitCode::failed;
    judged = judged || verdict.verdict != Verdict::inconclusive;
  }
  return judged && !report.streams.empty() ? ExitCode::met : ExitCode::inconclusive;
}

}  // namespace

ExitCode audit(const AuditArguments& arguments, Console& console) {
  const harness::AuditInput input = harness::audit_file(arguments.file);
  const std::string shown = arguments.file == "-" ? "standard input" : arguments.file;
  if (!input.good()) {
    show_problems(input, shown, console);
    return ExitCode::usage;
  }
  const AuditReport& report = input.report;
  if (arguments.format == harness::OutputFormat::json) {
    console.out(json_text(report, arguments));
    return code_of(report, arguments);
  }
  if (report.streams.empty()) {
    console.error(fmt::format("{}: no event that can be judged", shown));
    return ExitCode::inconclusive;
  }
  console.out(summary_table(report));
  console.out(findings_text(report, console.out_palette()));
  console.out("\n" + verdicts_text(report, arguments, console.out_palette()));
  console.err(notes_text(report));
  return code_of(report, arguments);
}

}  // namespace noloss::cli
