// Cross-field checks of the cluster and its clients.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/scenario/decode_setup.hpp"
#include "harness/scenario/path.hpp"
#include "harness/scenario/suggest.hpp"
#include "models/cluster.hpp"

namespace noloss::harness {
namespace {

/// Producers, consumers and their messages that one run can hold.
constexpr std::int64_t kMostClients = 1000;
constexpr std::int64_t kMostMessages = 5'000'000;

class SetupChecker {
 public:
  SetupChecker(const View& top, const models::Setup& setup, Problems& problems)
      : top_(top), setup_(setup), problems_(problems) {}

  void run() {
    zones();
    entities();
    std::vector<View> producers = top_.sections("producers");
    for (const View& group : producers) client(group, "to");
    std::vector<View> consumers = top_.sections("consumers");
    for (std::size_t i = 0; i < consumers.size(); ++i) consumer(consumers[i], setup_.consumers[i]);
    total("producers", setup_.producers);
    total("consumers", setup_.consumers);
    messages();
    for (const View& group : producers) workload(group);
    network();
  }

 private:
  void zones() {
    const View brokers = top_.section("brokers");
    if (setup_.brokers.zones.size() <= setup_.brokers.count) return;
    const Node& last = *brokers.child("zones")->items.back();
    problems_.add(last.mark, fmt::format("zone '{}' has no broker: there are {} zones and {} {}", last.text,
                                         setup_.brokers.zones.size(), setup_.brokers.count,
                                         setup_.brokers.count == 1 ? "broker" : "brokers"));
  }

  void entities() {
    const std::vector<View> views = top_.sections("topic");
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < views.size(); ++i) {
      const View& view = views[i];
      const models::EntitySetup& entity = setup_.entities[i];
      if (views.size() > 1 && !view.has("name")) {
        problems_.add(view.mark(), fmt::format("'{}' is missing: in a list each has a name", view.path("name")));
      } else if (!names.insert(entity.name).second) {
        problems_.add(view.mark("name"), fmt::format("the name '{}' is given twice", entity.name));
      }
      if (entity.replicas > setup_.brokers.count) {
        problems_.add(view.mark("replicas"),
                      fmt::format("'{}' is {}, but there {} only {} {}", view.path("replicas"), entity.replicas,
                                  setup_.brokers.count == 1 ? "is" : "are", setup_.brokers.count,
                                  setup_.brokers.count == 1 ? "broker" : "brokers"));
      }
      assignment(view, entity);
    }
  }

  void assignment(const View& view, const models::EntitySetup& entity) {
    const Node* node = view.child("assignment");
    if (node == nullptr) return;
    if (entity.assignment.size() != entity.partitions) {
      problems_.add(node->mark, fmt::format("'{}' has {} lists for {} partitions", view.path("assignment"),
                                            entity.assignment.size(), entity.partitions));
    }
    for (const NodePtr& partition : node->items) {
      if (partition->items.size() != entity.replicas) {
        problems_.add(partition->mark, fmt::format("'{}' is {}, but this list has {}", view.path("replicas"),
                                                   entity.replicas, partition->items.size()));
      }
      std::set<std::string_view> seen;
      for (const NodePtr& broker : partition->items) {
        const auto number = parse_quantity(broker->text, Unit::none, Ranges::refused).value;
        if (number && number->value() > setup_.brokers.count) {
          problems_.add(broker->mark,
                        fmt::format("there is no broker {}; brokers are 1 to {}", broker->text, setup_.brokers.count));
        } else if (!seen.insert(broker->text).second) {
          problems_.add(broker->mark, fmt::format("broker {} stands twice in this list", broker->text));
        }
      }
    }
  }

  /// False: there is no such entity.
  bool names_entity(const View& view, std::string_view key) {
    if (!view.has(key)) return true;
    std::vector<std::string_view> known;
    for (const models::EntitySetup& entity : setup_.entities) {
      if (std::find(known.begin(), known.end(), entity.name) == known.end()) known.push_back(entity.name);
    }
    const std::string name = view.text(key);
    if (std::find(known.begin(), known.end(), name) != known.end()) return true;
    problems_.add(view.mark(key), fmt::format("there is no {} '{}'{}", top_.path("topic"), name,
                                              did_you_mean(name, known, "there are")));
    return false;
  }

  void consumer(const View& view, const models::ConsumersSetup& group) {
    client(view, "from");
    if (!group.forward.enabled) return;
    const View forward = view.section("application").section("forward");
    if (!names_entity(forward, "to")) return;
    if (leads_to(group.forward.to, models::entity_index(setup_, group.from))) {
      problems_.add(forward.mark("to"), fmt::format("what is forwarded to '{}' comes back to where it was read: it "
                                                    "would go round for ever",
                                                    group.forward.to));
    }
  }

