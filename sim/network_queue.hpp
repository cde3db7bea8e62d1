// A queue of packets that links them by a member of theirs, so that it never allocates.
#pragma once

namespace noloss::sim {

struct Packet;

/// First in, first out. The methods that look into a packet are in network_packet.hpp.
class PacketQueue {
 public:
  [[nodiscard]] bool empty() const { return first_ == nullptr; }
  [[nodiscard]] Packet* front() const { return first_; }
  void push(Packet& packet);
  /// Precondition: not empty.
  Packet& pop();
  /// Moves the packets that `chosen` picks to the end of `into`; the order of both stays.
  template <class Predicate>
  void move_if(Predicate chosen, PacketQueue& into);

 private:
  Packet* first_ = nullptr;
  Packet* last_ = nullptr;
};

}  // namespace noloss::sim
