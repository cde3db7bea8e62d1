// How far a campaign is, for the person who waits: a bar on a terminal, else a plain line each 10 s.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "harness/report/stopwatch.hpp"

namespace noloss::harness {

enum class ProgressStyle : std::uint8_t { none, lines, bar };

struct ProgressState {
  std::uint64_t done = 0;     ///< finished runs, those of an earlier start included
  std::uint64_t resumed = 0;  ///< of them, those of an earlier start
  std::uint64_t total = 0;
  std::uint64_t violating = 0;  ///< runs with a violation in which a guarantee that is expected to hold broke
};

/// "[#####-----]  1,234/4,000 runs  312/s  violations 3  9s left". Width of the bar in characters; 0: no bar.
[[nodiscard]] std::string progress_line(const ProgressState& state, std::chrono::milliseconds elapsed,
                                        std::size_t bar_width);

class ProgressDisplay {
 public:
  ProgressDisplay(ProgressStyle style, std::function<void(std::string_view)> write);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  /// Call as often as you like; shows at most 10 bars a second, or a line each 10 s.
  void show(const ProgressState& state);
  /// Takes the bar off the terminal.
  void clear();

 private:
  ProgressStyle style_;
  std::function<void(std::string_view)> write_;
  Stopwatch watch_;
  std::chrono::milliseconds next_{0};
  bool bar_shown_ = false;
};

}  // namespace noloss::harness
