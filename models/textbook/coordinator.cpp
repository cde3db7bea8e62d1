#include "models/textbook/coordinator.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "sim/disk.hpp"
#include "sim/machine.hpp"
#include "sim/planted.hpp"

namespace noloss::models::textbook {
namespace {

constexpr std::string_view kMetadata = "metadata";
constexpr std::int64_t kMetadataBytes = 64;
/// How often the coordinator looks whether something has become due while a partition has no leader.
constexpr sim::Duration kTick = std::chrono::milliseconds{100};
/// Registered replicas get this long to answer before those that did decide, if they are enough.
constexpr sim::Duration kAnswerTime = std::chrono::milliseconds{500};

/// One line of the metadata log: the latest of a partition counts.
struct Decision final : Record {
  std::uint32_t partition = 0;
  Leadership leadership;
  std::uint32_t leader_incarnation = 0;
};

}  // namespace

Coordinator::Coordinator(sim::Process& process, const Topology& topology)
    : process_(process), topology_(topology), inbox_(process) {
  for (const sim::NodeId node : topology.brokers) brokers_.emplace_back().node = node;
  partitions_.resize(topology.partitions.size());
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    partitions_[i].reports.resize(topology.partitions[i].replicas.size());
  }
  initial_ = process.incarnation() == 1;
  if (initial_) create_initial_state();
}

void Coordinator::create_initial_state() {
  process_.machine().disk().create(kMetadata, sim::FileClass::metadata);
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    partitions_[i].now = {topology_.partitions[i].replicas.front(), 1};
    partitions_[i].leader_incarnation = 1;
    persist(static_cast<std::uint32_t>(i));
  }
}

void Coordinator::persist(std::uint32_t partition) {
  sim::File* file = process_.machine().disk().find(kMetadata);
  auto* decision = new Decision;
  const sim::PayloadPtr payload{decision};
  decision->partition = partition;
  decision->leadership = partitions_[partition].now;
  decision->leader_incarnation = partitions_[partition].leader_incarnation;
  file->append(kMetadataBytes, payload);
}

void Coordinator::decide(std::uint32_t partition) {
  persist(partition);
  process_.machine().disk().find(kMetadata)->sync();
  announce();
}

void Coordinator::recover() {
  sim::File* file = process_.machine().disk().find(kMetadata);
  for (const sim::StoredRecord& stored : file->read_all()) {
    const auto& decision = static_cast<const Decision&>(*stored.payload);
    partitions_[decision.partition].now = decision.leadership;
    partitions_[decision.partition].leader_incarnation = decision.leader_incarnation;
  }
  // A leader may have renewed its lease just before; its whole failover has to pass again.
  for (BrokerEntry& entry : brokers_) entry.heard = process_.simulation().now();
  for (Partition& partition : partitions_) partition.lost_since = process_.simulation().now();
}

void Coordinator::run() {
  if (!initial_) recover();
  process_.simulation().network().listen(inbox_);
  for (;;) {
    sim::VirtualTime next = sim::kNever;
    for (const Partition& partition : partitions_) {
      next = std::min(next, partition.now.leader == sim::kNoNode
                                ? process_.simulation().now() + kTick
                                : broker(partition.now.leader).heard + topology_.failover);
    }
    if (const auto arrival = inbox_.receive_until(next, sim::OnKill::discard)) handle(*arrival);
    check_all();
  }
}

void Coordinator::handle(const sim::Arrival& arrival) {
  if (arrival.what == sim::Arrival::What::closed || arrival.what == sim::Arrival::What::reset) {
    for (BrokerEntry& entry : brokers_) {
      if (entry.connection == arrival.connection) entry.connection.reset();
    }
    return;
  }
  if (arrival.what != sim::Arrival::What::message) return;
  const sim::EventId kind = arrival.kind.sent;
  if (kind == events().heartbeat.sent) {
    heartbeat(arrival.connection, static_cast<const Heartbeat&>(*arrival.payload));
  } else if (kind == events().replica_report.sent) {
    report(arrival.connection, static_cast<const ReplicaReport&>(*arrival.payload));
  } else if (kind == events().lookup.sent) {
    lookup(arrival.connection, static_cast<const Lookup&>(*arrival.payload));
  }
}

void Coordinator::heartbeat(const sim::ConnectionPtr& from, const Heartbeat& heartbeat) {
  BrokerEntry& entry = broker(from->peer(process_.node()));
  if (heartbeat.incarnation < entry.incarnation) return;  // late, of a life that is over
  const sim::VirtualTime heard_before = entry.heard;
  const bool another_life = heartbeat.incarnation != entry.incarnation;
  const bool came_back = !entry.registered || another_life;
  entry.connection = from;
  entry.incarnation = heartbeat.incarnation;
  entry.heard = process_.simulation().now();
  entry.registered = !heartbeat.leaving;
  for (std::uint32_t i = 0; i < partitions_.size(); ++i) {
    Partition& partition = partitions_[i];
    if (partition.now.leader != entry.node) continue;
    if (heartbeat.leaving) {
      // It leads no more and says so: nobody has to wait for a lease.
      lose_leader(i, process_.simulation().now() - topology_.failover);
    } else if (partition.leader_incarnation != heartbeat.incarnation) {
      lose_leader(i, heard_before);
    }
  }
  const auto response = leaderships();
  response->heartbeat_sent = heartbeat.sent;
  response->answers = true;
  send(from, events().heartbeat_response, response);
  if (!came_back || heartbeat.leaving) return;
  for (std::uint32_t i = 0; i < partitions_.size(); ++i) {
    if (partitions_[i].now.leader == sim::kNoNode) ask(i);
  }
}

