#include "cli/replay_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/selection.hpp"
#include "cli/table.hpp"
#include "harness/campaign/prepare.hpp"
#include "harness/report/commands.hpp"

namespace noloss::cli {
namespace {

using harness::Biography;
using harness::GuaranteeResult;
using harness::Palette;
using harness::StoryLine;
using harness::Verdict;

std::string painted(std::string_view colour, std::string_view text, const Palette& palette) {
  return fmt::format("{}{}{}", colour, text, palette.reset);
}

/// Microseconds always, so that the times of a table stand below each other.
std::string clock_text(sim::VirtualTime time) {
  if (time == sim::kNever) return "-";
  const std::int64_t us = time.time_since_epoch().count() / 1000;
  return fmt::format("{}.{:06}s", us / 1'000'000, us % 1'000'000);
}

std::string heading(std::string_view text, const Palette& palette) {
  return fmt::format("\n{}\n", painted(palette.strong, text, palette));
}

std::string head_text(const Replayed& replayed) {
  const harness::RunResult& result = replayed.report.result;
  const std::size_t faults = replayed.report.plan.size();
  const RunChoice& choice = replayed.choice;
  std::string placed = "placed by scenario and seed";
  if (!replayed.plan_file.empty()) placed = "of " + replayed.plan_file;
  if (choice.faults > 0) placed = fmt::format("of plan {} of the exhaustive search", choice.number);
  Table table({"", ""});
  table.add({"scenario", fmt::format("{}  {}", replayed.scenario.name, replayed.scenario.file)});
  table.add({"configuration", fmt::format("{}  {}", replayed.scenario.configurations[replayed.configuration].id,
                                          parameters_texts(replayed.scenario)[replayed.configuration])});
  table.add({"seed", fmt::format("{}", result.seed)});
  table.add({"plan", fmt::format("{} fault{} {}", faults, faults == 1 ? "" : "s", placed)});
  table.add({"run", fmt::format("{} events in {} of virtual time", result.events,
                                seconds_text(sim::kStart + sim::Duration{result.virtual_time_ns}))});
  table.add({"digest", fmt::format("xxh3:{:016x}", result.digest)});
  return table.text();
}

/// What the scenario expects of the guarantee, as a remark.
std::string expected_text(const harness::Configuration& configuration, harness::Guarantee guarantee) {
  for (const harness::Expectation& expectation : configuration.expectations) {
    if (expectation.guarantee != guarantee) continue;
    const std::string detail = expectation.detail.empty() ? "" : fmt::format(" ({})", expectation.detail);
    return fmt::format("expected: {}{}", name(expectation.verdict), detail);
  }
  return {};
}

std::string guarantees_text(const Replayed& replayed, const Palette& palette) {
  Table table({"", "", "", ""});
  for (const harness::Guarantee guarantee : harness::kAllGuarantees) {
    const GuaranteeResult& found = replayed.report.result.of(guarantee);
    const bool violated = found.verdict == Verdict::violated;
    const std::string_view colour = violated                          ? palette.bad
                                    : found.verdict == Verdict::holds ? palette.good
                                                                      : palette.unsure;
    const bool tells = found.story.empty() && !found.detail.empty();
    table.add({painted(colour, violated ? "VIOLATED" : name(found.verdict), palette), std::string{name(guarantee)},
               expected_text(replayed.scenario.configurations[replayed.configuration], guarantee),
               tells ? found.detail : found.story});
  }
  return heading("Guarantees", palette) + table.text(0, "  ");
}

std::string totals_text(const harness::RunResult& result, const Palette& palette) {
  std::string text;
  for (const harness::TotalColumn& column : harness::total_columns()) {
    const std::int64_t value = result.totals.*column.field;
    const bool always = column.name == "sent" || column.name == "acked" || column.name == "processed";
    if (value != 0 || always) text += fmt::format("{}{} {}", text.empty() ? "" : "  ", column.name, value);
  }
  return heading("Messages", palette) + "  " + text + "\n";
}

/// What happened, without the node's name in front: that has a column of its own.
std::string what_text(const StoryLine& line) {
  const bool named = !line.node.empty() && line.what.starts_with(line.node + " ");
  return named ? line.what.substr(line.node.size() + 1) : line.what;
}

std::string faults_text(const harness::ReplayReport& report, const Palette& palette) {
  std::string text = heading("Faults", palette);
  if (report.faults.empty()) return text + "  none\n";
  Table table({"", "", ""});
  table.align_right(0, 0);
  for (const StoryLine& line : report.faults) table.add({clock_text(line.time), line.node, what_text(line)});
  return text + table.text(0, "  ");
}

std::string marks_text(const harness::RunResult& result, const Palette& palette) {
  std::string text = heading("Marks", palette);
  for (const std::string& mark : result.marks) text += fmt::format("  {}\n", mark);
  return result.marks.empty() ? text + "  none\n" : text;
}

/// Faults stand in a biography without a count of copies.
bool is_fault(const StoryLine& line) { return line.copies.empty(); }

std::string biography_text(const Biography& biography, const Palette& palette) {
  std::string text = heading(fmt::format("{}: {} violated", biography.message, name(biography.guarantee)), palette);
  Table table({"time", "node", "what happened", "copies"});
  table.align_right(0, 0);
  for (const StoryLine& line : biography.lines) {
    const bool fault = is_fault(line);
    const std::string what = fault ? painted(palette.bad, "! " + what_text(line), palette) : what_text(line);
    table.add({clock_text(line.time), line.node, what, line.copies});
  }
  text += table.text(0, "  ");
  Table end({"", ""});
  const auto add = [&](std::string_view what, const std::string& value) {
    if (!value.empty()) end.add({std::string{what}, value});
  };
  add("certain from", biography.certain_from);
  add("stage", biography.stage);
  add("cause", biography.cause);
  add("needed", biography.needed);
  add("remedy", biography.remedy);
  return text + (end.empty() ? "" : "\n") + end.text(0, "  ");
}

}  // namespace

std::string seconds_text(sim::VirtualTime time) {
  const std::int64_t ns = time.time_since_epoch().count();
  std::string text = fmt::format("{}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000);
  while (text.ends_with("000") && text[text.size() - 4] != '.') text.resize(text.size() - 3);
  return text + "s";
}

std::string reproduce_command(const Replayed& replayed) {
  std::string command = "noloss replay " + harness::shell_word(replayed.scenario.file) +
                        only_text(replayed.scenario, replayed.configuration);
  for (const auto& [path, value] : replayed.choice.set) command += " --set " + harness::shell_word(path + "=" + value);
  if (replayed.choice.faults > 0 && replayed.plan_file.empty()) {
    command += fmt::format(" --faults {}", replayed.choice.faults);
    if (!replayed.choice.kinds.empty()) command += " --kinds " + harness::kinds_text(replayed.choice.kinds);
    return command + fmt::format(" --number {}", replayed.choice.number);
  }
  command += fmt::format(" --seed {}", replayed.report.result.seed);
  if (!replayed.plan_file.empty()) command += " --plan " + harness::shell_word(replayed.plan_file);
  return command;
}

std::string replay_text(const Replayed& replayed, const Palette& palette) {
  const harness::ReplayReport& report = replayed.report;
  std::string text = head_text(replayed) + guarantees_text(replayed, palette) + totals_text(report.result, palette) +
                     faults_text(report, palette) + marks_text(report.result, palette);
  for (const Biography& biography : report.biographies) text += biography_text(biography, palette);
  return text + fmt::format("\nreproduce: {}\n", painted(palette.faint, reproduce_command(replayed), palette));
}

}  // namespace noloss::cli
