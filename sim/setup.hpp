// Disk profiles and link latencies as a scenario gives them. Shared by the world and by the scenario reader.
#pragma once

#include <cstdint>
#include <string>

#include "sim/quantity.hpp"
#include "sim/time.hpp"

namespace noloss::sim {

/// A block device and the kernel's writeback. Default: the profile `nvme`.
struct DiskSetup {
  Duration sync = std::chrono::milliseconds{2};       ///< one flush of the device, without the bytes
  std::int64_t bandwidth = 1'500'000'000;             ///< bytes per second
  Duration writeback_wake = std::chrono::seconds{5};  ///< the kernel looks for old dirty pages this often ...
  Duration writeback_age = std::chrono::seconds{30};  ///< ... and writes those dirty for longer than this
  std::int64_t dirty_limit = 0;                       ///< bytes of dirty pages above which writes wait; 0: off

  friend bool operator==(const DiskSetup&, const DiskSetup&) = default;
};

/// One-way delay of a link: log-normal between these two quantiles. Default: the profile `lan`.
struct LatencySetup {
  Duration p50 = std::chrono::microseconds{150};
  Duration p99 = std::chrono::milliseconds{1};
  std::int64_t bandwidth = 1'250'000'000;  ///< bytes per second of each link and direction
  bool congestion_control = false;         ///< TCP's windows and send buffers, and what a loss does to them

  friend bool operator==(const LatencySetup&, const LatencySetup&) = default;
};

}  // namespace noloss::sim
