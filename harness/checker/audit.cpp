#include "harness/checker/audit.hpp"

#include <algorithm>
#include <array>
#include <compare>

namespace noloss::harness {
namespace {

constexpr std::array kWords{
    AuditWord{"sent", AuditEvent::sent, "the application called send"},
    AuditWord{"acked", AuditEvent::acked, "the application was told of success"},
    AuditWord{"failed", AuditEvent::failed, "it was told of an error"},
    AuditWord{"uncertain", AuditEvent::uncertain, "it was told that nobody knows, as after a timeout"},
    AuditWord{"delivered", AuditEvent::delivered, "a consumer got the message"},
    AuditWord{"processed", AuditEvent::processed, "it took effect in the consumer's store"},
    AuditWord{"send", AuditEvent::sent, "the same as sent"},
    AuditWord{"received", AuditEvent::delivered, "the same as delivered"},
    AuditWord{"effect", AuditEvent::processed, "the same as processed"},
    AuditWord{"attempt", AuditEvent::other, "not judged"},
    AuditWord{"written", AuditEvent::other, "not judged"},
    AuditWord{"durable", AuditEvent::other, "not judged"},
    AuditWord{"undurable", AuditEvent::other, "not judged"},
    AuditWord{"gone", AuditEvent::other, "not judged"},
    AuditWord{"acknowledged", AuditEvent::other, "the consumer acknowledged it; not judged"},
    AuditWord{"alarm", AuditEvent::other, "not judged"},
};

bool digit(char c) { return c >= '0' && c <= '9'; }

/// The digits from `at` on, without zeros in front; `at` then stands behind them.
std::string_view number_at(std::string_view text, std::size_t& at) {
  while (at < text.size() && text[at] == '0') ++at;
  const std::size_t first = at;
  while (at < text.size() && digit(text[at])) ++at;
  return text.substr(first, at - first);
}

std::strong_ordering natural(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t k = 0;
  while (i < a.size() && k < b.size()) {
    if (digit(a[i]) && digit(b[k])) {
      const std::string_view one = number_at(a, i);
      const std::string_view other = number_at(b, k);
      if (one.size() != other.size()) return one.size() <=> other.size();
      if (const int order = one.compare(other); order != 0) return order <=> 0;
    } else {
      if (a[i] != b[k]) return a[i] <=> b[k];
      ++i;
      ++k;
    }
  }
  if (const auto rest = a.size() - i <=> b.size() - k; rest != 0) return rest;
  return a.compare(b) <=> 0;  // "01" and "1" are two names
}

std::uint64_t total(const AuditReport& report, const IntervalSet StreamAudit::*set) {
  std::uint64_t messages = 0;
  for (const StreamAudit& stream : report.streams) messages += (stream.*set).count();
  return messages;
}

std::vector<AuditVerdict> verdicts_of(const AuditReport& report) {
  std::vector<AuditVerdict> verdicts;
  const auto judge = [&](std::string_view name, const IntervalSet StreamAudit::*set, bool known, std::string_view why) {
    AuditVerdict& verdict = verdicts.emplace_back();
    verdict.name = name;
    verdict.messages = total(report, set);
    if (verdict.messages > 0) {
      verdict.verdict = Verdict::violated;
    } else if (!known) {
      verdict.verdict = Verdict::inconclusive;
      verdict.reason = why;
    }
  };
  const bool consumers = report.consumers_recorded;
  constexpr std::string_view kNoEffects = "nothing was delivered or processed";
  if (report.producers_recorded) {
    const bool acked = std::any_of(report.streams.begin(), report.streams.end(),
                                   [](const StreamAudit& stream) { return stream.acked > 0; });
    judge(name(Guarantee::no_acked_loss), &StreamAudit::lost_acked, acked, "nothing was acknowledged");
    judge(name(Guarantee::no_silent_loss), &StreamAudit::lost_silent, true, {});
  } else {
    judge("no_missing", &StreamAudit::missing, consumers, kNoEffects);
  }
  judge(name(Guarantee::no_duplicates), &StreamAudit::duplicated, consumers, kNoEffects);
  judge(name(Guarantee::order), &StreamAudit::reordered, consumers, kNoEffects);
  if (report.producers_recorded) judge(name(Guarantee::no_phantom), &StreamAudit::phantom, consumers, kNoEffects);
  return verdicts;
}

}  // namespace

std::span<const AuditWord> audit_words() { return kWords; }

bool Audit::NaturalOrder::operator()(const std::pair<std::string, std::string>& a,
                                     const std::pair<std::string, std::string>& b) const {
  const std::strong_ordering producers = natural(a.first, b.first);
  return producers != 0 ? producers < 0 : natural(a.second, b.second) < 0;
}

void Audit::Effects::add(std::uint64_t sequence) {
  if (!seen.add(sequence)) {
    again.add(sequence);
    ++repeats;
    return;
  }
  if (highest && sequence < *highest) late.add(sequence);
  highest = std::max(highest.value_or(0), sequence);
}

void Audit::add(std::string_view producer, std::string_view partition, std::uint64_t sequence, AuditEvent event) {
  ++events_;
  if (event == AuditEvent::other) return;
  if (last_key_ == nullptr || last_key_->first != producer || last_key_->second != partition) {
    const auto found = streams_.try_emplace({std::string{producer}, std::string{partition}}).first;
    last_key_ = &found->first;
    last_ = &found->second;
  }
  switch (event) {
    case AuditEvent::sent: last_->sent.add(sequence); break;
    case AuditEvent::acked: last_->acked.add(sequence); break;
    case AuditEvent::failed: last_->failed.add(sequence); break;
    case AuditEvent::uncertain: last_->uncertain.add(sequence); break;
    case AuditEvent::delivered: last_->delivered.add(sequence); break;
    case AuditEvent::processed: last_->processed.add(sequence); break;
    case AuditEvent::other: break;
  }
  if (event == AuditEvent::delivered) {
    delivered_recorded_ = true;
  } else if (event == AuditEvent::processed) {
    processed_recorded_ = true;
  } else {
    producers_recorded_ = true;
  }
}

StreamAudit Audit::judged(const Stream& stream, const AuditReport& report) const {
  const Effects& effects = report.effect == AuditEvent::processed ? stream.processed : stream.delivered;
  IntervalSet told = stream.failed;
  told.join(stream.uncertain);
  IntervalSet known = stream.sent;  // a record may lack the calls to send and have their outcomes
  known.join(stream.acked);
  known.join(told);
  IntervalSet arrived = stream.delivered.seen;
  arrived.join(stream.processed.seen);

  StreamAudit audit;
  audit.sent = known.count();
  audit.acked = stream.acked.count();
  const IntervalSet failed = stream.failed.minus(stream.acked);
  audit.failed = failed.count();
  audit.uncertain = stream.uncertain.minus(stream.acked).minus(failed).count();
  audit.processed = effects.seen.count();
  audit.duplicated = effects.again;
  audit.duplicates = effects.repeats;
  audit.reordered = effects.late;
  if (!report.producers_recorded) {
    audit.missing = effects.seen.gaps();
    return audit;
  }
  audit.lost_acked = stream.acked.minus(effects.seen);
  audit.lost_silent = known.minus(effects.seen).minus(told.minus(stream.acked));
  audit.phantom = arrived.minus(known);
  return audit;
}

AuditReport Audit::finish() const {
  AuditReport report;
  report.events = events_;
  report.producers_recorded = producers_recorded_;
  report.consumers_recorded = delivered_recorded_ || processed_recorded_;
  report.effect = delivered_recorded_ && !processed_recorded_ ? AuditEvent::delivered : AuditEvent::processed;
  for (const auto& [key, stream] : streams_) {
    StreamAudit& audit = report.streams.emplace_back(judged(stream, report));
    audit.producer = key.first;
    audit.partition = key.second;
  }
  report.verdicts = verdicts_of(report);
  return report;
}

}  // namespace noloss::harness
