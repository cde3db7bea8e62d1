// Packets of the network, and the pool that they come from. Internal to the network.
//
// A packet is its own agenda entry while it is on its way, waits in a queue of its direction while it is held, and lies
// in the receiver's inbox until somebody takes it: the same object throughout, so that a message costs no allocation.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "sim/agenda.hpp"
#include "sim/network.hpp"
#include "sim/network_queue.hpp"
#include "sim/payload.hpp"
#include "sim/time.hpp"

namespace noloss::sim {

class Channel;
class Transit;

/// The two ends of a channel: the one that connected, and the one that accepted.
enum class Role : std::uint8_t { client, server };
constexpr Role other(Role role) { return role == Role::client ? Role::server : Role::client; }

struct Packet final : Callback {
  enum class Kind : std::uint8_t {
    syn,
    syn_ack,
    ack,  ///< completes the handshake
    data,
    fin,
    rst,
    abort,  ///< no packet: the end that it goes to notices by itself that the connection broke
  };

  void fire() override;
  void drop() override;

  boost::intrusive_ptr<Channel> channel;
  PayloadPtr payload;
  Packet* next = nullptr;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::int64_t bytes = 0;
  Duration extra{0};    ///< what faults add to its delay
  Duration timeout{0};  ///< the next retransmission timeout
  VirtualTime due{};    ///< held: when it arrives (again) at the earliest
  MessageKind message{};
  Kind kind = Kind::data;
  Role from = Role::client;
  bool with_sender = false;  ///< held: only a retransmission can bring it; else the receiver's kernel has it
};

inline void PacketQueue::push(Packet& packet) {
  packet.next = nullptr;
  (first_ == nullptr ? first_ : last_->next) = &packet;
  last_ = &packet;
}

inline Packet& PacketQueue::pop() {
  Packet& packet = *first_;
  first_ = packet.next;
  return packet;
}

template <class Predicate>
void PacketQueue::move_if(Predicate chosen, PacketQueue& into) {
  PacketQueue rest;
  while (!empty()) {
    Packet& packet = pop();
    (chosen(packet) ? into : rest).push(packet);
  }
  *this = rest;
}

class PacketPool {
 public:
  PacketPool() = default;
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;

  /// As new, but for `next`.
  Packet& take() {
    if (free_ == nullptr) grow();
    Packet& packet = *free_;
    free_ = packet.next;
    return packet;
  }
  /// Lets go of what the packet refers to.
  void give(Packet& packet);

 private:
  static constexpr std::size_t kSlab = 64;

  void grow();

  std::vector<std::unique_ptr<Packet[]>> slabs_;
  Packet* free_ = nullptr;
};

}  // namespace noloss::sim
