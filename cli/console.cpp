#include "cli/console.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace noloss::cli {
namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string{value};
}

Terminal terminal(int descriptor) { return ::isatty(descriptor) != 0 ? Terminal::yes : Terminal::no; }

std::size_t terminal_width() {
  if (terminal(STDOUT_FILENO) == Terminal::no) return 0;
  ::winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

Environment environment() {
  return {variable("NO_COLOR"), variable("CLICOLOR_FORCE"), variable("TERM"), variable("CI")};
}

bool coloured(When choice, Terminal terminal, const Environment& environment) {
  if (choice != When::automatic) return choice == When::always;
  if (!environment.no_color.empty()) return false;
  if (!environment.clicolor_force.empty() && environment.clicolor_force != "0") return true;
  return terminal == Terminal::yes && environment.term != "dumb";
}

harness::ProgressStyle progress_style(ProgressChoice choice, Terminal error_terminal, const Environment& environment) {
  using harness::ProgressStyle;
  if (choice == ProgressChoice::none) return ProgressStyle::none;
  if (choice == ProgressChoice::bar) return ProgressStyle::bar;
  if (choice == ProgressChoice::lines) return ProgressStyle::lines;
  const bool can_redraw = error_terminal == Terminal::yes && environment.term != "dumb" && environment.ci.empty();
  return can_redraw ? ProgressStyle::bar : ProgressStyle::lines;
}

Console::Console(const CommonArguments& common) : environment_(environment()), width_(terminal_width()) {
  if (coloured(common.color, terminal(STDOUT_FILENO), environment_)) out_palette_ = harness::terminal_palette();
  if (coloured(common.color, terminal(STDERR_FILENO), environment_)) err_palette_ = harness::terminal_palette();
}

void Console::out(std::string_view text) {
  if (failure_ != 0) return;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) failure_ = errno;
}

void Console::err(std::string_view text) {
  std::fflush(stdout);  // a reader of both sees them in order
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void Console::error(std::string_view message) {
  err(fmt::format("noloss: {}error:{} {}\n", err_palette_.bad, err_palette_.reset, message));
}

harness::ProgressStyle Console::progress(ProgressChoice choice) const {
  return progress_style(choice, terminal(STDERR_FILENO), environment_);
}

harness::Console Console::for_harness() {
  return {.out = [this](std::string_view text) { out(text); }, .log = [this](std::string_view text) { err(text); }};
}

std::string Console::finish() {
  if (std::fflush(stdout) != 0 && failure_ == 0) failure_ = errno;
  if (failure_ == 0 || failure_ == EPIPE) return {};
  return fmt::format("standard output cannot be written: {}", std::strerror(failure_));
}

}  // namespace noloss::cli
