// The wall clock, for people and time budgets only: nothing that a run decides or a table holds comes from here.
#pragma once

#include <chrono>
#include <string>

namespace noloss::harness {

class Stopwatch {
 public:
  Stopwatch();
  [[nodiscard]] std::chrono::milliseconds elapsed() const;

 private:
  std::chrono::nanoseconds start_;
};

/// Now, in UTC: "2026-11-22T20:47:11Z".
[[nodiscard]] std::string utc_now();

}  // namespace noloss::harness
