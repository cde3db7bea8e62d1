#include "harness/search/nemesis_places.hpp"

#include <algorithm>
#include <array>

namespace noloss::harness {
namespace {

using sim::Action;
using sim::Fault;

constexpr std::string_view kSent = "sent:";
constexpr std::string_view kReceived = "received:";
constexpr std::string_view kAny = "any ";
constexpr std::string_view kAll = "all ";

struct Danger {
  std::string_view event;
  std::uint64_t weight;
};

/// For faults that take a process or a machine, or cut it off.
constexpr std::array kAtNodes{
    Danger{"append", 4},      // written, not yet synced
    Danger{"sync.start", 3},  //
    Danger{"sync.done", 5},   // synced, not yet acknowledged
    Danger{"sent:", 4},       // an acknowledgement, among others, is on its way
    Danger{"processed", 5},   // the effect is there, the acknowledgement is not
    Danger{"received", 3},    //
    Danger{"received:", 2},   //
    Danger{"elected", 5},     //
    Danger{"replicated", 3},  //
    Danger{"acked", 2},       //
    Danger{"acknowledged", 2}, Danger{"sent", 2},
};
/// For faults of the disk: what they change is the next write, sync or read.
constexpr std::array kAtDisks{
    Danger{"append", 5}, Danger{"sync.start", 8}, Danger{"sync.done", 3}, Danger{"elected", 1}, Danger{"replicated", 2},
};

/// A sync that is about to start fails; what has been synced can be damaged.
constexpr std::uint64_t kRest = 1;

std::uint64_t look_up(const auto& table, std::string_view event) {
  for (const Danger& row : table) {
    if (row.event == event) return row.weight;
  }
  return kRest;
}

bool is_handler(Action action) { return action == Action::handler_error || action == Action::handler_stall; }

bool is_disk(Action action) {
  return action == Action::fsync_error || action == Action::fsync_lie || action == Action::disk_slow ||
         action == Action::disk_full || action == Action::disk_error || action == Action::corrupt;
}

const MomentCensus::Holders* holders_of(const MomentCensus& census, std::string_view role) {
  const auto found = std::find_if(census.holders.begin(), census.holders.end(),
                                  [&](const MomentCensus::Holders& holders) { return holders.role == role; });
  return found == census.holders.end() ? nullptr : &*found;
}

/// Appends the nodes that the word may mean; none if the census does not know.
void add_meant(std::string_view word, const MomentCensus& census, std::vector<std::string_view>& nodes) {
  std::string_view kind = any_kind(word);
  if (word.starts_with(kAll) && word.ends_with('s')) kind = word.substr(kAll.size(), word.size() - kAll.size() - 1);
  const MomentCensus::Holders* holders = holders_of(census, word);
  if (holders != nullptr) nodes.insert(nodes.end(), holders->nodes.begin(), holders->nodes.end());
  for (const MomentCensus::Count& count : census.counts) {
    const bool meant = count.node == word || (!kind.empty() && is_of_kind(count.node, kind));
    const bool known = !nodes.empty() && nodes.back() == count.node;
    if (meant && !known) nodes.push_back(count.node);
  }
}

/// Whether the message of that moment's kind goes to one of these nodes.
bool goes_to(std::string_view kind, const std::vector<std::string_view>& nodes, const MomentCensus& census) {
  return std::any_of(census.counts.begin(), census.counts.end(), [&](const MomentCensus::Count& count) {
    return count.count > 0 && count.event.starts_with(kReceived) && count.event.substr(kReceived.size()) == kind &&
           std::find(nodes.begin(), nodes.end(), count.node) != nodes.end();
  });
}

bool leaves_on_side(const Fault& fault, std::string_view kind, const MomentCensus& census) {
  std::vector<std::string_view> receivers;
  add_meant(fault.side == sim::Side::request ? fault.peer : fault.target, census, receivers);
  return receivers.empty() || goes_to(kind, receivers, census);
}

}  // namespace

std::string_view any_kind(std::string_view word) {
  return word.starts_with(kAny) ? word.substr(kAny.size()) : std::string_view{};
}

bool is_of_kind(std::string_view node, std::string_view kind) {
  if (!node.starts_with(kind)) return false;
  const std::string_view rest = node.substr(kind.size());
  return rest.empty() || (rest.front() == '-' && rest.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

std::string_view group_of(std::string_view event) {
  if (event.starts_with(kSent)) return kSent;
  if (event.starts_with(kReceived)) return kReceived;
  return event;
}

std::uint64_t danger(Action action, std::string_view event) {
  const std::string_view group = group_of(event);
  if (group == "fault" || group == "healed") return 0;
  if (is_handler(action)) return group == "received" ? 1 : 0;
  if (action == Action::drop) return group == kSent ? 1 : 0;
  if (is_disk(action)) return look_up(kAtDisks, group);
  return look_up(kAtNodes, group);
}

std::vector<std::string_view> concerned(const Fault& fault, const MomentCensus& census) {
  std::vector<std::string_view> nodes;
  if (fault.action == Action::drop) {
    add_meant(fault.side == sim::Side::request ? fault.target : fault.peer, census, nodes);
    return nodes;
  }
  if (!fault.target.empty()) add_meant(fault.target, census, nodes);
  if (!fault.peer.empty()) add_meant(fault.peer, census, nodes);
  for (const std::vector<std::string>& side : fault.sides) {
    for (const std::string& word : side) add_meant(word, census, nodes);
  }
  return nodes;
}

bool fits(const Fault& fault, const MomentCensus::Count& moment, const MomentCensus& census) {
  if (moment.count == 0) return false;
  const bool leaves = moment.event.starts_with(kSent);
  const std::string_view kind = leaves ? std::string_view{moment.event}.substr(kSent.size()) : std::string_view{};
  if (fault.action == Action::drop) return leaves && leaves_on_side(fault, kind, census);
  if (fault.action != Action::delay) return true;
  // At a message that leaves, a delay is one of that message alone.
  if (fault.message.empty()) return !moment.event.starts_with("sent");
  return leaves && kind == fault.message;
}

}  // namespace noloss::harness
