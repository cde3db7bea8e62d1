#include "sim/network_stream.hpp"

#include <algorithm>

namespace noloss::sim {
namespace {

using namespace std::chrono_literals;

// Linux: TCP_INIT_CWND, tcp_min_tso_segs, TCP_RTO_MIN, TCP_TIMEOUT_INIT, TCP_RTO_MAX; tcp_cubic.c: beta = 717 / 1024,
// and beta_scale = 15 acknowledged segments for 8 / window of growth.
constexpr std::int64_t kFirstWindow = 10;
constexpr std::int64_t kPacket = 2 * Stream::kSegment;
constexpr Duration kLeastTimeout = 200ms;
constexpr Duration kFirstTimeout = 1s;
constexpr Duration kLongestTimeout = 120s;
constexpr std::int64_t kCutNumerator = 717;
constexpr std::int64_t kCutDenominator = 1024;
constexpr std::int64_t kGrowth = 8;
constexpr std::int64_t kGrowthScale = 15;

std::int64_t segments(const Stream::Range& range) {
  return (range.end - range.begin + Stream::kSegment - 1) / Stream::kSegment;
}

}  // namespace

// ---------------------------------------------------------------- the sender

bool Stream::writable() const {
  const std::int64_t buffer = 2 * largest_window_ * kSegment;
  return 3 * (written_ - acknowledged_) <= 2 * buffer;  // sk_stream_is_writeable
}

std::int64_t Stream::in_flight() const {
  std::int64_t sum = 0;
  for (const Flight& flight : flights_) {
    if (!flight.delivered && !flight.lost) sum += segments(flight.range);
  }
  return sum;
}

Stream::Range Stream::leave(Flight& flight, VirtualTime now) {
  flight.sent_at = now;
  flight.lost = false;
  free_packet_ = false;
  last_sent_ = now;
  if (timer_ == kNever) arm(now);
  return flight.range;
}

std::optional<Stream::Range> Stream::send(VirtualTime now) {
  const bool silent = flights_.empty() && last_sent_ + timeout() < now;
  if (silent) window_ = std::min(window_, kFirstWindow);
  const auto lost = std::find_if(flights_.begin(), flights_.end(), [](const Flight& flight) { return flight.lost; });
  if (lost == flights_.end() && next_ == written_) return std::nullopt;
  const std::int64_t room = free_packet_ ? 2 : window_ - in_flight();
  if (room <= 0) {
    limited_ = true;
    return std::nullopt;
  }
  if (lost != flights_.end()) {
    lost->again = true;
    return leave(*lost, now);
  }
  const std::int64_t bytes = std::min({written_ - next_, kPacket, room * kSegment});
  flights_.push_back({.range = {next_, next_ + bytes}});
  next_ += bytes;
  return leave(flights_.back(), now);
}

void Stream::note_delivered(const Flight& flight, VirtualTime now) {
  if (!flight.again) measure(now - flight.sent_at);
  const bool newer =
      flight.sent_at > newest_sent_ || (flight.sent_at == newest_sent_ && flight.range.begin > newest_begin_);
  if (!newer) return;
  newest_sent_ = flight.sent_at;
  newest_begin_ = flight.range.begin;
}

std::int64_t Stream::take_delivered(const Acknowledgement& what, VirtualTime now) {
  std::int64_t delivered = 0;
  const auto take = [&](Flight& flight) {
    if (flight.delivered) return;
    flight.delivered = true;
    flight.lost = false;
    delivered += segments(flight.range);
    note_delivered(flight, now);
  };
  while (!flights_.empty() && flights_.front().range.end <= what.upto) {
    take(flights_.front());
    flights_.pop_front();
  }
  for (Flight& flight : flights_) {
    for (const Range& range : what.beyond) {
      if (range.begin <= flight.range.begin && flight.range.end <= range.end) take(flight);
    }
  }
  return delivered;
}

bool Stream::find_losses() {
  bool found = false;
  for (Flight& flight : flights_) {
    if (flight.delivered || flight.lost) continue;
    const bool overtaken =
        flight.sent_at < newest_sent_ || (flight.sent_at == newest_sent_ && flight.range.begin < newest_begin_);
    if (!overtaken) continue;
    flight.lost = true;
    found = true;
  }
  return found;
}

void Stream::acknowledged(const Acknowledgement& what, VirtualTime now) {
  const std::int64_t delivered = take_delivered(what, now);
  if (what.upto > acknowledged_) {
    acknowledged_ = what.upto;
    timeouts_ = 0;
  }
  const bool losses = find_losses();
  if (state_ != State::open && acknowledged_ >= recovered_at_) {
    if (state_ == State::recovery) window_ = threshold_;
    state_ = State::open;
  }
  const bool probe_repaired = probed_to_ && acknowledged_ >= *probed_to_;
  if (probe_repaired) probed_to_.reset();
  if (state_ == State::open && (losses || probe_repaired)) {
    cut_window(State::recovery);
    free_packet_ = losses;
  }
  if (state_ != State::recovery && limited_) grow(delivered);
  limited_ = false;
  if (delivered > 0) arm(now);
}

void Stream::cut_window(State next) {
  threshold_ = std::max<std::int64_t>(window_ * kCutNumerator / kCutDenominator, 2);
  window_ = next == State::loss ? 1 : threshold_;
  state_ = next;
  recovered_at_ = next_;
  credit_ = 0;
}

void Stream::grow(std::int64_t segments) {
  if (window_ < threshold_) {
    window_ += segments;
  } else {
    credit_ += segments * kGrowth;
    while (credit_ >= window_ * kGrowthScale) {
      credit_ -= window_ * kGrowthScale;
      ++window_;
    }
  }
  largest_window_ = std::max(largest_window_, window_);
}

void Stream::measure(Duration round_trip) {
  if (!round_trip_) {
    round_trip_ = round_trip;
    variation_ = round_trip / 2;
    return;
  }
  const Duration difference = round_trip > *round_trip_ ? round_trip - *round_trip_ : *round_trip_ - round_trip;
  variation_ = (3 * variation_ + difference) / 4;
  round_trip_ = (7 * *round_trip_ + round_trip) / 8;
}

Duration Stream::timeout() const {
  Duration wait = round_trip_ ? *round_trip_ + std::max(kLeastTimeout, 4 * variation_) : kFirstTimeout;
  for (std::int64_t i = 0; i < timeouts_ && wait < kLongestTimeout; ++i) wait *= 2;
  return std::min(wait, kLongestTimeout);
}

void Stream::arm(VirtualTime now) {
  if (flights_.empty()) {
    timer_ = kNever;
    return;
  }
  const bool selective = std::any_of(flights_.begin(), flights_.end(), [](const Flight& f) { return f.delivered; });
  probe_ = state_ == State::open && round_trip_ && !selective && !probed_to_;
  Duration wait = timeout();
  if (probe_) {
    const Duration probe = 2 * *round_trip_ + (flights_.size() == 1 ? kLeastTimeout : Duration{0});
    probe_ = probe < wait;
    wait = std::min(wait, probe);
  }
  timer_ = now + wait;
}

void Stream::timed_out(VirtualTime now) {
  if (probe_) {
    probe_ = false;
    free_packet_ = true;
    if (next_ == written_) {
      flights_.back().lost = true;
      probed_to_ = flights_.back().range.end;
    }
    timer_ = now + timeout();
    return;
  }
  probed_to_.reset();
  for (Flight& flight : flights_) flight.lost = !flight.delivered;
  cut_window(State::loss);
  ++timeouts_;
  timer_ = now + timeout();
}

// ---------------------------------------------------------------- the receiver

Stream::Acknowledgement Stream::arrived(Range packet) {
  beyond_.push_back(packet);
  std::sort(beyond_.begin(), beyond_.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
  std::vector<Range> merged;
  for (const Range& range : beyond_) {
    if (range.begin <= received_) {
      received_ = std::max(received_, range.end);
    } else if (!merged.empty() && range.begin <= merged.back().end) {
      merged.back().end = std::max(merged.back().end, range.end);
    } else {
      merged.push_back(range);
    }
  }
  beyond_ = std::move(merged);
  return {received_, beyond_};
}

}  // namespace noloss::sim
