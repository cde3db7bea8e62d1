// The line that a report gives to a fault.
#include <fmt/format.h>

#include <algorithm>

#include "sim/fault/firing.hpp"

namespace noloss::sim {
namespace {

std::string names(FaultContext& context, const std::vector<NodeId>& nodes) {
  std::string text;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (i > 0) text += i + 1 == nodes.size() ? " and " : ", ";
    text += context.machine(nodes[i]).name();
  }
  return text;
}

std::string counted(std::uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

/// "1.5s", "200ms", "3us": exact, in the largest unit that needs no more than three digits behind the point.
std::string duration(Duration duration) {
  struct Unit {
    std::int64_t size;
    std::string_view name;
  };
  constexpr Unit kUnits[] = {{1'000'000'000, "s"}, {1'000'000, "ms"}, {1'000, "us"}, {1, "ns"}};
  const std::int64_t value = std::abs(duration.count());
  for (const Unit& unit : kUnits) {
    const bool exact = unit.size == 1 || value % (unit.size / 1000) == 0;
    if (value < unit.size || !exact) continue;
    std::string text = fmt::format("{}", value / unit.size);
    if (value % unit.size != 0) {
      text += fmt::format(".{:03}", value % unit.size / (unit.size / 1000));
      text.erase(text.find_last_not_of('0') + 1);
    }
    return text + std::string{unit.name};
  }
  return "0s";
}

std::string power(const Firing& firing, const std::string& who, std::uint64_t amount, bool gone) {
  switch (firing.fault->action) {
    case Action::wipe: return fmt::format("{} lost its disk: {} gone", who, counted(amount, "byte"));
    case Action::destroy: return fmt::format("{} destroyed: {} gone", who, counted(amount, "byte"));
    default: break;
  }
  const std::string lost = amount == 0 ? "nothing unsynced" : counted(amount, "unsynced byte") + " gone";
  return fmt::format("{} lost power{}: {}", who, gone ? "" : " while no process ran", lost);
}

std::string skew(const Fault& fault, const std::string& who, std::uint64_t reads) {
  std::string text = fmt::format("clock of {}", who);
  const Duration by = fault.by.duration();
  if (by != Duration{0}) text += fmt::format(" {} {}", duration(by), by > Duration{0} ? "ahead" : "behind");
  if (fault.clock_rate.value() != kWhole) text += fmt::format(" running at {} millionths", fault.clock_rate.value());
  return text + fmt::format(": read {}", counted(reads, "time"));
}

std::string disk(const Fault& fault, const std::string& who, std::uint64_t amount) {
  switch (fault.action) {
    case Action::fsync_error: return fmt::format("{} of {} failed", counted(amount, "sync"), who);
    case Action::fsync_lie: return fmt::format("{} of {} lied", counted(amount, "sync"), who);
    case Action::disk_slow:
      return fault.stall ? fmt::format("disk of {} stalled: {} late", who, counted(amount, "operation"))
                         : fmt::format("disk of {} {} times as slow: {} late", who, fault.factor.value(),
                                       counted(amount, "operation"));
    case Action::disk_full: return fmt::format("disk of {} full: {} refused", who, counted(amount, "write"));
    case Action::disk_error: return fmt::format("blocks of {} unreadable: {} failed", who, counted(amount, "read"));
    default: return fmt::format("{} of {} corrupted", counted(amount, "block"), who);
  }
}

std::string handler(const Fault& fault, const std::string& who) {
  if (fault.action == Action::handler_stall) {
    return fmt::format("processing at {} hangs for {}", who, duration(fault.duration.duration()));
  }
  if (fault.times < 0) return fmt::format("processing at {} always fails", who);
  return fmt::format("processing at {} fails {}", who, counted(static_cast<std::uint64_t>(fault.times), "time"));
}

std::string on_node(const Firing& firing, const std::string& who) {
  const Fault& fault = *firing.fault;
  std::uint64_t amount = 0;
  bool gone = false;
  for (const Hit& hit : firing.hits) {
    amount += hit.amount;
    gone = gone || hit.process_gone;
  }
  switch (fault.action) {
    case Action::power_loss:
    case Action::wipe:
    case Action::destroy: return power(firing, who, amount, gone);
    case Action::kill: return fmt::format("{} killed", who);
    case Action::stop: return fmt::format("{} stopped in order", who);
    case Action::pause:
      return fmt::format("{} paused{}", who, firing.effective || firing.acting ? "" : ": it had nothing to do");
    case Action::clock_skew: return skew(fault, who, amount);
    case Action::handler_error:
    case Action::handler_stall: return handler(fault, who);
    default: return disk(fault, who, amount);
  }
}

/// Whom a fault that found nothing wanted to hit, and why it did not.
std::string in_vain(FaultContext& context, const Firing& firing) {
  if (firing.hits.empty()) return "there is no such node";
  std::vector<NodeId> nodes;
  for (const Hit& hit : firing.hits) nodes.push_back(hit.node);
  const Machine& machine = context.machine(nodes.front());
  const std::string who = names(context, nodes);
  const Action action = firing.fault->action;
  const bool takes_disk = action == Action::wipe || action == Action::destroy || action == Action::corrupt;
  if (machine.setup().reliable && takes_disk) return fmt::format("no effect: {} cannot lose its disk", who);
  if (action == Action::corrupt || action == Action::disk_error) {
    return fmt::format("no effect: no such data on the disk of {}", who);
  }
  if (family(action) == Family::handler) return fmt::format("no effect: nothing is processed at {}", who);
  return fmt::format("no effect: {} did not run", who);
}

std::string partition(FaultContext& context, const Firing& firing) {
  std::string text;
  const bool one_way = firing.fault->shape == PartitionShape::one_way;
  for (const std::vector<NodeId>& side : firing.sides) {
    if (!text.empty()) text += one_way ? " -> " : " | ";
    text += side.empty() ? "nobody" : names(context, side);
  }
  return fmt::format("cut {}: {} held", text, counted(firing.packets, "packet"));
}

std::string connection(FaultContext& context, const Firing& firing) {
  const Fault& fault = *firing.fault;
  std::string who = names(context, firing.from.nodes);
  if (!firing.to.nodes.empty()) who += " -> " + names(context, firing.to.nodes);
  switch (fault.action) {
    case Action::drop:
      if (firing.packets == 0) return fmt::format("{}: no message left any more", who);
      return fmt::format("{} broke: {} lost", who, counted(firing.packets, "message"));
    case Action::loss: return fmt::format("{}: {} lost and sent again", who, counted(firing.packets, "packet"));
    case Action::delay:
      return fmt::format("{}: {} late by {}", who, counted(firing.packets, "packet"), duration(fault.by.duration()));
    default: return fmt::format("{}: {} slowed", who, counted(firing.packets, "packet"));
  }
}

}  // namespace

std::string describe(FaultContext& context, const Firing& firing) {
  if (firing.fault->action == Action::partition) return partition(context, firing);
  if (family(firing.fault->action) == Family::network) return connection(context, firing);
  std::vector<NodeId> nodes;
  for (const Hit& hit : firing.hits) {
    if (hit.acted || hit.amount > 0) nodes.push_back(hit.node);
  }
  return nodes.empty() ? in_vain(context, firing) : on_node(firing, names(context, nodes));
}

}  // namespace noloss::sim
