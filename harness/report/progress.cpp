#include "harness/report/progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/verdict/interval.hpp"

namespace noloss::harness {
namespace {

constexpr std::chrono::milliseconds kBarEvery{100};
constexpr std::chrono::milliseconds kLineEvery{10'000};
constexpr std::size_t kBarWidth = 24;

/// "9s", "3m20s", "2h05m".
std::string span_text(std::uint64_t seconds) {
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{:02}m", seconds / 3600, seconds % 3600 / 60);
}

std::string rate_text(std::uint64_t runs, std::uint64_t milliseconds) {
  const std::uint64_t tenths = runs * 10'000 / milliseconds;
  return tenths >= 100 ? fmt::format("{}/s", grouped(tenths / 10)) : fmt::format("{}.{}/s", tenths / 10, tenths % 10);
}

}  // namespace

std::string progress_line(const ProgressState& state, std::chrono::milliseconds elapsed, std::size_t bar_width) {
  std::string line;
  const std::uint64_t total = std::max<std::uint64_t>(state.total, 1);
  if (bar_width > 0) {
    const std::size_t full = std::min<std::size_t>(bar_width, state.done * bar_width / total);
    line = fmt::format("[{}{}]  ", std::string(full, '#'), std::string(bar_width - full, '-'));
  }
  line += fmt::format("{}/{} runs", grouped(state.done), grouped(state.total));
  const std::uint64_t fresh = state.done - std::min(state.done, state.resumed);
  const auto milliseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(elapsed.count(), 1));
  if (fresh > 0) line += fmt::format("  {}", rate_text(fresh, milliseconds));
  line += fmt::format("  violations {}", grouped(state.violating));
  if (fresh > 0 && state.done < state.total) {
    line += fmt::format("  {} left", span_text((state.total - state.done) * milliseconds / fresh / 1000 + 1));
  }
  return line;
}

ProgressDisplay::ProgressDisplay(ProgressStyle style, std::function<void(std::string_view)> write)
    : style_(style), write_(std::move(write)), next_(style == ProgressStyle::lines ? kLineEvery : kBarEvery) {}

ProgressDisplay::~ProgressDisplay() { clear(); }

void ProgressDisplay::show(const ProgressState& state) {
  const std::chrono::milliseconds elapsed = watch_.elapsed();
  if (style_ == ProgressStyle::none || elapsed < next_) return;
  if (style_ == ProgressStyle::bar) {
    write_(fmt::format("\r{}\x1b[K", progress_line(state, elapsed, kBarWidth)));
    bar_shown_ = true;
    next_ = elapsed + kBarEvery;
  } else {
    write_(progress_line(state, elapsed, 0) + '\n');
    next_ = elapsed + kLineEvery;
  }
}

void ProgressDisplay::clear() {
  if (bar_shown_) write_("\r\x1b[K");
  bar_shown_ = false;
}

}  // namespace noloss::harness
