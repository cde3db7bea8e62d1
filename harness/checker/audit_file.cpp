#include "harness/checker/audit_file.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "harness/scenario/suggest.hpp"

namespace noloss::harness {
namespace {

enum Column : std::size_t { producer, partition, sequence, event, incarnation };
constexpr std::array<std::string_view, 5> kColumns{"producer", "partition", "sequence", "event", "incarnation"};
constexpr std::size_t kNeeded = 4;  ///< columns that a history must have
constexpr std::uint64_t kLargest = INT64_MAX;

using Row = std::array<std::string_view, kColumns.size()>;

/// Splits one line of CSV. The fields point into the line, or into `unquoted`. Empty on an unfinished quote.
class CsvLine {
 public:
  [[nodiscard]] bool split(std::string_view line) {
    fields_.clear();
    unquoted_.clear();
    unquoted_.reserve(line.size());  // so that fields can point into it
    std::size_t at = 0;
    while (true) {
      const bool quoted = at < line.size() && line[at] == '"';
      if (quoted ? !take_quoted(line, at) : !take_plain(line, at)) return false;
      if (at == line.size()) return true;
      ++at;  // the comma
    }
  }
  [[nodiscard]] const std::vector<std::string_view>& fields() const { return fields_; }

 private:
  bool take_plain(std::string_view line, std::size_t& at) {
    const std::size_t end = std::min(line.find(',', at), line.size());
    fields_.push_back(line.substr(at, end - at));
    at = end;
    return true;
  }
  bool take_quoted(std::string_view line, std::size_t& at) {
    const std::size_t begin = unquoted_.size();
    for (++at; at < line.size(); ++at) {
      if (line[at] != '"') {
        unquoted_ += line[at];
      } else if (at + 1 < line.size() && line[at + 1] == '"') {
        unquoted_ += line[at++];
      } else {
        ++at;
        fields_.push_back(std::string_view{unquoted_}.substr(begin));
        return at == line.size() || line[at] == ',';
      }
    }
    return false;
  }

  std::vector<std::string_view> fields_;
  std::string unquoted_;
};

/// Understands lines one after the other and hands them to the audit.
class HistoryReader {
 public:
  /// What is wrong with the line; empty if nothing.
  std::string line(std::string_view text) {
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    if (format_ == Format::unknown && text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    if (text.find_first_not_of(" \t") == std::string_view::npos) return {};
    if (text.find('\0') != std::string_view::npos) return "a zero byte: this is no text";
    if (format_ == Format::unknown) {
      format_ = text.front() == '{' ? Format::json_lines : Format::csv;
      if (format_ == Format::csv) return header(text);
    }
    return format_ == Format::csv ? csv(text) : json(text);
  }
  /// Without a header that names the columns no line can be understood.
  [[nodiscard]] bool lost() const { return format_ == Format::csv && !header_good_; }
  [[nodiscard]] AuditReport finish() const { return audit_.finish(); }

 private:
  enum class Format : std::uint8_t { unknown, csv, json_lines };
  static constexpr std::size_t kAbsent = SIZE_MAX;

  std::string header(std::string_view text) {
    if (!csv_.split(text)) return "a quote that is not closed";
    columns_ = csv_.fields().size();
    where_.fill(kAbsent);
    for (std::size_t at = 0; at < columns_; ++at) {
      for (std::size_t column = 0; column < kColumns.size(); ++column) {
        if (csv_.fields()[at] != kColumns[column]) continue;
        if (where_[column] != kAbsent) return fmt::format("two columns are named '{}'", kColumns[column]);
        where_[column] = at;
      }
    }
    for (std::size_t column = 0; column < kNeeded; ++column) {
      if (where_[column] == kAbsent) {
        return fmt::format("no column '{}': the first line names the columns, producer,partition,sequence,event",
                           kColumns[column]);
      }
    }
    header_good_ = true;
    return {};
  }

  std::string csv(std::string_view text) {
    if (!csv_.split(text)) return "a quote that is not closed, or text behind a closed one";
    if (csv_.fields().size() != columns_) {
      return fmt::format("{} fields, the header has {}", csv_.fields().size(), columns_);
    }
    Row row;
    for (std::size_t column = 0; column < kColumns.size(); ++column) {
      if (where_[column] != kAbsent) row[column] = csv_.fields()[where_[column]];
    }
    return take(row);
  }

  std::string json(std::string_view text) {
    const nlohmann::json object = nlohmann::json::parse(text, nullptr, false);
    if (object.is_discarded()) return "no valid JSON";
    if (!object.is_object()) return "no JSON object: one object a line";
    std::array<std::string, kColumns.size()> values;
    Row row;
    for (std::size_t column = 0; column < kColumns.size(); ++column) {
      const auto found = object.find(std::string{kColumns[column]});
      if (found == object.end()) {
        if (column < kNeeded) return fmt::format("no key '{}'", kColumns[column]);
        continue;
      }
      if (found->is_string()) {
        values[column] = found->get<std::string>();
      } else if (found->is_number_integer()) {
        values[column] = found->dump();
      } else {
        return fmt::format("'{}' is neither a text nor a whole number", kColumns[column]);
      }
      row[column] = values[column];
    }
    return take(row);
  }

  std::string take(const Row& row) {
    for (std::size_t column = 0; column < kNeeded; ++column) {
      if (row[column].empty()) return fmt::format("'{}' is empty", kColumns[column]);
    }
    std::uint64_t number = 0;
    const std::string_view digits = row[sequence];
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size() || number > kLargest) {
      return fmt::format("sequence '{}' is no whole number from 0 to {}", digits.substr(0, 40), kLargest);
    }
    const std::optional<AuditEvent> kind = event_named(row[event]);
    if (!kind) return unknown_event(row[event]);
    if (row[incarnation].empty() || row[incarnation] == "1") {
      audit_.add(row[producer], row[partition], number, *kind);
    } else {
      audit_.add(fmt::format("{}#{}", row[producer], row[incarnation]), row[partition], number, *kind);
    }
    return {};
  }

