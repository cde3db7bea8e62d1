// Durations, sizes, rates, shares and ranges as text.
#include "harness/scenario/quantity_text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <tuple>

namespace noloss::harness {
namespace {

using sim::Quantity;

struct Accepted {
  std::string_view text;
  Unit unit;
  Quantity value;
};

TEST(QuantityText, AcceptsEveryUnit) {
  const Accepted cases[] = {
      {"0", Unit::none, Quantity{0}},
      {"42", Unit::none, Quantity{42}},
      {"3..7", Unit::none, Quantity{3, 7}},
      {"7..7", Unit::none, Quantity{7}},
      {"1ns", Unit::duration, Quantity{1}},
      {"500us", Unit::duration, Quantity{500'000}},
      {"4ms", Unit::duration, Quantity{4'000'000}},
      {"30s", Unit::duration, Quantity{30'000'000'000}},
      {"5m", Unit::duration, Quantity{300'000'000'000}},
      {"2h", Unit::duration, Quantity{7'200'000'000'000}},
      {"1.5s", Unit::duration, Quantity{1'500'000'000}},
      {"0.000000001s", Unit::duration, Quantity{1}},
      {"1.50s", Unit::duration, Quantity{1'500'000'000}},
      {"-500ms", Unit::duration, Quantity{-500'000'000}},
      {"-2s..1s", Unit::duration, Quantity{-2'000'000'000, 1'000'000'000}},
      {"200ms..2s", Unit::duration, Quantity{200'000'000, 2'000'000'000}},
      {"100B", Unit::size, Quantity{100}},
      {"2KB", Unit::size, Quantity{2'000}},
      {"2KiB", Unit::size, Quantity{2'048}},
      {"4MB", Unit::size, Quantity{4'000'000}},
      {"4MiB", Unit::size, Quantity{4'194'304}},
      {"1GB", Unit::size, Quantity{1'000'000'000}},
      {"1GiB", Unit::size, Quantity{1'073'741'824}},
      {"1.5KiB", Unit::size, Quantity{1'536}},
      {"200/s", Unit::rate, Quantity{200}},
      {"1500MB/s", Unit::bandwidth, Quantity{1'500'000'000}},
      {"10KiB/s", Unit::bandwidth, Quantity{10'240}},
      {"0%", Unit::share, Quantity{0}},
      {"0.1%", Unit::share, Quantity{1'000}},
      {"0.0001%", Unit::share, Quantity{1}},
      {"100%", Unit::share, Quantity{1'000'000}},
      {"9223372036854775807", Unit::none, Quantity{INT64_MAX}},
  };
  for (const Accepted& c : cases) {
    const QuantityResult result = parse_quantity(c.text, c.unit, Ranges::allowed);
    ASSERT_TRUE(result.value) << c.text << ": " << result.error;
    EXPECT_EQ(*result.value, c.value) << c.text;
  }
}

TEST(QuantityText, RefusesWithAReason) {
  const std::tuple<std::string_view, Unit, std::string_view> cases[] = {
      {"", Unit::duration, "'' is not a duration; write for example '10s' or '10ms'"},
      {"10", Unit::duration, "duration '10' has no unit; write for example '10s' or '10ms'"},
      {"s", Unit::duration, "'s' is not a duration; write for example '10s' or '10ms'"},
      {"1.s", Unit::duration, "duration '1.s' has no digit after the point"},
      {"01s", Unit::duration, "duration '01s' begins with 0; write it without"},
      {"1S", Unit::duration, "duration '1S' has the unknown unit 'S'; did you mean 's'?"},
      {"1e3s", Unit::duration, "duration '1e3s' has the unknown unit 'e3s'; known units: ns, us, ms, s, m, h"},
      {"10 s", Unit::duration, "duration '10 s' has a space in it; write for example '10s' or '10ms'"},
      {"0.5ns", Unit::duration, "duration '0.5ns' is not a whole number of nanoseconds"},
      {"9223372037s", Unit::duration, "duration '9223372037s' is too large"},
      {"99999999999999999999", Unit::none, "whole number '99999999999999999999' is too large"},
      {"1.5", Unit::none, "whole number '1.5' is not whole"},
      {"1_000", Unit::none, "'1_000' is not a whole number"},
      {"0x10", Unit::none, "'0x10' is not a whole number"},
      {"+4", Unit::none, "'+4' is not a whole number"},
      {"1kb", Unit::size, "size '1kb' has the unknown unit 'kb'; did you mean 'KB'?"},
      {"1000", Unit::rate, "rate '1000' has no unit; write '1000/s'"},
      {"0.00001%", Unit::share, "share '0.00001%' has more than 4 decimals"},
      {"2..1", Unit::none, "the range '2..1' begins above its end; write '1..2'"},
      {"2..", Unit::none, "the range '2..' has no end"},
      {"..2", Unit::none, "in the range '..2': '' is not a whole number"},
      {"1..2s", Unit::duration, "in the range '1..2s': duration '1' has no unit; write for example '1s' or '1ms'"},
  };
  for (const auto& [text, unit, error] : cases) {
    const QuantityResult result = parse_quantity(text, unit, Ranges::allowed);
    EXPECT_FALSE(result.value) << text;
    EXPECT_EQ(result.error, error) << text;
  }
}

TEST(QuantityText, RangesOnlyWhereAllowed) {
  EXPECT_FALSE(parse_quantity("1..2", Unit::none, Ranges::refused).value);
  EXPECT_FALSE(parse_quantity("1..", Unit::none, Ranges::allowed).value);
  EXPECT_EQ(parse_quantity("1..", Unit::none, Ranges::open).value, (Quantity{1, INT64_MAX}));
}

RC_GTEST_PROP(QuantityText, WrittenIsReadBackEqual, ()) {
  const auto unit = *rc::gen::element(Unit::none, Unit::duration, Unit::size, Unit::rate, Unit::bandwidth, Unit::share);
  const auto first = *rc::gen::scale(20.0, rc::gen::arbitrary<std::int64_t>());
  const auto second = *rc::gen::arbitrary<std::int64_t>();
  RC_PRE(first > INT64_MIN && second > INT64_MIN);
  const Quantity quantity{std::min(first, second), std::max(first, second)};
  const std::string text = write_quantity(quantity, unit);
  RC_LOG() << text;
  RC_ASSERT(parse_quantity(text, unit, Ranges::open).value == quantity);
}

RC_GTEST_PROP(QuantityText, AnyTextEndsInAValueOrASentence, (const std::string& text)) {
  for (const Unit unit : {Unit::none, Unit::duration, Unit::size, Unit::share}) {
    const QuantityResult result = parse_quantity(text, unit, Ranges::open);
    RC_ASSERT(result.value.has_value() == result.error.empty());
  }
}

}  // namespace
}  // namespace noloss::harness
