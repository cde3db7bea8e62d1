// The escape sequences around coloured words; all empty where colour is off. Who prints decides, not who renders.
#pragma once

#include <string_view>

namespace noloss::harness {

struct Palette {
  std::string_view good;    ///< a verdict that is as expected
  std::string_view bad;     ///< UNEXPECTED
  std::string_view unsure;  ///< inconclusive
  std::string_view strong;  ///< names
  std::string_view faint;   ///< stories, commands
  std::string_view reset;
};

/// The eight basic colours of any terminal.
[[nodiscard]] constexpr Palette terminal_palette() {
  return {.good = "\x1b[32m",
          .bad = "\x1b[1;31m",
          .unsure = "\x1b[33m",
          .strong = "\x1b[1m",
          .faint = "\x1b[2m",
          .reset = "\x1b[0m"};
}

}  // namespace noloss::harness
