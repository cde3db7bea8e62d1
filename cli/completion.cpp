// `noloss completion`: scripts for shells, made from the description of the commands, so that they cannot lag behind.
//
// One script in bash does the work, with the words baked in; zsh loads it through bashcompinit. fish has its own form.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "cli/commands.hpp"
#include "models/systems.hpp"

namespace noloss::cli {
namespace {

std::string systems_words() {
  std::string words;
  for (const models::System* system : models::systems())
    words += fmt::format("{}{}", words.empty() ? "" : " ", system->name());
  return words;
}

/// How bash completes a value of this kind.
std::string bash_values(const OptionDescription& option) {
  if (!option.choices.empty()) return fmt::format("_noloss_words '{}'", fmt::join(option.choices, " "));
  if (option.value == "PATH") return "_noloss_scenarios";
  if (option.value == "SUBJECT") return fmt::format("_noloss_words '{}'; _noloss_scenarios", systems_words());
  if (option.value == "DIR") return "_noloss_folders";
  if (option.value == "FILE") return "_noloss_files";
  return ":";
}

constexpr std::string_view kBashHead =
    R"(# Completion of noloss for bash. Made by `noloss completion bash`; do not edit.
_noloss_words() { COMPREPLY+=($(compgen -W "$1" -- "$cur")); }
_noloss_folders() { COMPREPLY+=($(compgen -d -S / -- "$cur")); compopt -o nospace 2>/dev/null; }
_noloss_files() { COMPREPLY+=($(compgen -f -- "$cur")); compopt -o filenames 2>/dev/null; }
_noloss_scenarios() {
  local file
  while IFS= read -r file; do
    if [[ -d $file || $file == *.yaml ]]; then COMPREPLY+=("$file"); fi
  done < <(compgen -f -- "$cur")
  compopt -o filenames 2>/dev/null
}
)";

constexpr std::string_view kBashBody = R"(
_noloss() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev='' command='' place=0 at word
  COMPREPLY=()
  ((COMP_CWORD > 0)) && prev=${COMP_WORDS[COMP_CWORD - 1]}
  if [[ $prev == '=' && $COMP_CWORD -gt 1 ]]; then prev=${COMP_WORDS[COMP_CWORD - 2]}; fi # --option=WORD
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=${COMP_WORDS[at]}
    if [[ $word == -* ]]; then
      if _noloss_takes_value "$command" "$word"; then ((at++)); fi
    elif [[ -z $command ]]; then
      command=$word
    else
      ((place++))
    fi
  done
  if [[ $prev == -* ]] && _noloss_takes_value "$command" "$prev"; then
    _noloss_value "$command" "$prev"
  elif [[ $cur == -* ]]; then
    _noloss_options "$command"
  else
    _noloss_place "$command" "$place"
  fi
}
complete -F _noloss noloss ./noloss
)";

/// One `case` of a function of the script: a command's name or empty, and what happens there.
std::string bash_function(std::string_view name, const std::vector<std::pair<std::string, std::string>>& cases) {
  std::string text = fmt::format("\n{}() {{\n  case $1:$2 in\n", name);
  for (const auto& [pattern, action] : cases) text += fmt::format("    {}) {} ;;\n", pattern, action);
  return text + "    *) return 1 ;;\n  esac\n}\n";
}

std::string bash_script(const std::vector<CommandDescription>& commands) {
  std::vector<std::pair<std::string, std::string>> values;
  std::vector<std::pair<std::string, std::string>> takes;
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<std::pair<std::string, std::string>> places;
  std::string command_words;
  for (const CommandDescription& command : commands) {
    command_words += command.name.empty() ? "" : fmt::format("{}{}", command_words.empty() ? "" : " ", command.name);
    std::string names;
    std::size_t place = 0;
    for (const OptionDescription& option : command.options) {
      if (option.positional) {
        const std::string where = option.repeated ? std::string{"*"} : fmt::format("{}", place++);
        places.emplace_back(fmt::format("{}:{}", command.name, where), bash_values(option));
        continue;
      }
      names += fmt::format("{}{}", names.empty() ? "" : " ", fmt::join(option.names, " "));
      if (option.value.empty()) continue;
      for (const std::string& name : option.names) {
        takes.emplace_back(fmt::format("{}:{}", command.name, name), "return 0");
        values.emplace_back(fmt::format("{}:{}", command.name, name), bash_values(option));
      }
    }
    options.emplace_back(command.name + ":*", fmt::format("_noloss_words '{}'", names));
  }
  places.emplace_back(":*", fmt::format("_noloss_words '{}'", command_words));
  return std::string{kBashHead} + bash_function("_noloss_takes_value", takes) + bash_function("_noloss_value", values) +
         bash_function("_noloss_options", options) + bash_function("_noloss_place", places) + std::string{kBashBody};
}

std::string zsh_script(const std::vector<CommandDescription>& commands) {
  return "# Completion of noloss for zsh, through bashcompinit. Made by `noloss completion zsh`; do not edit.\n"
         "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n" +
         bash_script(commands);
}

std::string fish_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

/// How fish completes a value of this kind: what follows the option's own words.
std::string fish_values(const OptionDescription& option) {
  if (!option.choices.empty())
    return fmt::format(" -x -a {}", fish_quoted(fmt::format("{}", fmt::join(option.choices, " "))));
  if (option.value == "PATH") return " -x -a '(__fish_complete_suffix .yaml)'";
  if (option.value == "SUBJECT") return fmt::format(" -x -a '{} (__fish_complete_suffix .yaml)'", systems_words());
  if (option.value == "DIR") return " -x -a '(__fish_complete_directories)'";
  if (option.value == "FILE") return " -r -F";
  return option.value.empty() ? "" : " -x";
}

std::string fish_script(const std::vector<CommandDescription>& commands) {
  std::string text =
      "# Completion of noloss for fish. Made by `noloss completion fish`; do not edit.\ncomplete -c noloss -f\n";
  for (const CommandDescription& command : commands) {
    const std::string condition =
        command.name.empty() ? "__fish_use_subcommand" : "__fish_seen_subcommand_from " + command.name;
    if (!command.name.empty()) {
      text += fmt::format("complete -c noloss -n __fish_use_subcommand -a {} -d {}\n", command.name,
                          fish_quoted(command.meaning));
    }
    for (const OptionDescription& option : command.options) {
      std::string line = fmt::format("complete -c noloss -n '{}'", condition);
      if (!option.positional) {
        for (const std::string& name : option.names) {
          line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        }
        line += " -d " + fish_quoted(option.meaning);
      }
      text += line + fish_values(option) + "\n";
    }
  }
  return text;
}

}  // namespace

ExitCode completion(const CompletionArguments& arguments, Console& console) {
  const std::vector<CommandDescription> commands = describe();
  switch (arguments.shell) {
    case Shell::bash: console.out(bash_script(commands)); break;
    case Shell::zsh: console.out(zsh_script(commands)); break;
    case Shell::fish: console.out(fish_script(commands)); break;
  }
  return ExitCode::met;
}

}  // namespace noloss::cli
