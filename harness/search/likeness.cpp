#include "harness/search/likeness.hpp"

#include <xxhash.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "harness/scenario/reader.hpp"

namespace noloss::harness {
namespace {

constexpr std::size_t kMostRenamings = 24;
constexpr std::string_view kBroker = "broker";

/// The words of a text, cut at everything that no name of a node has.
void add_words(std::string_view text, std::set<std::string, std::less<>>& words) {
  constexpr std::string_view kNameBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  while (!text.empty()) {
    const std::size_t begin = text.find_first_of(kNameBytes);
    if (begin == std::string_view::npos) return;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_not_of(kNameBytes), text.size());
    words.emplace(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::set<std::string, std::less<>> words_of(const Configuration& configuration) {
  std::set<std::string, std::less<>> words;
  add_words(write_plan(configuration.faults, {}), words);
  for (const Operation& operation : configuration.operations) {
    add_words(operation.target, words);
    if (operation.at.moment) add_words(operation.at.moment->node, words);
  }
  const auto connect = [&](const auto& clients) {
    for (const auto& client : clients) {
      for (const std::string& broker : client.connect) words.insert(broker);
    }
  };
  connect(configuration.setup.producers);
  connect(configuration.setup.consumers);
  return words;
}

std::string renamed(const std::string& word, const std::map<std::string, std::string>& names) {
  const auto known = names.find(word);
  return known == names.end() ? word : known->second;
}

sim::FaultPlan renamed(sim::FaultPlan plan, const std::map<std::string, std::string>& names) {
  for (sim::Fault& fault : plan) {
    fault.target = renamed(fault.target, names);
    fault.peer = renamed(fault.peer, names);
    if (fault.at.moment) fault.at.moment->node = renamed(fault.at.moment->node, names);
    for (std::vector<std::string>& side : fault.sides) {
      for (std::string& word : side) word = renamed(word, names);
      std::sort(side.begin(), side.end());
    }
    if (!fault.keep) continue;
    for (std::string& item : *fault.keep) {
      const std::size_t space = item.find(' ');
      item = renamed(item.substr(0, space), names) + item.substr(space);
    }
    std::sort(fault.keep->begin(), fault.keep->end());
  }
  return plan;
}

std::uint64_t digest(std::span<const sim::TraceEvent> trace, const Renaming& renaming) {
  std::vector<sim::TraceEvent> events(trace.begin(), trace.end());
  for (sim::TraceEvent& event : events) event.node = renaming[sim::index(event.node)];
  std::stable_sort(events.begin(), events.end(), [](const sim::TraceEvent& one, const sim::TraceEvent& other) {
    return std::pair{one.time, one.node} < std::pair{other.time, other.node};
  });
  std::vector<std::uint64_t> words;
  words.reserve(events.size() * 4);
  for (const sim::TraceEvent& event : events) {
    words.push_back(static_cast<std::uint64_t>(event.time.time_since_epoch().count()));
    words.push_back(std::uint64_t{sim::index(event.node)} << 16U | sim::index(event.event));
    words.push_back(event.first);
    words.push_back(event.second);
  }
  return XXH3_64bits(words.data(), words.size() * sizeof words.front());
}

}  // namespace

std::vector<Renaming> renamings(const Configuration& configuration, sim::Simulation& simulation) {
  Renaming same;
  std::map<std::string, std::vector<sim::NodeId>> groups;  // by zone
  const auto words = words_of(configuration);
  const bool assigned = std::any_of(configuration.setup.entities.begin(), configuration.setup.entities.end(),
                                    [](const models::EntitySetup& entity) { return !entity.assignment.empty(); });
  for (std::uint32_t i = 0; i < simulation.machines(); ++i) {
    const sim::Machine& machine = simulation.machine(sim::NodeId{i});
    same.push_back(machine.id());
    if (machine.kind() == kBroker && machine.setup().exists && !assigned && !words.contains(machine.name())) {
      groups[machine.zone()].push_back(machine.id());
    }
  }
  std::vector<Renaming> all{same};
  for (const auto& [zone, members] : groups) {
    std::vector<Renaming> more;
    std::vector<sim::NodeId> order = members;
    do {
      for (Renaming renaming : all) {
        for (std::size_t i = 0; i < members.size(); ++i) renaming[sim::index(members[i])] = order[i];
        more.push_back(std::move(renaming));
      }
      if (more.size() > kMostRenamings) return {same};
    } while (std::next_permutation(order.begin(), order.end()));
    all = std::move(more);
  }
  return all;
}

std::uint64_t likeness(const sim::FaultPlan& plan, std::span<const sim::TraceEvent> trace,
                       std::span<const std::string> nodes, std::span<const Renaming> renamings) {
  std::uint64_t least = UINT64_MAX;
  for (const Renaming& renaming : renamings) {
    std::map<std::string, std::string> names;
    for (std::size_t i = 0; i < nodes.size(); ++i) names[nodes[i]] = nodes[sim::index(renaming[i])];
    const std::string text = write_plan(renamed(plan, names), {});
    const std::uint64_t parts[] = {XXH3_64bits(text.data(), text.size()), digest(trace, renaming)};
    least = std::min<std::uint64_t>(least, XXH3_64bits(parts, sizeof parts));
  }
  return least;
}

}  // namespace noloss::harness
