// Files that are either whole or not there, and files that only grow. Errors are exceptions with a sentence for the
// user: FileError, which run_campaign and merge_campaign turn into exit code 2.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace noloss::harness {

class FileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Written under a temporary name beside the target; commit() puts it in place, and without it nothing is left.
class AtomicFile {
 public:
  /// Whether commit() waits until the disk has it. Costs tens of milliseconds: for what cannot be made again.
  enum class Sync : std::uint8_t { no, yes };
  explicit AtomicFile(std::filesystem::path target, Sync sync = Sync::no);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view text);
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  Sync sync_;
  std::FILE* file_ = nullptr;
};

/// Appends with one system call a line, so that a killed process leaves whole lines and at most one torn one.
/// Holds a lock for as long as it is open: two processes never append to one file.
class AppendFile {
 public:
  explicit AppendFile(const std::filesystem::path& path);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  [[nodiscard]] std::uint64_t size() const;
  /// Drops everything behind that many bytes.
  void truncate(std::uint64_t size);
  /// Adds the line end.
  void append(std::string line);

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

/// Writes a whole small file, atomically.
void write_file(const std::filesystem::path& target, std::string_view text);
/// The bytes of a small file.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);
void create_folders(const std::filesystem::path& path);

}  // namespace noloss::harness
