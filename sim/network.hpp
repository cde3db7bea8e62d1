// The network: connections between processes that behave as TCP does.
//
// What is modelled, and from where: the "Network" part of the fault contract. Inside a living connection messages
// arrive in order, once, and none is missing. What can be lost is a connection, with everything in flight behind the
// break. Delays are log-normal, drawn from an integer table; each direction of a connection has a bandwidth. Partitions
// hold packets until they heal or until TCP gives up (15 retransmissions, 924.6 s). A packet lost to `loss` is
// retransmitted after 200 ms, doubling. A killed process resets its connections (RST behind the data); a machine
// without power says nothing, and answers with an RST once it runs again and gets a packet of an old connection.
// What is held is in the sender's memory: it outlives a kill of the process, and is lost with the power, or when the
// program gives the connection up with a reset.
//
// Where the setup asks for congestion control, data is a stream with a window, acknowledgements that can be lost, fast
// retransmissions and a send buffer (network_stream.hpp); then a cut loses packets, which are sent again after it.
//
// Not modelled: acknowledgements without congestion control (a cut of only the way back stops nobody), receive windows,
// keepalive, name resolution, several addresses.
//
// Thread rule: as everything here, one simulation, one thread. Lifetime: a Connection lives as long as anybody refers
// to it (ConnectionPtr); after it broke, sends on it do nothing.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sim/fault/fault.hpp"
#include "sim/ids.hpp"
#include "sim/network_queue.hpp"
#include "sim/payload.hpp"
#include "sim/setup.hpp"
#include "sim/time.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::sim {

class Process;
class Simulation;
class Channel;
class Connection;
class Transit;
using ConnectionPtr = boost::intrusive_ptr<Connection>;

/// A kind of message of the system, as two events of its EventTable.
struct MessageKind {
  EventId sent{};
  EventId received{};
};

/// What an inbox hands out.
struct Arrival {
  enum class What : std::uint8_t {
    opened,  ///< a peer connected (at the accepting side)
    message,
    closed,  ///< orderly, after all data: FIN
    reset,   ///< RST, or TCP gave up; whatever had not arrived is lost
  };
  What what = What::message;
  ConnectionPtr connection;
  MessageKind kind{};
  PayloadPtr payload;
};

/// A process's end of one or more connections: arrivals in the order in which they came. Owned by the program, whose
/// process must outlive it. The kernel fills it also while the process is paused.
class Inbox {
 public:
  explicit Inbox(Process& process);
  ~Inbox();  ///< resets its connections, as closing a socket that nobody has read to the end does
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  [[nodiscard]] bool empty() const { return arrivals_.empty(); }
  /// Waits for an arrival. Emits `received:KIND` when it hands a message over.
  Arrival receive(OnKill on_kill = OnKill::unwind);
  /// Empty if `deadline` came first.
  std::optional<Arrival> receive_until(VirtualTime deadline, OnKill on_kill = OnKill::unwind);
  /// Wakes a waiting receive_until() before its deadline, with nothing; if none waits, the next one that would.
  void interrupt();

 private:
  friend class Network;
  friend class Transit;
  void post(Packet& packet);
  Arrival hand_over();

  Process& process_;
  WaitQueue readers_;
  PacketQueue arrivals_;
  bool interrupted_ = false;
};

enum class ConnectResult : std::uint8_t { connected, refused, timed_out };

class Connection : public boost::intrusive_ref_counter<Connection, boost::thread_unsafe_counter> {
 public:
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  /// The node at the other end, seen from `from`.
  [[nodiscard]] NodeId peer(NodeId from) const;
  /// Whether `node` can still send on it, as far as it knows: it did not close it and has seen no reset. After the
  /// peer's orderly close it still can, and is answered with a reset.
  [[nodiscard]] bool open(NodeId node) const;
  /// Neither end can send any more; for tests.
  [[nodiscard]] bool broken() const;
  /// A number that the program at `node` may keep with its end (a correlation, a partition). Not the world's business.
  [[nodiscard]] std::uint64_t& tag(NodeId node);

 private:
  friend class Channel;  // every Connection is one
  Connection() = default;
};

/// Which packets a link fault concerns. kNoNode stands for every node.
struct LinkSelector {
  NodeId from = kNoNode;
  NodeId to = kNoNode;
};

class Network {
 public:
  Network(Simulation& simulation, const LatencySetup& latency);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // --- for programs ---
  /// From now on `node`'s process accepts connections into `inbox`; ends with the process or the inbox.
  void listen(Inbox& inbox);
  /// Waits one round trip. timed_out after `timeout`: the peer has no power or is cut off; refused: nothing listens.
  ConnectResult connect(Inbox& inbox, NodeId peer, Duration timeout, ConnectionPtr& connection);
  /// Puts a message on its way; never waits. Emits `sent:KIND` with (first, second) in the trace. Nothing happens if
  /// the connection is no longer open for the sender or the sender is dead.
  void send(Process& sender, const ConnectionPtr& connection, MessageKind kind, std::int64_t bytes, PayloadPtr payload,
            std::uint64_t first = 0, std::uint64_t second = 0);
  /// Whether the socket of `sender` has room, as poll() would say; its inbox is interrupted when that becomes true.
  /// Always so without congestion control. send() takes a message in any case.
  [[nodiscard]] bool writable(const Process& sender, const ConnectionPtr& connection) const;
  /// Orderly close by `closer` (its data arrives, then FIN), or at once with an RST: behind the data, but what is held
  /// back at that time is lost.
  void close(Process& closer, const ConnectionPtr& connection);
  void reset(Process& closer, const ConnectionPtr& connection);

  // --- for Machine ---
  void process_died(NodeId node, bool orderly);  ///< RST (or FIN) behind the data of each of its connections
  void power_lost(NodeId node);
  void booted(NodeId node);

  // --- faults. A handle is given back to heal; `effect` counts what it changed ---
  using FaultHandle = std::uint32_t;
  /// The connection breaks at the message that `from` is sending right now (call from a `sent` moment), or, if there
  /// is none, at the next message from `from` to `to`: that message and all behind it never arrive, both ends see a
  /// reset after one delay. In the other direction what arrives before the reset is delivered.
  FaultHandle drop_next(LinkSelector link);
  /// Packets that would cross between different sides (node lists) are held. One direction only if one_way.
  FaultHandle cut(std::vector<std::vector<NodeId>> sides, bool one_way);
  FaultHandle lose(LinkSelector link, std::int64_t share, std::uint64_t draw);
  /// Each packet by `by` (a range draws from the network stream); `kind` empty: every message.
  FaultHandle delay(LinkSelector link, Quantity by, std::optional<EventId> sent_kind);
  /// Only the message being sent right now, or the next one on the link (of that kind).
  FaultHandle delay_one(LinkSelector link, Quantity by, std::optional<EventId> sent_kind);
  FaultHandle limit(LinkSelector link, std::int64_t bytes_per_second);
  void heal(FaultHandle fault);
  [[nodiscard]] std::uint64_t effect(FaultHandle fault) const;

  /// The message whose `sent` moment is happening; both kNoNode outside of one.
  [[nodiscard]] LinkSelector sending() const;
  /// Packets that anybody has sent so far, those of the protocol itself included.
  [[nodiscard]] std::uint64_t packets_made() const;
  /// Whether a packet from a to b would be held now.
  [[nodiscard]] bool blocked(NodeId a, NodeId b) const;

 private:
  friend class Inbox;
  Simulation& simulation_;
  std::unique_ptr<Transit> transit_;
};

}  // namespace noloss::sim
