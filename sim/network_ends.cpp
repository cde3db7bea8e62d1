// The ends of connections: handshake, delivery, and the ways in which an end stops.
#include <utility>

#include "sim/network_transit.hpp"
#include "sim/simulation.hpp"

namespace noloss::sim {

Transit::Node& Transit::at_node(NodeId node) {
  if (index(node) >= nodes_.size()) nodes_.resize(index(node) + 1);
  return nodes_[index(node)];
}

template <class What>
void Transit::each_end_at(NodeId node, What what) {
  for (auto it = channels_.begin(); it != channels_.end();) {
    Channel& channel = *it++;
    const Role role = channel.role_of(node);
    if (channel.end(role).node == node) what(channel, role);
  }
}

// ---------------------------------------------------------------- handshake

Channel& Transit::open(Inbox& inbox, NodeId peer) {
  auto* channel = new Channel(*this, inbox.process_.node(), peer);
  intrusive_ptr_add_ref(channel);
  channels_.push_back(*channel);
  channel->end(Role::client).state = End::State::opening;
  channel->end(Role::client).inbox = &inbox;
  put_new(*channel, Role::client, Packet::Kind::syn);
  return *channel;
}

void Transit::abandon(Channel& channel) {
  End& client = channel.end(Role::client);
  if (client.state != End::State::opening) return;
  client.state = End::State::closed;  // as by close(): what comes now is answered with a reset
  client.inbox = nullptr;
  settle(channel);
}

void Transit::accept(Channel& channel) {
  End& server = channel.end(Role::server);
  server.inbox = at_node(server.node).listener;
  if (server.inbox == nullptr) {
    answer_with_reset(channel, Role::server);
    return;
  }
  server.state = End::State::opening;
  put_new(channel, Role::server, Packet::Kind::syn_ack);
}

void Transit::decide(Channel& channel, ConnectResult outcome) {
  channel.outcome = outcome;
  if (channel.connecting != nullptr) channel.connecting->notify_one();
}

// ---------------------------------------------------------------- delivery

void Transit::deliver_to_open(Packet& packet) {
  Channel& channel = *packet.channel;
  const Role role = other(packet.from);
  switch (packet.kind) {
    case Packet::Kind::data:
    case Packet::Kind::fin: channel.end(role).inbox->post(packet); return;
    case Packet::Kind::rst:
    case Packet::Kind::abort: reset_end(channel, role, packet, ConnectResult::refused); return;
    case Packet::Kind::syn:
    case Packet::Kind::syn_ack:
    case Packet::Kind::ack: pool_.give(packet);
  }
}

void Transit::deliver(Packet& packet) {
  const boost::intrusive_ptr<Channel> channel = packet.channel;
  const Role role = other(packet.from);
  End& end = channel->end(role);
  const bool breaks = packet.kind == Packet::Kind::rst || packet.kind == Packet::Kind::abort;
  if (end.state == End::State::open) {
    deliver_to_open(packet);
    return;
  }
  if (end.live() && breaks) {
    reset_end(*channel, role, packet, ConnectResult::refused);
    return;
  }
  if (end.state == End::State::opening && packet.kind == Packet::Kind::ack) {
    end.state = End::State::open;
    end.inbox->post(packet);
    return;
  }
  const Packet::Kind kind = packet.kind;
  const auto broken_by = channel->way(role).broken_by;
  if (end.state == End::State::reset && kind == Packet::Kind::data && broken_by) faults_.count_effect(*broken_by);
  pool_.give(packet);
  if (!channel->is_linked()) return;  // nobody lives to whom an answer would matter
  switch (end.state) {
    case End::State::absent:
      if (kind == Packet::Kind::syn) accept(*channel);
      return;
    case End::State::opening:
      if (kind != Packet::Kind::syn_ack) return;
      end.state = End::State::open;
      decide(*channel, ConnectResult::connected);
      put_new(*channel, role, Packet::Kind::ack);
      return;
    case End::State::closed:
      if (kind != Packet::Kind::fin && !breaks) answer_with_reset(*channel, role);
      return;
    case End::State::vanished:
      if (!breaks) answer_with_reset(*channel, role);
      return;
    case End::State::reset:
    case End::State::open: return;
  }
}

// ---------------------------------------------------------------- ends that stop

void Transit::answer_with_reset(Channel& channel, Role role) {
  channel.end(role).state = End::State::reset;
  put_farewell(channel, role, Packet::Kind::rst);
}

void Transit::reset_end(Channel& channel, Role role, Packet& packet, ConnectResult outcome) {
  const boost::intrusive_ptr<Channel> keep = &channel;
  End& end = channel.end(role);
  const bool told = end.state == End::State::open;  // an end that was still opening is not known to its program
  end.state = End::State::reset;
  Inbox* inbox = std::exchange(end.inbox, nullptr);
  packet.kind = Packet::Kind::rst;
  if (told) {
    inbox->post(packet);
  } else {
    pool_.give(packet);
    if (role == Role::client) decide(channel, outcome);
  }
  settle(channel);
}

void Transit::finish(Channel& channel, Role role, Packet::Kind farewell) {
  End& end = channel.end(role);
  if (!end.live()) return;
  end.state = farewell == Packet::Kind::fin ? End::State::closed : End::State::reset;
  if (Inbox* inbox = std::exchange(end.inbox, nullptr)) forget_unread(channel, *inbox);
  if (&channel == sending_ && role == sending_role_) {
    sending_farewell_ = farewell;
  } else {
    put_farewell(channel, role, farewell);
  }
  settle(channel);
}

void Transit::reset(Channel& channel, Role role) {
  if (channel.end(role).live() && !channel.way(role).held.empty()) sever(channel, role);
  finish(channel, role, Packet::Kind::rst);
}

void Transit::forget_unread(Channel& channel, Inbox& inbox) {
  PacketQueue unread;
  inbox.arrivals_.move_if([&channel](const Packet& packet) { return packet.channel == &channel; }, unread);
  discard(unread);
}

void Transit::settle(Channel& channel) {
  if (!channel.is_linked() || channel.end(Role::client).live() || channel.end(Role::server).live()) return;
  for (const Role role : {Role::client, Role::server}) {
    discard_all(channel.way(role));
  }
  channels_.erase(Channels::s_iterator_to(channel));
  intrusive_ptr_release(&channel);
}

// ---------------------------------------------------------------- inboxes and machines

void Transit::inbox_gone(NodeId node, Inbox& inbox, bool process_lives) {
  if (at_node(node).listener == &inbox) at_node(node).listener = nullptr;
  each_end_at(node, [&](Channel& channel, Role role) {
    if (channel.end(role).inbox != &inbox) return;
    if (process_lives) {
      reset(channel, role);
    } else {
      channel.end(role).inbox = nullptr;
    }
  });
}

void Transit::process_died(NodeId node, Packet::Kind farewell) {
  at_node(node).listener = nullptr;
  each_end_at(node, [&](Channel& channel, Role role) { finish(channel, role, farewell); });
}

void Transit::power_lost(NodeId node) {
  Node& dark = at_node(node);
  dark.listener = nullptr;
  if (!std::exchange(dark.dark, true)) ++dark_nodes_;
  each_end_at(node, [&](Channel& channel, Role role) {
    End& end = channel.end(role);
    if (end.state == End::State::absent) return;
    end.state = End::State::vanished;
    end.inbox = nullptr;
    Way& way = channel.way(role);
    way.tail = Way::Tail::open;  // an RST of earlier may be among what is lost now
    if (!way.held.empty() || !way.backlog.empty()) sever(channel, role);
    if (&channel == sending_ && role == sending_role_) sending_farewell_.reset();
    settle(channel);
  });
}

void Transit::booted(NodeId node) {
  if (std::exchange(at_node(node).dark, false)) --dark_nodes_;
  each_end_at(node, [&](Channel& channel, Role role) { drain(channel, other(role)); });
}

std::optional<Link> Transit::sending() const {
  if (sending_ == nullptr) return std::nullopt;
  return sending_->link(sending_role_);
}

}  // namespace noloss::sim
