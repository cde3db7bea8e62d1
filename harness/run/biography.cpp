#include "harness/run/biography.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>

namespace noloss::harness {
namespace {

using models::HistoryEvent;
using models::HistoryEventKind;

std::string words(HistoryEventKind kind) {
  switch (kind) {
    case HistoryEventKind::send: return "send called";
    case HistoryEventKind::attempt: return "attempt on the wire";
    case HistoryEventKind::acked: return "application told: acknowledged";
    case HistoryEventKind::failed: return "application told: failed";
    case HistoryEventKind::uncertain: return "application told: uncertain";
    case HistoryEventKind::written: return "written to the page cache";
    case HistoryEventKind::durable: return "durable on disk";
    case HistoryEventKind::undurable: return "no longer durable";
    case HistoryEventKind::gone: return "copy gone";
    case HistoryEventKind::held: return "in a broker's memory";
    case HistoryEventKind::delivered: return "delivered to the application";
    case HistoryEventKind::effect: return "took effect in the store";
    case HistoryEventKind::acknowledged: return "consumer's acknowledgement confirmed";
  }
  return {};
}

/// Whether the producer's own memory holds the message behind this event.
bool in_producer(HistoryEventKind kind, bool before) {
  switch (kind) {
    case HistoryEventKind::send: return true;
    case HistoryEventKind::acked: return false;
    default: return before;
  }
}

std::string copies_text(bool in_memory, const HistoryEvent& event) {
  return fmt::format("memory {}, page cache {}, disk {}", in_memory ? 1 : 0, event.present - event.durable,
                     event.durable);
}

bool earlier(const StoryLine& one, const StoryLine& other) { return one.time < other.time; }

/// Within one instant: what was done, then the fault, then what the fault did to the copies.
enum class Rank : std::uint8_t { deed, fault, copy };
struct RankedLine {
  StoryLine line;
  Rank rank = Rank::deed;
  friend bool operator<(const RankedLine& one, const RankedLine& other) {
    return std::tie(one.line.time, one.rank) < std::tie(other.line.time, other.rank);
  }
};

Rank rank_of(HistoryEventKind kind) {
  const bool copy =
      kind == HistoryEventKind::durable || kind == HistoryEventKind::undurable || kind == HistoryEventKind::gone;
  return copy ? Rank::copy : Rank::deed;
}

Biography tell(World& world, models::MessageRef message, Guarantee guarantee, const std::vector<StoryLine>& faults) {
  const models::MessageRecord& record = world.history().messages()[models::index(message)];
  Biography biography;
  biography.message = message_name(record.id, world.names());
  biography.guarantee = guarantee;
  bool in_memory = false;
  sim::VirtualTime last = record.sent_at;
  std::vector<RankedLine> lines;
  for (const HistoryEvent& event : world.history().events()) {
    if (event.message != message) continue;
    in_memory = in_producer(event.kind, in_memory);
    lines.push_back(
        {{event.time, world.names().nodes[sim::index(event.node)], words(event.kind), copies_text(in_memory, event)},
         rank_of(event.kind)});
    last = event.time;
  }
  // Faults of its lifetime; those before it was sent explain nothing.
  for (const StoryLine& fault : faults) {
    if (fault.time >= record.sent_at) lines.push_back({fault, Rank::fault});
  }
  std::stable_sort(lines.begin(), lines.end());
  for (RankedLine& ranked : lines) biography.lines.push_back(std::move(ranked.line));
  const Fate fate = world.fates()[models::index(message)];
  if (!lost(fate)) return biography;
  biography.stage = record.policy.empty() ? std::string{name(stage(fate))} : fmt::format("policy: {}", record.policy);
  const Course course{world.injector().reports(), world.names()};
  const sim::FaultReport* cause = cause_of(record, fate, course);
  if (cause != nullptr) biography.cause = fmt::format("{} at {}", cause->what, time_text(cause->fired_at));
  const bool copies_went = fate == Fate::lost_in_store && record.last_gone_at != sim::kNever;
  const sim::VirtualTime certain = copies_went                                  ? record.last_gone_at
                                   : cause != nullptr && cause->fired_at > last ? cause->fired_at
                                                                                : last;
  biography.certain_from = time_text(certain);
  return biography;
}

/// Which violated guarantee a message speaks for, if any.
std::optional<Guarantee> concern(const models::MessageRecord& record, Fate fate, const RunResult& result, bool exists) {
  const auto violated = [&](Guarantee guarantee) { return result.of(guarantee).verdict == Verdict::violated; };
  if (lost(fate) && record.outcome == models::Outcome::acked) return Guarantee::no_acked_loss;
  if (lost(fate) && record.outcome == models::Outcome::none) return Guarantee::no_silent_loss;
  if (record.effects > 1 && violated(Guarantee::no_duplicates)) return Guarantee::no_duplicates;
  if (record.deliveries > 0 && !exists && violated(Guarantee::no_phantom)) return Guarantee::no_phantom;
  return std::nullopt;
}

}  // namespace

std::vector<StoryLine> tell_faults(World& world) {
  std::vector<StoryLine> lines;
  for (const sim::FaultReport& report : world.injector().reports()) {
    std::string nodes;
    for (const sim::NodeId node : report.nodes) {
      nodes += (nodes.empty() ? "" : ", ") + world.names().nodes[sim::index(node)];
    }
    if (report.fired == 0) {
      lines.push_back(
          {sim::kNever, report.fault->target, fmt::format("{}: never fired", name(report.fault->action)), {}});
      continue;
    }
    std::string what = report.what + (report.effective ? "" : " (no effect)");
    lines.push_back({report.fired_at, nodes, std::move(what), {}});
    if (report.healed_at != sim::kNever) {
      lines.push_back({report.healed_at, nodes, fmt::format("{} healed", name(report.fault->action)), {}});
    }
  }
  std::stable_sort(lines.begin(), lines.end(), earlier);
  return lines;
}

std::vector<Biography> tell_biographies(World& world, const RunResult& result) {
  const std::vector<StoryLine> all = tell_faults(world);
  std::vector<StoryLine> faults;
  std::copy_if(all.begin(), all.end(), std::back_inserter(faults),
               [](const StoryLine& line) { return line.time != sim::kNever; });
  std::vector<Biography> biographies;
  const auto& messages = world.history().messages();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const auto guarantee = concern(messages[i], world.fates()[i], result, world.exists(i));
    if (!guarantee) continue;
    biographies.push_back(tell(world, models::MessageRef{static_cast<std::uint32_t>(i)}, *guarantee, faults));
  }
  std::stable_sort(biographies.begin(), biographies.end(),
                   [](const Biography& one, const Biography& other) { return one.guarantee < other.guarantee; });
  return biographies;
}

std::string history_json_lines(World& world) {
  std::string text;
  for (const HistoryEvent& event : world.history().events()) {
    const models::MessageRecord& record = world.history().messages()[models::index(event.message)];
    const nlohmann::ordered_json line{
        {"t_ns", event.time.time_since_epoch().count()},
        {"node", world.names().nodes[sim::index(event.node)]},
        {"producer", world.names().producers[record.id.producer] +
                         (record.id.incarnation > 1 ? fmt::format("#{}", record.id.incarnation) : std::string{})},
        {"partition", record.id.partition},
        {"sequence", record.id.sequence},
        {"event", name(event.kind)},
        {"durable_copies", event.durable},
        {"copies", event.present}};
    text += line.dump() + "\n";
  }
  return text;
}

}  // namespace noloss::harness