  static std::optional<AuditEvent> event_named(std::string_view word) {
    for (const AuditWord& known : audit_words()) {
      if (known.word == word) return known.event;
    }
    return std::nullopt;
  }

  static std::string unknown_event(std::string_view word) {
    std::vector<std::string_view> words;
    for (const AuditWord& known : audit_words()) words.push_back(known.word);
    return fmt::format("unknown event '{}'{}", word.substr(0, 40), did_you_mean(word, words, "events"));
  }

  Audit audit_;
  Format format_ = Format::unknown;
  CsvLine csv_;
  std::array<std::size_t, kColumns.size()> where_{};
  std::size_t columns_ = 0;
  bool header_good_ = false;
};

/// Cuts the bytes of a source into lines; keeps no more than one line.
class Lines {
 public:
  explicit Lines(const ByteSource& source) : source_(source), buffer_(1U << 16U) {}

  /// Null at the end. A line longer than kLongestLine is cut there and the rest of it dropped.
  std::optional<std::string_view> next() {
    rest_.clear();
    while (true) {
      const char* const begin = buffer_.data() + at_;
      if (const void* found = at_ == end_ ? nullptr : std::memchr(begin, '\n', end_ - at_)) {
        const auto length = static_cast<std::size_t>(static_cast<const char*>(found) - begin);
        at_ += length + 1;
        return joined({begin, length});
      }
      const bool some = at_ != end_ || !rest_.empty();
      keep({begin, end_ - at_});
      at_ = 0;
      end_ = source_(buffer_.data(), buffer_.size());
      if (end_ == 0) return some ? std::optional<std::string_view>{rest_} : std::nullopt;
    }
  }

 private:
  std::string_view joined(std::string_view tail) {
    if (rest_.empty()) return tail;
    keep(tail);
    return rest_;
  }
  void keep(std::string_view piece) {
    const std::size_t room = rest_.size() > kLongestLine ? 0 : kLongestLine + 1 - rest_.size();
    rest_.append(piece.substr(0, room));
  }

  const ByteSource& source_;
  std::vector<char> buffer_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::string rest_;
};

}  // namespace

AuditInput audit(const ByteSource& source) {
  AuditInput input;
  HistoryReader reader;
  Lines lines{source};
  while (const std::optional<std::string_view> line = lines.next()) {
    ++input.lines;
    std::string problem = line->size() > kLongestLine ? std::string{"longer than 1 MiB"} : reader.line(*line);
    if (problem.empty()) continue;
    if (input.problems.size() == kMostProblems) {
      input.error = "too many lines that cannot be understood; stopped reading";
      return input;
    }
    input.problems.push_back({input.lines, std::move(problem)});
    if (reader.lost()) return input;
  }
  if (input.good()) input.report = reader.finish();
  return input;
}

AuditInput audit_file(const std::string& path) {
  struct Closer {
    void operator()(std::FILE* file) const {
      if (file != stdin) std::fclose(file);
    }
  };
  const std::unique_ptr<std::FILE, Closer> file{path == "-" ? stdin : std::fopen(path.c_str(), "rb")};
  AuditInput failed;
  failed.error = std::strerror(errno);
  if (!file) return failed;
  AuditInput input = audit([&](char* buffer, std::size_t size) { return std::fread(buffer, 1, size, file.get()); });
  if (std::ferror(file.get()) != 0) {
    failed.error = std::strerror(errno);
    return failed;
  }
  return input;
}

}  // namespace noloss::harness