void Coordinator::lose_leader(std::uint32_t index, sim::VirtualTime since) {
  Partition& partition = partitions_[index];
  // One epoch an election: it is durable before anybody is asked, so an answer can never belong to another.
  partition.now = {sim::kNoNode, partition.now.epoch + 1};
  partition.leader_incarnation = 0;
  partition.lost_since = since;
  partition.began = process_.simulation().now();
  std::fill(partition.reports.begin(), partition.reports.end(), std::nullopt);
  decide(index);
  ask(index);
}

void Coordinator::ask(std::uint32_t index) {
  Partition& partition = partitions_[index];
  partition.asked = process_.simulation().now();
  const auto& replicas = topology_.partitions[index].replicas;
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    const BrokerEntry& entry = broker(replicas[i]);
    const bool answered = partition.reports[i] && partition.reports[i]->incarnation == entry.incarnation;
    if (!entry.registered || answered || !entry.connection) continue;
    auto* query = new ReplicaQuery;
    query->partition = index;
    query->epoch = partition.now.epoch;
    send(entry.connection, events().replica_query, sim::PayloadPtr{query});
  }
}

void Coordinator::report(const sim::ConnectionPtr& from, const ReplicaReport& report) {
  Partition& partition = partitions_[report.partition];
  if (partition.now.leader != sim::kNoNode || report.epoch != partition.now.epoch) return;
  const auto& replicas = topology_.partitions[report.partition].replicas;
  const auto replica = std::find(replicas.begin(), replicas.end(), from->peer(process_.node()));
  if (replica == replicas.end()) return;
  partition.reports[static_cast<std::size_t>(replica - replicas.begin())] =
      Report{report.incarnation, report.last_epoch, report.end};
}

void Coordinator::check_all() {
  const sim::VirtualTime now = process_.simulation().now();
  for (BrokerEntry& entry : brokers_) {
    if (entry.registered && entry.heard + topology_.failover <= now) entry.registered = false;
  }
  for (std::uint32_t i = 0; i < partitions_.size(); ++i) {
    Partition& partition = partitions_[i];
    if (partition.now.leader != sim::kNoNode) {
      const BrokerEntry& leader = broker(partition.now.leader);
      if (leader.heard + topology_.failover <= now) lose_leader(i, leader.heard);
      continue;
    }
    if (partition.asked + kAnswerTime <= now) ask(i);
    try_to_elect(i);
  }
}

void Coordinator::try_to_elect(std::uint32_t index) {
  Partition& partition = partitions_[index];
  const auto& replicas = topology_.partitions[index].replicas;
  const sim::VirtualTime now = process_.simulation().now();
  std::size_t registered = 0;
  std::size_t answered = 0;
  std::size_t best = replicas.size();
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    const BrokerEntry& entry = broker(replicas[i]);
    if (!entry.registered) continue;
    ++registered;
    const auto& report = partition.reports[i];
    if (!report || report->incarnation != entry.incarnation) continue;
    ++answered;
    const auto rank = [&](std::size_t of) {
      return std::pair{partition.reports[of]->last_epoch, partition.reports[of]->end};
    };
    const bool higher =
        best != replicas.size() && (NOLOSS_BUG("elect the shortest log") ? rank(i) < rank(best) : rank(i) > rank(best));
    if (best == replicas.size() || higher) best = i;
  }
  const bool everybody = answered == replicas.size();
  // With R - n + 1 answers, one of them holds whatever was stored n times. With n = 1 that would be all of them, and a
  // broken machine the end of the partition: any one suffices, which is the price of n = 1.
  const std::size_t needed = topology_.required_copies == 1 ? 1 : replicas.size() + 1 - topology_.required_copies;
  const bool enough = answered >= needed || NOLOSS_BUG("elect from too few");
  const bool time_has_passed = partition.lost_since + topology_.failover <= now;
  const bool heard_all = answered == registered || partition.began + kAnswerTime <= now;
  if (best == replicas.size() || (!everybody && !(time_has_passed && enough && heard_all))) return;
  partition.now.leader = replicas[best];
  partition.leader_incarnation = broker(replicas[best]).incarnation;
  decide(index);
  process_.simulation().roles_changed();
}

void Coordinator::lookup(const sim::ConnectionPtr& from, const Lookup& lookup) {
  auto* response = new LookupResponse;
  response->partition = lookup.partition;
  response->leadership = partitions_[lookup.partition].now;
  send(from, events().lookup_response, sim::PayloadPtr{response});
}

boost::intrusive_ptr<HeartbeatResponse> Coordinator::leaderships() const {
  boost::intrusive_ptr<HeartbeatResponse> response{new HeartbeatResponse};
  for (const Partition& partition : partitions_) response->partitions.push_back(partition.now);
  return response;
}

void Coordinator::announce() {
  const auto news = leaderships();
  news->answers = false;
  for (const BrokerEntry& entry : brokers_) {
    if (entry.connection) send(entry.connection, events().heartbeat_response, news);
  }
}

Coordinator::BrokerEntry& Coordinator::broker(sim::NodeId node) {
  return *std::find_if(brokers_.begin(), brokers_.end(),
                       [node](const BrokerEntry& entry) { return entry.node == node; });
}

void Coordinator::send(const sim::ConnectionPtr& to, sim::MessageKind kind, sim::PayloadPtr payload) {
  process_.simulation().network().send(process_, to, kind, kHeaderBytes, std::move(payload));
}

}  // namespace noloss::models::textbook
