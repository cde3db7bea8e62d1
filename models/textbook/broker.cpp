#include "models/textbook/broker.hpp"

#include <algorithm>
#include <utility>

#include "sim/machine.hpp"

namespace noloss::models::textbook {
namespace {

/// How long an orderly stop waits for the coordinator to hear of it.
constexpr sim::Duration kLeaveTimeout = std::chrono::seconds{1};

}  // namespace

Broker::Broker(sim::Process& process, const Topology& topology, std::uint64_t& record_numbers)
    : process_(process),
      topology_(topology),
      record_numbers_(record_numbers),
      inbox_(process),
      from_coordinator_(process),
      left_waiters_(process.simulation().scheduler()) {
  initial_ = process.incarnation() == 1 && process.simulation().now() == sim::kStart;
  replicas_.resize(topology.partitions.size());
  for (std::uint32_t partition = 0; partition < topology.partitions.size(); ++partition) {
    const auto& nodes = topology.partitions[partition].replicas;
    if (std::find(nodes.begin(), nodes.end(), node()) == nodes.end()) continue;
    replicas_[partition] = std::make_unique<Replica>(*this, partition);
  }
  if (initial_) create_initial_state();
}

void Broker::create_initial_state() {
  // A cluster that has been up for a while: a leader each, every replica in sync, everything durable.
  lease_until_ = sim::kStart + topology_.lease();
  for (std::uint32_t partition = 0; partition < replicas_.size(); ++partition) {
    if (!replicas_[partition]) continue;
    auto* first = new LogRecord;
    first->kind = RecordKind::epoch;
    first->epoch = 1;
    first->bytes = kHeaderBytes;
    first->number = partition;  // the same record on every replica
    replicas_[partition]->log().create(LogRecordPtr{first});
    const sim::NodeId leader = topology_.partitions[partition].replicas.front();
    if (leader == node()) {
      replicas_[partition]->lead_from_start();
    } else {
      replicas_[partition]->follow_from_start(leader);
    }
  }
}

void Broker::run() {
  if (!initial_) recover();
  serving_ = true;
  simulation().network().listen(inbox_);
  for (const auto& replica : replicas_) {
    if (!replica) continue;
    Replica* const mine = replica.get();
    if (topology_.flush_sync) {
      process_.spawn([mine] { mine->sync_loop(); });
    } else {
      process_.spawn([mine] { mine->flush_loop(); });
    }
    if (mine->replicated()) process_.spawn([mine] { mine->follow_loop(); });
  }
  process_.spawn([this] { heartbeat_loop(); });
  process_.spawn([this] { lease_loop(); });
  serve();
}

void Broker::recover() {
  simulation().mark("recovered after unclean stop");
  for (const auto& replica : replicas_) {
    if (!replica) continue;
    bool damaged = false;
    const auto result = replica->log().recover(!topology_.stop_on_fsync_error, damaged);
    if (damaged) simulation().mark("torn record found in recovery");
    if (result != ReplicaLog::Recovery::recovered) process_.crash();  // its supervisor tries again
  }
  simulation().moment(node(), events().common.recovered, process_.incarnation());
}

// --- requests ---

void Broker::serve() {
  for (;;) {
    const sim::VirtualTime next = run_timers();
    if (const auto arrival = inbox_.receive_until(next, sim::OnKill::discard)) handle(*arrival);
  }
}

sim::VirtualTime Broker::run_timers() {
  sim::VirtualTime next = sim::kNever;
  for (const auto& replica : replicas_) {
    if (!replica) continue;
    sim::VirtualTime due = replica->next_timer();
    if (due <= simulation().now()) {
      replica->timers();
      due = replica->next_timer();
    }
    next = std::min(next, due);
  }
  return next;
}

void Broker::handle(const sim::Arrival& arrival) {
  if (arrival.what == sim::Arrival::What::closed || arrival.what == sim::Arrival::What::reset) {
    for (const auto& replica : replicas_) {
      if (replica) replica->connection_closed(arrival.connection);
    }
    return;
  }
  if (arrival.what != sim::Arrival::What::message) return;
  const Events& kinds = events();
  const sim::EventId kind = arrival.kind.sent;
  const auto with_replica = [&](const auto& request, auto&& act) {
    if (Replica* mine = replica(request.partition)) act(*mine, request);
  };
  if (kind == kinds.produce_request.sent) {
    with_replica(static_cast<const ProduceRequest&>(*arrival.payload),
                 [&](Replica& mine, const auto& request) { mine.produce(arrival.connection, request); });
  } else if (kind == kinds.fetch_request.sent) {
    with_replica(static_cast<const FetchRequest&>(*arrival.payload),
                 [&](Replica& mine, const auto& request) { mine.fetch(arrival.connection, request); });
  } else if (kind == kinds.subscribe.sent) {
    with_replica(static_cast<const Subscribe&>(*arrival.payload),
                 [&](Replica& mine, const auto& request) { mine.subscribe(arrival.connection, request); });
  } else if (kind == kinds.acknowledge.sent) {
    with_replica(static_cast<const AcknowledgeRequest&>(*arrival.payload),
                 [&](Replica& mine, const auto& request) { mine.acknowledge(arrival.connection, request); });
  } else if (kind == kinds.pull.sent) {
    with_replica(static_cast<const AcknowledgeRequest&>(*arrival.payload),
                 [&](Replica& mine, const auto& request) { mine.pull(arrival.connection, request); });
  }
}

// --- the lease ---

void Broker::heartbeat_loop() {
  for (;;) {
    if (connect_to_coordinator()) {
      talk_to_coordinator();
      coordinator_.reset();
    }
    const sim::VirtualTime again = simulation().now() + kReconnectDelay;
    while (simulation().now() < again) {
      if (const auto arrival = from_coordinator_.receive_until(again, sim::OnKill::discard)) heed(*arrival);
    }
  }
}

bool Broker::connect_to_coordinator() {
  sim::ConnectionPtr connection;
  const auto result =
      simulation().network().connect(from_coordinator_, topology_.coordinator, kConnectTimeout, connection);
  if (result == sim::ConnectResult::connected) coordinator_ = std::move(connection);
  return coordinator_ != nullptr;
}

void Broker::lease_loop() {
  for (;;) {
    if (lease_valid()) {
      process_.sleep_until(lease_until_, sim::OnKill::discard);
      continue;
    }
    for (const auto& replica : replicas_) {
      if (!replica || !replica->leads()) continue;
      simulation().mark("leader lost its lease");
      replica->step_down();
    }
    process_.sleep(kHeartbeatInterval, sim::OnKill::discard);
  }
}

void Broker::talk_to_coordinator() {
  sim::VirtualTime beat = simulation().now();
  while (coordinator_->open(node()) && !left_) {
    if (simulation().now() >= beat && !leaving_) {
      auto* heartbeat = new Heartbeat;
      heartbeat->incarnation = process_.incarnation();
      heartbeat->sent = simulation().now();
      send(coordinator_, events().heartbeat, 0, sim::PayloadPtr{heartbeat});
      beat += kHeartbeatInterval;
    }
    const auto arrival = from_coordinator_.receive_until(leaving_ ? sim::kNever : beat, sim::OnKill::discard);
    if (!arrival) continue;
    if (arrival->what != sim::Arrival::What::message) return;
    heed(*arrival);
  }
}

void Broker::heed(const sim::Arrival& arrival) {
  if (arrival.what != sim::Arrival::What::message) return;
  if (arrival.kind.sent == events().replica_query.sent) {
    report(arrival.connection, static_cast<const ReplicaQuery&>(*arrival.payload));
    return;
  }
  const auto& response = static_cast<const HeartbeatResponse&>(*arrival.payload);
  if (response.answers) {
    lease_until_ = std::max(lease_until_, response.heartbeat_sent + topology_.lease());
    if (leaving_) {
      left_ = true;
      left_waiters_.notify_all();
    }
  }
  if (leaving_) return;
  for (std::uint32_t partition = 0; partition < replicas_.size(); ++partition) {
    if (replicas_[partition]) replicas_[partition]->learn(response.partitions[partition]);
  }
}

void Broker::report(const sim::ConnectionPtr& coordinator, const ReplicaQuery& query) {
  Replica* mine = replica(query.partition);
  if (mine == nullptr || leaving_) return;
  mine->promise(query.epoch);
  auto* report = new ReplicaReport;
  report->partition = query.partition;
  report->epoch = query.epoch;
  report->incarnation = process_.incarnation();
  report->last_epoch = mine->log().last_epoch();
  report->end = mine->log().end();
  send(coordinator, events().replica_report, 0, sim::PayloadPtr{report});
}

// --- orderly stop ---

void Broker::stop() {
  if (!serving_) return;
  leaving_ = true;
  for (const auto& replica : replicas_) {
    if (replica) replica->step_down();
  }
  for (const auto& replica : replicas_) {
    if (replica && replica->log().sync() == sim::IoResult::ok) replica->log().close_cleanly();
  }
  leave();
}

void Broker::leave() {
  if (!coordinator_) return;
  auto* heartbeat = new Heartbeat;
  heartbeat->incarnation = process_.incarnation();
  heartbeat->sent = simulation().now();
  heartbeat->leaving = true;
  send(coordinator_, events().heartbeat, 0, sim::PayloadPtr{heartbeat});
  if (!left_) left_waiters_.wait_until(simulation().now() + kLeaveTimeout);
}

}  // namespace noloss::models::textbook
