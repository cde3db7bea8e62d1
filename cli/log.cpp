#include "cli/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "harness/scenario/suggest.hpp"

namespace noloss::cli {
namespace {

constexpr std::array<std::string_view, 6> kNames{"trace", "debug", "info", "warning", "error", "off"};
constexpr std::array kLevels{spdlog::level::trace, spdlog::level::debug, spdlog::level::info,
                             spdlog::level::warn,  spdlog::level::err,   spdlog::level::off};

}  // namespace

void set_up_log(LogLevel level, bool colour) {
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(colour ? spdlog::color_mode::always
                                                                           : spdlog::color_mode::never);
  auto logger = std::make_shared<spdlog::logger>("noloss", std::move(sink));
  logger->set_pattern("noloss: %^%l:%$ %v");
  logger->set_level(spdlog::level::warn);
  spdlog::set_default_logger(logger);
  if (level != LogLevel::automatic) {
    logger->set_level(kLevels[static_cast<std::size_t>(level) - 1]);
    return;
  }
  const char* const wanted = std::getenv("NOLOSS_LOG");
  if (wanted == nullptr || *wanted == '\0') return;
  for (std::size_t at = 0; at < kNames.size(); ++at) {
    if (kNames[at] == wanted) {
      logger->set_level(kLevels[at]);
      return;
    }
  }
  spdlog::warn("NOLOSS_LOG={} is no level{}", wanted, harness::did_you_mean(wanted, kNames, "levels"));
}

void log_debug(std::string_view message) { spdlog::debug("{}", message); }
void log_warning(std::string_view message) { spdlog::warn("{}", message); }

}  // namespace noloss::cli
