// A connection as the kernels at its two ends and the wire between them know it. Internal to the network.
//
// Invariants: 1. a live end (opening, open) has an inbox, except between the death of its process and the call that
// tells the network. 2. A channel is linked, and referred to by the network, exactly while an end lives. 3. Only a
// linked channel holds packets back. 4. `held` is in order of sending, and so are the arrivals of what is in flight.
#pragma once

#include <array>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "sim/ids.hpp"
#include "sim/network.hpp"
#include "sim/network_faults.hpp"
#include "sim/network_packet.hpp"
#include "sim/network_queue.hpp"
#include "sim/network_stream.hpp"
#include "sim/time.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::sim {

struct End {
  enum class State : std::uint8_t {
    absent,   ///< the server before a SYN reached it
    opening,  ///< part of the handshake is still to come
    open,
    closed,    ///< its program closed it, or ended in order: a FIN is behind the data
    reset,     ///< an RST came or went
    vanished,  ///< its machine lost power, and the peer does not know
  };

  [[nodiscard]] bool live() const { return state == State::open || state == State::opening; }

  NodeId node{};
  State state = State::absent;
  Inbox* inbox = nullptr;
  std::uint64_t tag = 0;
};

/// Data under congestion control.
struct Flow {
  Stream stream;
  PacketQueue written;             ///< messages that have not arrived as a whole ...
  std::deque<std::int64_t> ends;   ///< ... and where each of them ends in the stream
  std::deque<Stream::Range> line;  ///< packets of it on their way, in order, and the answers to them
  std::deque<Stream::Acknowledgement> answers;
  VirtualTime last_answer{};      ///< when the last of them arrives
  VirtualTime timer_at = kNever;  ///< the timer that was set
};

/// What travels from one end to the other.
struct Way {
  enum class Tail : std::uint8_t { open, fin, rst };

  PacketQueue backlog;                          ///< not yet sent, since a limit slows the line
  PacketQueue held;                             ///< did not arrive, or arrived behind one that did not
  VirtualTime line_free{};                      ///< when the last packet so far has left
  VirtualTime last_arrival{};                   ///< of what is in flight
  VirtualTime departs_at = kNever;              ///< the front of the backlog
  VirtualTime retry_at = kNever;                ///< the timer for the front of `held`
  VirtualTime held_since{};                     ///< since when nothing arrived although something should have
  std::optional<LinkFaults::Handle> broken_by;  ///< the drop that broke it
  Tail tail = Tail::open;                       ///< what it ends with so far
  bool severed = false;                         ///< something was lost for good, so that nothing behind it may arrive
  bool give_up_pending = false;
  std::unique_ptr<Flow> flow;  ///< from the first message on, with congestion control
};

class Channel final : public Connection, public boost::intrusive::list_base_hook<> {
 public:
  Channel(Transit& transit, NodeId client, NodeId server) : transit_(transit) {
    end(Role::client).node = client;
    end(Role::server).node = server;
  }

  [[nodiscard]] Transit& transit() const { return transit_; }
  [[nodiscard]] End& end(Role role) { return ends_[static_cast<std::size_t>(role)]; }
  [[nodiscard]] const End& end(Role role) const { return ends_[static_cast<std::size_t>(role)]; }
  [[nodiscard]] Way& way(Role from) { return ways_[static_cast<std::size_t>(from)]; }
  [[nodiscard]] const Way& way(Role from) const { return ways_[static_cast<std::size_t>(from)]; }
  [[nodiscard]] Link link(Role from) const { return {end(from).node, end(other(from)).node}; }
  /// Precondition: one of its ends is there.
  [[nodiscard]] Role role_of(NodeId at) const { return end(Role::client).node == at ? Role::client : Role::server; }

  std::optional<ConnectResult> outcome;  ///< of the handshake
  WaitQueue* connecting = nullptr;       ///< the fiber that waits for it

 private:
  Transit& transit_;
  std::array<End, 2> ends_;
  std::array<Way, 2> ways_;
};

}  // namespace noloss::sim
