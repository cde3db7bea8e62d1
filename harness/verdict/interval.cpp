#include "harness/verdict/interval.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>

namespace noloss::harness {
namespace {

constexpr double kMiss = 0.05;  // an interval misses the truth at most this often

double bound_without_violation(double runs) { return -std::expm1(std::log(kMiss) / runs); }

/// Two significant digits of 0 < p < 1: plain down to a thousandth ("0.038"), then "1.0e-4".
std::string two_digits(double p) {
  const std::string scientific = fmt::format("{:.1e}", p);
  const std::size_t e = scientific.find('e');
  const int exponent = std::stoi(scientific.substr(e + 1));
  if (exponent < -3) return fmt::format("{}e{}", scientific.substr(0, e), exponent);
  return fmt::format("{:.{}f}", p, std::max(1 - exponent, 2));
}

}  // namespace

Interval clopper_pearson(std::int64_t violations, std::int64_t runs) {
  using Binomial = boost::math::binomial_distribution<double>;
  const auto hits = static_cast<double>(violations);
  const auto trials = static_cast<double>(runs);
  if (violations == 0) return {0, bound_without_violation(trials)};
  const double low = Binomial::find_lower_bound_on_p(trials, hits, kMiss / 2);
  if (violations == runs) return {low, 1};
  return {low, Binomial::find_upper_bound_on_p(trials, hits, kMiss / 2)};
}

std::uint64_t runs_for(double p) {
  auto runs = static_cast<std::uint64_t>(std::ceil(std::log(kMiss) / std::log1p(-p)));
  if (runs == 0) runs = 1;
  while (runs > 1 && bound_without_violation(static_cast<double>(runs - 1)) <= p) --runs;
  while (bound_without_violation(static_cast<double>(runs)) > p) ++runs;
  return runs;
}

std::string probability(double p) { return fmt::format("{:.4g}", p); }

std::string short_probability(double p) {
  if (p <= 0) return "0";
  if (p >= 1) return "1";
  return two_digits(p);
}

std::string short_bound(double p) {
  if (p <= 0) return "0";
  if (p >= 1) return "1";
  const double unit = std::pow(10, std::floor(std::log10(p)) - 1);
  const double upward = std::ceil(p / unit - 1e-9) * unit;  // 0.038 / 0.001 is a hair above 38
  return upward >= 1 ? "1" : two_digits(upward);
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t i = text.size(); i > 3;) text.insert(i -= 3, ",");
  return text;
}

}  // namespace noloss::harness
