#include "harness/campaign/record.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <charconv>
#include <iterator>
#include <vector>

namespace noloss::harness {
namespace {

constexpr std::size_t kChecksum = 17;  // tab and 16 hex digits
constexpr std::string_view kVerdictLetters = "hvi";

// --- writing

void escape(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\\': out += "\\\\"; break;
      case '\t': out += "\\t"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '|': out += "\\p"; break;
      case ';': out += "\\s"; break;
      default: out += c;
    }
  }
}

void put(std::string& out, std::int64_t number) { fmt::format_to(std::back_inserter(out), "{} ", number); }

void put(std::string& out, const std::optional<std::int64_t>& number) {
  if (number) {
    put(out, *number);
  } else {
    out += "- ";
  }
}

void put_guarantees(std::string& out, const RunResult& result) {
  for (const GuaranteeResult& guarantee : result.guarantees) {
    out += kVerdictLetters[static_cast<std::size_t>(guarantee.verdict)];
  }
  out += '\t';
  for (std::size_t g = 0; g < kGuarantees; ++g) {
    const GuaranteeResult& guarantee = result.guarantees[g];
    if (guarantee.detail.empty() && guarantee.story.empty()) continue;
    fmt::format_to(std::back_inserter(out), "{}|", g);
    escape(out, guarantee.detail);
    out += '|';
    escape(out, guarantee.story);
    out += ';';
  }
  out += '\t';
}

void put_numbers(std::string& out, const RunResult& result) {
  for (const TotalColumn& column : total_columns()) put(out, result.totals.*column.field);
  put(out, result.min_durable_copies);
  put(out, result.ack_latency_p50_us);
  put(out, result.ack_latency_p99_us);
  put(out, result.end_to_end_p50_us);
  put(out, result.end_to_end_p99_us);
  put(out, result.throughput_per_s);
  put(out, result.unavailable_ms);
  put(out, result.virtual_time_ns);
  put(out, result.events);
  out += '\t';
  for (std::size_t action = 0; action < result.faults.size(); ++action) {
    const FaultCount& count = result.faults[action];
    if (count.armed == 0 && count.fired == 0 && count.effective == 0) continue;
    fmt::format_to(std::back_inserter(out), "{}|{}|{}|{};", sim::name(static_cast<sim::Action>(action)), count.armed,
                   count.fired, count.effective);
  }
  out += '\t';
}

// --- reading

/// Takes the text up to the separator off the front; all of it where there is none.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view front = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return front;
}

template <typename Integer>
bool read(std::string_view text, Integer& number, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc{} && end == text.data() + text.size();
}

bool read(std::string_view text, std::optional<std::int64_t>& number) {
  if (text == "-") return true;
  return read(text, number.emplace());
}

std::string unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    switch (text[++i]) {
      case 't': out += '\t'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 'p': out += '|'; break;
      case 's': out += ';'; break;
      default: out += text[i];
    }
  }
  return out;
}

bool read_guarantees(std::string_view letters, std::string_view findings, RunResult& result) {
  if (letters.size() != kGuarantees) return false;
  for (std::size_t g = 0; g < kGuarantees; ++g) {
    const std::size_t verdict = kVerdictLetters.find(letters[g]);
    if (verdict == std::string_view::npos) return false;
    result.guarantees[g].verdict = static_cast<Verdict>(verdict);
  }
  while (!findings.empty()) {
    std::string_view finding = take(findings, ';');
    std::size_t g = 0;
    if (!read(take(finding, '|'), g) || g >= kGuarantees) return false;
    result.guarantees[g].detail = unescape(take(finding, '|'));
    result.guarantees[g].story = unescape(finding);
  }
  return true;
}

bool read_numbers(std::string_view text, RunResult& result) {
  for (const TotalColumn& column : total_columns()) {
    if (!read(take(text, ' '), result.totals.*column.field)) return false;
  }
  return read(take(text, ' '), result.min_durable_copies) && read(take(text, ' '), result.ack_latency_p50_us) &&
         read(take(text, ' '), result.ack_latency_p99_us) && read(take(text, ' '), result.end_to_end_p50_us) &&
         read(take(text, ' '), result.end_to_end_p99_us) && read(take(text, ' '), result.throughput_per_s) &&
         read(take(text, ' '), result.unavailable_ms) && read(take(text, ' '), result.virtual_time_ns) &&
         read(take(text, ' '), result.events) && text.empty();
}

bool read_faults(std::string_view text, RunResult& result) {
  while (!text.empty()) {
    std::string_view fault = take(text, ';');
    const std::optional<sim::Action> action = sim::action_named(take(fault, '|'));
    if (!action) return false;
    FaultCount& count = result.faults[static_cast<std::size_t>(*action)];
    if (!read(take(fault, '|'), count.armed) || !read(take(fault, '|'), count.fired) || !read(fault, count.effective)) {
      return false;
    }
  }
  return true;
}

void read_marks(std::string_view text, RunResult& result) {
  while (!text.empty()) result.marks.push_back(unescape(take(text, ';')));
}

}  // namespace

std::string encode(std::uint64_t unit, const RunResult& result) {
  std::string line = fmt::format("{}\t{}\t", unit, result.seed);
  escape(line, result.plan);
  line += '\t';
  put_guarantees(line, result);
  put_numbers(line, result);
  for (const std::string& mark : result.marks) {
    escape(line, mark);
    line += ';';
  }
  fmt::format_to(std::back_inserter(line), "\t{}", hex16(result.digest));
  return line + '\t' + hash_text(line);
}

std::optional<Record> decode(std::string_view line) {
  if (line.size() < kChecksum) return std::nullopt;
  const std::string_view body = line.substr(0, line.size() - kChecksum);
  if (line[body.size()] != '\t' || line.substr(body.size() + 1) != hash_text(body)) return std::nullopt;

  std::string_view rest = body;
  Record record;
  if (!read(take(rest, '\t'), record.unit) || !read(take(rest, '\t'), record.result.seed)) return std::nullopt;
  record.result.plan = unescape(take(rest, '\t'));
  const std::string_view letters = take(rest, '\t');
  const std::string_view findings = take(rest, '\t');
  if (!read_guarantees(letters, findings, record.result)) return std::nullopt;
  if (!read_numbers(take(rest, '\t'), record.result)) return std::nullopt;
  if (!read_faults(take(rest, '\t'), record.result)) return std::nullopt;
  read_marks(take(rest, '\t'), record.result);
  if (!read(rest, record.result.digest, 16)) return std::nullopt;
  return record;
}

std::string hex16(std::uint64_t number) { return fmt::format("{:016x}", number); }

std::string hash_text(std::string_view text) { return hex16(XXH3_64bits(text.data(), text.size())); }

}  // namespace noloss::harness
