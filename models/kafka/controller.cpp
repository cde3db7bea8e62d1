#include "models/kafka/controller.hpp"

#include <algorithm>
#include <utility>

#include "models/kafka/broker.hpp"
#include "sim/machine.hpp"
#include "sim/planted.hpp"

namespace noloss::models::kafka {
namespace {

constexpr std::string_view kLog = "__cluster_metadata-0";
/// The event that fences waits in the controller's queue behind others.
constexpr sim::Duration kFenceLag = std::chrono::milliseconds{10};

/// The state after a decision; the latest one counts.
struct Decision final : Record {
  MetadataImagePtr image;
  std::vector<std::uint32_t> incarnations;
};

}  // namespace

Controller::Controller(sim::Process& process, const Topology& topology, Administrator& administrator)
    : process_(process), topology_(topology), administrator_(administrator), inbox_(process) {
  brokers_.resize(topology.brokers.size());
  initial_ = process.incarnation() == 1;
  if (initial_) create_initial_state();
  if (topology.options.leader_rebalance) {
    rebalance_at_ = process.simulation().now() + topology.options.leader_rebalance_interval;
  }
  if (topology.behaviours.sweeps_leaderless) sweep_at_ = process.simulation().now() + kSweepInterval;
}

void Controller::create_initial_state() {
  process_.machine().disk().create(kLog, sim::FileClass::metadata);
  committed_ = initial_metadata(process_.simulation(), topology_);
  version_ = committed_->version;
  partitions_ = committed_->partitions;
  config_ = committed_->config;
  for (std::size_t i = 0; i < brokers_.size(); ++i) {
    brokers_[i].metadata = committed_->brokers[i];
    brokers_[i].incarnation = 1;
  }
  write();
}

void Controller::recover() {
  for (const sim::StoredRecord& stored : process_.machine().disk().find(kLog)->read_all()) {
    const auto& decision = static_cast<const Decision&>(*stored.payload);
    committed_ = decision.image;
    for (std::size_t i = 0; i < brokers_.size(); ++i) {
      brokers_[i].metadata = committed_->brokers[i];
      brokers_[i].incarnation = decision.incarnations[i];
      // Nobody remembers when a broker was heard; its whole session has to pass again.
      brokers_[i].heard = process_.simulation().now();
    }
  }
  version_ = committed_->version;
  partitions_ = committed_->partitions;
  config_ = committed_->config;
}

void Controller::run() {
  if (!initial_) recover();
  process_.simulation().network().listen(inbox_);
  for (;;) {
    if (const auto arrival = inbox_.receive_until(next_check())) handle(*arrival);
    fence_expired();
    prefer_preferred();
    sweep_leaderless();
    carry_out_requests();
    commit();
  }
}

void Controller::handle(const sim::Arrival& arrival) {
  if (arrival.what == sim::Arrival::What::closed || arrival.what == sim::Arrival::What::reset) {
    for (BrokerEntry& entry : brokers_) {
      if (entry.connection == arrival.connection) entry.connection.reset();
    }
    return;
  }
  if (arrival.what != sim::Arrival::What::message) return;
  const sim::EventId kind = arrival.kind.sent;
  if (kind == events().broker_heartbeat.sent) {
    heartbeat(arrival);
  } else if (kind == events().alter_partition.sent) {
    alter_partition(arrival);
  } else if (kind == events().broker_registration.sent) {
    register_broker(arrival);
  }
}

// --- durability ---

void Controller::write() {
  boost::intrusive_ptr<Decision> decision{new Decision};
  decision->image = committed_;
  for (const BrokerEntry& entry : brokers_) decision->incarnations.push_back(entry.incarnation);
  process_.machine().disk().find(kLog)->append(kHeaderBytes, std::move(decision));
}

void Controller::commit() {
  if (!std::exchange(dirty_, false)) return;
  boost::intrusive_ptr<MetadataImage> image{new MetadataImage};
  image->version = ++version_;
  for (const BrokerEntry& entry : brokers_) image->brokers.push_back(entry.metadata);
  image->partitions = partitions_;
  image->config = config_;
  committed_ = std::move(image);
  write();
  process_.machine().disk().find(kLog)->sync();
  process_.simulation().roles_changed();
  for (const BrokerEntry& entry : brokers_) tell(entry);
}

void Controller::tell(const BrokerEntry& entry) {
  if (!entry.connection) return;
  boost::intrusive_ptr<UpdateMetadata> update{new UpdateMetadata};
  update->image = committed_;
  send(entry.connection, events().update_metadata, std::move(update));
}

void Controller::send(const sim::ConnectionPtr& to, sim::MessageKind kind, sim::PayloadPtr payload) {
  process_.simulation().network().send(process_, to, kind, kHeaderBytes, std::move(payload));
}

// --- brokers ---

bool Controller::session_valid(const BrokerEntry& entry) const {
  return entry.metadata.registered && entry.heard + topology_.options.session_timeout > process_.simulation().now();
}

void Controller::register_broker(const sim::Arrival& arrival) {
  const auto& request = static_cast<const BrokerRegistrationRequest&>(*arrival.payload);
  const sim::NodeId node = arrival.connection->peer(process_.node());
  BrokerEntry& entry = broker(node);
  boost::intrusive_ptr<BrokerRegistrationResponse> response{new BrokerRegistrationResponse};
  response->correlation = request.correlation;
  const Behaviours& behaviours = topology_.behaviours;
  const bool another_life = request.incarnation != entry.incarnation;
  // An orderly stop closes a ZooKeeper session.
  const bool may_follow_at_once = behaviours.registers_after_shutdown || !behaviours.kraft;
  const bool left_in_order = may_follow_at_once && entry.metadata.shutting_down;
  if (another_life && session_valid(entry) && !left_in_order) {
    response->error = Error::duplicate_broker_registration;
    send(arrival.connection, events().broker_registration_response, std::move(response));
    return;
  }
  if (another_life) {
    const bool unclean = request.previous_epoch != entry.metadata.epoch;
    const bool eligible = topology_.options.eligible_leader_replicas;
    if (eligible && unclean) {
      entry.metadata.fenced = true;
      remove_from_isrs(node, Leaving::unclean_shutdown);
    } else if (behaviours.registration_cleans_isr) {
      entry.metadata.fenced = true;
      remove_from_isrs(node, Leaving::fenced);
    } else if (!entry.metadata.fenced) {
      process_.simulation().mark("broker came back unnoticed");
    }
    entry.metadata = {version_ + 1, true, behaviours.kraft, false};
    entry.incarnation = request.incarnation;
    dirty_ = true;
  }
  entry.heard = process_.simulation().now();
  entry.connection = arrival.connection;
  if (!entry.metadata.fenced) elect_where_leaderless();
  commit();
  response->epoch = entry.metadata.epoch;
  send(arrival.connection, events().broker_registration_response, std::move(response));
  tell(entry);
}

void Controller::heartbeat(const sim::Arrival& arrival) {
  const auto& request = static_cast<const BrokerHeartbeatRequest&>(*arrival.payload);
  const sim::NodeId node = arrival.connection->peer(process_.node());
  BrokerEntry& entry = broker(node);
  boost::intrusive_ptr<BrokerHeartbeatResponse> response{new BrokerHeartbeatResponse};
  response->correlation = request.correlation;
  if (request.epoch != entry.metadata.epoch) {
    response->error = Error::stale_broker_epoch;
    send(arrival.connection, events().broker_heartbeat_response, std::move(response));
    return;
  }
  entry.heard = process_.simulation().now();
  if (std::exchange(entry.connection, arrival.connection) != arrival.connection) tell(entry);
  const bool caught_up = request.metadata_version >= entry.metadata.epoch;
  if (request.wants_shutdown && !entry.metadata.shutting_down) {
    entry.metadata.shutting_down = true;
    dirty_ = true;
    remove_from_isrs(node, Leaving::controlled_shutdown);
  } else if (entry.metadata.fenced && caught_up && !entry.metadata.shutting_down) {
    entry.metadata.fenced = false;
    dirty_ = true;
    elect_where_leaderless();
  }
  commit();
  response->should_shut_down =
      request.wants_shutdown && std::none_of(partitions_.begin(), partitions_.end(),
                                             [&](const PartitionMetadata& p) { return p.leader == node; });
  send(arrival.connection, events().broker_heartbeat_response, std::move(response));
}

sim::VirtualTime Controller::next_check() const {
  sim::VirtualTime next = std::min(rebalance_at_, sweep_at_);
  for (const BrokerEntry& entry : brokers_) {
    if (entry.metadata.registered && !entry.metadata.fenced) {
      next = std::min(next, entry.heard + topology_.options.session_timeout + kFenceLag);
    }
  }
  return next;
}

void Controller::fence_expired() {
  const sim::VirtualTime limit = process_.simulation().now() - topology_.options.session_timeout - kFenceLag;
  BrokerEntry* oldest = nullptr;
  for (BrokerEntry& entry : brokers_) {
    const bool expired = entry.metadata.registered && !entry.metadata.fenced && entry.heard <= limit;
    if (expired && (oldest == nullptr || entry.heard < oldest->heard)) oldest = &entry;
  }
  if (oldest == nullptr) return;  // one at a time: the next one with the next event
  oldest->metadata.fenced = true;
  dirty_ = true;
  const sim::NodeId node = topology_.brokers[static_cast<std::size_t>(oldest - brokers_.data())];
  process_.simulation().mark("broker fenced");
  remove_from_isrs(node, Leaving::fenced);
  process_.simulation().moment(process_.node(), events().fenced, sim::index(node));
}

// --- the ISR, as its leader proposes it ---

Error Controller::check_alteration(const AlterPartitionRequest& request, sim::NodeId from) const {
  const PartitionMetadata& partition = partitions_[request.partition];
  const Behaviours& behaviours = topology_.behaviours;
  if (!partition.exists || request.topic != partition.topic) return Error::unknown_topic_id;
  if (request.leader_epoch != partition.leader_epoch || partition.leader != from) return Error::fenced_leader_epoch;
  if (request.partition_epoch != partition.partition_epoch) return Error::invalid_update_version;
  if (behaviours.isr_through_controller && request.broker_epoch != broker(from).metadata.epoch) {
    return Error::stale_broker_epoch;
  }
  for (const IsrMember& member : request.isr) {
    const BrokerMetadata& metadata = broker(member.node).metadata;
    const bool present = std::find(partition.isr.begin(), partition.isr.end(), member.node) != partition.isr.end();
    const bool unfit = metadata.fenced || metadata.shutting_down;
    if (behaviours.fenced_cannot_join && unfit && !present) return Error::ineligible_replica;
    const bool stale = behaviours.stale_broker_epoch_cannot_join && member.epoch != metadata.epoch && !present;
    if (stale && !NOLOSS_BUG("no check of broker epochs")) return Error::ineligible_replica;
  }
  return Error::none;
}

void Controller::alter_partition(const sim::Arrival& arrival) {
  const auto& request = static_cast<const AlterPartitionRequest&>(*arrival.payload);
  boost::intrusive_ptr<AlterPartitionResponse> response{new AlterPartitionResponse};
  response->correlation = request.correlation;
  response->partition = request.partition;
  response->leader_epoch = request.leader_epoch;
  response->error = check_alteration(request, arrival.connection->peer(process_.node()));
  if (response->error == Error::none) {
    std::vector<sim::NodeId> isr;
    for (const IsrMember& member : request.isr) isr.push_back(member.node);
    set_isr(request.partition, std::move(isr));
    changed(request.partition);
    commit();
    response->state = partitions_[request.partition];
  } else {
    process_.simulation().mark("ISR change refused");
  }
  send(arrival.connection, events().alter_partition_response, std::move(response));
}

}  // namespace noloss::models::kafka
