// The requests that a broker answers, and the connections over which they come.
#include <algorithm>
#include <array>
#include <utility>

#include "models/kafka/broker.hpp"
#include "models/kafka/replica_lock.hpp"

namespace noloss::models::kafka {

bool Session::next(sim::Arrival& request) {
  waiting_ = requests_.empty();
  while (requests_.empty() && !closed_) arrived_.wait();
  if (closed_ && !read_) return false;
  waiting_ = read_ = false;
  request = std::move(requests_.front());
  requests_.pop_front();
  return true;
}

void Broker::accept_loop() {
  for (;;) {
    const sim::Arrival arrival = inbox_.receive();
    std::uint64_t& tag = arrival.connection->tag(node());
    if (arrival.what == sim::Arrival::What::opened) {
      const std::uint64_t id = tag = ++session_ids_;
      sessions_.emplace(id, std::make_unique<Session>(simulation().scheduler(), arrival.connection));
      process_.spawn([this, id] { serve(id); });
      continue;
    }
    const auto session = sessions_.find(tag);
    if (session == sessions_.end()) continue;
    if (arrival.what == sim::Arrival::What::message) {
      session->second->push(arrival);
    } else {
      session->second->close();
    }
  }
}

void Broker::serve(std::uint64_t id) {
  Session& session = *sessions_.at(id);
  sim::Arrival request;
  while (session.next(request)) handle(request);
  sessions_.erase(id);
}

void Broker::handle(const sim::Arrival& request) {
  struct Row {
    sim::MessageKind Events::*kind;
    void (Broker::*handler)(const sim::Arrival&);
  };
  static constexpr std::array kHandlers{
      Row{&Events::fetch, &Broker::fetch},
      Row{&Events::produce, &Broker::produce},
      Row{&Events::heartbeat, &Broker::group_heartbeat},
      Row{&Events::offset_commit, &Broker::offset_commit},
      Row{&Events::metadata, &Broker::metadata_request},
      Row{&Events::offset_for_leader_epoch, &Broker::offset_for_leader_epoch},
      Row{&Events::list_offsets, &Broker::list_offsets},
      Row{&Events::init_producer_id, &Broker::init_producer_id},
      Row{&Events::find_coordinator, &Broker::find_coordinator},
      Row{&Events::join_group, &Broker::join_group},
      Row{&Events::leave_group, &Broker::leave_group},
      Row{&Events::offset_fetch, &Broker::offset_fetch},
      Row{&Events::add_partitions_to_txn, &Broker::add_partitions_to_txn},
      Row{&Events::end_txn, &Broker::end_txn},
      Row{&Events::write_txn_markers, &Broker::write_txn_markers},
      Row{&Events::add_offsets_to_txn, &Broker::add_offsets_to_txn},
      Row{&Events::txn_offset_commit, &Broker::txn_offset_commit},
  };
  const Events& kinds = events();
  for (const Row& row : kHandlers) {
    if ((kinds.*row.kind).sent != request.kind.sent) continue;
    (this->*row.handler)(request);
    return;
  }
}

void Broker::respond(const sim::Arrival& to, sim::MessageKind kind, boost::intrusive_ptr<Response> response,
                     std::int64_t bytes, std::uint64_t first) {
  response->correlation = static_cast<const Request&>(*to.payload).correlation;
  simulation().network().send(process_, to.connection, kind, kHeaderBytes + bytes, std::move(response), first);
  step();
}

// --- produce ---

std::vector<boost::intrusive_ptr<LogRecord>> Broker::batch_of(const ProduceRequest& request) const {
  std::vector<boost::intrusive_ptr<LogRecord>> batch;
  batch.reserve(request.messages.size());
  for (const MessagePtr& message : request.messages) {
    boost::intrusive_ptr<LogRecord> record{new LogRecord};
    record->message = message->ref;
    // Sent again: what was dropped before, this copy was not.
    if (message->ref != kNoMessage) history_.dropped(message->ref, {});
    record->content = message;
    record->producer = request.producer;
    record->bytes = kHeaderBytes + message->bytes;
    batch.push_back(std::move(record));
  }
  return batch;
}

void Broker::produce(const sim::Arrival& arrival) {
  const auto& request = static_cast<const ProduceRequest&>(*arrival.payload);
  boost::intrusive_ptr<ProduceResponse> response{new ProduceResponse};
  if (Replica* mine = replica(request.partition)) {
    std::uint64_t guard = 0;
    const bool verifies = request.producer.transactional && mine->leads() && mine->must_verify(request.producer);
    if (verifies) response->error = join_transaction(request.transactional_id, request.producer, *mine, guard);
    if (response->error == Error::none) mine->produce(request, *response, guard);
  } else {
    response->error = why_not_here(request.partition);
  }
  if (request.acks == Acks::none) {
    // Nobody waits for an answer; a closed connection is the only way to say that something is wrong.
    if (response->error != Error::none) simulation().network().close(process_, arrival.connection);
    return;
  }
  respond(arrival, events().produce_response, std::move(response), 0,
          static_cast<std::uint64_t>(request.messages.front()->ref));
}

void Broker::init_producer_id(const sim::Arrival& arrival) {
  const auto& request = static_cast<const InitProducerIdRequest&>(*arrival.payload);
  boost::intrusive_ptr<InitProducerIdResponse> response{new InitProducerIdResponse};
  if (request.transactional_id.empty()) {
    response->id = next_producer_id();
  } else {
    transactions_.init_producer_id(request, *response);
  }
  respond(arrival, events().init_producer_id_response, std::move(response));
}

// --- fetch ---

bool Broker::read_all(const FetchRequest& request, FetchResponse& response) {
  bool anything = false;
  response.partitions.clear();
  for (const FetchPartition& fetch : request.partitions) {
    FetchedPartition& out = response.partitions.emplace_back();
    Replica* mine = replica(fetch.partition);
    if (mine == nullptr) {
      out.partition = fetch.partition;
      out.error = why_not_here(fetch.partition);
      anything = true;
      continue;
    }
    anything = mine->read(fetch, request, out) || anything;
  }
  return anything;
}

void Broker::fetch(const sim::Arrival& arrival) {
  const auto& request = static_cast<const FetchRequest&>(*arrival.payload);
  const sim::NodeId from = arrival.connection->peer(node());
  boost::intrusive_ptr<FetchResponse> response{new FetchResponse};
  const sim::VirtualTime deadline = simulation().now() + request.max_wait;
  const bool anything = read_all(request, *response);
  // After the read, so that the answer still carries the high watermark from before.
  for (std::size_t i = 0; request.follower && i < request.partitions.size(); ++i) {
    Replica* mine = replica(request.partitions[i].partition);
    if (mine != nullptr) mine->note_fetch(request.partitions[i], request, from, response->partitions[i]);
  }
  if (!anything) {
    Watcher watcher(simulation().scheduler());
    std::deque<Watch> watches;
    for (const FetchPartition& fetch : request.partitions) {
      watches.emplace_back(*replica(fetch.partition), request.follower ? Change::log_end : Change::high_watermark,
                           watcher);
    }
    do {
      watcher.wait_until(deadline);
    } while (!read_all(request, *response) && simulation().now() < deadline);
  }
  std::int64_t bytes = 0;
  std::uint64_t records = 0;
  for (const FetchedPartition& partition : response->partitions) {
    for (const LogRecordPtr& record : partition.records) bytes += record->bytes;
    records += partition.records.size();
  }
  respond(arrival, events().fetch_response, std::move(response), bytes, records);
}

void Broker::offset_for_leader_epoch(const sim::Arrival& arrival) {
  const auto& request = static_cast<const OffsetForLeaderEpochRequest&>(*arrival.payload);
  boost::intrusive_ptr<OffsetForLeaderEpochResponse> response{new OffsetForLeaderEpochResponse};
  response->partition = request.partition;
  const Replica* mine = replica(request.partition);
  response->error = mine == nullptr ? Error::not_leader_or_follower : mine->check_epoch(request.current_leader_epoch);
  if (response->error == Error::none) response->end = mine->log().end_of_epoch(request.epoch);
  respond(arrival, events().offset_for_leader_epoch_response, std::move(response));
}

void Broker::list_offsets(const sim::Arrival& arrival) {
  const auto& request = static_cast<const ListOffsetsRequest&>(*arrival.payload);
  boost::intrusive_ptr<ListOffsetsResponse> response{new ListOffsetsResponse};
  const Replica* mine = replica(request.partition);
  if (mine == nullptr || !mine->leads()) {
    response->error = Error::not_leader_or_follower;
  } else if (request.spec == OffsetSpec::latest && !mine->latest_offset_known()) {
    response->error = Error::offset_not_available;
  } else {
    const Offset readable = request.read_committed ? mine->last_stable_offset() : mine->high_watermark();
    response->offset = request.spec == OffsetSpec::latest ? readable : mine->log().start();
    response->epoch = mine->leader_epoch();
  }
  respond(arrival, events().list_offsets_response, std::move(response));
}

// --- metadata ---

void Broker::metadata_request(const sim::Arrival& arrival) {
  boost::intrusive_ptr<MetadataResponse> response{new MetadataResponse};
  response->image = metadata_;
  if (metadata_->version == 0) response->error = Error::leader_not_available;
  respond(arrival, events().metadata_response, std::move(response));
}

void Broker::find_coordinator(const sim::Arrival& arrival) {
  boost::intrusive_ptr<FindCoordinatorResponse> response{new FindCoordinatorResponse};
  const bool of_transactions = static_cast<const FindCoordinatorRequest&>(*arrival.payload).of_transactions;
  const PartitionIndex partition = of_transactions ? *topology_.transactions_partition : topology_.offsets_partition;
  if (metadata_->version != 0) response->coordinator = metadata_->partitions[partition].leader;
  if (response->coordinator == sim::kNoNode) response->error = Error::leader_not_available;
  respond(arrival, events().find_coordinator_response, std::move(response));
}

// --- groups ---

void Broker::join_group(const sim::Arrival& arrival) {
  boost::intrusive_ptr<JoinGroupResponse> response{new JoinGroupResponse};
  groups_.join(static_cast<const JoinGroupRequest&>(*arrival.payload), *response);
  respond(arrival, events().join_group_response, std::move(response));
}

void Broker::group_heartbeat(const sim::Arrival& arrival) {
  boost::intrusive_ptr<HeartbeatResponse> response{new HeartbeatResponse};
  response->error = groups_.heartbeat(static_cast<const HeartbeatRequest&>(*arrival.payload));
  respond(arrival, events().heartbeat_response, std::move(response));
}

void Broker::leave_group(const sim::Arrival& arrival) {
  boost::intrusive_ptr<LeaveGroupResponse> response{new LeaveGroupResponse};
  response->error = groups_.leave(static_cast<const LeaveGroupRequest&>(*arrival.payload));
  respond(arrival, events().leave_group_response, std::move(response));
}

void Broker::offset_commit(const sim::Arrival& arrival) {
  boost::intrusive_ptr<OffsetCommitResponse> response{new OffsetCommitResponse};
  const auto& request = static_cast<const OffsetCommitRequest&>(*arrival.payload);
  const bool there = std::all_of(request.offsets.begin(), request.offsets.end(), [this](const CommittedOffset& offset) {
    return offset.partition >= metadata_->partitions.size() || metadata_->partitions[offset.partition].exists;
  });
  response->error = there ? groups_.commit(request) : Error::unknown_topic_or_partition;
  respond(arrival, events().offset_commit_response, std::move(response));
}

void Broker::offset_fetch(const sim::Arrival& arrival) {
  boost::intrusive_ptr<OffsetFetchResponse> response{new OffsetFetchResponse};
  groups_.fetch_offsets(static_cast<const OffsetFetchRequest&>(*arrival.payload), *response);
  respond(arrival, events().offset_fetch_response, std::move(response));
}

}  // namespace noloss::models::kafka
