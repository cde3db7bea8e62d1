#include "models/rabbitmq/broker.hpp"

#include <algorithm>
#include <utility>

#include "models/rabbitmq/classic_queue.hpp"
#include "models/rabbitmq/quorum_queue.hpp"
#include "models/rabbitmq/stream_coordinator.hpp"
#include "models/rabbitmq/stream_queue.hpp"
#include "sim/machine.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {

Broker::Broker(sim::Process& process, const Topology& topology, Ledger& ledger)
    : process_(process),
      topology_(topology),
      ledger_(ledger),
      inbox_(process),
      initial_(process.incarnation() == 1 && process.simulation().now() == sim::kStart),
      peers_(*this),
      alarms_(*this),
      definitions_(*this),
      message_store_(*this),
      wal_(*this),
      stream_connections_(*this),
      supervision_(*this) {
  create_queues();
}

Broker::~Broker() = default;

void Broker::create_queues() {
  queues_.resize(topology_.processes());
  if (topology_.any_stream) queues_.back() = std::make_unique<StreamCoordinator>(*this);
  for (QueueId id = 0; id < topology_.queues.size(); ++id) {
    const QueueInfo& info = topology_.queues[id];
    if (std::find(info.members.begin(), info.members.end(), node()) == info.members.end()) continue;
    if (info.type == QueueType::quorum) {
      queues_[id] = std::make_unique<QuorumQueue>(*this, id);
    } else if (info.type == QueueType::stream) {
      queues_[id] = std::make_unique<StreamQueue>(*this, id);
    } else {
      queues_[id] = std::make_unique<ClassicQueue>(*this, id);
    }
  }
}

void Broker::run() {
  if (!initial_) recover();
  serving_ = true;
  simulation().roles_changed();
  simulation().network().listen(inbox_);
  process_.spawn([this] { supervision_.run_store(); });
  process_.spawn([this] { wal_.loop(); });
  for (QueueId id = 0; id < queues_.size(); ++id) start_process(id);
  peers_.start();
  alarms_.start();
  serve();
}

void Broker::recover() {
  definitions_.recover();
  message_store_.recover();
  wal_.recover();
  for (QueueId id = 0; id < queues_.size(); ++id) {
    if (queues_[id]) supervision_.recover_queue(id, *queues_[id]);
  }
  simulation().mark("recovered after a restart");
  simulation().moment(node(), events().common.recovered, process_.incarnation());
}

void Broker::stop() {
  if (!serving_) return;
  serving_ = false;
  simulation().roles_changed();
  // Clients lose their connections first, so that nothing new comes in while the queues write what they have.
  close_clients();
  for (const auto& queue : queues_) {
    if (queue) queue->leader_stops();
  }
  process_.sleep(sim::Duration{0});
  message_store_.close();
  for (const auto& queue : queues_) {
    if (queue) queue->close();
  }
}

void Broker::close_clients() {
  for (auto& [number, channel] : channels_) {
    channel->close();
    if (channel->connection()) close(channel->connection());
  }
  channels_.clear();
  stream_connections_.close_all();
}

void Broker::start_anew() {
  for (const sim::NodeId peer : topology_.brokers) {
    if (peer != node()) peers_.send(peer, events().node_restarts, sim::PayloadPtr{new Empty}, 0, 0);
  }
  process_.crash();
}

bool Broker::on_the_right_side() const {
  if (topology_.partition_handling == PartitionHandling::pause_minority) {
    return peers_.links_up() * 2 > topology_.brokers.size();
  }
  if (topology_.partition_handling != PartitionHandling::pause_if_all_down) return true;
  return std::any_of(topology_.preferred_nodes.begin(), topology_.preferred_nodes.end(),
                     [this](sim::NodeId node) { return peers_.sees(node); });
}

void Broker::pause() {
  if (std::exchange(paused_, true)) return;
  simulation().mark("paused");
  simulation().note(node(), events().paused);
  serving_ = false;
  simulation().roles_changed();
  close_clients();
}

// --- letters ---

void Broker::cast_queue(sim::NodeId to, sim::MessageKind kind, boost::intrusive_ptr<const ToQueue> letter,
                        std::int64_t bytes) {
  if (to == node()) {
    if (QueueProcess* const process = queue(letter->queue)) {
      process->mailbox().post({LetterKind::message, kind.sent, node(), std::move(letter)});
    }
    return;
  }
  peers_.send(to, kind, std::move(letter), bytes, 0);
}

