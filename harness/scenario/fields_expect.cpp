// The table of fields: expectations, a row for each guarantee and each column that can be bounded.
#include <array>
#include <vector>

#include "harness/run/columns.hpp"
#include "harness/scenario/fields_table.hpp"
#include "harness/scenario/guarantee.hpp"

namespace noloss::harness::table {
namespace {

using enum FieldType;
using S = Section;

/// `inconclusive` cannot be expected: it says that nothing was learnt.
constexpr std::array<std::string_view, 2> kVerdicts{"holds", "violated"};

std::vector<Field> build() {
  std::vector<Field> rows;
  rows.push_back({.in = S::expect,
                  .key = "when",
                  .type = values,
                  .meaning = "matrix parameters and their values: the block holds for those configurations only"});
  for (const Guarantee guarantee : kAllGuarantees) {
    rows.push_back({.in = S::expect,
                    .key = harness::name(guarantee),
                    .type = choice,
                    .opens = S::violation,
                    .choices = kVerdicts,
                    .meaning = meaning(guarantee)});
  }
  rows.push_back({.in = S::expect,
                  .key = kMargin,
                  .type = integer,
                  .min = 0,
                  .max = 1000,
                  .meaning = "in each run every acknowledged message keeps at least so many durable copies: the margin "
                             "shrinks before anything is lost"});
  rows.push_back({.in = S::expect,
                  .key = "totals",
                  .type = mapping,
                  .opens = S::totals,
                  .meaning = "bounds of each run's totals: a number, or a range with or without an end"});
  rows.push_back(
      {.in = S::violation,
       .key = "violated",
       .type = text,
       .need = Need::required,
       .meaning = "produce, store, consume: the stage of the loss; policy: a designed one; for available: the wait"});
  for (const MeasureColumn& column : measure_columns()) {
    rows.push_back(
        {.in = S::totals, .key = column.name, .type = bound, .ranges = Ranges::open, .meaning = column.meaning});
  }
  return rows;
}

}  // namespace

std::span<const Field> expectations() {
  static const std::vector<Field> kRows = build();
  return kRows;
}

}  // namespace noloss::harness::table
