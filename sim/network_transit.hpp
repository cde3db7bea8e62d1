// The movement of packets: on the line, held back, and into the ends of connections. Internal to the network.
//
// A packet waits in its way's backlog while a limit slows the line, then leaves and is an entry of the agenda until it
// arrives. There it is delivered, or held: by a cut until the cut heals, by loss until a retransmission gets through,
// by a machine without power until it boots, and behind a held one until that has arrived.
// What is held is in the memory of the sender, who retransmits; it is lost when the sender loses power.
// Acknowledgements are not packets here: a cut of only the way back holds back answers, and nothing else. With
// congestion control this goes for handshakes and resets alone; data is a stream then.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/ids.hpp"
#include "sim/latency.hpp"
#include "sim/network.hpp"
#include "sim/network_channel.hpp"
#include "sim/network_faults.hpp"
#include "sim/network_packet.hpp"
#include "sim/payload.hpp"
#include "sim/setup.hpp"
#include "sim/time.hpp"

namespace noloss::sim {

class Simulation;

class Transit {
 public:
  Transit(Simulation& simulation, const LatencySetup& setup);
  ~Transit();
  Transit(const Transit&) = delete;
  Transit& operator=(const Transit&) = delete;

  [[nodiscard]] LinkFaults& faults() { return faults_; }
  /// Ends the fault, and lets go what it held.
  void heal(LinkFaults::Handle fault);

  // --- connections ---
  /// Puts a SYN on its way.
  Channel& open(Inbox& inbox, NodeId peer);
  /// The client waits no longer for the handshake.
  void abandon(Channel& channel);
  void send(Channel& channel, Role from, MessageKind kind, std::int64_t bytes, PayloadPtr payload, std::uint64_t first,
            std::uint64_t second);
  [[nodiscard]] bool writable(const Channel& channel, Role from) const;
  /// Ends a live end with a FIN or RST behind the data; one that does not live stays as it is.
  void finish(Channel& channel, Role role, Packet::Kind farewell);
  /// Its program gives it up: an RST behind what arrives, and without what is held back.
  void reset(Channel& channel, Role role);
  /// The message whose `sent` moment is happening.
  [[nodiscard]] std::optional<Link> sending() const;
  /// Packets that anybody has sent so far, acknowledgements of the handshake and resets included.
  [[nodiscard]] std::uint64_t packets_made() const { return packets_made_; }

  // --- inboxes and machines ---
  void listen(NodeId node, Inbox& inbox) { at_node(node).listener = &inbox; }
  void inbox_gone(NodeId node, Inbox& inbox, bool process_lives);
  void process_died(NodeId node, Packet::Kind farewell);
  void power_lost(NodeId node);
  void booted(NodeId node);

  // --- packets ---
  void arrive(Packet& packet);
  void give_back(Packet& packet) { pool_.give(packet); }

 private:
  struct Node {
    Inbox* listener = nullptr;
    bool dark = false;
  };
  using Channels = boost::intrusive::list<Channel, boost::intrusive::constant_time_size<false>>;

  Node& at_node(NodeId node);
  /// Calls what(channel, role) for each linked channel's end at the node. `what` may unlink that channel.
  template <class What>
  void each_end_at(NodeId node, What what);
  Packet& make(Channel& channel, Role from, Packet::Kind kind);
  [[nodiscard]] Duration draw_delay();

  // On the line.
  void put(Packet& packet);
  void put_new(Channel& channel, Role from, Packet::Kind kind) { put(make(channel, from, kind)); }
  void put_farewell(Channel& channel, Role from, Packet::Kind farewell);
  void fly(Packet& packet, VirtualTime departure);
  /// Whether the drop of this or of an earlier message takes this one; then it is gone.
  bool dropped(Packet& packet);
  void start_departure(Channel& channel, Role from);
  void depart_at(Channel& channel, Role from, VirtualTime time);
  void hurry_departure(Channel& channel, Role from);
  [[nodiscard]] Duration line_time(std::int64_t bytes, std::uint64_t byte_time) const;
  [[nodiscard]] std::optional<LinkFaults::Handle> slowing_limit(Link link) const;

  // Under congestion control (network_congestion.cpp).
  void write(Packet& packet);
  void pump(Channel& channel, Role from);
  void launch(Channel& channel, Role from, Stream::Range range);
  void packet_arrives(Channel& channel, Role from);
  void answer(Channel& channel, Role from);
  void answer_arrives(Channel& channel, Role from);
  [[nodiscard]] bool vanishes(Link link);

  // Held back.
  void arrive_slowly(Packet& packet);
  void hold(Packet& packet);
  void drain(Channel& channel, Role from);
  void retry_at(Channel& channel, Role from, VirtualTime time);
  void postpone(Packet& packet);
  void release(Channel& channel, Role from);
  void give_up_later(Channel& channel, Role from);
  void give_up(Channel& channel);
  void sever(Channel& channel, Role from);
  void discard(PacketQueue& queue);
  void discard_all(Way& way);

  // At the ends.
  void deliver(Packet& packet);
  void deliver_to_open(Packet& packet);
  void accept(Channel& channel);
  void decide(Channel& channel, ConnectResult outcome);
  void answer_with_reset(Channel& channel, Role role);
  /// `packet` becomes the arrival that tells the program.
  void reset_end(Channel& channel, Role role, Packet& packet, ConnectResult outcome);
  void forget_unread(Channel& channel, Inbox& inbox);
  /// Unlinks the channel once no end lives.
  void settle(Channel& channel);

  Simulation& simulation_;
  LatencyModel latency_;
  std::uint64_t byte_time_;
  bool congestion_control_;
  LinkFaults faults_;
  PacketPool pool_;
  Channels channels_;  ///< oldest first
  std::vector<Node> nodes_;
  std::size_t dark_nodes_ = 0;
  std::uint64_t packets_made_ = 0;
  Channel* sending_ = nullptr;  ///< set during a `sent` moment
  Role sending_role_ = Role::client;
  std::optional<Packet::Kind> sending_farewell_;  ///< goes behind the message that is being sent
};

}  // namespace noloss::sim
