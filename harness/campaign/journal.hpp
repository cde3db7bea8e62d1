// The journal: what makes an interrupted campaign lose nothing, and from which every table is made.
//
// A header line, then one line a finished unit. While runs go on, lines stand in the order in which runs finished, in
// a file that ends in `.part`; a unit is never more than kWindow units of its shard ahead of the first missing one.
// A finished journal is in order of units. A torn last line, which a killed process leaves, does not count.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "harness/campaign/file.hpp"
#include "harness/campaign/header.hpp"
#include "harness/campaign/record.hpp"

namespace noloss::harness {

inline constexpr std::uint64_t kWindow = 512;

/// Records in order of units.
class RecordSource {
 public:
  virtual ~RecordSource() = default;
  /// Empty at the end.
  [[nodiscard]] virtual std::optional<Record> next() = 0;
};

/// The lines of a journal as they stand. Throws FileError on damage other than a torn end.
class JournalLines {
 public:
  explicit JournalLines(const std::filesystem::path& path);

  /// Empty if the file has no whole header line; throws if it has something else.
  [[nodiscard]] const std::optional<Header>& header() const { return header_; }
  [[nodiscard]] std::optional<Record> next();
  /// Bytes of the whole lines read so far.
  [[nodiscard]] std::uint64_t whole_bytes() const { return whole_; }

 private:
  [[nodiscard]] bool line(std::string& text);

  std::filesystem::path path_;
  std::ifstream file_;
  std::optional<Header> header_;
  std::string text_;
  std::uint64_t whole_ = 0;
  std::uint64_t number_ = 0;
};

/// The same in order of units, each once. Keeps at most the records of one window.
class JournalReader : public RecordSource {
 public:
  explicit JournalReader(const std::filesystem::path& path) : lines_(path) {}

  [[nodiscard]] const std::optional<Header>& header() const { return lines_.header(); }
  [[nodiscard]] std::optional<Record> next() override;

 private:
  JournalLines lines_;
  std::map<std::uint64_t, Record> early_;
  std::uint64_t expected_ = 0;  ///< which one of the shard's units comes next
};

/// Which units of a shard are done: all before a frontier, and some of the window after it.
class Progress {
 public:
  /// By ordinal within the shard.
  void add(std::uint64_t ordinal);
  [[nodiscard]] bool has(std::uint64_t ordinal) const;
  /// The first unit that is not done.
  [[nodiscard]] std::uint64_t frontier() const { return frontier_; }
  [[nodiscard]] std::uint64_t count() const { return frontier_ + ahead_.size(); }

 private:
  std::uint64_t frontier_ = 0;
  std::set<std::uint64_t> ahead_;
};

}  // namespace noloss::harness
