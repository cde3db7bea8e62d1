#include "harness/explain/shrink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "harness/scenario/quantity_text.hpp"
#include "harness/search/placements.hpp"

namespace noloss::harness {
namespace {

using sim::Action;
using sim::Fault;
using sim::FaultPlan;

/// Workloads that are tried, smallest first.
constexpr std::array<std::int64_t, 7> kMessages{1, 2, 3, 5, 8, 13, 21};
/// Places that are tried for one fault of a smaller workload.
constexpr std::uint64_t kPlaces = 400;

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

class Shrinker {
 public:
  Shrinker(const Witness& witness, Runner& runner, const ShrinkLimits& limits)
      : best_(witness), runner_(runner), limits_(limits) {}

  Shrunk run() {
    if (!best_.violates(runner_)) return {best_, 1, false, 0};
    resolve();
    fewer_faults();
    snap_times();
    simpler_faults();
    fewer_messages();
    fewer_nodes();
    fewer_faults();
    simpler_faults();
    const std::optional<RunResult> result = best_.run(runner_);
    return {best_, runs_, true, result ? result->totals.sent : 0};
  }

 private:
  [[nodiscard]] bool spent() const { return runs_ >= limits_.runs || events_ >= limits_.events; }

  /// Takes the candidate if it violates the guarantee too.
  bool accept(Witness candidate) {
    if (spent()) return false;
    ++runs_;
    const std::optional<RunResult> result = candidate.run(runner_);
    if (result) events_ += result->events;
    if (!result || result->of(candidate.guarantee()).verdict != Verdict::violated) return false;
    best_ = std::move(candidate);
    return true;
  }
  bool accept(FaultPlan plan) {
    Witness candidate = best_;
    candidate.plan = std::move(plan);
    return accept(std::move(candidate));
  }
  bool accept(std::string_view path, std::string_view value) {
    std::optional<Witness> candidate = best_.with(path, value);
    return candidate && accept(std::move(*candidate));
  }

  /// Roles and times of the seed's plan become the nodes that they meant.
  void resolve() {
    const std::optional<Witness::Read> file = best_.read();
    if (file) accept(runner_.replay(file->request()).plan);
  }

  // ---------------------------------------------------------------- faults

  /// ddmin: chunks of half, a quarter, ... single faults are left out as long as that works.
  void fewer_faults() {
    for (std::size_t chunk = std::max<std::size_t>(best_.plan.size() / 2, 1); chunk > 0; chunk /= 2) {
      for (std::size_t begin = 0; begin < best_.plan.size();) {
        FaultPlan fewer = best_.plan;
        const std::size_t end = std::min(begin + chunk, fewer.size());
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(begin),
                    fewer.begin() + static_cast<std::ptrdiff_t>(end));
        if (!accept(std::move(fewer))) begin += chunk;
      }
    }
  }

  /// A time becomes the moment of the fault's own node that came last before it.
  void snap_times() {
    for (std::size_t i = 0; i < best_.plan.size(); ++i) {
      const sim::When& at = best_.plan[i].at;
      if (at.time) {
        snap(i, *at.time);
      } else if (at.moment && at.moment->delay != sim::Duration{0}) {
        FaultPlan plan = best_.plan;
        plan[i].at.moment->delay = sim::Duration{0};
        accept(std::move(plan));
      }
    }
  }

  void snap(std::size_t index, sim::VirtualTime time) {
    const auto sites = places(index);
    std::optional<Fault> last;
    for (std::uint64_t n = 0; n < sites.size(); ++n) {
      if (sites[n].time > time) {
        if (last && replace(index, *last)) return;
        replace(index, sites[n].fault);
        return;
      }
      last = sites[n].fault;
    }
    if (last) replace(index, *last);
  }

  bool replace(std::size_t index, const Fault& fault) {
    FaultPlan plan = best_.plan;
    plan[index] = fault;
    return accept(std::move(plan));
  }

  struct Place {
    Fault fault;
    sim::VirtualTime time{};
  };
  /// The fault at every moment at which it could act in a run of the others, in order.
  std::vector<Place> places(std::size_t index) {
    Witness others = best_;
    others.plan.erase(others.plan.begin() + static_cast<std::ptrdiff_t>(index));
    return places(others, best_.plan[index]);
  }
  std::vector<Place> places(const Witness& others, const Fault& fault) {
    const std::optional<Witness::Read> file = others.read();
    if (!file) return {};
    Fault line = fault;
    line.at = {};
    const AllowedFaults allowed{{line}, {{line}}, Skip::what_cannot_matter};
    const Recording recording = runner_.record(file->request(), allowed);
    const Placements placements(recording, file->scenario.system->event_table(), allowed, 0);
    std::vector<Place> found;
    for (std::uint64_t n = 0; n < placements.size(); ++n) {
      Placements::Placed placed = placements.at(n);
      placed.fault.draw = fault.draw;
      found.push_back({std::move(placed.fault), recording.moments[placed.moment].time});
    }
    return found;
  }

