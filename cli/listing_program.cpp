// Lists of what is the same for every system: guarantees, faults, columns.
#include <array>
#include <string_view>

#include "cli/listing.hpp"
#include "harness/campaign/tables.hpp"
#include "harness/scenario/fields.hpp"
#include "harness/scenario/guarantee.hpp"
#include "sim/fault/fault.hpp"

namespace noloss::cli {
namespace {

/// What an action does to the world, and how that ends.
struct ActionText {
  sim::Action action;
  std::string_view acts;
  std::string_view heals;
};

using enum sim::Action;
constexpr std::string_view kAfter = "after `duration`";
constexpr std::array kActionTexts{
    ActionText{power_loss, "the machine stops at once; process memory and unsynced bytes are lost, peers get no reset",
               "it boots after `duration`"},
    ActionText{fsync_error, "the next sync, or each one, fails; its pages count as clean, so a retry succeeds",
               "after one sync, or after `duration`"},
    ActionText{fsync_lie, "sync returns success while the data stays in the disk's write cache",
               "after `duration`; the next honest sync makes it durable"},
    ActionText{disk_slow, "syncs, writeback and reads take `factor` times as long, or stall", kAfter},
    ActionText{disk_full, "writes fail for lack of space", kAfter},
    ActionText{disk_error, "reads of the chosen blocks fail", kAfter},
    ActionText{corrupt, "the chosen blocks read back as zeros or junk; checksums notice it", "never"},
    ActionText{wipe, "the machine loses power and comes back with an empty disk",
               "it boots after `duration`; the data is gone"},
    ActionText{destroy, "the machine loses power and never returns", "never"},
    ActionText{kill, "the process dies; its memory is lost, the page cache stays, connections are reset",
               "it starts after `duration`, or at the end of the disturb phase"},
    ActionText{pause, "the process does nothing while its sockets stay open and its clock goes on", kAfter},
    ActionText{stop, "orderly shutdown, as the real system does it", "it starts after `duration`"},
    ActionText{clock_skew, "the machine's wall clock is ahead, behind, fast or slow", kAfter},
    ActionText{handler_error, "the processing of a message throws before its effect",
               "after `times` messages; never with `always`"},
    ActionText{handler_stall, "the processing of a message hangs; heartbeats go on", kAfter},
    ActionText{drop, "a connection breaks at one message: it and all behind it never arrive, both ends see a reset",
               "the client connects again as the real one does"},
    ActionText{partition, "packets between the sides are held, and arrive late if it heals before a timeout", kAfter},
    ActionText{loss, "packets are lost with `rate` and sent again: delay, never a lost message by itself", kAfter},
    ActionText{delay, "`by` is added to each packet, or to one message of a kind, which holds up all behind it",
               kAfter},
    ActionText{slow, "bandwidth is limited", kAfter},
};
static_assert(kActionTexts.size() == sim::kActions);

constexpr std::string_view kRuns = "runs.csv";
constexpr std::string_view kSummary = "summary.csv";
constexpr std::string_view kFaults = "faults.csv";

}  // namespace

Listing guarantees_listing() {
  Listing listing{{"guarantee", "meaning"}, {}};
  for (const harness::Guarantee guarantee : harness::kAllGuarantees) {
    listing.rows.push_back({std::string{name(guarantee)}, std::string{meaning(guarantee)}});
  }
  return listing;
}

Listing faults_listing() {
  Listing listing{{"action", "acts", "heals", "options"}, {}};
  for (const harness::ActionDoc& doc : harness::documented_actions()) {
    const sim::Action action = sim::action_named(doc.action).value_or(sim::Action::kill);
    const ActionText& text = kActionTexts[static_cast<std::size_t>(action)];
    listing.rows.push_back({std::string{doc.action}, std::string{text.acts}, std::string{text.heals}, doc.options});
  }
  return listing;
}

Listing columns_listing() {
  Listing listing{{"file", "column", "meaning"}, {}};
  const auto add = [&](std::string_view file, std::string_view column, std::string_view meaning) {
    listing.rows.push_back({std::string{file}, std::string{column}, std::string{meaning}});
  };
  for (const harness::ColumnText& column : harness::runs_columns()) add(kRuns, column.name, column.meaning);
  add(kSummary, "scenario", "name of the scenario");
  add(kSummary, "config_id", "the combination of the matrix; base without one");
  add(kSummary, "PATH", "one column for each matrix parameter, by dotted path");
  add(kSummary, "guarantee", "name of the guarantee");
  add(kSummary, "expected", "what the scenario expects: holds or violated; empty: nothing");
  add(kSummary, "verdict", "holds, violated or inconclusive over all runs of the configuration");
  add(kSummary, "met", "whether the expectation came about; empty: nothing expected");
  add(kSummary, "evidence", "what the verdict rests on: search and number of runs");
  add(kSummary, "runs", "runs that gave a verdict");
  add(kSummary, "violations", "of these, runs that violated it");
  add(kSummary, "p", "share of violations");
  add(kSummary, "p_low", "lower end of the 95 % interval of the probability of a violation");
  add(kSummary, "p_high", "its upper end; one-sided where no violation was seen");
  add(kSummary, "first_seed", "smallest seed with a violation");
  add(kSummary, "stage", "where the first lost message was lost: produce, store, consume, or the policy");
  add(kFaults, "action", "kind of fault; the columns before it are those of summary.csv");
  add(kFaults, "runs", "runs of the configuration");
  add(kFaults, "armed", "faults of this kind in the plans of all runs");
  add(kFaults, "fired", "of these, those whose moment came");
  add(kFaults, "effective", "of these, those that changed something observable");
  add(kFaults, "runs_effective", "runs in which one of them had an effect");
  add(kFaults, "violated_GUARANTEE", "of these, runs that violated the guarantee; one column each");
  return listing;
}

}  // namespace noloss::cli
