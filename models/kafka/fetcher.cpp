#include "models/kafka/fetcher.hpp"

#include <algorithm>
#include <utility>

#include "models/kafka/broker.hpp"

namespace noloss::models::kafka {
namespace {

constexpr sim::Duration kFetchBackoff = std::chrono::seconds{1};  // replica.fetch.backoff.ms

}  // namespace

ReplicaFetcher::ReplicaFetcher(Broker& broker, sim::NodeId source)
    : broker_(broker), source_(source), changed_(broker.simulation().scheduler()) {}

void ReplicaFetcher::add(Replica& replica) {
  const Truncation how = broker_.topology().behaviours.truncation;
  const bool asks = how == Truncation::epoch_once || how == Truncation::epoch_rounds;
  entries_.push_back({&replica, replica.leader_epoch(), asks, sim::kStart});
  changed_.notify_all();
  if (waiting_ != nullptr) waiting_->interrupt();
}

void ReplicaFetcher::remove(const Replica& replica) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.replica == &replica; });
}

ReplicaFetcher::Entry* ReplicaFetcher::entry_of(PartitionIndex partition) {
  const auto known = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.replica->partition() == partition; });
  return known == entries_.end() ? nullptr : &*known;
}

void ReplicaFetcher::back_off(PartitionIndex partition) {
  Entry* entry = entry_of(partition);
  if (entry != nullptr) entry->not_before = broker_.simulation().now() + kFetchBackoff;
}

void ReplicaFetcher::loop() {
  for (;;) {
    while (entries_.empty()) changed_.wait();
    {
      sim::Inbox inbox(broker_.process());
      sim::ConnectionPtr leader;
      const auto result = broker_.simulation().network().connect(inbox, source_, kConnectTimeout, leader);
      if (result == sim::ConnectResult::connected) copy(inbox, leader);
    }
    broker_.process().sleep(kReconnectDelay);
  }
}

void ReplicaFetcher::copy(sim::Inbox& inbox, const sim::ConnectionPtr& leader) {
  while (!entries_.empty()) {
    const sim::VirtualTime now = broker_.simulation().now();
    sim::VirtualTime next = sim::kNever;
    const Entry* truncating = nullptr;
    for (const Entry& entry : entries_) {
      next = std::min(next, entry.not_before);
      if (entry.truncating && entry.not_before <= now && truncating == nullptr) truncating = &entry;
    }
    if (next > now) {
      waiting_ = &inbox;
      const auto arrival = inbox.receive_until(next);
      waiting_ = nullptr;
      if (arrival && arrival->what != sim::Arrival::What::message) return;
      continue;
    }
    if (truncating != nullptr ? !find_divergence(inbox, leader, *truncating) : !fetch(inbox, leader)) return;
  }
}

sim::PayloadPtr ReplicaFetcher::exchange(sim::Inbox& inbox, const sim::ConnectionPtr& leader, sim::MessageKind kind,
                                         boost::intrusive_ptr<Request> request) {
  const std::uint64_t correlation = ++correlations_;
  request->correlation = correlation;
  sim::Simulation& simulation = broker_.simulation();
  const sim::VirtualTime deadline = simulation.now() + broker_.topology().options.replica_socket_timeout;
  simulation.network().send(broker_.process(), leader, kind, kHeaderBytes, std::move(request));
  while (simulation.now() < deadline) {
    const auto arrival = inbox.receive_until(deadline);
    if (!arrival) continue;
    if (arrival->what != sim::Arrival::What::message) return nullptr;
    if (static_cast<const Response&>(*arrival->payload).correlation == correlation) return arrival->payload;
  }
  simulation.network().reset(broker_.process(), leader);
  return nullptr;
}

bool ReplicaFetcher::find_divergence(sim::Inbox& inbox, const sim::ConnectionPtr& leader, Entry entry) {
  const PartitionIndex partition = entry.replica->partition();
  const auto done = [&] {
    Entry* current = entry_of(partition);
    const bool same = current != nullptr && current->replica == entry.replica && current->epoch == entry.epoch;
    if (same) current->truncating = false;
  };
  const Epoch latest = entry.replica->log().latest_epoch();
  if (latest == kNoEpoch) {
    entry.replica->truncate_to_high_watermark();
    done();
    return true;
  }
  boost::intrusive_ptr<OffsetForLeaderEpochRequest> request{new OffsetForLeaderEpochRequest};
  request->partition = partition;
  request->current_leader_epoch = entry.epoch;
  request->epoch = latest;
  const sim::PayloadPtr answer = exchange(inbox, leader, events().offset_for_leader_epoch, request);
  if (!answer) return false;
  const auto& response = static_cast<const OffsetForLeaderEpochResponse&>(*answer);
  const Entry* current = entry_of(partition);
  if (current == nullptr || current->replica != entry.replica || current->epoch != entry.epoch) return true;
  if (response.error != Error::none) {
    back_off(partition);
  } else if (entry.replica->truncate_by_epoch(response.end)) {
    done();
  }
  return true;
}

bool ReplicaFetcher::fetch(sim::Inbox& inbox, const sim::ConnectionPtr& leader) {
  const sim::VirtualTime now = broker_.simulation().now();
  boost::intrusive_ptr<FetchRequest> request{new FetchRequest};
  request->follower = true;
  request->broker_epoch = broker_.epoch();
  request->max_wait = broker_.topology().options.replica_fetch_wait;
  request->max_bytes = broker_.topology().options.replica_fetch_bytes;
  for (const Entry& entry : entries_) {
    if (entry.truncating || entry.not_before > now) continue;
    const PartitionLog& log = entry.replica->log();
    request->partitions.push_back(
        {entry.replica->partition(), entry.epoch, log.latest_epoch(), log.end(), entry.replica->topic()});
  }
  const std::vector<FetchPartition> asked = request->partitions;
  const sim::PayloadPtr answer = exchange(inbox, leader, events().fetch, std::move(request));
  if (!answer) return false;
  for (const FetchedPartition& fetched : static_cast<const FetchResponse&>(*answer).partitions) {
    const auto mine = std::find_if(asked.begin(), asked.end(), [&](const FetchPartition& partition) {
      return partition.partition == fetched.partition;
    });
    take(fetched, *mine);
  }
  return true;
}

void ReplicaFetcher::take(const FetchedPartition& fetched, const FetchPartition& asked) {
  const Entry* entry = entry_of(fetched.partition);
  // Leadership may have changed hands while the answer was on its way.
  if (entry == nullptr || entry->epoch != asked.current_leader_epoch) return;
  if (entry->replica->topic() != asked.topic) return;
  Replica& replica = *entry->replica;
  if (replica.log().end() != asked.offset) return;
  switch (fetched.error) {
    case Error::none: break;
    case Error::offset_out_of_range: replica.out_of_range(fetched); return;
    default: back_off(fetched.partition); return;
  }
  if (fetched.diverging) {
    // Whatever it lacks of that epoch it learns in the next round.
    static_cast<void>(replica.truncate_by_epoch(*fetched.diverging));
    return;
  }
  replica.append_fetched(fetched, asked.current_leader_epoch);
}

}  // namespace noloss::models::kafka
