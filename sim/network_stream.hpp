// One direction of a TCP connection with congestion control: what the two kernels know of it. Internal to the network.
//
// Modelled: a congestion window in segments with slow start and the growth of CUBIC where it is as slow as Reno, which
// holds for small windows (RFC 8312, 4.2; net/ipv4/tcp_cubic.c); a cut to 0.7 for each window in which something was
// lost; selective acknowledgements, a loss seen as soon as anything that left later has arrived (RACK, RFC 8985); a
// tail loss probe after two round trips, a timeout with backoff (RFC 6298, at least 200 ms above the round trip); a
// first window of ten segments, also after silence; packets of two segments where there is enough to send
// (tcp_min_tso_segs), which the line loses as a whole; a send buffer of twice the largest window so far.
// Not modelled: receive windows, delayed acknowledgements, Nagle's algorithm, pacing, undoing a cut, the part of CUBIC
// that grows faster than Reno.
//
// Knows no time but what it is told, and no network: network_congestion.cpp moves its segments. Units: bytes from the
// beginning of the stream; segments of kSegment bytes.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "sim/time.hpp"

namespace noloss::sim {

class Stream {
 public:
  static constexpr std::int64_t kSegment = 1448;  ///< an Ethernet frame without the headers

  struct Range {
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };
  struct Acknowledgement {
    std::int64_t upto = 0;
    std::vector<Range> beyond;  ///< received out of order
  };

  // --- the sender ---
  void write(std::int64_t bytes) { written_ += bytes; }
  [[nodiscard]] std::int64_t written() const { return written_; }
  /// Whether poll() would say that the socket can be written to.
  [[nodiscard]] bool writable() const;
  /// What leaves next, if the window lets it; it has left then.
  [[nodiscard]] std::optional<Range> send(VirtualTime now);
  void acknowledged(const Acknowledgement& what, VirtualTime now);
  /// When timed_out() is due; kNever while nothing is outstanding.
  [[nodiscard]] VirtualTime timer() const { return timer_; }
  void timed_out(VirtualTime now);
  /// Timeouts since something was acknowledged.
  [[nodiscard]] std::int64_t timeouts() const { return timeouts_; }
  [[nodiscard]] std::int64_t window() const { return window_; }

  // --- the receiver ---
  Acknowledgement arrived(Range packet);
  /// Everything before it has arrived.
  [[nodiscard]] std::int64_t received() const { return received_; }

 private:
  enum class State : std::uint8_t { open, recovery, loss };
  struct Flight {
    Range range;
    VirtualTime sent_at{};
    bool delivered = false;
    bool lost = false;
    bool again = false;  ///< was sent more than once
  };

  [[nodiscard]] std::int64_t in_flight() const;
  Range leave(Flight& flight, VirtualTime now);
  [[nodiscard]] std::int64_t take_delivered(const Acknowledgement& what, VirtualTime now);
  void note_delivered(const Flight& flight, VirtualTime now);
  void measure(Duration round_trip);
  [[nodiscard]] bool find_losses();
  void cut_window(State next);
  void grow(std::int64_t segments);
  [[nodiscard]] Duration timeout() const;
  void arm(VirtualTime now);

  // the sender
  std::int64_t written_ = 0;
  std::int64_t next_ = 0;
  std::int64_t acknowledged_ = 0;
  std::deque<Flight> flights_;  ///< what is not acknowledged, in order
  State state_ = State::open;
  std::int64_t recovered_at_ = 0;  ///< the state is open again once this was acknowledged
  std::int64_t window_ = 10;
  std::int64_t threshold_ = INT64_MAX;
  std::int64_t largest_window_ = 10;
  std::int64_t credit_ = 0;   ///< of the next segment that the window grows by
  bool free_packet_ = false;  ///< one may leave whatever the window says
  bool limited_ = false;      ///< the window has held something back since the last acknowledgement
  std::optional<Duration> round_trip_;
  Duration variation_{0};
  VirtualTime newest_sent_{};  ///< of what was delivered
  std::int64_t newest_begin_ = -1;
  VirtualTime last_sent_{};
  VirtualTime timer_ = kNever;
  bool probe_ = false;                     ///< the timer is that of a tail loss probe
  std::optional<std::int64_t> probed_to_;  ///< end of a packet that was sent again as a probe
  std::int64_t timeouts_ = 0;

  // the receiver
  std::int64_t received_ = 0;
  std::vector<Range> beyond_;  ///< sorted, apart from each other
};

}  // namespace noloss::sim
