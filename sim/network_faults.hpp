// The faults that act on links now, and what each of them has changed. Internal to the network.
//
// Answers questions about a packet or a pair of nodes; knows no connections. A fault that acts counts its effect here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "sim/ids.hpp"
#include "sim/network.hpp"
#include "sim/quantity.hpp"
#include "sim/random.hpp"
#include "sim/time.hpp"

namespace noloss::sim {

/// From one node to another.
struct Link {
  NodeId from;
  NodeId to;
  friend bool operator==(const Link&, const Link&) = default;
};

/// Nanoseconds a byte, in units of 2^-32.
[[nodiscard]] std::uint64_t byte_time(std::int64_t bytes_per_second);

class LinkFaults {
 public:
  using Handle = Network::FaultHandle;
  enum class Kind : std::uint8_t { cut, drop_next, loss, delay, delay_one, limit };

  Handle cut(const std::vector<std::vector<NodeId>>& sides, bool one_way);
  Handle drop_next(LinkSelector link);
  Handle lose(LinkSelector link, std::int64_t share, std::uint64_t draw);
  Handle delay(LinkSelector link, Quantity by, std::optional<EventId> sent_kind);
  Handle delay_one(LinkSelector link, Quantity by, std::optional<EventId> sent_kind);
  Handle limit(LinkSelector link, std::int64_t bytes_per_second);
  /// Ends it, and tells what it was; nothing if it had ended before.
  std::optional<Kind> heal(Handle handle);
  [[nodiscard]] std::uint64_t effect(Handle handle) const { return faults_[handle].effect; }
  void count_effect(Handle handle) { ++faults_[handle].effect; }
  /// Whether the fault, healed or not, concerns the link.
  [[nodiscard]] bool concerns(Handle handle, Link link) const;

  /// Neither a cut nor loss acts anywhere: every packet arrives at its first attempt.
  [[nodiscard]] bool nothing_holds() const { return cuts_ == 0 && losses_ == 0; }
  [[nodiscard]] bool blocked(Link link) const {
    return cuts_ != 0 && index(link.from) < nodes_ && index(link.to) < nodes_ && blocks_[place(link)] != 0;
  }
  /// A packet was held on a blocked link: an effect of each cut that blocks it.
  void count_held(Link link);
  /// Whether this attempt is lost.
  bool lost(Link link);

  /// No fault but cuts and loss acts anywhere.
  [[nodiscard]] bool nothing_changes() const { return active_.empty(); }
  /// The sum of what delays add to this packet; `sent_kind` is empty for one that is no message.
  Duration extra_delay(Link link, std::optional<EventId> sent_kind, RandomStream& random);
  /// The drop that was waiting for a message on this link, if any; it waits no longer.
  std::optional<Handle> take_drop(Link link);
  /// The limit that binds on this link, if any.
  [[nodiscard]] std::optional<Handle> binding_limit(Link link) const;
  [[nodiscard]] std::uint64_t byte_time_of(Handle limit) const { return faults_[limit].byte_time; }

 private:
  struct State {
    Kind kind;
    bool acts = true;
    LinkSelector link{};                 // all but cut
    Quantity by{};                       // delays
    std::optional<EventId> sent_kind{};  // delays
    std::int64_t share = 0;              // loss
    RandomStream draws{0};               // loss
    std::uint64_t byte_time = 0;         // limit
    std::vector<Link> links{};           // cut
    std::uint64_t effect = 0;
  };

  Handle add(State state, std::vector<Handle>& where);
  void block(Link link);
  void grow(std::size_t nodes);
  [[nodiscard]] std::size_t place(Link link) const { return index(link.from) * nodes_ + index(link.to); }

  std::vector<State> faults_;          ///< every one of the run
  std::vector<Handle> held_by_;        ///< cuts and losses that act, oldest first
  std::vector<Handle> active_;         ///< the others that act, oldest first
  std::vector<std::uint32_t> blocks_;  ///< cuts that block each pair, nodes_ x nodes_
  std::size_t nodes_ = 0;
  std::size_t cuts_ = 0;
  std::size_t losses_ = 0;
};

}  // namespace noloss::sim
