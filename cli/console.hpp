// Where text goes: results to standard output, everything else to standard error; and whether it is coloured.
//
// A reader who closes the pipe early is no error: the rest is dropped quietly. Any other failure to write is kept,
// so that the program can end with it.
#pragma once

#include <string>
#include <string_view>

#include "cli/arguments.hpp"
#include "harness/campaign/campaign.hpp"
#include "harness/report/palette.hpp"

namespace noloss::cli {

/// Variables that decide about colour and progress; unset is empty.
struct Environment {
  std::string no_color;
  std::string clicolor_force;
  std::string term;
  std::string ci;
};
[[nodiscard]] Environment environment();

enum class Terminal : bool { no, yes };

/// --color decides; then NO_COLOR, CLICOLOR_FORCE, TERM=dumb, and whether it is a terminal.
[[nodiscard]] bool coloured(When choice, Terminal terminal, const Environment& environment);
/// A bar needs a terminal that can go back to the start of a line, and nobody who keeps a log.
[[nodiscard]] harness::ProgressStyle progress_style(ProgressChoice choice, Terminal error_terminal,
                                                    const Environment& environment);

class Console {
 public:
  explicit Console(const CommonArguments& common);

  /// Results.
  void out(std::string_view text);
  /// Everything else, line ends included.
  void err(std::string_view text);
  /// "noloss: error: MESSAGE", one line.
  void error(std::string_view message);

  [[nodiscard]] const harness::Palette& out_palette() const { return out_palette_; }
  [[nodiscard]] harness::ProgressStyle progress(ProgressChoice choice) const;
  [[nodiscard]] bool colours_errors() const { return !err_palette_.reset.empty(); }
  /// Columns to wrap at; 0 where standard output is no terminal.
  [[nodiscard]] std::size_t width() const { return width_; }
  /// This console for the harness.
  [[nodiscard]] harness::Console for_harness();

  /// Writes out what is buffered. What went wrong with standard output, or empty.
  [[nodiscard]] std::string finish();

 private:
  Environment environment_;
  harness::Palette out_palette_;
  harness::Palette err_palette_;
  std::size_t width_ = 0;
  int failure_ = 0;  ///< errno of the first write that failed
};

}  // namespace noloss::cli
