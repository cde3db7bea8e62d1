#include "sim/random.hpp"

#include <xxhash.h>

namespace noloss::sim {

std::uint64_t derive_seed(std::uint64_t seed, std::string_view purpose) {
  return XXH3_64bits_withSeed(purpose.data(), purpose.size(), seed);
}

std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t number) {
  return RandomStream{seed ^ (number * 0xD1342543DE82EF95ULL)}.next();
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
  // Lemire's multiply-and-reject: unbiased, and nearly always without a division.
  // __int128 is a GCC and Clang extension; both compilers that we support have it.
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>(next()) * bound;
  auto low = static_cast<std::uint64_t>(product);
  if (low < bound) {
    const std::uint64_t threshold = (0 - bound) % bound;
    while (low < threshold) {
      product = static_cast<Wide>(next()) * bound;
      low = static_cast<std::uint64_t>(product);
    }
  }
  return static_cast<std::uint64_t>(product >> 64U);
}

std::int64_t RandomStream::between(std::int64_t low, std::int64_t high) {
  const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  const std::uint64_t offset = span == 0 ? next() : below(span);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + offset);
}

}  // namespace noloss::sim
