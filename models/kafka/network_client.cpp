#include "models/kafka/network_client.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace noloss::models::kafka {

std::vector<sim::NodeId> bootstrap_of(const std::vector<std::string>& connect, const Topology& topology) {
  if (connect.empty()) return topology.brokers;
  std::vector<sim::NodeId> nodes;
  for (const std::string& name : connect) {  // "broker-3"
    std::uint32_t number = 1;
    std::from_chars(name.data() + name.rfind('-') + 1, name.data() + name.size(), number);
    nodes.push_back(topology.brokers[number - 1]);
  }
  return nodes;
}

NetworkClient::NetworkClient(sim::Process& process, const Topology& topology, NetworkOptions options)
    : process_(process),
      topology_(topology),
      options_(std::move(options)),
      inbox_(process),
      nodes_(topology.brokers.size()),
      wants_metadata_(options_.metadata) {}

// --- connections ---

bool NetworkClient::connected(sim::NodeId node) const {
  const Node& known = nodes_[sim::index(node)];
  return known.connection && known.connection->open(process_.node());
}

bool NetworkClient::writable(sim::NodeId node) const {
  return process_.simulation().network().writable(process_, nodes_[sim::index(node)].connection);
}

bool NetworkClient::ready(sim::NodeId node) {
  if (connected(node)) return true;
  const Node& known = nodes_[sim::index(node)];
  const bool free = !known.connection && !known.connecting;
  if (free && known.not_before <= process_.simulation().now()) connect(node);
  return false;
}

void NetworkClient::connect(sim::NodeId node) {
  nodes_[sim::index(node)].connecting = true;
  process_.spawn([this, node] {
    sim::ConnectionPtr connection;
    const auto result = process_.simulation().network().connect(inbox_, node, kConnectTimeout, connection);
    Node& known = nodes_[sim::index(node)];
    known.connecting = false;
    // It may be broken again by now, and poll() has already heard so.
    pace_reconnects(known);
    if (result == sim::ConnectResult::connected && connection->open(process_.node())) {
      known.connection = std::move(connection);
    } else {
      connection_ended(known);
      request_update();
      ++candidate_;
    }
    inbox_.interrupt();
  });
}

sim::NodeId NetworkClient::any_ready() {
  sim::NodeId best = sim::kNoNode;
  for (const sim::NodeId node : topology_.brokers) {
    if (connected(node) && (best == sim::kNoNode || in_flight(node) < in_flight(best))) best = node;
  }
  if (best != sim::kNoNode) return best;
  // In the order of bootstrap.servers; once the cluster is known, every broker is as good.
  const auto& candidates = knows_metadata() ? topology_.brokers : options_.bootstrap;
  const sim::NodeId next = candidates[candidate_ % candidates.size()];
  return ready(next) ? next : sim::kNoNode;
}

NetworkClient::Node* NetworkClient::node_of(const sim::ConnectionPtr& connection) {
  const auto known =
      std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& node) { return node.connection == connection; });
  return known == nodes_.end() ? nullptr : &*known;
}

void NetworkClient::connection_ended(Node& node) {
  if (options_.longest_reconnect.count() == 0) node.not_before = process_.simulation().now() + kReconnectDelay;
}

void NetworkClient::pace_reconnects(Node& node) {
  if (options_.longest_reconnect.count() == 0) return;
  const sim::VirtualTime now = process_.simulation().now();
  const bool calm = node.not_before + options_.longest_reconnect < now;
  if (calm || node.backoff.count() == 0) node.backoff = options_.first_reconnect;
  node.not_before = now + std::min(node.backoff, options_.longest_reconnect);
  node.backoff = std::min(2 * node.backoff, options_.longest_reconnect);
}

void NetworkClient::disconnected(Node& node) {
  node.connection.reset();
  connection_ended(node);
  request_update();
  for (InFlight& request : std::exchange(node.in_flight, {})) request.handler(nullptr);
}

void NetworkClient::close_overdue() {
  const sim::VirtualTime now = process_.simulation().now();
  for (Node& node : nodes_) {
    const bool overdue = std::any_of(node.in_flight.begin(), node.in_flight.end(),
                                     [now](const InFlight& request) { return request.deadline <= now; });
    if (!overdue) continue;
    process_.simulation().network().reset(process_, node.connection);
    disconnected(node);
  }
}

// --- requests ---

