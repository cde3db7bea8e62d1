// Every command and every option, one row each. Parser, help and shell completion derive from these rows.
#pragma once

#include <array>
#include <string_view>

namespace noloss::cli {

struct CommandRow {
  std::string_view name;
  std::string_view meaning;
  std::string_view epilogue;
};

/// How often an option may stand on the command line.
enum class Times : unsigned char { once, any };

/// An option or, where the names do not begin with a dash, a positional argument.
struct OptionRow {
  std::string_view commands;  ///< separated by blanks; "*": all of them and the program itself
  std::string_view names;     ///< as CLI11 writes them: "-o,--out"
  std::string_view value;     ///< its kind: FILE, DIR, PATH, ...; words with '|' between are the choices; empty: a flag
  Times times = Times::once;
  std::string_view group;  ///< heading in the help
  std::string_view meaning;
};

inline constexpr std::array kCommandRows{
    CommandRow{"run", "runs scenarios, prints the verdict on each guarantee, writes results",
               "Examples:\n"
               "  noloss run scenarios\n"
               "  noloss run scenarios/textbook/power-loss.yaml --seeds 1..100\n"
               "  noloss run sweep.yaml --shard 3/8 --out runs\n"
               "  noloss run sweep.yaml --search exhaustive --faults 2 --kinds power_loss+kill\n"
               "\n"
               "Exit codes: 0 every expectation met, or shard complete; 1 an expectation failed; 2 wrong usage or\n"
               "scenario; 3 inconclusive; 4 a repeated run differed; 130 interrupted, the same command goes on.\n"},
    CommandRow{"check", "reads and validates scenarios, runs nothing",
               "Examples:\n"
               "  noloss check scenarios\n"
               "  noloss check sweep.yaml --expand\n"
               "\n"
               "Exit codes: 0 all are valid; 2 at least one is not.\n"},
    CommandRow{
        "replay", "runs one seed or one plan and tells the story of each lost message",
        "One of --seed, --plan and --number is needed. With --plan, the seed still draws the workload and the delays;\n"
        "without --seed it is the first of the scenario.\n"
        "\n"
        "Examples:\n"
        "  noloss replay sweep.yaml --only acks=1 --seed 23\n"
        "  noloss replay sweep.yaml --only acks=1 --seed 23 --plan-out plan.yaml --trace trace.jsonl\n"
        "  noloss replay sweep.yaml --only acks=1 --seed 23 --plan plan.yaml\n"
        "\n"
        "Exit codes: 0 it ran, whatever the verdict; 2 wrong usage, scenario or plan.\n"},
    CommandRow{"shrink", "makes the plan of a violation small, and asks what would have helped",
               "One of --seed, --plan and --number is needed. The result is a scenario file that stands alone: fewer\n"
               "faults, messages and nodes, simpler faults, moments in place of times; `noloss run` and\n"
               "`noloss replay` take it.\n"
               "\n"
               "Examples:\n"
               "  noloss shrink sweep.yaml --only acks=1 --seed 23\n"
               "  noloss shrink sweep.yaml --only acks=1 --seed 23 --guarantee no_duplicates -o small.yaml\n"
               "\n"
               "Exit codes: 0 it was made as small as it gets; 2 wrong usage, scenario or plan; 3 the run violates\n"
               "nothing.\n"},
    CommandRow{"audit", "checks a recorded history from anywhere for loss, duplicates and reordering",
               "The file is CSV with the header producer,partition,sequence,event (any order, other columns are not\n"
               "looked at), or JSON Lines with these keys; '-' is standard input. Each producer numbers its messages\n"
               "per partition without gaps. Events: sent, acked, failed, uncertain of producers; delivered, processed\n"
               "of consumers. With `incarnation`, a producer that was started again numbers anew.\n"
               "Where no `processed` is recorded, a delivery counts as the effect; where no producer is recorded,\n"
               "gaps between the numbers seen are reported, and what is missing at the ends cannot be seen.\n"
               "\n"
               "Examples:\n"
               "  noloss audit history.csv\n"
               "  noloss audit history.jsonl --allow duplicates --format json\n"
               "\n"
               "Exit codes: 0 clean; 1 something was lost, duplicated, reordered or never sent and is not allowed;\n"
               "2 wrong usage, or lines that cannot be understood; 3 nothing there to judge.\n"},
    CommandRow{"merge", "joins the results of shards and gives the verdict",
               "Examples:\n"
               "  noloss merge runs -o results/sweep\n"
               "\n"
               "Exit codes: those of run. Missing shards are named with the command that runs them.\n"},
    CommandRow{
        "list", "prints what there is: systems, options, faults, guarantees, columns and more",
        "Topics:\n"
        "  systems          the modelled systems\n"
        "  options SYSTEM   every option it accepts: default, bounds, meaning, whether it protects against loss\n"
        "  waits SYSTEM     names of what can block, for `expect: {available: {violated: ...}}`\n"
        "  marks SYSTEM     states that matter, for `require:`\n"
        "  events SYSTEM    events that moments can name, roles, kinds of message\n"
        "  faults           every action: what it does, how it heals, its options\n"
        "  guarantees       every guarantee and when it holds\n"
        "  moments FILE     moments that a run of the scenario meets, without its drawn faults\n"
        "  columns          columns of runs.csv and summary.csv\n"
        "\n"
        "Examples:\n"
        "  noloss list options textbook\n"
        "  noloss list faults --format json\n"},
    CommandRow{"schema", "prints the JSON Schema of the scenario file",
               "Example:\n"
               "  noloss schema > scenarios/scenario.schema.json\n"},
    CommandRow{"completion", "prints a script that completes commands, options and words in a shell",
               "Examples:\n"
               "  source <(noloss completion bash)               # in ~/.bashrc\n"
               "  source <(noloss completion zsh)                # in ~/.zshrc\n"
               "  noloss completion fish > ~/.config/fish/completions/noloss.fish\n"},
};

inline constexpr std::string_view kArguments = "Arguments";
inline constexpr std::string_view kWhat = "What to run";
inline constexpr std::string_view kHow = "How";
inline constexpr std::string_view kOutput = "Output";
inline constexpr std::string_view kGeneral = "General";

inline constexpr std::array kOptionRows{
    OptionRow{"run check", "PATH", "PATH", Times::any, kArguments,
              "scenario files, or folders with scenario files below"},
    OptionRow{"replay shrink", "FILE", "PATH", Times::once, kArguments, "the scenario file"},
    OptionRow{"audit", "FILE", "FILE", Times::once, kArguments, "the recorded history; '-' is standard input"},
    OptionRow{"merge", "DIR", "DIR", Times::any, kArguments, "folders with the results of shards"},
    OptionRow{"list", "TOPIC", "systems|options|waits|faults|guarantees|moments|columns|marks|events", Times::once,
              kArguments, "what to print, see below"},
    OptionRow{"list", "SUBJECT", "SUBJECT", Times::once, kArguments, "the system, or the scenario file of `moments`"},
    OptionRow{"completion", "SHELL", "bash|zsh|fish", Times::once, kArguments, "the shell"},

    OptionRow{"run", "--seeds", "A..B", Times::once, kWhat,
              "seeds, both ends included, in place of the scenarios' own"},
    OptionRow{"run", "--seed", "N", Times::once, kWhat, "this one seed"},
    OptionRow{"replay shrink", "--seed", "N", Times::once, kWhat, "the seed to run"},
    OptionRow{"replay shrink", "--plan", "FILE", Times::once, kWhat,
              "obey this plan instead of drawing one from the seed"},
    OptionRow{"list", "--seed", "N", Times::once, kWhat, "moments: the seed to run (1)"},
    OptionRow{"run check replay shrink list", "--only", "K=V", Times::any, kWhat,
              "only configurations with this parameter; K is any unique end of its path"},
    OptionRow{"run check replay shrink list", "--set", "PATH=VALUE", Times::any, kWhat,
              "replace or add the value at a dotted path of every scenario"},
    OptionRow{"run", "--search", "random|exhaustive|lineage", Times::once, kWhat,
              "how plans are chosen: drawn by each seed, or every one of at most --faults faults (random)"},
    OptionRow{"run replay shrink", "--faults", "K", Times::once, kWhat,
              "exhaustive search: at most K faults at a time (1)"},
    OptionRow{"run replay shrink", "--kinds", "KIND+KIND", Times::once, kWhat,
              "exhaustive search: only these faults of the scenario"},
    OptionRow{"replay shrink", "--number", "N", Times::once, kWhat, "the N-th plan of the exhaustive search"},
    OptionRow{"shrink", "--guarantee", "NAME", Times::once, kWhat,
              "the guarantee that stays violated (the first violated one, those that the scenario names first)"},
    OptionRow{"run", "--confidence", "P", Times::once, kWhat,
              "as many seeds as bound the probability of a violation by P, such as 1e-4"},

    OptionRow{"run", "--jobs,-j", "N", Times::once, kHow, "threads (as many as there are cores)"},
    OptionRow{"run", "--shard", "I/N", Times::once, kHow, "only the I-th of N parts; `merge` joins them"},
    OptionRow{"run", "--time-budget", "DURATION", Times::once, kHow, "stop after 60s, 5m, ...; the evidence says so"},
    OptionRow{"run", "--stop-on-violation", "", Times::once, kHow, "stop at the first violation that is not expected"},

    OptionRow{"check", "--expand", "", Times::once, kOutput, "print every configuration of the matrix"},
    OptionRow{"audit", "--allow", "silent_loss|duplicates|reordered|phantom", Times::any, kOutput,
              "shown, but no reason for exit code 1"},
    OptionRow{"shrink", "--out,-o", "FILE", Times::once, kOutput, "the witness (plans/NAME-GUARANTEE.yaml)"},
    OptionRow{"run merge", "--out,-o", "DIR", Times::once, kOutput, "folder of the results"},
    OptionRow{"run merge", "--junit", "FILE", Times::once, kOutput, "write the verdicts as JUnit XML too"},
    OptionRow{"run check merge", "--format", "text|json|github", Times::once, kOutput,
              "of the results: json is one object, github adds annotations of workflow runs (text)"},
    OptionRow{"audit list", "--format", "text|json", Times::once, kOutput, "of the result: json is one object (text)"},
    OptionRow{"replay", "--trace", "FILE", Times::once, kOutput, "write every event as JSON Lines"},
    OptionRow{"replay", "--plan-out", "FILE", Times::once, kOutput, "write the plan that the run obeyed"},
    OptionRow{"replay", "--history", "FILE", Times::once, kOutput,
              "write what happened to each message as JSON Lines, as `audit` reads it"},
    OptionRow{"run merge", "--quiet,-q", "", Times::once, kOutput, "print only what is not as expected"},
    OptionRow{"run", "--progress", "auto|bar|lines|none", Times::once, kOutput, "how progress is shown (auto)"},

    OptionRow{"*", "--color", "auto|always|never", Times::once, kGeneral, "when text is coloured (auto)"},
    OptionRow{"*", "--log-level", "auto|trace|debug|info|warning|error|off", Times::once, kGeneral,
              "of messages on stderr (auto: $NOLOSS_LOG, or warning)"},
    OptionRow{"*", "--help,-h", "", Times::once, kGeneral, "print this help"},
    OptionRow{"*", "--version", "", Times::once, kGeneral, "print the version"},
};

/// Commands and options that are planned, so that nobody looks for a typing mistake.
inline constexpr std::array<std::string_view, 2> kLater{"report", "export"};

}  // namespace noloss::cli
