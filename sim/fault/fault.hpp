// A fault as a plan writes it: what acts, on whom, when, for how long, with which options.
//
// The same struct serves the scenario (ranges allowed, `at` may be missing: the nemesis places it) and the
// concrete plan (every range drawn, every role resolved, `draw` fixed). A run obeys concrete plans only.
// Meanings of the actions and options: README of this folder; the words are those of the scenario file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/quantity.hpp"
#include "sim/time.hpp"

namespace noloss::sim {

enum class Action : std::uint8_t {
  power_loss,
  fsync_error,
  fsync_lie,
  disk_slow,
  disk_full,
  disk_error,
  corrupt,
  wipe,
  destroy,  // machine, disk
  kill,
  pause,
  stop,
  clock_skew,  // process
  handler_error,
  handler_stall,  // application
  drop,
  partition,
  loss,
  delay,
  slow,  // network
};
inline constexpr std::size_t kActions = static_cast<std::size_t>(Action::slow) + 1;
[[nodiscard]] std::string_view name(Action action);
[[nodiscard]] std::optional<Action> action_named(std::string_view name);

/// The N-th time that EVENT happens at NODE, plus a delay: "broker-1 sync.done #4 + 10ms".
/// The node may be a role ("leader", "any broker"); N counts from 1 within the run.
struct MomentRef {
  std::string node;
  std::string event;         ///< "append", "sync.done", "sent:produce_response", ...
  std::uint64_t number = 1;  ///< 0: no '#' was written; with `every: N`, each N-th one, else the first
  Duration delay{0};

  friend bool operator==(const MomentRef&, const MomentRef&) = default;
};

/// A time from the start, or a moment; neither in a scenario means that the nemesis places it.
struct When {
  std::optional<VirtualTime> time;
  std::optional<MomentRef> moment;

  [[nodiscard]] bool placed() const { return time || moment; }
  friend bool operator==(const When&, const When&) = default;
};

enum class Unsynced : std::uint8_t { lose_all, prefix, any_subset };
enum class FsyncSemantics : std::uint8_t { ext4_ordered, ext4_data, btrfs };
enum class Damage : std::uint8_t { zeros, junk };
enum class FileClass : std::uint8_t { log, index, metadata };
enum class Side : std::uint8_t { request, response };
enum class Clients : std::uint8_t { minority, majority, both };
enum class PartitionShape : std::uint8_t { isolate, halves, bridge, one_way, sides };

/// `Fault::count` of a fault with `every` and no `count`: each time.
inline constexpr std::int64_t kUnlimited = INT64_MAX;

/// One line of `faults:`. Only the options that the action documents are read; the others keep their defaults.
struct Fault {
  Action action = Action::kill;
  When at;
  std::string target;  ///< node, role, "zone-a", "all brokers"; for a connection its "A" side
  std::string peer;    ///< the "B" of "A -> B"; empty where the target is no connection
  Quantity count{1};
  std::uint64_t every = 0;  ///< 0: off
  Quantity duration{std::chrono::seconds{1}};
  std::optional<MomentRef> until;  ///< in place of duration

  Unsynced unsynced = Unsynced::any_subset;                 // power_loss, wipe, destroy
  std::optional<std::vector<std::string>> keep;             // power_loss: exactly these survive (sim/unsynced.hpp)
  bool new_identity = false;                                // wipe: `identity: new`
  FsyncSemantics semantics = FsyncSemantics::ext4_ordered;  // fsync_error
  bool once = true;                                         // fsync_error
  Quantity factor{100};                                     // disk_slow
  bool stall = false;                                       // disk_slow
  Quantity blocks{1};                                       // disk_error, corrupt
  Damage with = Damage::junk;                               // corrupt
  FileClass in = FileClass::log;                            // corrupt, disk_error
  bool restart = true;                                      // kill
  Quantity by{0};                                           // delay, clock_skew (ns)
  Quantity clock_rate{kWhole};                              // clock_skew: millionths of the true rate
  Quantity rate{0};                                         // loss (millionths)
  Quantity bandwidth{0};                                    // slow (bytes per second)
  std::string message;                                      // delay: one message of this kind
  std::int64_t times = 1;                                   // handler_error; -1: always
  Side side = Side::request;                                // drop
  PartitionShape shape = PartitionShape::isolate;           // partition
  std::vector<std::vector<std::string>> sides;              // partition `sides`; others use target, peer
  Clients clients = Clients::both;                          // partition

  /// Seeds every choice that the fault makes when it fires (which pages survive, which broker "any" is), so
  /// that a stored plan acts alike although other draws changed.
  std::uint64_t draw = 0;
  std::uint32_t line = 0;  ///< where the scenario or plan wrote it; 0: nowhere

  friend bool operator==(const Fault&, const Fault&) = default;
};

using FaultPlan = std::vector<Fault>;

}  // namespace noloss::sim