  /// Whether what is sent to `name` may be forwarded to `entity`.
  bool leads_to(std::string_view name, std::uint32_t entity) const {
    std::set<std::uint32_t> reached{models::entity_index(setup_, name)};
    for (std::size_t round = 0; round < setup_.consumers.size(); ++round) {
      for (const models::ConsumersSetup& group : setup_.consumers) {
        const bool passes = group.forward.enabled && reached.contains(models::entity_index(setup_, group.from));
        if (passes) reached.insert(models::entity_index(setup_, group.forward.to));
      }
    }
    return reached.contains(entity);
  }

  void client(const View& group, std::string_view entity_key) {
    static_cast<void>(names_entity(group, entity_key));
    const Node* connect = group.child("connect");
    if (connect == nullptr) return;
    if (connect->items.empty())
      problems_.add(connect->mark, fmt::format("the list '{}' is empty", group.path("connect")));
    std::set<std::string_view> seen;
    for (const NodePtr& broker : connect->items) {
      if (!is_broker(broker->text)) {
        problems_.add(broker->mark, fmt::format("there is no broker '{}'; brokers are broker-1 to broker-{}",
                                                shortened(broker->text), setup_.brokers.count));
      } else if (!seen.insert(broker->text).second) {
        problems_.add(broker->mark, fmt::format("'{}' stands twice in this list", broker->text));
      }
    }
  }

  bool is_broker(std::string_view name) const {
    for (std::uint32_t i = 1; i <= setup_.brokers.count; ++i) {
      if (name == fmt::format("broker-{}", i)) return true;
    }
    return false;
  }

  void total(std::string_view key, const auto& groups) {
    std::int64_t sum = 0;
    for (const auto& group : groups) sum += group.count;
    if (sum > kMostClients) {
      problems_.add(top_.key_mark(key), fmt::format("there are {} {}; a run holds at most {}", sum, key, kMostClients));
    }
  }

  void messages() {
    std::int64_t sum = 0;
    for (const models::ProducersSetup& group : setup_.producers) {
      for (const models::WorkloadPart& part : group.workload) sum += part.messages.high * group.count;
    }
    if (sum > kMostMessages) {
      problems_.add(top_.key_mark("producers"),
                    fmt::format("up to {} messages are sent; a run holds at most {}", sum, kMostMessages));
    }
  }

  /// Parts follow each other, so their times must rise.
  void workload(const View& group) {
    std::int64_t before = -1;
    for (const View& part : group.sections("workload")) {
      if (!part.has("at")) continue;
      const sim::Quantity at = part.quantity("at");
      if (at.low < before) {
        problems_.add(part.mark("at"), fmt::format("'{}' lies before the part above begins", part.path("at")));
      }
      before = at.high;
    }
  }

  void network() {
    const View network = top_.section("network");
    if (network.has("latency") && (network.has("p50") || network.has("p99"))) {
      problems_.add(network.key_mark(network.has("p50") ? "p50" : "p99"),
                    "'network' has both 'latency' and a quantile; write one of them");
    }
    if (setup_.latency.p50 <= setup_.latency.p99) return;
    const View quantiles = network.opened("latency") ? network.section("latency") : network;
    problems_.add(quantiles.mark(quantiles.has("p99") ? "p99" : "p50"),
                  fmt::format("the median ({}) lies above the 99th percentile ({})",
                              write_quantity(sim::Quantity{setup_.latency.p50}, Unit::duration),
                              write_quantity(sim::Quantity{setup_.latency.p99}, Unit::duration)));
  }

  const View& top_;
  const models::Setup& setup_;
  Problems& problems_;
};

/// The path that a system blames may lead into a list without saying which: the first that has the key, then.
std::vector<PathStep> blamed_steps(const Node& root, const std::string& path, const Grammar& grammar) {
  PathResult resolved = resolve_path(root, path, grammar);
  const std::size_t dot = path.find('.');
  const Node* list = dot == std::string::npos ? nullptr : root.child(path.substr(0, dot));
  if (resolved.error.empty() || list == nullptr) return resolved.steps;
  for (std::size_t i = 1; i <= list->items.size(); ++i) {
    PathResult member = resolve_path(root, fmt::format("{}.{}{}", path.substr(0, dot), i, path.substr(dot)), grammar);
    if (member.error.empty() && node_at(root, member.steps) != nullptr) return member.steps;
  }
  return resolved.steps;
}

}  // namespace

void check_setup(const View& top, const Node& root, const models::Setup& setup, const Grammar& grammar,
                 Problems& problems) {
  const std::size_t before = problems.calls();
  SetupChecker{top, setup, problems}.run();
  if (problems.calls() != before) return;  // the system's rules may take for granted what was just refused
  for (models::SetupProblem& problem : grammar.system->validate(setup)) {
    problems.add(nearest_mark(root, blamed_steps(root, problem.path, grammar)), std::move(problem.message));
  }
}

}  // namespace noloss::harness
