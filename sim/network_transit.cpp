#include "sim/network_transit.hpp"

#include <algorithm>
#include <utility>

#include "sim/planted.hpp"
#include "sim/simulation.hpp"

namespace noloss::sim {
namespace {

using namespace std::chrono_literals;

// Linux: TCP_RTO_MIN, TCP_TIMEOUT_INIT, TCP_RTO_MAX (include/net/tcp.h), and what tcp_retries2 = 15 amounts to.
constexpr Duration kRetransmission = 200ms;
constexpr Duration kHandshakeRetransmission = 1s;
constexpr Duration kLongestRetransmission = 120s;
constexpr Duration kGiveUp = 924600ms;

}  // namespace

Transit::Transit(Simulation& simulation, const LatencySetup& setup)
    : simulation_(simulation),
      latency_(setup),
      byte_time_(byte_time(setup.bandwidth)),
      congestion_control_(setup.congestion_control) {}

Transit::~Transit() {
  channels_.clear_and_dispose([this](Channel* channel) {
    for (const Role role : {Role::client, Role::server}) {
      discard_all(channel->way(role));
    }
    intrusive_ptr_release(channel);
  });
}

Packet& Transit::make(Channel& channel, Role from, Packet::Kind kind) {
  ++packets_made_;
  Packet& packet = pool_.take();
  packet.channel = &channel;
  packet.kind = kind;
  packet.from = from;
  packet.bytes = 0;
  packet.extra = Duration{0};
  const bool handshake = kind == Packet::Kind::syn || kind == Packet::Kind::syn_ack;
  packet.timeout = handshake ? kHandshakeRetransmission : kRetransmission;
  return packet;
}

Duration Transit::draw_delay() { return latency_.draw(simulation_.random(Purpose::network)); }

// ---------------------------------------------------------------- on the line

void Transit::send(Channel& channel, Role from, MessageKind kind, std::int64_t bytes, PayloadPtr payload,
                   std::uint64_t first, std::uint64_t second) {
  Packet& packet = make(channel, from, Packet::Kind::data);
  packet.message = kind;
  packet.bytes = bytes;
  packet.payload = std::move(payload);
  packet.first = first;
  packet.second = second;

  sending_ = &channel;
  sending_role_ = from;
  simulation_.note(channel.end(from).node, kind.sent, first, second);
  sending_ = nullptr;
  const auto farewell = std::exchange(sending_farewell_, std::nullopt);

  const boost::intrusive_ptr<Channel> keep = &channel;
  const bool untouched = faults_.nothing_changes() && !channel.way(from).broken_by;
  if (untouched || !dropped(packet)) put(packet);
  if (farewell) put_farewell(channel, from, *farewell);
}

bool Transit::dropped(Packet& packet) {
  Channel& channel = *packet.channel;
  Way& way = channel.way(packet.from);
  if (way.broken_by) {
    faults_.count_effect(*way.broken_by);
    pool_.give(packet);
    return true;
  }
  way.broken_by = faults_.take_drop(channel.link(packet.from));
  if (!way.broken_by) return false;
  faults_.count_effect(*way.broken_by);
  // The receiver learns of it behind the data that is in flight, the sender as soon as may be.
  Packet& notice = make(channel, other(packet.from), Packet::Kind::abort);
  simulation_.scheduler().at(simulation_.now() + draw_delay(), static_cast<Callback&>(notice));
  if (NOLOSS_BUG("deliver what was dropped")) {
    const Role from = packet.from;
    put(packet);
    put_farewell(channel, from, Packet::Kind::rst);
    return true;
  }
  put_farewell(channel, packet.from, Packet::Kind::rst);
  pool_.give(packet);
  return true;
}

void Transit::put_farewell(Channel& channel, Role from, Packet::Kind farewell) {
  Way& way = channel.way(from);
  const Way::Tail tail = farewell == Packet::Kind::fin ? Way::Tail::fin : Way::Tail::rst;
  if (way.tail >= tail) return;
  way.tail = tail;
  put_new(channel, from, farewell);
}

void Transit::put(Packet& packet) {
  Channel& channel = *packet.channel;
  const Role from = packet.from;
  Way& way = channel.way(from);
  if (!channel.is_linked() || (way.severed && packet.kind != Packet::Kind::rst)) {
    pool_.give(packet);
    return;
  }
  const bool streamed = packet.kind == Packet::Kind::data || packet.kind == Packet::Kind::fin;
  if (congestion_control_ && streamed) {
    write(packet);
    return;
  }
  const VirtualTime free = std::max(simulation_.now(), way.line_free);
  if (faults_.nothing_changes() && way.backlog.empty()) [[likely]] {
    way.line_free = free + line_time(packet.bytes, byte_time_);
    fly(packet, way.line_free);
    return;
  }
  const Link link = channel.link(from);
  const auto kind = packet.kind == Packet::Kind::data ? std::optional{packet.message.sent} : std::nullopt;
  packet.extra = faults_.extra_delay(link, kind, simulation_.random(Purpose::network));
  if (way.backlog.empty() && !slowing_limit(link)) {
    way.line_free = free + line_time(packet.bytes, byte_time_);
    fly(packet, way.line_free);
    return;
  }
  const bool alone = way.backlog.empty();
  way.backlog.push(packet);
  if (alone) start_departure(channel, from);
}

void Transit::fly(Packet& packet, VirtualTime departure) {
  Way& way = packet.channel->way(packet.from);
  const VirtualTime arrival = departure + draw_delay() + packet.extra;
  way.last_arrival = std::max(way.last_arrival, arrival);
  simulation_.scheduler().at(way.last_arrival, static_cast<Callback&>(packet));
}

void Transit::start_departure(Channel& channel, Role from) {
  Way& way = channel.way(from);
  const std::int64_t bytes = way.backlog.front()->bytes;
  const auto limit = slowing_limit(channel.link(from));
  if (limit && bytes > 0) faults_.count_effect(*limit);
  const Duration takes = line_time(bytes, limit ? faults_.byte_time_of(*limit) : byte_time_);
  depart_at(channel, from, std::max(simulation_.now(), way.line_free) + takes);
}

void Transit::depart_at(Channel& channel, Role from, VirtualTime time) {
  Way& way = channel.way(from);
  way.line_free = time;
  way.departs_at = time;
  simulation_.scheduler().at(time, [this, time, from, keep = boost::intrusive_ptr<Channel>(&channel)] {
    Way& line = keep->way(from);
    if (line.departs_at != time || line.backlog.empty()) return;
    line.departs_at = kNever;
    fly(line.backlog.pop(), time);
    if (!line.backlog.empty()) start_departure(*keep, from);
  });
}

void Transit::hurry_departure(Channel& channel, Role from) {
  Way& way = channel.way(from);
  if (way.backlog.empty()) return;
  const auto limit = slowing_limit(channel.link(from));
  const Duration takes = line_time(way.backlog.front()->bytes, limit ? faults_.byte_time_of(*limit) : byte_time_);
  if (simulation_.now() + takes < way.departs_at) depart_at(channel, from, simulation_.now() + takes);
}

Duration Transit::line_time(std::int64_t bytes, std::uint64_t byte_time) const {
  __extension__ using Wide = unsigned __int128;
  constexpr std::uint64_t kHalf = std::uint64_t{1} << 31U;
  const Wide time = static_cast<Wide>(static_cast<std::uint64_t>(bytes)) * byte_time + kHalf;
  return Duration{static_cast<std::int64_t>(static_cast<std::uint64_t>(time >> 32U))};
}

std::optional<LinkFaults::Handle> Transit::slowing_limit(Link link) const {
  auto limit = faults_.binding_limit(link);
  if (limit && faults_.byte_time_of(*limit) <= byte_time_) limit.reset();
  return limit;
}

// ---------------------------------------------------------------- held back

void Transit::arrive(Packet& packet) {
  const Way& way = packet.channel->way(packet.from);
  const bool calm = faults_.nothing_holds() && dark_nodes_ == 0 && way.held.empty() && !way.severed;
  if (calm && packet.channel->end(other(packet.from)).state == End::State::open) [[likely]] {
    deliver_to_open(packet);
  } else {
    arrive_slowly(packet);
  }
}

void Transit::arrive_slowly(Packet& packet) {
  const boost::intrusive_ptr<Channel> channel = packet.channel;
  const Role from = packet.from;
  Way& way = channel->way(from);
  if (packet.kind == Packet::Kind::abort || !channel->is_linked()) {
    deliver(packet);
    return;
  }
  if (way.severed && packet.kind != Packet::Kind::rst) {
    pool_.give(packet);
    return;
  }
  const Link link = channel->link(from);
  packet.due = simulation_.now();
  packet.with_sender = true;
  if (faults_.blocked(link) && !NOLOSS_BUG("deliver across a partition")) {
    faults_.count_held(link);
  } else if (faults_.lost(link)) {
    postpone(packet);
  } else if (at_node(link.to).dark) {
    if (packet.kind == Packet::Kind::syn) postpone(packet);
  } else {
    packet.with_sender = false;
  }
  if (packet.with_sender && channel->end(from).state == End::State::vanished) {
    sever(*channel, from);  // nobody is there to retransmit it
    pool_.give(packet);
  } else if (packet.with_sender || !way.held.empty()) {
    hold(packet);
  } else {
    deliver(packet);
  }
}

void Transit::hold(Packet& packet) {
  Channel& channel = *packet.channel;
  const Role from = packet.from;
  Way& way = channel.way(from);
  const bool first = way.held.empty();
  way.held.push(packet);
  if (!first) return;  // what waits for the front waits for it too
  way.held_since = simulation_.now();
  give_up_later(channel, from);
  drain(channel, from);
}

void Transit::drain(Channel& channel, Role from) {
  const boost::intrusive_ptr<Channel> keep = &channel;
  Way& way = channel.way(from);
  const Link link = channel.link(from);
  while (Packet* head = way.held.front()) {
    if (head->with_sender) {
      const bool dark = at_node(link.to).dark;
      if (faults_.blocked(link)) return;                    // heal() comes back
      if (dark && head->kind != Packet::Kind::syn) return;  // booted() comes back
      if (head->due > simulation_.now()) {
        retry_at(channel, from, head->due);
        return;
      }
      if (dark || faults_.lost(link)) {
        postpone(*head);
        continue;
      }
    }
    way.held.pop();
    way.held_since = simulation_.now();
    deliver(*head);
  }
}

void Transit::postpone(Packet& packet) {
  packet.due = simulation_.now() + packet.timeout;
  packet.timeout = std::min(2 * packet.timeout, kLongestRetransmission);
}

void Transit::retry_at(Channel& channel, Role from, VirtualTime time) {
  Way& way = channel.way(from);
  if (way.retry_at == time) return;
  way.retry_at = time;
  simulation_.scheduler().at(time, [this, time, from, keep = boost::intrusive_ptr<Channel>(&channel)] {
    Way& waiting = keep->way(from);
    if (waiting.retry_at != time) return;
    waiting.retry_at = kNever;
    if (waiting.held.empty()) return;
    faults_.count_held(keep->link(from));  // by a cut that came since
    drain(*keep, from);
  });
}

void Transit::release(Channel& channel, Role from) {
  Way& way = channel.way(from);
  if (way.held.empty() || faults_.blocked(channel.link(from))) return;
  const VirtualTime earliest = simulation_.now() + draw_delay();
  for (Packet* packet = way.held.front(); packet != nullptr; packet = packet->next) {
    packet->due = std::max(packet->due, earliest);
  }
  drain(channel, from);
}

void Transit::heal(LinkFaults::Handle fault) {
  const auto kind = faults_.heal(fault);
  if (kind != LinkFaults::Kind::cut && kind != LinkFaults::Kind::limit) return;
  for (auto it = channels_.begin(); it != channels_.end();) {
    Channel& channel = *it++;
    for (const Role role : {Role::client, Role::server}) {
      if (!faults_.concerns(fault, channel.link(role))) continue;
      if (kind == LinkFaults::Kind::cut) release(channel, role);
      if (kind == LinkFaults::Kind::limit) hurry_departure(channel, role);
    }
  }
}

void Transit::give_up_later(Channel& channel, Role from) {
  Way& way = channel.way(from);
  if (std::exchange(way.give_up_pending, true)) return;
  simulation_.scheduler().at(way.held_since + kGiveUp, [this, from, keep = boost::intrusive_ptr<Channel>(&channel)] {
    Way& waiting = keep->way(from);
    waiting.give_up_pending = false;
    if (waiting.held.empty()) return;
    if (simulation_.now() < waiting.held_since + kGiveUp) {
      give_up_later(*keep, from);
    } else {
      give_up(*keep);
    }
  });
}

void Transit::give_up(Channel& channel) {
  for (const Role role : {Role::client, Role::server}) {
    if (!channel.end(role).live()) continue;
    reset_end(channel, role, make(channel, other(role), Packet::Kind::rst), ConnectResult::timed_out);
  }
}

void Transit::sever(Channel& channel, Role from) {
  Way& way = channel.way(from);
  way.severed = true;
  discard_all(way);
}

void Transit::discard_all(Way& way) {
  discard(way.held);
  discard(way.backlog);
  if (!way.flow) return;
  discard(way.flow->written);
  way.flow->ends.clear();
}

void Transit::discard(PacketQueue& queue) {
  while (!queue.empty()) pool_.give(queue.pop());
}

}  // namespace noloss::sim
