// The inbox: where the kernel puts what arrives, and where the program waits for it.
#include "sim/network.hpp"
#include "sim/network_channel.hpp"
#include "sim/network_packet.hpp"
#include "sim/network_transit.hpp"
#include "sim/simulation.hpp"

namespace noloss::sim {
namespace {

Arrival::What what(Packet::Kind kind) {
  switch (kind) {
    case Packet::Kind::ack: return Arrival::What::opened;
    case Packet::Kind::fin: return Arrival::What::closed;
    case Packet::Kind::rst: return Arrival::What::reset;
    default: return Arrival::What::message;
  }
}

}  // namespace

Inbox::Inbox(Process& process) : process_(process), readers_(process.simulation().scheduler()) {}

Inbox::~Inbox() {
  Transit& transit = *process_.simulation().network().transit_;
  // When the run is over, memory of processes that never died goes too, and no fiber of theirs is current.
  const Fiber* fiber = process_.simulation().scheduler().current();
  const bool lives = process_.running() && fiber != nullptr && fiber->process() == &process_;
  transit.inbox_gone(process_.node(), *this, lives);
  while (!arrivals_.empty()) transit.give_back(arrivals_.pop());
}

void Inbox::post(Packet& packet) {
  arrivals_.push(packet);
  readers_.notify_one();
}

Arrival Inbox::receive(OnKill on_kill) {
  while (arrivals_.empty()) readers_.wait(on_kill);
  return hand_over();
}

std::optional<Arrival> Inbox::receive_until(VirtualTime deadline, OnKill on_kill) {
  Scheduler& scheduler = process_.simulation().scheduler();
  while (arrivals_.empty()) {
    if (interrupted_ || scheduler.now() >= deadline) {
      interrupted_ = false;
      return std::nullopt;
    }
    readers_.wait_until(deadline, on_kill);
  }
  return hand_over();
}

void Inbox::interrupt() {
  interrupted_ = true;
  readers_.notify_all();
}

Arrival Inbox::hand_over() {
  Packet& packet = arrivals_.pop();
  Simulation& simulation = process_.simulation();
  const Packet::Kind kind = packet.kind;
  const MessageKind message = packet.message;
  const std::uint64_t first = packet.first;
  const std::uint64_t second = packet.second;
  Arrival arrival{what(kind), std::move(packet.channel), message, std::move(packet.payload)};
  simulation.network().transit_->give_back(packet);
  if (kind == Packet::Kind::data) simulation.moment(process_.node(), message.received, first, second);
  return arrival;
}

}  // namespace noloss::sim
