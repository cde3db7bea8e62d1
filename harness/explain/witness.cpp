#include "harness/explain/witness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/scenario/path.hpp"
#include "harness/scenario/quantity_text.hpp"
#include "harness/scenario/tree_text.hpp"

namespace noloss::harness {
namespace {

/// What belongs to the file that the violation was found with, not to the violation.
constexpr std::array<std::string_view, 9> kLeftOut{"version", "name",   "about",  "sources", "labels",
                                                   "seeds",   "faults", "expect", "require"};

NodePtr without_keys(const Node& root, std::span<const std::string_view> keys) {
  auto copy = std::make_shared<Node>(root);
  std::erase_if(copy->entries,
                [&](const Entry& entry) { return std::find(keys.begin(), keys.end(), entry.key) != keys.end(); });
  return copy;
}

std::string duration_text(sim::Duration duration) { return write_quantity(sim::Quantity{duration}, Unit::duration); }

}  // namespace

Witness::Witness(const Scenario& scenario, const Configuration& configuration, sim::FaultPlan faults,
                 std::uint64_t seed, Guarantee guarantee)
    : plan(std::move(faults)),
      system_(scenario.system),
      release_(scenario.release),
      name_(scenario.name),
      seed_(seed),
      guarantee_(guarantee),
      tree_(without_keys(*configuration.tree, kLeftOut)) {
  const sim::LatencySetup& latency = configuration.setup.latency;
  if (latency.p50 != latency.p99) return;
  const std::string fixed = fmt::format("{{p50: {}, p99: {}}}", duration_text(latency.p50), duration_text(latency.p99));
  if (std::optional<Witness> one_schedule = with("network.latency", fixed)) tree_ = one_schedule->tree_;
}

Grammar Witness::grammar() const { return {Grammar::Kind::scenario, system_, system_->options(release_)}; }

std::string Witness::value(std::string_view path) const {
  const PathResult resolved = resolve_path(*tree_, path, grammar());
  const Node* node = resolved.error.empty() ? node_at(*tree_, resolved.steps) : nullptr;
  return node == nullptr ? std::string{} : node->text;
}

std::optional<Witness> Witness::with(std::string_view path, std::string_view value) const {
  Problems problems;
  PathResult resolved = resolve_path(*tree_, path, grammar());
  if (!resolved.error.empty()) return std::nullopt;
  NodePtr node = parse_value(value, 1, 1, problems);
  if (node == nullptr) return std::nullopt;
  Witness changed = *this;
  changed.tree_ = with_value(tree_, resolved.steps, std::move(node), tree_->mark);
  return changed;
}

std::string Witness::text() const {
  std::string text = "version: 1\n";
  text += fmt::format("name: {}\n", quoted(fmt::format("{}-{}", name_, name(guarantee_))));
  if (!about.empty()) text += fmt::format("about: {}\n", quoted(about));
  text += fmt::format("seeds: {0}..{0}\n", seed_);
  text += write_tree(*tree_);
  const std::string faults = write_plan(plan, {});
  text += faults.substr(faults.find('\n') + 1);  // without `version`
  return text + fmt::format("expect: {{{}: violated}}\n", name(guarantee_));
}

std::optional<Witness::Read> Witness::read() const {
  ReadResult result = read_scenario("witness.yaml", text());
  if (!result.scenario) return std::nullopt;
  return Read{std::move(*result.scenario)};
}

std::optional<RunResult> Witness::run(Runner& runner) const {
  const std::optional<Read> file = read();
  if (!file) return std::nullopt;
  return runner.run(file->request());
}

bool Witness::violates(Runner& runner) const {
  const std::optional<RunResult> result = run(runner);
  return result && result->of(guarantee_).verdict == Verdict::violated;
}

}  // namespace noloss::harness
