#include "sim/network_packet.hpp"

#include "sim/network_channel.hpp"
#include "sim/network_transit.hpp"

namespace noloss::sim {

void Packet::fire() { channel->transit().arrive(*this); }

void Packet::drop() { channel->transit().give_back(*this); }

void PacketPool::give(Packet& packet) {
  packet.payload.reset();
  packet.channel.reset();
  packet.next = free_;
  free_ = &packet;
}

void PacketPool::grow() {
  slabs_.push_back(std::make_unique<Packet[]>(kSlab));
  for (std::size_t i = kSlab; i-- != 0;) {
    Packet& packet = slabs_.back()[i];
    packet.next = free_;
    free_ = &packet;
  }
}

}  // namespace noloss::sim