void Broker::cast_channel(sim::MessageKind kind, boost::intrusive_ptr<const ToChannel> letter, std::int64_t bytes) {
  const sim::NodeId to = letter->channel.node;
  if (to == sim::kNoNode) return;  // nobody: a dead letter
  if (to != node()) return peers_.send(to, kind, std::move(letter), bytes, 0);
  to_channels_.push_back({LetterKind::message, kind.sent, node(), std::move(letter)});
  inbox_.interrupt();
}

void Broker::deliver_local() {
  while (!to_channels_.empty()) {
    const Letter letter = std::move(to_channels_.front());
    to_channels_.pop_front();
    to_channel(letter.from, letter.kind, static_cast<const ToChannel&>(*letter.payload));
  }
}

void Broker::to_channel(sim::NodeId from, sim::EventId kind, const ToChannel& letter) {
  const auto channel = channels_.find(letter.channel.number);
  if (channel != channels_.end() && channel->second->id() == letter.channel) {
    channel->second->receive(kind, letter);
    return;
  }
  StreamConnection* const stream = stream_connections_.find(letter.channel.number);
  if (stream != nullptr && stream->id() == letter.channel) return stream->receive(kind, letter);
  boost::intrusive_ptr<QueueChannelDown> down{new QueueChannelDown};  // a monitor would have said so
  down->queue = letter.queue;
  down->channel = letter.channel;
  cast_queue(from, events().queue_channel_down, down);
}

void Broker::node_changed(sim::NodeId peer, LetterKind what) {
  if (what == LetterKind::node_down) {
    simulation().mark("node down");
    simulation().note(node(), events().node_down, sim::index(peer));
  }
  if (NOLOSS_BUG("rabbitmq: confirms leave before the pause guard has looked")) {
    for (auto& [number, channel] : channels_) channel->node_changed(peer, what);
  }
  // Before any channel draws a conclusion: what a lost mirror no longer holds up must not be confirmed here.
  const bool may_serve = on_the_right_side();
  if (what == LetterKind::node_down && !may_serve) pause();
  if (what == LetterKind::node_up && may_serve && paused_) start_anew();
  if (paused_) return;  // the broker is stopped: no queue looks for another leader meanwhile
  alarms_.node_changed(peer, what);
  supervision_.node_changed(peer, what);
  if (what == LetterKind::node_up) definitions_.node_up(peer);
  for (const auto& queue : queues_) {
    if (queue) queue->mailbox().post({what, {}, peer, nullptr});
  }
  for (auto& [number, channel] : channels_) channel->node_changed(peer, what);
  stream_connections_.node_changed(peer, what);
}

std::uint64_t Broker::open_channel(ChannelOwner& owner) {
  const std::uint64_t number = ++channel_numbers_;
  channels_.emplace(number, std::make_unique<Channel>(*this, owner, number));
  return number;
}

void Broker::close_channel(std::uint64_t number) {
  const auto known = channels_.find(number);
  if (known == channels_.end()) return;
  known->second->close();
  channels_.erase(known);
}

Channel* Broker::channel(std::uint64_t number) {
  const auto known = channels_.find(number);
  return known == channels_.end() ? nullptr : known->second.get();
}

std::uint64_t Broker::clients() const {
  return static_cast<std::uint64_t>(
             std::count_if(channels_.begin(), channels_.end(),
                           [](const auto& channel) { return channel.second->connection() != nullptr; })) +
         stream_connections_.count();
}

std::int64_t Broker::message_bytes() const {
  std::int64_t bytes = 0;
  for (const auto& queue : queues_) bytes += queue ? queue->bytes() : 0;
  return bytes;
}

void Broker::leader_changed(QueueId queue) {
  for (auto& [number, channel] : channels_) channel->leader_changed(queue);
  inbox_.interrupt();
}

void Broker::alarms_changed() {
  for (auto& [number, channel] : channels_) channel->alarms_changed();
}

sim::NodeId Broker::leader_hint(QueueId id) const {
  const auto* const member = static_cast<const QuorumQueue*>(queue(id));
  const sim::NodeId known = member == nullptr ? sim::kNoNode : member->leader();
  return known == sim::kNoNode ? topology_.queues[id].members.front() : known;
}

void Broker::send(const sim::ConnectionPtr& to, sim::MessageKind kind, sim::PayloadPtr payload, std::int64_t bytes,
                  std::uint64_t first) {
  simulation().network().send(process_, to, kind, kMethodBytes + bytes, std::move(payload), first);
}

// --- the node's main fiber ---