void NetworkClient::send(sim::NodeId node, sim::MessageKind kind, boost::intrusive_ptr<Request> request,
                         std::int64_t bytes, Handler handler, std::uint64_t first, sim::Duration more_patience) {
  Node& known = nodes_[sim::index(node)];
  request->correlation = ++correlations_;
  const sim::VirtualTime deadline = process_.simulation().now() + options_.request_timeout + more_patience;
  known.in_flight.push_back({request->correlation, deadline, std::move(handler)});
  process_.simulation().network().send(process_, known.connection, kind, kHeaderBytes + bytes, std::move(request),
                                       first);
}

void NetworkClient::send_oneway(sim::NodeId node, sim::MessageKind kind, boost::intrusive_ptr<Request> request,
                                std::int64_t bytes, std::uint64_t first) {
  process_.simulation().network().send(process_, nodes_[sim::index(node)].connection, kind, kHeaderBytes + bytes,
                                       std::move(request), first);
}

// --- metadata ---

void NetworkClient::refresh_metadata() {
  const sim::VirtualTime now = process_.simulation().now();
  if (knows_metadata() && now >= metadata_due_) wants_metadata_ = true;
  if (!wants_metadata_ || asking_ || now < ask_not_before_) return;
  const sim::NodeId node = any_ready();
  if (node == sim::kNoNode) return;
  asking_ = true;
  wants_metadata_ = false;
  send(node, events().metadata, boost::intrusive_ptr<Request>{new MetadataRequest}, 0,
       [this](const sim::PayloadPtr& answer) {
         asking_ = false;
         ask_not_before_ = process_.simulation().now() + options_.retry_backoff;
         const auto* response = static_cast<const MetadataResponse*>(answer.get());
         if (response == nullptr || response->error != Error::none) {
           wants_metadata_ = true;
           ++candidate_;
         } else {
           learn(*response->image);
         }
       });
}

void NetworkClient::learn(const MetadataImage& image) {
  metadata_due_ = process_.simulation().now() + options_.metadata_max_age;
  // A broker that is behind does not make anybody forget a partition.
  leaders_.resize(std::max(leaders_.size(), image.partitions.size()));
  for (std::size_t i = 0; i < image.partitions.size(); ++i) learn(leaders_[i], image.partitions[i]);
}

void NetworkClient::learn(Leader& known, const PartitionMetadata& told) {
  const bool existed = known.exists;
  const bool by_id = topology_.behaviours.metadata_has_topic_ids;
  const bool another_topic = by_id && told.topic != known.topic;
  if (!told.exists) {
    known.exists = false;
    known.node = sim::kNoNode;  // the epoch is remembered
  } else if (another_topic || told.leader_epoch >= known.epoch) {
    known = {told.leader, told.leader_epoch, by_id ? told.topic : 0, true};
  }
  if (known.exists != existed) ++comings_and_goings_;
}

bool NetworkClient::exists(PartitionIndex partition) const {
  return partition < leaders_.size() ? leaders_[partition].exists : topology_.partitions[partition].initially;
}

std::vector<PartitionIndex> NetworkClient::partitions_of(std::uint32_t entity) const {
  std::vector<PartitionIndex> found =
      topology_.partitions_of(entity, std::max(topology_.initial_partitions, leaders_.size()));
  std::erase_if(found, [this](PartitionIndex partition) { return !exists(partition); });
  return found;
}

// --- the loop ---

sim::VirtualTime NetworkClient::next_timeout() const {
  sim::VirtualTime next = knows_metadata() ? metadata_due_ : sim::kNever;
  if (wants_metadata_ && !asking_) next = std::min(next, ask_not_before_);
  const sim::VirtualTime now = process_.simulation().now();
  for (const Node& node : nodes_) {
    for (const InFlight& request : node.in_flight) next = std::min(next, request.deadline);
    if (!node.connection && node.not_before > now) next = std::min(next, node.not_before);
  }
  // What is due and could not be done waits for a connection.
  if (next <= now) next = now + kReconnectDelay;
  return next;
}

void NetworkClient::poll(sim::VirtualTime deadline) {
  close_overdue();
  refresh_metadata();
  const auto arrival = inbox_.receive_until(std::min(deadline, next_timeout()));
  if (!arrival) return;
  Node* node = node_of(arrival->connection);
  if (node == nullptr) return;  // of a connection that was given up
  if (arrival->what != sim::Arrival::What::message) {
    disconnected(*node);
    return;
  }
  const auto& response = static_cast<const Response&>(*arrival->payload);
  const auto asked = std::find_if(node->in_flight.begin(), node->in_flight.end(),
                                  [&](const InFlight& request) { return request.correlation == response.correlation; });
  if (asked == node->in_flight.end()) return;
  const Handler handler = std::move(asked->handler);
  node->in_flight.erase(asked);
  handler(arrival->payload);
}

}  // namespace noloss::models::kafka
