#include "harness/search/nemesis.hpp"

#include <algorithm>
#include <utility>

#include "harness/search/nemesis_places.hpp"

namespace noloss::harness {
namespace {

using sim::Duration;
using sim::Fault;
using sim::FaultPlan;
using sim::RandomStream;

constexpr std::uint64_t kDrawMask = (std::uint64_t{1} << 53U) - 1;
/// A fault that is placed late in the span may still meet what another fault has held up.
constexpr std::int64_t kSpanBeyond = 4;
/// Longest delay behind a moment: the messages that it sends are then on their way.
constexpr std::int64_t kLongestDelay = 1'000'000;

bool one_in(RandomStream& random, std::uint64_t cases) { return random.below(cases) == 0; }

std::uint64_t draw_number(RandomStream& random) { return std::max<std::uint64_t>(random.next() & kDrawMask, 1); }

void fix(sim::Quantity& quantity, RandomStream& random) {
  if (!quantity.fixed()) quantity = sim::Quantity{random.draw(quantity)};
}

void fix_ranges(Fault& fault, RandomStream& random) {
  fix(fault.duration, random);
  fix(fault.factor, random);
  fix(fault.blocks, random);
  fix(fault.by, random);
  fix(fault.clock_rate, random);
  fix(fault.rate, random);
  fix(fault.bandwidth, random);
}

}  // namespace

Nemesis::Nemesis(const Configuration& configuration, const MomentCensus& census) {
  const Duration active = census.last_activity - sim::kStart;
  span_ = std::min(active + active / kSpanBeyond, configuration.duration);
  if (active <= Duration{0}) span_ = configuration.duration;
  elections_ = std::any_of(census.counts.begin(), census.counts.end(),
                           [](const MomentCensus::Count& count) { return count.event == "elected"; });
  for (const Fault& fault : configuration.faults) lines_.push_back(prepare(fault, census));
}

Nemesis::Line Nemesis::prepare(const Fault& fault, const MomentCensus& census) const {
  Line line{.fault = &fault, .drawn = !fault.at.placed(), .groups = {}};
  if (!line.drawn) return line;
  const std::vector<std::string_view> nodes = concerned(fault, census);
  std::vector<std::string_view> names;
  for (const MomentCensus::Count& moment : census.counts) {
    const bool concerns = nodes.empty() || std::find(nodes.begin(), nodes.end(), moment.node) != nodes.end();
    const std::uint64_t weight = danger(fault.action, moment.event);
    if (!concerns || weight == 0 || !fits(fault, moment, census)) continue;
    const std::string_view name = group_of(moment.event);
    const auto known = std::find(names.begin(), names.end(), name);
    if (known == names.end()) {
      names.push_back(name);
      line.groups.push_back({weight, {{moment.node, moment.event, moment.count}}});
      line.weight += weight;
    } else {
      line.groups[static_cast<std::size_t>(known - names.begin())].places.push_back(
          {moment.node, moment.event, moment.count});
    }
  }
  return line;
}

FaultPlan Nemesis::draw(std::uint64_t seed) const {
  const std::uint64_t faults_seed = sim::derive_seed(seed, "faults");
  const std::vector<std::int64_t> counts = draw_counts(faults_seed);
  FaultPlan plan;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    RandomStream random{sim::derive_seed(sim::derive_seed(faults_seed, "place"), std::uint64_t{i})};
    for (std::int64_t k = 0; k < counts[i]; ++k) plan.push_back(draw_fault(lines_[i], random));
  }
  return plan;
}

std::vector<std::int64_t> Nemesis::draw_counts(std::uint64_t seed) const {
  const std::uint64_t counts_seed = sim::derive_seed(seed, "count");
  std::vector<std::int64_t> counts(lines_.size(), 1);
  std::vector<std::size_t> able;  // lines that may give a fault
  bool any = false;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const Line& line = lines_[i];
    if (!line.drawn) continue;
    RandomStream random{sim::derive_seed(counts_seed, std::uint64_t{i})};
    const bool in = one_in(random, 2);
    counts[i] = in ? random.draw(line.fault->count) : 0;
    any = any || counts[i] > 0;
    if (line.fault->count.high > 0) able.push_back(i);
  }
  if (any || able.empty()) return counts;
  RandomStream random{sim::derive_seed(seed, "at least one")};
  const std::size_t chosen = able[random.below(able.size())];
  const sim::Quantity& range = lines_[chosen].fault->count;
  counts[chosen] = random.between(std::max<std::int64_t>(range.low, 1), range.high);
  return counts;
}

Fault Nemesis::draw_fault(const Line& line, RandomStream& random) const {
  Fault fault = *line.fault;
  const std::uint64_t drawn = draw_number(random);
  if (fault.draw == 0) fault.draw = drawn;
  fix_ranges(fault, random);
  if (!line.drawn) {
    fix(fault.count, random);
    return fault;
  }
  fault.count = sim::Quantity{1};
  place(fault, line, random);
  return fault;
}

void Nemesis::place(Fault& fault, const Line& line, RandomStream& random) const {
  const bool moved = fault.action == sim::Action::drop || !fault.message.empty();  // it hits a message that leaves
  if (line.groups.empty() || one_in(random, 4)) {
    fault.at.time = sim::kStart + Duration{random.between(0, span_.count())};
    return;
  }
  sim::MomentRef moment;
  const bool elected = elections_ && !moved && one_in(random, 16);
  if (elected) {
    moment = {"any broker", "elected", 1 + random.below(2), Duration{0}};
  } else {
    std::uint64_t weight = random.below(line.weight);
    auto group = line.groups.begin();
    for (; weight >= group->weight; ++group) weight -= group->weight;
    const Place& place = group->places[random.below(group->places.size())];
    moment = {place.node, place.event, 1 + random.below(place.count), Duration{0}};
    // The moments of a node are dangerous for that node most of all.
    const std::string_view kind = any_kind(fault.target);
    const bool one_of_them = !kind.empty() && is_of_kind(place.node, kind);
    if (one_of_them && !one_in(random, 4)) fault.target = place.node;
  }
  if (!moved && one_in(random, 4)) moment.delay = Duration{random.between(0, kLongestDelay)};
  fault.at.moment = std::move(moment);
}

FaultPlan draw_plan(const Configuration& configuration, std::uint64_t seed, const MomentCensus& census) {
  return Nemesis{configuration, census}.draw(seed);
}

}  // namespace noloss::harness