sim::VirtualTime Broker::next_timer() const {
  sim::VirtualTime next = std::min({peers_.next_timer(), alarms_.next_timer(), stream_connections_.next_timer()});
  for (const auto& [number, channel] : channels_) next = std::min(next, channel->next_timer());
  return next;
}

void Broker::serve() {
  for (;;) {
    if (const auto arrival = inbox_.receive_until(next_timer())) handle(*arrival);
    deliver_local();
    definitions_.run_commands();
    if (next_timer() <= now()) run_timers();
    drop_finished();
  }
}

void Broker::run_timers() {
  peers_.timers();
  if (alarms_.next_timer() <= now()) alarms_.timers();
  for (auto& [number, channel] : channels_) {
    if (channel->next_timer() <= now()) channel->timers();
  }
  stream_connections_.run_timers();
}

void Broker::drop_finished() {
  for (auto next = channels_.begin(); next != channels_.end();) {
    const auto channel = next++;
    if (!channel->second->finished()) continue;
    channel->second->close();
    if (channel->second->connection()) close(channel->second->connection());
    channels_.erase(channel);
  }
  stream_connections_.drop_finished();
}

void Broker::handle(const sim::Arrival& arrival) {
  if (const auto peer = peers_.peer_of(arrival.connection)) return from_peer(*peer, arrival);
  if (arrival.what == sim::Arrival::What::message) {
    if (arrival.kind.sent == events().node_hello.sent) {
      return peers_.hello(arrival.connection, static_cast<const NodeHello&>(*arrival.payload));
    }
    return from_client(arrival);
  }
  if (arrival.what != sim::Arrival::What::opened) connection_closed(arrival.connection);
}

void Broker::from_peer(sim::NodeId peer, const sim::Arrival& arrival) {
  if (arrival.what == sim::Arrival::What::closed || arrival.what == sim::Arrival::What::reset) return peers_.lost(peer);
  if (arrival.what != sim::Arrival::What::message) return;
  peers_.heard(peer);
  const Events& kinds = events();
  const sim::EventId kind = arrival.kind.sent;
  if (kind == kinds.node_tick.sent) {
    return peers_.clients_of(peer, static_cast<const NodeTick&>(*arrival.payload).clients);
  }
  if (kind == kinds.node_alarm.sent) return alarms_.told(peer, static_cast<const NodeAlarm&>(*arrival.payload));
  if (kind == kinds.queue_definition.sent) {
    return definitions_.told(peer, static_cast<const DefinitionLetter&>(*arrival.payload));
  }
  if (kind == kinds.node_hello.sent) return;
  if (kind == kinds.node_restarts.sent) return peers_.restarts(peer);
  const bool for_channel = kind == kinds.queue_confirm.sent || kind == kinds.queue_deliver.sent ||
                           kind == kinds.raft_applied.sent || kind == kinds.raft_not_leader.sent ||
                           kind == kinds.stream_written.sent || kind == kinds.stream_answer.sent ||
                           kind == kinds.stream_gone.sent;
  if (for_channel) return to_channel(peer, kind, static_cast<const ToChannel&>(*arrival.payload));
  if (queue_process_ended(peer, arrival)) return;
  const auto& letter = static_cast<const ToQueue&>(*arrival.payload);
  if (QueueProcess* const process = queue(letter.queue)) {
    process->mailbox().post({LetterKind::message, kind, peer, arrival.payload});
  }
}

void Broker::from_client(const sim::Arrival& arrival) {
  std::uint64_t& number = arrival.connection->tag(node());
  if (paused_ || !supervision_.virtual_host_up()) return close(arrival.connection);
  if (arrival.kind.sent == events().channel_open.sent) {
    number = ++channel_numbers_;
    const auto& open = static_cast<const ChannelOpen&>(*arrival.payload);
    if (open.stream_protocol) return stream_connections_.open(arrival.connection, number, open.declares);
    channels_.emplace(number, std::make_unique<Channel>(*this, arrival.connection, number));
  }
  const auto channel = channels_.find(number);
  if (channel != channels_.end()) channel->second->handle(arrival);
  if (StreamConnection* const stream = stream_connections_.find(number)) stream->handle(arrival);
}

void Broker::connection_closed(const sim::ConnectionPtr& connection) {
  stream_connections_.connection_closed(connection->tag(node()), connection);
  const auto channel = channels_.find(connection->tag(node()));
  if (channel == channels_.end() || channel->second->connection() != connection) return;
  channel->second->close();
  channels_.erase(channel);
}

}  // namespace noloss::models::rabbitmq
