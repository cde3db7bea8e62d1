#include "cli/output_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace noloss::cli {
namespace {

/// errno of what failed, or 0.
int write_all(const std::string& path, std::string_view text) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return errno;
  int failure = std::fwrite(text.data(), 1, text.size(), file) == text.size() ? 0 : errno;
  if (std::fclose(file) != 0 && failure == 0) failure = errno;
  return failure;
}

}  // namespace

std::string write_file(const std::string& path, std::string_view text) {
  const auto failed = [&](int number) {
    return fmt::format("'{}' cannot be written: {}", path, std::strerror(number));
  };
  std::error_code unknown;
  const auto status = std::filesystem::status(path, unknown);
  if (std::filesystem::is_directory(status)) return failed(EISDIR);
  const bool device = std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
  const std::string target = device ? path : path + ".tmp";
  if (const int number = write_all(target, text); number != 0) {
    if (!device) std::remove(target.c_str());
    return failed(number);
  }
  if (!device && std::rename(target.c_str(), path.c_str()) != 0) return failed(errno);
  return {};
}

}  // namespace noloss::cli
