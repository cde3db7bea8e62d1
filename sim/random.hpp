// Random numbers: one stream per purpose, each a splitmix64 sequence. Integers only, no library distribution:
// the standard leaves their algorithms open, so the same seed would give other runs on another compiler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sim/quantity.hpp"
#include "sim/time.hpp"

namespace noloss::sim {

/// The seed of the stream `purpose` of the run `seed`. Also useful to derive streams of streams.
[[nodiscard]] std::uint64_t derive_seed(std::uint64_t seed, std::string_view purpose);
[[nodiscard]] std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t number);

class RandomStream {
 public:
  explicit RandomStream(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t mixed = (state_ += 0x9E3779B97F4A7C15ULL);
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
    return mixed ^ (mixed >> 31U);
  }
  /// 0 .. bound - 1, each as likely. Precondition: bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// low .. high, both included.
  std::int64_t between(std::int64_t low, std::int64_t high);
  /// One value of the quantity's range.
  std::int64_t draw(const Quantity& range) { return range.fixed() ? range.low : between(range.low, range.high); }
  /// True in `share` of 1,000,000 cases.
  bool chance(std::int64_t share) { return static_cast<std::int64_t>(below(kWhole)) < share; }

 private:
  std::uint64_t state_;
};

}  // namespace noloss::sim
