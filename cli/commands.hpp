// The commands as plain functions: arguments in, text to the console, exit code out. One file each.
#pragma once

#include "cli/arguments.hpp"
#include "cli/console.hpp"

namespace noloss::cli {

using harness::ExitCode;

/// The program's own argument vector, for the manifest of results.
using CommandLine = std::vector<std::string>;

[[nodiscard]] ExitCode run(const RunArguments& arguments, const CommandLine& line, Console& console);
[[nodiscard]] ExitCode check(const CheckArguments& arguments, Console& console);
[[nodiscard]] ExitCode replay(const ReplayArguments& arguments, Console& console);
[[nodiscard]] ExitCode shrink(const ShrinkArguments& arguments, Console& console);
[[nodiscard]] ExitCode audit(const AuditArguments& arguments, Console& console);
[[nodiscard]] ExitCode merge(const MergeArguments& arguments, const CommandLine& line, Console& console);
[[nodiscard]] ExitCode list(const ListArguments& arguments, Console& console);
[[nodiscard]] ExitCode schema(Console& console);
[[nodiscard]] ExitCode completion(const CompletionArguments& arguments, Console& console);

}  // namespace noloss::cli
