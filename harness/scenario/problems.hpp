// Where a text came from, what is wrong with it, and how that is shown.
//
// A mark points into one of the sources of a reading: number 0 is the file, number n the n-th `--set`. Columns count
// bytes from 1, as compilers do.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "harness/scenario/reader.hpp"

namespace noloss::harness {

struct Mark {
  std::uint32_t source = 0;
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::uint32_t length = 1;

  friend bool operator==(const Mark&, const Mark&) = default;
};

/// The texts that marks point into. Keeps views: the texts outlive it.
class Sources {
 public:
  Sources(std::string_view file, std::string_view text);
  /// Adds the text of a `--set`; returns its number.
  std::uint32_t add_set(std::string text);

  /// The text of the marked line, without its line end.
  [[nodiscard]] std::string_view line(const Mark& mark) const;
  [[nodiscard]] std::string_view name(const Mark& mark) const;

 private:
  std::string file_;
  std::vector<std::string_view> lines_;
  std::vector<std::string> sets_;
};

/// Collects problems, each once. With a matrix the same one is met in many configurations; one that is met only in
/// some of them says in which.
class Problems {
 public:
  void add(const Mark& mark, std::string message);
  /// From here on, problems belong to this combination of parameters.
  void begin_configuration(std::string label);
  /// From here on, problems belong to the whole file again.
  void end_configurations() { configuration_.clear(); }

  [[nodiscard]] bool empty() const { return found_.empty(); }
  /// Grows with each call of add(), also for a problem that is known already.
  [[nodiscard]] std::size_t calls() const { return calls_; }
  /// Whether so many were found that going on makes no sense.
  [[nodiscard]] bool full() const { return found_.size() >= kMost; }
  /// In order of source, line and column.
  [[nodiscard]] std::vector<Problem> sorted(const Sources& sources) const;

 private:
  static constexpr std::size_t kMost = 500;
  using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::string>;
  struct Found {
    std::uint32_t length = 1;
    std::size_t configurations = 0;  ///< 0: belongs to the whole file
    std::string first_label;
    std::string last_label;
  };
  std::map<Key, Found> found_;
  std::size_t calls_ = 0;
  std::size_t configurations_ = 0;
  std::string configuration_;
};

}  // namespace noloss::harness
