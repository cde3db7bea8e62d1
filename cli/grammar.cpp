#include "cli/grammar.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "cli/arguments.hpp"
#include "cli/grammar_table.hpp"
#include "harness/scenario/suggest.hpp"

namespace noloss::cli {
namespace {

std::vector<std::string> parts(std::string_view text, char separator) {
  std::vector<std::string> found;
  while (true) {
    const std::size_t end = text.find(separator);
    found.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return found;
    text.remove_prefix(end + 1);
  }
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The program with all its commands. Unknown words are left over, to be told apart and explained here.
struct Program {
  CLI::App app{"finds out whether a message-queue configuration can lose a message, and how", "noloss"};
  std::map<const CLI::Option*, Times> times;

  Program();
  void add(CLI::App& to, const OptionRow& row);
};

void Program::add(CLI::App& to, const OptionRow& row) {
  const std::string names{row.names};
  // Always a list, never converted: what is wrong with a value is said by arguments.cpp, in its own words.
  CLI::Option* const option =
      row.value.empty() ? to.add_flag(names)->disable_flag_override() : to.add_option(names)->take_all();
  option->description(std::string{row.meaning})->group(std::string{row.group});
  times[option] = row.times;
  if (row.value.empty()) return;
  option->type_name(std::string{row.value});
  if (!row.names.starts_with('-') && row.times == Times::any) {
    option->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
  } else {
    option->expected(1)->allow_extra_args(false);
  }
}

Program::Program() {
  app.set_help_flag();
  app.allow_extras()->require_subcommand(0, 1);
  for (const CommandRow& row : kCommandRows) {
    CLI::App* const command = app.add_subcommand(std::string{row.name}, std::string{row.meaning});
    command->footer(std::string{row.epilogue});
  }
  for (const OptionRow& row : kOptionRows) {
    if (row.commands == "*") add(app, row);
    for (CLI::App* const command : app.get_subcommands([](CLI::App*) { return true; })) {
      if (row.commands == "*" || contains(parts(row.commands, ' '), command->get_name())) add(*command, row);
    }
  }
}

bool is_flag(const CLI::Option& option) { return option.get_expected_max() == 0; }

std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string kind = option.get_type_name();
  return kind.find('|') == std::string::npos ? std::vector<std::string>{} : parts(kind, '|');
}

std::vector<std::string> names_of(const CLI::Option& option) {
  if (option.get_positional()) return {option.get_name(true)};
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

CommandDescription described(const CLI::App& app, std::string name) {
  CommandDescription command{
      .name = std::move(name), .meaning = app.get_description(), .epilogue = app.get_footer(), .options = {}};
  for (const CLI::Option* option : app.get_options()) {
    OptionDescription& row = command.options.emplace_back();
    row.names = names_of(*option);
    row.value = is_flag(*option) ? std::string{} : option->get_type_name();
    row.choices = choices_of(*option);
    row.meaning = option->get_description();
    row.group = option->get_group();
    row.positional = option->get_positional();
    row.repeated = row.positional && option->get_expected_max() > 1;
  }
  return command;
}

std::vector<std::string_view> views(const std::vector<std::string>& words) { return {words.begin(), words.end()}; }

bool comes_later(std::string_view word) { return std::find(kLater.begin(), kLater.end(), word) != kLater.end(); }

std::string unknown_command(const std::string& word) {
  if (comes_later(word)) return fmt::format("'{}' is not available yet in this version", word);
  std::vector<std::string_view> known;
  for (const CommandRow& row : kCommandRows) known.push_back(row.name);
  return fmt::format("unknown command '{}'{}", word, harness::did_you_mean(word, known, "commands"));
}

std::string unknown_option(const CLI::App& app, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  if (comes_later(name)) return fmt::format("'{}' is not available yet in this version", name);
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) {
    for (std::string& spelled : names_of(*option)) {
      if (spelled.starts_with("--")) known.push_back(std::move(spelled));
    }
  }
  const std::vector<std::string_view> words = views(known);
  return fmt::format("unknown option '{}'{}", name, harness::did_you_mean(name, words, "options"));
}

enum class AtProgram : bool { no, yes };

/// Words that fit nowhere. Behind an unknown option comes, most likely, its value: not a mistake of its own.
void explain_left_over(const CLI::App& app, const std::vector<std::string>& left, AtProgram at_program, Words& words) {
  bool option_before = false;
  for (const std::string& word : left) {
    const bool option = word.size() > 1 && word.front() == '-';
    if (option && word != "--") {
      words.problems.push_back(unknown_option(app, word));
    } else if (!option_before && word != "--") {
      const bool command = at_program == AtProgram::yes;
      words.problems.push_back(command ? unknown_command(word) : fmt::format("unexpected argument '{}'", word));
      if (command) return;  // what follows belongs to a command that nobody knows
    }
    option_before = option && word.find('=') == std::string::npos;
  }
}

void take_choices(const CLI::Option& option, const std::string& key, Words& words) {
  const std::vector<std::string> choices = choices_of(option);
  for (const std::string& value : choices.empty() ? std::vector<std::string>{} : words.values[key]) {
    const auto found = std::find(choices.begin(), choices.end(), value);
    if (found == choices.end()) {
      const std::vector<std::string_view> known = views(choices);
      words.problems.push_back(fmt::format("unknown {} '{}'{}", names_of(option).back(), value,
                                           harness::did_you_mean(value, known, "one of")));
    } else {
      words.choices[key] = static_cast<std::size_t>(found - choices.begin());
    }
  }
}

void take_option(const CLI::Option& option, Times times, Words& words) {
  const std::string shown = names_of(option).back();
  const std::string key = option.get_positional() ? shown : shown.substr(2);
  if (option.count() == 0) return;
  if (is_flag(option)) {
    words.values[key] = {std::string{}};
    return;
  }
  words.values[key] = option.results();
  if (times == Times::once && option.count() > 1) {
    words.problems.push_back(fmt::format("'{}' is given {} times", shown, option.count()));
  }
  for (const std::string& value : words.values[key]) {
    if (!option.get_positional() && value.starts_with("--")) {  // CLI11 takes whatever comes next
      words.problems.push_back(fmt::format("'{}' needs a value", shown));
      return;
    }
  }
  take_choices(option, key, words);
}

/// CLI11 throws only for an option without its value, or a flag with one; its message begins with the name.
std::string explained(const CLI::ParseError& error) {
  const std::string text = error.what();
  std::string name = text.substr(0, text.find_first_of(": "));
  if (!name.starts_with('-')) name.insert(0, "--");
  const bool lacks_value = text.find("required") != std::string::npos;
  return fmt::format("'{}' {}", name, lacks_value ? "needs a value" : "takes no value");
}

}  // namespace

std::string Words::value(std::string_view name) const {
  const auto found = values.find(name);
  return found == values.end() || found->second.empty() ? std::string{} : found->second.front();
}

std::vector<std::string> Words::all(std::string_view name) const {
  const auto found = values.find(name);
  return found == values.end() ? std::vector<std::string>{} : found->second;
}

Words split(const std::vector<std::string>& arguments) {
  Program program;
  CLI::App& app = program.app;
  Words words;
  std::string thrown;
  try {
    app.parse(std::vector<std::string>{arguments.rbegin(), arguments.rend()});
  } catch (const CLI::ParseError& error) {
    thrown = explained(error);
  }
  const std::vector<CLI::App*> commands = app.get_subcommands();
  const CLI::App* const command = commands.empty() ? nullptr : commands.front();
  if (command != nullptr) words.command = command->get_name();
  explain_left_over(app, app.remaining(), AtProgram::yes, words);
  if (command != nullptr) explain_left_over(*command, command->remaining(), AtProgram::no, words);
  if (words.problems.empty() && !thrown.empty()) words.problems.push_back(thrown);
  for (const CLI::App* part : {static_cast<const CLI::App*>(&app), command}) {
    if (part == nullptr) continue;
    for (const CLI::Option* option : part->get_options()) take_option(*option, program.times[option], words);
  }
  return words;
}

std::vector<CommandDescription> describe() {
  const Program program;
  std::vector<CommandDescription> commands{described(program.app, {})};
  for (const CLI::App* command : program.app.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(described(*command, command->get_name()));
  }
  return commands;
}

}  // namespace noloss::cli
