// The program: arguments in, text and an exit code out. What the commands do: one file each in this folder.
#include <fmt/format.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <variant>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/log.hpp"
#include "cli/version.hpp"

namespace noloss::cli {
namespace {

struct Dispatch {
  const CommandLine& line;
  Console& console;

  ExitCode operator()(const RunArguments& arguments) const { return run(arguments, line, console); }
  ExitCode operator()(const CheckArguments& arguments) const { return check(arguments, console); }
  ExitCode operator()(const ReplayArguments& arguments) const { return replay(arguments, console); }
  ExitCode operator()(const ShrinkArguments& arguments) const { return shrink(arguments, console); }
  ExitCode operator()(const AuditArguments& arguments) const { return audit(arguments, console); }
  ExitCode operator()(const MergeArguments& arguments) const { return merge(arguments, line, console); }
  ExitCode operator()(const ListArguments& arguments) const { return list(arguments, console); }
  ExitCode operator()(const SchemaArguments&) const { return schema(console); }
  ExitCode operator()(const CompletionArguments& arguments) const { return completion(arguments, console); }
};

ExitCode refuse(const UsageError& error, Console& console) {
  for (const std::string& message : error.messages) console.error(message);
  console.err(fmt::format("Try `noloss {}{}--help`.\n", error.command, error.command.empty() ? "" : " "));
  return ExitCode::usage;
}

ExitCode answer(const Parsed& parsed, const CommandLine& line, Console& console) {
  if (const auto* text = std::get_if<Answer>(&parsed.result)) {
    console.out(text->text);
    return ExitCode::met;
  }
  if (const auto* error = std::get_if<UsageError>(&parsed.result)) return refuse(*error, console);
  return std::visit(Dispatch{line, console}, std::get<Command>(parsed.result));
}

/// Nothing below throws on what a user can do; what arrives here is a mistake of the program's.
[[noreturn]] void give_up(std::string_view what) {
  fmt::print(stderr,
             "noloss: internal error: {}\n"
             "This is a defect of noloss {} {}. Please report it with the command and its scenario files.\n",
             what, version(), revision());
  std::abort();
}

}  // namespace

int main_of(const CommandLine& line) {
  std::signal(SIGPIPE, SIG_IGN);
  const Parsed parsed = parse({line.begin() + 1, line.end()});
  Console console{parsed.common};
  set_up_log(parsed.common.log_level, console.colours_errors());
  ExitCode code = ExitCode::met;
  try {
    code = answer(parsed, line, console);
  } catch (const std::bad_alloc&) {
    give_up("out of memory");
  } catch (const std::exception& error) {
    give_up(error.what());
  }
  if (const std::string failure = console.finish(); !failure.empty()) {
    console.error(failure);
    if (code == ExitCode::met) code = ExitCode::usage;
  }
  return static_cast<int>(code);
}

}  // namespace noloss::cli

int main(int count, char** arguments) {
  noloss::cli::CommandLine line(arguments, arguments + count);
  if (line.empty()) line.emplace_back("noloss");
  return noloss::cli::main_of(line);
}
