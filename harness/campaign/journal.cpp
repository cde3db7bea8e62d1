#include "harness/campaign/journal.hpp"

#include <fmt/format.h>

#include "harness/campaign/units.hpp"

namespace noloss::harness {

JournalLines::JournalLines(const std::filesystem::path& path) : path_(path), file_(path, std::ios::binary) {
  if (!file_) throw FileError(fmt::format("cannot read {}", path.string()));
  if (!line(text_)) return;
  header_ = decode_header(text_);
  if (!header_) {
    throw FileError(
        fmt::format("{} is no journal that this version can read; remove it, or choose another folder", path.string()));
  }
}

bool JournalLines::line(std::string& text) {
  if (!std::getline(file_, text) || file_.eof()) return false;  // at the end of the file without a line end: torn
  whole_ += text.size() + 1;
  ++number_;
  return true;
}

std::optional<Record> JournalLines::next() {
  if (!header_ || !line(text_)) return std::nullopt;
  std::optional<Record> record = decode(text_);
  if (!record || !Units::has(header_->shard, record->unit)) {
    throw FileError(
        fmt::format("{}:{} is damaged; remove the file, and the same command starts anew", path_.string(), number_));
  }
  return record;
}

std::optional<Record> JournalReader::next() {
  if (!header()) return std::nullopt;
  const Shard shard = header()->shard;
  while (early_.empty() || Units::ordinal(shard, early_.begin()->first) != expected_) {
    std::optional<Record> record = lines_.next();
    if (!record) break;
    if (Units::ordinal(shard, record->unit) < expected_) continue;  // written twice
    early_.emplace(record->unit, std::move(*record));
  }
  if (early_.empty()) return std::nullopt;
  Record first = std::move(early_.begin()->second);
  early_.erase(early_.begin());
  expected_ = Units::ordinal(shard, first.unit) + 1;
  return first;
}

void Progress::add(std::uint64_t ordinal) {
  if (ordinal < frontier_) return;
  ahead_.insert(ordinal);
  while (!ahead_.empty() && *ahead_.begin() == frontier_) {
    ahead_.erase(ahead_.begin());
    ++frontier_;
  }
}

bool Progress::has(std::uint64_t ordinal) const { return ordinal < frontier_ || ahead_.contains(ordinal); }

}  // namespace noloss::harness
