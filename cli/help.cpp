#include "cli/help.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/arguments.hpp"
#include "cli/table.hpp"
#include "cli/version.hpp"

namespace noloss::cli {
namespace {

constexpr std::size_t kWidth = 100;

std::string shown_name(const OptionDescription& option) {
  if (option.positional) return option.names.front() + (option.repeated ? "..." : "");
  std::string names = option.names.front().starts_with("--") ? "    " : "";
  names += fmt::format("{}", fmt::join(option.names, ", "));
  return option.value.empty() ? names : fmt::format("{} {}", names, option.choices.empty() ? option.value : "WORD");
}

std::string shown_meaning(const OptionDescription& option) {
  if (option.choices.empty()) return option.meaning;
  return fmt::format("{} [{}]", option.meaning, fmt::join(option.choices, " | "));
}

std::string options_text(const CommandDescription& command) {
  std::vector<std::string> groups;
  for (const OptionDescription& option : command.options) {
    if (std::find(groups.begin(), groups.end(), option.group) == groups.end()) groups.push_back(option.group);
  }
  std::string text;
  for (const std::string& group : groups) {
    Table table({"", ""});
    for (const OptionDescription& option : command.options) {
      if (option.group == group) table.add({fmt::format("{:<26}", shown_name(option)), shown_meaning(option)});
    }
    text += fmt::format("{}{}:\n", text.empty() ? "" : "\n", group);
    text += table.text(kWidth, "  ");
  }
  return text;
}

std::string help_of(const CommandDescription& command) {
  std::string positionals;
  for (const OptionDescription& option : command.options) {
    if (option.positional) positionals += ' ' + (option.names.front() == "SUBJECT" ? "[SUBJECT]" : shown_name(option));
  }
  return fmt::format("Usage: noloss {} [OPTIONS]{}\n\nnoloss {} {}.\n\n{}\n{}", command.name, positionals, command.name,
                     command.meaning, options_text(command), command.epilogue);
}

std::string help_of_program(const std::vector<CommandDescription>& commands) {
  Table table({"", ""});
  for (const CommandDescription& command : commands) {
    if (!command.name.empty()) table.add({fmt::format("{:<12}", command.name), command.meaning});
  }
  return fmt::format(
      "Usage: noloss COMMAND [OPTIONS] ...\n\nnoloss {}.\n\nCommands:\n{}\n{}\n"
      "Start with `noloss run scenarios`. `noloss COMMAND --help` tells more, with examples.\n",
      commands.front().meaning, table.text(kWidth, "  "), options_text(commands.front()));
}

}  // namespace

std::string help(std::string_view command) {
  const std::vector<CommandDescription> commands = describe();
  for (const CommandDescription& one : commands) {
    if (!command.empty() && one.name == command) return help_of(one);
  }
  return help_of_program(commands);
}

std::string version_text() {
  return revision().empty() ? fmt::format("noloss {}\n", version())
                            : fmt::format("noloss {} ({})\n", version(), revision());
}

}  // namespace noloss::cli