  void simpler_faults() {
    for (std::size_t i = 0; i < best_.plan.size(); ++i) {
      const Fault& fault = best_.plan[i];
      if (fault.action == Action::power_loss) {
        Fault kill = fault;
        kill.action = Action::kill;
        kill.unsynced = sim::Unsynced::any_subset;
        kill.keep.reset();
        if (replace(i, kill)) continue;
        Fault all = fault;
        all.keep.reset();
        all.unsynced = sim::Unsynced::lose_all;
        if (fault.keep || fault.unsynced != sim::Unsynced::lose_all) replace(i, all);
      }
      if (best_.plan[i].until) {
        Fault lasting = best_.plan[i];
        lasting.until.reset();
        replace(i, lasting);
      }
    }
  }

  // ---------------------------------------------------------------- messages

  void fewer_messages() {
    const std::string path = messages_path();
    const std::int64_t now = number(best_.value(path));
    const std::int64_t before = now > 0 ? now : 50;  // the default of the workload
    for (const std::int64_t count : kMessages) {
      if (count >= before || spent()) return;
      const std::optional<Witness> smaller = best_.with(path, std::to_string(count));
      if (!smaller) return;
      if (accept(*smaller) || placed_anew(*smaller)) return;
      // A race that one draw of delays had may be gone; without draws it is there or not.
      const std::optional<Witness> even = with_even_delays(*smaller);
      if (even && placed_anew(*even)) return;
    }
  }

  /// Every delay is the median. Empty if they are so already.
  static std::optional<Witness> with_even_delays(const Witness& witness) {
    const std::optional<Witness::Read> file = witness.read();
    if (!file) return std::nullopt;
    const sim::LatencySetup& latency = file->scenario.configurations.front().setup.latency;
    if (latency.p50 == latency.p99) return std::nullopt;
    const std::string median = write_quantity(sim::Quantity{latency.p50}, Unit::duration);
    return witness.with("network.latency", fmt::format("{{p50: {0}, p99: {0}}}", median));
  }

  /// A list of parts is made of one; ranges count as what the default would be.
  [[nodiscard]] std::string messages_path() const {
    return best_.value("producers.workload.1.messages").empty() ? "producers.workload.messages"
                                                                : "producers.workload.1.messages";
  }

  /// Looks for moments of the smaller run at which the same faults break it: one fault after the other, the last one
  /// everywhere, those before it at a few places each.
  bool placed_anew(const Witness& smaller) {
    Witness others = smaller;
    others.plan.clear();
    return place_rest(others, smaller.plan, 0);
  }

  bool place_rest(const Witness& so_far, const FaultPlan& plan, std::size_t index) {
    if (index == plan.size()) return accept(so_far);
    const std::vector<Place> sites = places(so_far, plan[index]);
    const bool last = index + 1 == plan.size();
    const std::uint64_t most = last ? kPlaces : kPlaces / 20;
    const std::size_t step = std::max<std::size_t>(1, (sites.size() + most - 1) / most);
    for (std::size_t n = 0; n < sites.size() && !spent(); n += step) {
      Witness candidate = so_far;
      candidate.plan.push_back(sites[n].fault);
      if (last ? accept(std::move(candidate)) : place_rest(candidate, plan, index + 1)) return true;
    }
    return false;
  }

  // ---------------------------------------------------------------- nodes

  void fewer_nodes() {
    for (const std::string_view path : {"producers.count", "consumers.count", "topic.partitions"}) {
      if (number(best_.value(path)) > 1) accept(path, "1");
    }
    for (std::int64_t count = 1; count < number(best_.value("brokers.count")); ++count) {
      if (accept("brokers.count", std::to_string(count))) return;
    }
  }

  Witness best_;
  Runner& runner_;
  const ShrinkLimits& limits_;
  std::uint64_t runs_ = 1;
  std::int64_t events_ = 0;
};

}  // namespace

Shrunk shrink(const Witness& witness, Runner& runner, const ShrinkLimits& limits) {
  return Shrinker(witness, runner, limits).run();
}

}  // namespace noloss::harness
