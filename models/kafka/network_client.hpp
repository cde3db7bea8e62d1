// A client's connections to brokers, its requests and its view of the cluster.
//
// Modelled (NetworkClient, Metadata): one connection a broker, opened when it is needed; answers in the order of the
// requests; a request without an answer after request.timeout.ms closes its connection, and everything on it has
// failed; metadata from any broker, asked for again after an error, a broken connection, or metadata.max.age.ms, and
// never replaced by older leader epochs, be it that the topic was made anew (from 2.8.2 on: KAFKA-12257). Not modelled:
// exponential backoffs of the Java client, jitter of them, idle connections that are closed.
//
// Belongs to a client's program. Handlers are called from the fiber that calls poll(); they must not wait.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "models/kafka/protocol.hpp"
#include "models/kafka/topology.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {

struct NetworkOptions {
  std::vector<sim::NodeId> bootstrap;
  sim::Duration request_timeout{0};
  sim::Duration metadata_max_age{0};
  sim::Duration retry_backoff{0};
  /// librdkafka: the least time between two connections to a broker doubles each time, up to the second one of these,
  /// and is the first one again after so long without a connection. Java, here: kReconnectDelay after each failure.
  sim::Duration first_reconnect{0};
  sim::Duration longest_reconnect{0};
  bool metadata = true;  ///< asks brokers for it; a broker that is a client of others is told by the controller
};

/// `connect` of a client group as nodes; all brokers if it is empty.
[[nodiscard]] std::vector<sim::NodeId> bootstrap_of(const std::vector<std::string>& connect, const Topology& topology);

class NetworkClient {
 public:
  /// Null: the connection broke, or the request timed out; nobody knows what became of it.
  using Handler = std::function<void(const sim::PayloadPtr&)>;

  NetworkClient(sim::Process& process, const Topology& topology, NetworkOptions options);

  // --- connections ---
  /// Whether requests can be sent to the broker; if not, begins to connect.
  [[nodiscard]] bool ready(sim::NodeId node);
  [[nodiscard]] bool connected(sim::NodeId node) const;
  /// Whether the socket takes more, as poll() would say. Precondition: connected(node).
  [[nodiscard]] bool writable(sim::NodeId node) const;
  [[nodiscard]] std::size_t in_flight(sim::NodeId node) const { return nodes_[sim::index(node)].in_flight.size(); }
  /// A broker that is connected, with the fewest requests; if there is none, begins to connect to one and returns
  /// kNoNode.
  [[nodiscard]] sim::NodeId any_ready();

  // --- requests; precondition: ready(node) ---
  void send(sim::NodeId node, sim::MessageKind kind, boost::intrusive_ptr<Request> request, std::int64_t bytes,
            Handler handler, std::uint64_t first = 0, sim::Duration more_patience = sim::Duration{0});
  /// Nobody answers: acks=0.
  void send_oneway(sim::NodeId node, sim::MessageKind kind, boost::intrusive_ptr<Request> request, std::int64_t bytes,
                   std::uint64_t first = 0);

  // --- metadata ---
  [[nodiscard]] bool knows_metadata() const { return !leaders_.empty(); }
  /// Of all topics, the internal ones included; 0 before the first answer.
  [[nodiscard]] std::size_t known_partitions() const { return leaders_.size(); }
  [[nodiscard]] sim::NodeId leader(PartitionIndex partition) const {
    return partition < leaders_.size() ? leaders_[partition].node : sim::kNoNode;
  }
  [[nodiscard]] Epoch leader_epoch(PartitionIndex partition) const {
    return partition < leaders_.size() ? leaders_[partition].epoch : kNoEpoch;
  }
  /// Whether the partition's topic exists, as far as this client knows.
  [[nodiscard]] bool exists(PartitionIndex partition) const;
  /// 0: unknown, or the client does not care (before KAFKA-12257).
  [[nodiscard]] TopicId topic(PartitionIndex partition) const {
    return partition < leaders_.size() ? leaders_[partition].topic : 0;
  }
  /// Of a topic, those that exist.
  [[nodiscard]] std::vector<PartitionIndex> partitions_of(std::uint32_t entity) const;
  /// Rises when partitions come or go.
  [[nodiscard]] std::uint64_t comings_and_goings() const { return comings_and_goings_; }
  void request_update() { wants_metadata_ = options_.metadata; }

  /// Handles what has arrived or timed out, waiting for it until `deadline` or wake().
  void poll(sim::VirtualTime deadline);
  void wake() { inbox_.interrupt(); }

 private:
  struct InFlight {
    std::uint64_t correlation = 0;
    sim::VirtualTime deadline{};
    Handler handler;
  };
  struct Node {
    sim::ConnectionPtr connection;
    bool connecting = false;
    sim::VirtualTime not_before{};
    sim::Duration backoff{0};  ///< librdkafka's, of the next connection
    std::deque<InFlight> in_flight;
  };
  struct Leader {
    sim::NodeId node = sim::kNoNode;
    Epoch epoch = kNoEpoch;
    TopicId topic = 0;
    bool exists = false;
  };

  void connect(sim::NodeId node);
  void disconnected(Node& node);
  void connection_ended(Node& node);
  void pace_reconnects(Node& node);
  void close_overdue();
  void refresh_metadata();
  void learn(const MetadataImage& image);
  void learn(Leader& known, const PartitionMetadata& told);
  [[nodiscard]] sim::VirtualTime next_timeout() const;
  [[nodiscard]] Node* node_of(const sim::ConnectionPtr& connection);

  sim::Process& process_;
  const Topology& topology_;
  NetworkOptions options_;
  sim::Inbox inbox_;
  std::vector<Node> nodes_;  ///< by broker number
  std::vector<Leader> leaders_;
  std::uint64_t correlations_ = 0;
  std::uint64_t comings_and_goings_ = 0;
  std::size_t candidate_ = 0;
  bool wants_metadata_;
  bool asking_ = false;
  sim::VirtualTime ask_not_before_{};
  sim::VirtualTime metadata_due_{};
};

}  // namespace noloss::models::kafka
