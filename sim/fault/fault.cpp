#include "sim/fault/fault.hpp"

#include <array>

namespace noloss::sim {
namespace {

/// In the order of the enum.
constexpr std::array<std::string_view, kActions> kNames{
    "power_loss",    "fsync_error", "fsync_lie", "disk_slow", "disk_full", "disk_error", "corrupt",
    "wipe",          "destroy",     "kill",      "pause",     "stop",      "clock_skew", "handler_error",
    "handler_stall", "drop",        "partition", "loss",      "delay",     "slow"};

}  // namespace

std::string_view name(Action action) { return kNames[static_cast<std::size_t>(action)]; }

std::optional<Action> action_named(std::string_view name) {
  for (std::size_t i = 0; i < kActions; ++i) {
    if (kNames[i] == name) return static_cast<Action>(i);
  }
  return std::nullopt;
}

}  // namespace noloss::sim
